"""Which pixels are blank in every image of a data set, and a copy of the others: training reads only these.

`Dataset` keeps both, and the run service writes them into files that all workers map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlcore.arrays import IndexArray, UInt8Array

LEAST_BLANK = 0.05
"""The fraction of blank pixels from which a copy without them pays; 67 of MNIST's 784 are blank."""

BLOCK = 4096  # rows that are looked at in one go


@dataclass(frozen=True)
class LitPixels:
    """The pixels of a data set without those that are blank in every image.

    Attributes
    ----------
    columns : int array (lit,)
        Where they are in a row of all pixels, in ascending order.
    rows : uint8 array (n, lit)
        One row for each image.
    """

    columns: IndexArray
    rows: UInt8Array


def lit_columns(rows: UInt8Array) -> IndexArray | None:
    """Return which pixels are above 0 in some image; None when too few are not.

    >>> lit_columns(np.array([[0, 7, 0], [0, 0, 9]], np.uint8)).tolist()
    [1, 2]
    >>> lit_columns(np.array([[1, 7, 9]], np.uint8)) is None
    True
    """
    brightest = np.zeros(rows.shape[1], rows.dtype)
    for start in range(0, len(rows), BLOCK):
        np.maximum(brightest, rows[start : start + BLOCK].max(axis=0), out=brightest)
    lit = np.flatnonzero(brightest)
    return lit if 0 < len(lit) <= (1 - LEAST_BLANK) * len(brightest) else None
