"""A number written on a wide canvas: its strokes are put together to digits, each of which is read.

The Draw page shows the digits with a model's answers. Strokes that belong together lie side by side; which
those are is tried out, and the reading that leaves the least doubt is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.images.drawing import ink_of_strokes
from mlcore.images.strokes import Stroke, ink_box, inside, without_stray_taps
from mlcore.model import Model
from mlcore.refusal import Refusal

MOST_STROKES = 4
"""Of one digit."""

MOST_PARTS = 40
"""Strokes of a number; the rest is not read: every part is tried with its neighbours."""

SMALL = 0.45
"""Of the height of the line: what is lower is a part of a digit, rather than one."""

FOR_SMALL = 4.0
"""What a digit that is so low costs, in units of -log of a probability."""

FOR_EACH = 0.7
"""What each digit costs, so that a digit is not read as two."""

WIDE = 1.25
"""Times as wide as the line is high: that is more than one digit."""


@dataclass(frozen=True)
class ReadDigit:
    """One digit of a number.

    Attributes
    ----------
    strokes : tuple of Stroke
    image : uint8 array (height, width)
        What the model was given.
    probabilities : float array (classes,)
    doubt : float
        How likely it is no digit.
    """

    strokes: tuple[Stroke, ...]
    image: UInt8Array
    probabilities: NDArray[np.floating]
    doubt: float


def read_number(
    model: Model, refusal: Refusal | None, strokes: Sequence[Stroke], width: float, height: float
) -> list[ReadDigit]:
    """Return the digits of a number from left to right; none when nothing was written.

    Parameters
    ----------
    model : Model
    refusal : Refusal or None
        How likely a group of strokes is no digit; without one more of them are put together wrongly.
    strokes : sequence of Stroke
    width, height : float
        Of the canvas; what lies outside was not seen.
    """
    meant = _from_left(without_stray_taps(inside(strokes, width, height)))[:MOST_PARTS]
    if not meant:
        return []
    _left, top, _right, bottom = ink_box(meant)
    line = bottom - top
    spans = [
        (first, end)
        for first in range(len(meant))
        for end in range(first + 1, min(first + MOST_STROKES, len(meant)) + 1)
        if end == first + 1 or _width(meant[first:end]) <= WIDE * line
    ]
    images = np.stack([_image(model, meant[first:end]) for first, end in spans])
    probabilities = model.probabilities_of(images)
    doubts = np.zeros(len(images)) if refusal is None else refusal.doubts(images)
    costs = {}
    for k, (first, end) in enumerate(spans):
        certain = max(float(probabilities[k].max()) * (1 - float(doubts[k])), 1e-6)
        low = _height(meant[first:end]) < SMALL * line
        costs[first, end] = -np.log(certain) + FOR_EACH + FOR_SMALL * low
    found = _cheapest(costs, len(meant))
    at = {span: k for k, span in enumerate(spans)}
    return [
        ReadDigit(tuple(meant[a:b]), images[at[a, b]], probabilities[at[a, b]], float(doubts[at[a, b]]))
        for a, b in found
    ]


def _cheapest(costs: dict[tuple[int, int], float], n: int) -> list[tuple[int, int]]:
    """Return the spans, end to end from 0 to n, whose costs have the least sum.

    >>> _cheapest({(0, 1): 1.0, (1, 2): 1.0, (0, 2): 1.5}, 2)
    [(0, 2)]
    """
    best: list[tuple[float, list[tuple[int, int]]]] = [(0.0, [])]
    for end in range(1, n + 1):
        ways = [
            (best[first][0] + cost, [*best[first][1], (first, to)])
            for (first, to), cost in costs.items()
            if to == end
        ]
        best.append(min(ways))
    return best[n][1]


def _from_left(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Return strokes in the order of their middles, from left to right."""
    return sorted(strokes, key=lambda stroke: sum(ink_box([stroke])[::2]))


def _image(model: Model, strokes: Sequence[Stroke]) -> UInt8Array:
    image = model.frame.put(ink_of_strokes(strokes, model.frame.pen), model.image_shape)
    assert image is not None, "strokes leave ink"
    return image


def _width(strokes: Sequence[Stroke]) -> float:
    left, _top, right, _bottom = ink_box(strokes)
    return right - left


def _height(strokes: Sequence[Stroke]) -> float:
    _left, top, _right, bottom = ink_box(strokes)
    return bottom - top
