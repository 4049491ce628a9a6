"""The kinds of arrays that are handed from one part of mlcore to the next, each named once.

Modules use these names in their signatures; the shape of each array is in the docstring beside it. What is
as long as all parameters is made here, so that it lies well in memory.
"""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array: TypeAlias = NDArray[np.floating]
"""Numbers to compute with, in the precision of the network: parameters, activations, gradients."""

Float32Array: TypeAlias = NDArray[np.float32]
Float64Array: TypeAlias = NDArray[np.float64]

UInt8Array: TypeAlias = NDArray[np.uint8]
"""Pixels: 0 is paper, 255 is full ink."""

Labels: TypeAlias = NDArray[np.integer]
"""Classes of images, true or predicted, from 0."""

IndexArray: TypeAlias = NDArray[np.intp]
"""Positions of images in a data set, or in another array."""

CACHE_LINE = 64
"""Bytes that the processor moves at once."""


def zeros_on_lines(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return zeros, each row of which begins on a line of the processor's cache.

    With AVX-512 the processor reads a whole line at a time. In an array that begins elsewhere every read
    touches two of them: a step of Adam took a tenth longer.

    >>> rows = zeros_on_lines((2, 3), np.float32)
    >>> rows.tolist(), [row.ctypes.data % CACHE_LINE for row in rows]
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [0, 0])
    """
    kind, columns = np.dtype(dtype), shape[-1]
    width = whole_lines(columns * kind.itemsize)
    size = math.prod(shape[:-1]) * width
    memory = np.zeros(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    lines = memory[start : start + size].view(kind)
    return lines.reshape(*shape[:-1], width // kind.itemsize)[..., :columns]


def whole_lines(size: int) -> int:
    """Return how many bytes the lines have that this many bytes take.

    >>> whole_lines(64), whole_lines(65)
    (64, 128)
    """
    return -(-size // CACHE_LINE) * CACHE_LINE
