"""A number on a wide canvas or on paper: its pieces are put together to digits, each of which is read.

The Draw page shows the digits with a model's answers. A piece is a stroke or a mark of a picture, or what a
cut leaves of one that holds several digits; which pieces make a digit is tried out, and the reading that
leaves the least doubt is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.images.drawing import ink_of_strokes, number_in_picture
from mlcore.images.marks import FAINTEST, Ink, Mark, keep_marks, marks_in, thickened
from mlcore.images.strokes import Point, Stroke, ink_box, inside, without_stray_taps
from mlcore.model import Model
from mlcore.refusal import Refusal

MOST_PIECES = 5
"""Of one digit."""

MOST_PARTS = 40
"""Pieces of a number; the rest is not read: every piece is tried with its neighbours."""

SMALL = 0.45
"""Of the height of the line: what is lower is a part of a digit, rather than one."""

FOR_SMALL = 4.0
"""What a digit that is so low costs, in units of -log of a probability."""

FOR_EACH = 0.7
"""What each digit costs, so that a digit is not read as two."""

FOR_CUT = 0.5
"""What each cut through a stroke or a mark costs."""

WIDE = 1.25
"""Times as wide as the line is high: that is more than one digit."""

BEND = 0.06
"""Of the height of the line: a stroke that turns aside so far has a corner."""

OVERLAP = 0.3
"""Of the height of the line: two digits in one stroke overlap by so much at most."""

PART = 0.2
"""Of the height of the line: what a joint leads from or to is at least so long, such as the bar of a 5."""

NARROW = 0.75
"""Times as wide as the line is high: a mark in a picture that is no wider is not cut."""

MOST_CUTS = 6
"""Through one mark of a picture."""

Box = tuple[float, float, float, float]  # left, top, right, bottom
Content = TypeVar("Content")


@dataclass(frozen=True)
class Piece(Generic[Content]):
    """A piece of a number.

    Attributes
    ----------
    content : Stroke or ink
    box : (float, float, float, float)
        Left, top, right and bottom edge.
    whole : int
        The stroke or mark that it is a piece of, by its number.
    is_joint : bool
        Whether it may be nothing but the line that joins two digits.
    """

    content: Content
    box: Box
    whole: int
    is_joint: bool = False


@dataclass(frozen=True)
class ReadDigit:
    """One digit of a number.

    Attributes
    ----------
    strokes : tuple of Stroke
        Empty for a digit in a picture.
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
        Several digits may be written in one of them, without lifting the pen.
    width, height : float
        Of the canvas; what lies outside was not seen.
    """
    meant = without_stray_taps(inside(strokes, width, height))
    if not meant:
        return []
    _left, top, _right, bottom = ink_box(meant)
    line = bottom - top

    def ink_of(some: Sequence[Piece[Stroke]]) -> Ink:
        return ink_of_strokes([piece.content for piece in some], model.frame.pen)

    parts = [[(stroke, False)] for stroke in meant], [cut_at_joints(stroke, line) for stroke in meant]
    readings = [
        _read(model, refusal, _pieces_of(strokes_cut), ink_of, line)
        for strokes_cut in (parts if parts[0] != parts[1] else parts[:1])
    ]
    _cost, digits = min(readings, key=lambda reading: reading[0])
    return [replace(digit, strokes=tuple(piece.content for piece in some)) for digit, some in digits]


def _pieces_of(parts: Sequence[Sequence[tuple[Stroke, bool]]]) -> list[Piece[Stroke]]:
    """Return the pieces of strokes, each given by its parts and whether each of them is a joint."""
    return [
        Piece(part, ink_box([part]), whole, is_joint)
        for whole, stroke in enumerate(parts)
        for part, is_joint in stroke
    ]


def read_number_in_picture(
    model: Model, refusal: Refusal | None, file: bytes | str | Path | BinaryIO
) -> list[ReadDigit]:
    """Return the digits of a number in a picture file or photo, from left to right; none when there are none.

    Raises
    ------
    NoDigitError
        When lines on the paper cannot be told from digits.
    DatasetError
        When the file is no picture, damaged or too large.
    """
    ink = number_in_picture(file)
    marks = marks_in(ink)
    if not marks:
        return []
    line = max(mark.box.height for mark in marks)
    pieces = [
        piece for whole, mark in enumerate(marks) for piece in _cut_at_columns(ink, mark, whole, float(line))
    ]

    def ink_of(some: Sequence[Piece[Ink]]) -> Ink:
        together: Ink = np.max([piece.content for piece in some], axis=0)
        return thickened(together, model.frame.pen)

    _cost, digits = _read(model, refusal, pieces, ink_of, line)
    return [digit for digit, _some in digits]


# Which pieces make a digit


def _read(
    model: Model,
    refusal: Refusal | None,
    pieces: Sequence[Piece[Content]],
    ink_of: Callable[[Sequence[Piece[Content]]], Ink],
    line: float,
) -> tuple[float, list[tuple[ReadDigit, Sequence[Piece[Content]]]]]:
    """Return what the cheapest reading costs, and its digits with their pieces; the line is so high."""
    pieces = sorted(pieces, key=lambda piece: piece.box[0] + piece.box[2])[:MOST_PARTS]
    spans = [
        (first, end)
        for first in range(len(pieces))
        for end in range(first + 1, min(first + MOST_PIECES, len(pieces)) + 1)
        if end == first + 1 or _width(pieces[first:end]) <= WIDE * line
    ]
    images = np.stack([_image(model, ink_of(pieces[first:end])) for first, end in spans])
    probabilities = model.probabilities_of(images)
    doubts = np.zeros(len(images)) if refusal is None else refusal.doubts(images)
    wholes = [piece.whole for piece in pieces]
    costs = {(k, k + 1): 0.0 for k, piece in enumerate(pieces) if piece.is_joint}
    read = {}
    for k, (first, end) in enumerate(spans):
        certain = max(float(probabilities[k].max()) * (1 - float(doubts[k])), 1e-6)
        low = _height(pieces[first:end]) < SMALL * line
        torn = {*wholes[first:end]} & {*wholes[end:]}
        cost = -math.log(certain) + FOR_EACH + FOR_SMALL * low + FOR_CUT * len(torn)
        if cost < costs.get((first, end), math.inf):
            costs[first, end], read[first, end] = cost, k
    cheapest = _cheapest(costs, len(pieces))
    digits: list[tuple[ReadDigit, Sequence[Piece[Content]]]] = [
        (ReadDigit((), images[k], probabilities[k], float(doubts[k])), pieces[first:end])
        for first, end, k in ((*span, read[span]) for span in cheapest if span in read)
    ]
    return sum((costs[span] for span in cheapest), 0.0), digits


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


def _image(model: Model, ink: Ink) -> UInt8Array:
    image = model.frame.put(ink, model.image_shape)
    assert image is not None, "pieces have ink"
    return image


def _width(pieces: Sequence[Piece[Content]]) -> float:
    return max(piece.box[2] for piece in pieces) - min(piece.box[0] for piece in pieces)


def _height(pieces: Sequence[Piece[Content]]) -> float:
    return max(piece.box[3] for piece in pieces) - min(piece.box[1] for piece in pieces)


# Where a stroke is cut


def cut_at_joints(stroke: Stroke, line: float) -> list[tuple[Stroke, bool]]:
    """Return a stroke in pieces where it may join two digits; whether each may be nothing but such a joint.

    A joint leads to the right, from a corner to a corner, between two parts of the stroke, the first of which
    lies left of the second. Most strokes have none and stay whole.

    Parameters
    ----------
    stroke : Stroke
    line : float
        The height of the line of digits.
    """
    corners = corners_of(stroke.points, BEND * line)
    joints = [
        pair
        for pair, joins in zip(pairwise(corners), _join(stroke.points, corners, line), strict=True)
        if joins
    ]
    cuts = sorted({0, len(stroke.points) - 1, *(place for joint in joints for place in joint)})
    if len(cuts) < 3:
        return [(stroke, False)]
    return [(replace(stroke, points=stroke.points[a : b + 1]), (a, b) in joints) for a, b in pairwise(cuts)]


def _join(points: Sequence[Point], corners: Sequence[int], line: float) -> list[bool]:
    """Return of each way from a corner to the next whether it may join two digits."""
    places = np.array(points, np.float64)
    before_low, before_high = np.minimum.accumulate(places), np.maximum.accumulate(places)
    behind_low, behind_high = (
        accumulate(places[::-1])[::-1] for accumulate in (np.minimum.accumulate, np.maximum.accumulate)
    )
    first, last = np.array(corners[:-1], np.intp), np.array(corners[1:], np.intp)
    before, behind = (before_high - before_low)[first], (behind_high - behind_low)[last]
    joins = (
        (places[last, 0] > places[first, 0])
        & (before_high[first, 0] - behind_low[last, 0] <= OVERLAP * line)
        & (np.maximum(before[:, 1], behind[:, 1]) >= SMALL * line)
        & (np.minimum(before.max(axis=1), behind.max(axis=1)) >= PART * line)
    )
    found: list[bool] = joins.tolist()
    return found


def corners_of(points: Sequence[Point], apart: float) -> list[int]:
    """Return the places of the ends and corners of a line (Douglas and Peucker, 1973).

    Straight lines between them stay within ``apart`` of the line.

    >>> corners_of([(0, 0), (5, 0.1), (10, 0), (10, 8)], 1.0)
    [0, 2, 3]
    """
    line = np.array(points, np.float64)
    kept, open_ = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_:
        first, last = open_.pop()
        if last - first < 2:
            continue
        chord = line[last] - line[first]
        from_first = line[first + 1 : last] - line[first]
        length = float(np.hypot(*chord))
        if length == 0:
            distances = np.hypot(*from_first.T)
        else:
            distances = np.abs(chord[0] * from_first[:, 1] - chord[1] * from_first[:, 0]) / length
        farthest = int(np.argmax(distances))
        if distances[farthest] > apart:
            corner = first + 1 + farthest
            kept.add(corner)
            open_ += [(first, corner), (corner, last)]
    return sorted(kept)


# Where a mark in a picture is cut


def _cut_at_columns(ink: Ink, mark: Mark, whole: int, line: float) -> Iterator[Piece[Ink]]:
    """Yield a mark in a picture, cut at columns in which there is little of it when it is wide."""
    alone = keep_marks(ink, [mark])
    edges = [mark.box.left, *_thin_columns(alone, mark, line), mark.box.right]
    for left, right in pairwise(edges):
        part = np.zeros_like(alone)
        part[:, left:right] = alone[:, left:right]
        rows, columns = (np.flatnonzero((part > FAINTEST).any(axis=axis)) for axis in (1, 0))
        if len(rows):
            box = (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
            yield Piece(part, box, whole)


def _thin_columns(alone: Ink, mark: Mark, line: float) -> list[int]:
    """Return the columns at which a wide mark is cut: those with the least ink, well apart."""
    if mark.box.width <= NARROW * line:
        return []
    apart = max(2, round(line / 6))
    profile = alone.sum(axis=0)
    open_ = [*range(mark.box.left + apart, mark.box.right - apart)]
    cuts: list[int] = []
    while open_ and len(cuts) < MOST_CUTS:
        cut = min(open_, key=lambda column: float(profile[column]))
        cuts.append(cut)
        open_ = [column for column in open_ if abs(column - cut) >= apart]
    return sorted(cuts)
