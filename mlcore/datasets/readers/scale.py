"""Which numbers stand for black and white in a file, and how they become bytes from 0 to 255.

Every reader whose pixels are not bytes asks `scale_of`: a table, an array and a picture are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.language import _

# Whole numbers: 1 to 4 bits, the 0…16 of the 8×8 digits, 5 and 6 bits, per cent, 7 bits, and bytes.
SMALL_SCALES = ((0, 1), (-1, 1), (0, 3), (0, 7), (0, 15), (0, 16), (0, 31), (0, 63), (0, 100), (0, 127))
WHOLE_SCALES = (*SMALL_SCALES, (0, 255))
FRACTION_SCALES = ((0, 1), (-0.5, 0.5), (-1, 1))
LARGER_FRACTION_SCALES = ((0, 16), (0, 100), (0, 255))
OVERSHOOT = 0.05  # of a scale of fractions: splines that resize go a little below black and above white
MOST_DEVIATIONS = 16  # standardised pixels lie a few deviations around their mean
LEAST_DEEP, MOST_DEEP = 512, 65_535  # the largest value of images of 10 to 16 bits


@dataclass(frozen=True)
class ValueRange:
    """What was seen of a file's numbers: the lowest, the highest, and whether all are whole."""

    lowest: float
    highest: float
    whole: bool

    @classmethod
    def of(cls, pieces: Iterable[NDArray[Any]]) -> ValueRange:
        """Return the range of all values in some arrays; NaN when one of them is NaN.

        >>> ValueRange.of([np.array([0.5, 1.0]), np.array([3.0])])
        ValueRange(lowest=0.5, highest=3.0, whole=False)
        """
        lowest, highest, whole = np.inf, -np.inf, True
        for values in pieces:
            if values.size:
                lowest, highest = np.minimum(lowest, values.min()), np.maximum(highest, values.max())
                whole = whole and (values.dtype.kind in "bui" or bool((values == np.floor(values)).all()))
        return cls(float(lowest), float(highest), whole)


@dataclass(frozen=True)
class Scale:
    """The two numbers that become 0 and 255; what lies between follows in proportion.

    >>> Scale(-1, 1).to_bytes(np.array([-1, 0, 1]))
    array([  0, 128, 255], dtype=uint8)
    """

    low: float
    high: float

    @property
    def is_bytes(self) -> bool:
        """Whether the numbers are bytes already, or would be if they were rounded."""
        return (self.low, self.high) == (0, 255)

    @property
    def sentence(self) -> str:
        """What a user is told about it."""
        if self.is_bytes:
            return _("The pixels had fractions; they were rounded to whole numbers.")
        if self.high - self.low > 255:
            message = _("The pixels ranged from {low:g} to {high:g}; they were scaled down to 0–255.")
        else:
            message = _("The pixels ranged from {low:g} to {high:g}; they were stretched to 0–255.")
        return message.format(low=round(self.low, 2), high=round(self.high, 2))

    def to_bytes(self, values: NDArray[Any]) -> UInt8Array:
        """Return values on this scale as bytes, in the same shape; what lies outside is cut off."""
        levels = values.astype(np.float64)
        levels -= self.low
        levels *= 255 / (self.high - self.low)
        np.rint(levels, out=levels)
        return np.clip(levels, 0, 255, out=levels).astype(np.uint8)


def scale_of(values: ValueRange) -> Scale | None:
    """Return the scale that numbers in this range lie on, or None when they can be no pixels.

    Whole numbers lie on the smallest usual scale that holds them; when the largest is from 512 to 65,535 (10
    to 16 bits), it is white. Fractions lie from 0 to 1, from −1 to 1 and the like; standardised ones, which
    have a mean of 0, from their lowest to their highest.

    >>> scale_of(ValueRange(0, 1, whole=False)), scale_of(ValueRange(0, 12, whole=True))
    (Scale(low=0, high=1), Scale(low=0, high=15))
    >>> scale_of(ValueRange(-0.42, 2.82, whole=False)), scale_of(ValueRange(0, 4095, whole=True))
    (Scale(low=-0.42, high=2.82), Scale(low=0, high=4095))
    >>> scale_of(ValueRange(-3, 255, whole=True))
    """
    low, high = values.lowest, values.highest
    if values.whole:
        usual = _first_that_holds(WHOLE_SCALES, low, high, 0)
        deep = low >= 0 and LEAST_DEEP <= high <= MOST_DEEP
        return usual or (Scale(0, high) if deep else None)
    standardised = -MOST_DEVIATIONS <= low < 0 < high <= MOST_DEVIATIONS
    return (
        _first_that_holds(FRACTION_SCALES, low, high, OVERSHOOT)
        or (Scale(low, high) if standardised else None)
        or _first_that_holds(LARGER_FRACTION_SCALES, low, high, OVERSHOOT)
    )


def _first_that_holds(
    scales: Iterable[tuple[float, float]], low: float, high: float, spare: float
) -> Scale | None:
    for black, white in scales:
        beyond = spare * (white - black)
        if black - beyond <= low and high <= white + beyond:
            return Scale(black, white)
    return None
