"""The kinds of arrays that are handed from one part of mlcore to the next, each named once.

Modules use these names in their signatures; the shape of each array is in the docstring beside it.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
