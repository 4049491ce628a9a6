"""Strokes of a pen, and the picture that they make: the only pen of this project.

The Draw page draws with it what a visitor's hand did. `models/make.py` and `benchmarks/drawing.py` draw with
it the digits that a model learns from and is tested on.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.images.marks import APART, TALL

Point = tuple[float, float]
Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

TAP = 0.5  # of the pen's width: a pen that moves less than this has only touched
FAR = 0.5  # of the size of what was drawn: a tap farther away than this was not meant
_FINER = 3  # points in a pixel, across and down: smooth edges, as the canvas has
_THINNEST = 1 / 6  # pixels: the radius of a pen that always leaves ink
_LEVELS = np.rint(np.arange(_FINER**2 + 1) * 255 / _FINER**2).astype(np.uint8)
_AT_ONCE = 256  # lines, so that no drawing takes much memory


@dataclass(frozen=True)
class Stroke:
    """One line of the pen.

    Attributes
    ----------
    points : tuple of (x, y)
        In pixels of the canvas, y down, close enough to be joined by straight lines.
    width : float
        Of the pen, in pixels of the canvas.
    """

    points: tuple[Point, ...]
    width: float

    @property
    def is_tap(self) -> bool:
        """Whether the pen hardly moved: what it left is at most 1.5 times as long as it is wide."""
        return math.hypot(*_extent(self.points)) <= TAP * self.width


def without_stray_taps(strokes: Sequence[Stroke]) -> list[Stroke]:
    """Return the strokes without taps that lie far from the others: there the pen touched by accident.

    The dot of an i is nearer to its stem. When there are only taps, they all stay.

    >>> line, tap = Stroke(((50.0, 20.0), (50.0, 120.0)), 9.0), Stroke(((200.0, 200.0),), 9.0)
    >>> without_stray_taps([line, tap]) == [line]
    True
    """
    drawn = [stroke for stroke in strokes if not stroke.is_tap]
    if not drawn:
        return list(strokes)
    size = max(_extent(point for stroke in drawn for point in stroke.points))
    return [
        stroke
        for stroke in strokes
        if not stroke.is_tap
        or min(_distance(stroke.points[0], other.points) for other in drawn) < FAR * size + stroke.width
    ]


def inside(strokes: Sequence[Stroke], width: float, height: float) -> list[Stroke]:
    """Return what lies on a canvas: a pen that is held may leave it and come back.

    >>> [stroke.points for stroke in inside([Stroke(((5.0, 5.0), (5.0, -9.0), (7.0, 5.0)), 2.0)], 10, 10)]
    [((5.0, 5.0),), ((7.0, 5.0),)]
    """

    def is_on(point: Point) -> bool:
        return 0 <= point[0] <= width and 0 <= point[1] <= height

    parts = []
    for stroke in strokes:
        for is_inside, points in groupby(stroke.points, is_on):
            if is_inside:
                parts.append(replace(stroke, points=tuple(points)))
    return parts


def with_pen(strokes: Sequence[Stroke], pen: float) -> list[Stroke]:
    """Return strokes as another pen draws them, whose width is given in longer sides of their ink.

    >>> with_pen([Stroke(((0.0, 0.0), (0.0, 90.0)), 30.0)], 0.1)
    [Stroke(points=((0.0, 0.0), (0.0, 90.0)), width=10.0)]
    """
    length = max(_extent(point for stroke in strokes for point in stroke.points))
    width = max(length, *(stroke.width for stroke in strokes)) * pen / (1 - pen)
    return [replace(stroke, width=width) for stroke in strokes]


def ink_box(strokes: Sequence[Stroke]) -> tuple[float, float, float, float]:
    """Return the left, top, right and bottom edge of the ink of strokes."""
    edges = [
        (x - stroke.width / 2, y - stroke.width / 2, x + stroke.width / 2, y + stroke.width / 2)
        for stroke in strokes
        for x, y in stroke.points
    ]
    left, top, right, bottom = zip(*edges, strict=True)
    return min(left), min(top), max(right), max(bottom)


def are_two(strokes: Sequence[Stroke]) -> bool:
    """Whether two tall parts stand side by side with a gap between them, as two digits do.

    >>> ones = [Stroke(((x, 20.0), (x, 120.0)), 9.0) for x in (50.0, 90.0)]
    >>> are_two(ones), are_two(ones[:1])
    (True, False)
    """
    parts: list[tuple[float, float, float, float]] = []
    for left, top, right, bottom in sorted(ink_box([stroke]) for stroke in strokes):
        if parts and left <= parts[-1][2]:
            first, highest, last, lowest = parts.pop()
            left, top, right, bottom = first, min(highest, top), max(last, right), max(lowest, bottom)
        parts.append((left, top, right, bottom))
    height = max(part[3] for part in parts) - min(part[1] for part in parts) if parts else 0.0
    tall = [part for part in parts if part[3] - part[1] >= TALL * height]
    return any(after[0] - part[2] >= APART * height for part, after in pairwise(tall))


def fitted(strokes: Sequence[Stroke], size: float, side: float) -> list[Stroke]:
    """Return strokes whose ink is ``size`` pixels long, in the middle of a page of ``side`` pixels each way.

    >>> fitted([Stroke(((0.0, 10.0), (0.0, 90.0)), 20.0)], 50, 60)
    [Stroke(points=((30.0, 10.0), (30.0, 50.0)), width=10.0)]
    """
    left, top, right, bottom = ink_box(strokes)
    scale = size / max(right - left, bottom - top)
    across, down = side / 2 - scale * (left + right) / 2, side / 2 - scale * (top + bottom) / 2
    return [
        Stroke(tuple((scale * x + across, scale * y + down) for x, y in stroke.points), scale * stroke.width)
        for stroke in strokes
    ]


def _extent(points: Iterable[Point]) -> Point:
    """Return how far points lie apart, across and down."""
    across, down = (max(places) - min(places) for places in zip(*points, strict=True))
    return across, down


def _distance(point: Point, line: Sequence[Point]) -> float:
    """Return how near a line comes to a point."""
    (x, y), nearest = point, math.dist(point, line[0])
    for (x0, y0), (x1, y1) in pairwise(line):
        along = (x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)
        t = min(max(along / max(math.dist((x0, y0), (x1, y1)) ** 2, 1e-9), 0), 1)
        nearest = min(nearest, math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    return nearest


def draw_strokes(strokes: Sequence[Stroke], size: int) -> UInt8Array:
    """Return the strokes in white on black as an image ``(size, size)``, with round ends and joints.

    Each pixel is the mean of nine points in it, and a point has ink when it is at most half the pen's width
    away from the line of a stroke. `mlcore/exports/network.js` draws the same, point by point, in a browser.

    >>> draw_strokes([Stroke(((2.0, 2.0),), 4.0)], 4).max()
    np.uint8(255)
    """
    side = size * _FINER
    # In each row, how many lines begin to cover a point, less those that end before it.
    changes = np.zeros((side, side + 1), np.int32)
    one = np.int32(1)  # a number of another type is added thirty times more slowly
    lines = _lines(strokes)
    for start in range(0, len(lines), _AT_ONCE):
        rows, first, end = _spans(lines[start : start + _AT_ONCE], side)
        np.add.at(changes.reshape(-1), rows * (side + 1) + first, one)
        np.add.at(changes.reshape(-1), rows * (side + 1) + end, -one)
    inked = (np.cumsum(changes[:, :-1], axis=1, dtype=np.int32) > 0).view(np.uint8)
    in_pixels = np.zeros((size, size), np.uint8)
    for row in range(_FINER):
        for column in range(_FINER):
            in_pixels += inked[row::_FINER, column::_FINER]
    picture: UInt8Array = _LEVELS[in_pixels]
    return picture


def _lines(strokes: Sequence[Stroke]) -> Floats:
    """Return the straight lines of strokes, ``(n, 5)``: x and y of both ends and the radius of the pen.

    They are counted in the finer points of the picture. A stroke of one point is a line without length.
    """
    lines = [
        (*a, *b, max(stroke.width / 2, _THINNEST))
        for stroke in strokes
        for a, b in pairwise(stroke.points if len(stroke.points) > 1 else stroke.points * 2)
    ]
    return np.array(lines, np.float64).reshape(-1, 5) * _FINER


def _spans(lines: Floats, side: int) -> tuple[Indices, Indices, Indices]:
    """Return what lines cover: rows, and in each the first point and the one behind the last."""
    upward = lines[:, 1] > lines[:, 3]
    lines = np.where(upward[:, None], lines[:, [2, 3, 0, 1, 4]], lines)  # from now on, y0 ≤ y1
    _x0, y0, _x1, y1, radius = lines.T
    top = np.ceil(y0 - radius - 0.5).clip(0, side).astype(np.intp)
    bottom = np.floor(y1 + radius + 0.5).clip(0, side).astype(np.intp)
    counts = np.maximum(bottom - top, 0)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - top, counts)
    left, right = _outline(np.repeat(lines.T, counts, axis=1), rows + 0.5)
    first = np.ceil(left - 0.5).clip(0, side).astype(np.intp)
    end = np.floor(right + 0.5).clip(0, side).astype(np.intp)
    covered = first < end
    return rows[covered], first[covered], end[covered]


def _outline(lines: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return where lines with round ends begin and end in rows, one of each line, ``(5, n)``.

    The outline is that of the upper disc down to where a straight edge touches it, then that edge, then that
    of the lower disc.
    """
    x0, y0, x1, y1, radius = lines
    along, down = x1 - x0, y1 - y0
    scale = radius / np.maximum(np.sqrt(along * along + down * down), 1e-9)
    slope = along / np.maximum(down, 1e-9)
    out, shift = down * scale, along * scale
    upper, lower = (np.sqrt(np.maximum(radius * radius - (y - c) * (y - c), 0)) for c in (y0, y1))
    edge = x0 - out + (y - (y0 + shift)) * slope
    left = np.where(y <= y0 + shift, x0 - upper, np.where(y >= y1 + shift, x1 - lower, edge))
    edge = x0 + out + (y - (y0 - shift)) * slope
    right = np.where(y <= y0 - shift, x0 + upper, np.where(y >= y1 - shift, x1 + lower, edge))
    return left, right
