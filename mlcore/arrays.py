"""The kinds of arrays that have a name, for type hints.

Functions that take images, or positions of images, say so with these.
"""

import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]
"""Pixels: ``(n, height, width)`` or ``(height, width)``, white ink on black."""

IndexArray = NDArray[np.intp]
"""Positions of images in a data set: ``(n,)``."""
