"""Images of other types than bytes, brought to the scale on which networks are trained.

`Model` and `image_from_drawing` send what they are given through it, because pixels on another scale would
look black to them.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import DatasetError
from mlcore.language import _

DARKEST = 32
"""Whole numbers that never exceed this eighth of full ink must be on another scale, such as 0 to 16."""

TIMES_DARKER = 256 // DARKEST
"""Images are on another scale than those that a model knows when they are so much darker."""

FEW_LEVELS, TIMES_LIGHTER = 63, 4
"""So they are when the model knows few grey levels only, and they are so much lighter."""


def bytes_like(images: ArrayLike, full: int) -> UInt8Array:
    """Return pixels as uint8 on the scale of other images, whose lightest pixel is ``full``.

    As `bytes_of`, but bytes are looked at too: 0 and 1 alone stand for 0 and 255.

    Raises
    ------
    DatasetError
        When the scale cannot be told, or is another one.

    Examples
    --------
    >>> bits = np.array([0, 1], np.uint8)
    >>> bytes_like(bits, full=255).tolist(), bytes_like(bits, full=3).tolist()
    ([0, 255], [0, 1])
    """
    pixels: NDArray[Any] = np.asarray(images)
    if pixels.dtype.kind in "ui" and pixels.size:
        are_bits = pixels.min() >= 0 and pixels.max() == 1 and full > DARKEST
        pixels = pixels.astype(np.bool_) if are_bits else pixels
    pixels = bytes_of(pixels)
    if reason := other_scale(int(pixels.max(initial=0)), full):
        raise DatasetError(reason)
    return pixels


def other_scale(highest: int, full: int) -> str:
    """Return a sentence when bytes up to ``highest`` are on another scale than those up to ``full``.

    >>> other_scale(254, 255), other_scale(16, 255)[:25]
    ('', 'The brightest pixel is 16')
    """
    is_darker = 0 < TIMES_DARKER * highest <= full + 1
    is_lighter = full <= FEW_LEVELS and highest > TIMES_LIGHTER * full
    if not is_darker and not is_lighter:
        return ""
    message = _(
        "The brightest pixel is {highest}; in the images that the model learned from it is {full}. Bring the "
        "pixels to that scale: multiply them by {full}, and divide by what stands for full ink in them."
    )
    return message.format(highest=highest, full=full)


def bytes_of(images: ArrayLike) -> UInt8Array:
    """Return pixels as uint8 from 0 (paper) to 255 (full ink).

    Bytes are taken as they are. True is full ink. Floats up to 1 are fractions of full ink. Other numbers
    must be whole, from 0 to 255, and not all nearly black.

    Raises
    ------
    DatasetError
        When the scale cannot be told.

    Examples
    --------
    >>> bytes_of([0.0, 0.2, 1.0]).tolist(), bytes_of([False, True]).tolist(), bytes_of([0, 200]).tolist()
    ([0, 51, 255], [0, 255], [0, 200])
    """
    pixels: NDArray[Any] = np.asarray(images)
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind not in "biuf":
        raise DatasetError(_("Pixels must be numbers, not {dtype}.").format(dtype=pixels.dtype))
    low, high = (pixels.min(), pixels.max()) if pixels.size else (0, 0)
    if not 0 <= low <= high <= 255:
        message = _(
            "Pixels must lie between 0 and 255, or between 0 and 1, not between {low:g} and {high:g}."
        )
        raise DatasetError(message.format(low=low, high=high))
    if pixels.dtype.kind in "bf" and high <= 1:
        return np.rint(pixels * np.float64(255)).astype(np.uint8)
    if (pixels != np.rint(pixels)).any():
        raise DatasetError(_("Pixels must be whole numbers from 0 to 255, or fractions from 0 to 1."))
    if 0 < high <= DARKEST:
        message = _(
            "The brightest pixel is {high:g}: where full ink is 255, these images are almost black. Multiply "
            "them by 255 divided by the value of full ink, or convert them to uint8 if they are that dark."
        )
        raise DatasetError(message.format(high=high))
    return pixels.astype(np.uint8)
