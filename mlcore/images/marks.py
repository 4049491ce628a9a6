"""The marks in a picture's ink: which are specks or stray dots, and whether two digits stand side by side.

`image_from_drawing` and `image_from_picture` ask this before they place a digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array

Ink = NDArray[np.float32]  # 0 is paper, 1 is full ink

HALF = 0.5  # of full ink: where a stroke ends when its width is measured
FAINTEST = 0.04  # what is fainter does not count when ink is cropped
SPECK = 0.05  # a mark smaller than this fraction of the drawing's longer side is a speck
SPECK_BESIDE = 0.15  # or than this fraction of the largest mark, when that is less

DOT = 0.4  # a dot is at most this fraction of the size of the rest,
ROUND = 1.6  # at most this many times longer than wide,
SOLID = 0.6  # and fills at least this fraction of its box; a circle fills 0.79
FAR = 0.5  # a dot this far from the rest, in sizes of the rest, was not meant; that of an i is nearer

FILLED = 0.45  # of its box is filled by a shadow that reaches into the picture; by a digit 0.33, mostly

TALL = 0.5  # two parts side by side that are both at least this fraction of the whole height,
APART = 0.1  # with a gap of this fraction of it between them, are two digits

Run = tuple[int, int, int]  # row, first column, column behind the last


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; bottom and right lie behind its last row and column."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def longest(self) -> int:
        """The longer side, in pixels."""
        return max(self.height, self.width)

    def touches(self, shape: tuple[int, ...]) -> bool:
        """Whether it reaches the border of a picture of this shape."""
        return self.top == 0 or self.left == 0 or self.bottom == shape[0] or self.right == shape[1]

    def distance(self, other: Box) -> float:
        """Return how far apart two boxes are, in pixels; 0 when they touch or overlap."""
        down = max(self.top - other.bottom, other.top - self.bottom, 0)
        across = max(self.left - other.right, other.left - self.right, 0)
        return float(np.hypot(down, across))


def box_around(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all of these."""
    return Box(
        min(box.top for box in boxes),
        min(box.left for box in boxes),
        max(box.bottom for box in boxes),
        max(box.right for box in boxes),
    )


@dataclass(frozen=True)
class Mark:
    """Connected ink, as its runs in each row."""

    runs: list[Run]
    box: Box

    @property
    def area(self) -> int:
        """In pixels."""
        return sum(end - start for _row, start, end in self.runs)

    @property
    def is_filled(self) -> bool:
        """Whether it fills so much of its box that it is a shadow rather than strokes."""
        return self.area >= FILLED * self.box.height * self.box.width

    @property
    def is_dot(self) -> bool:
        """Whether it is round and solid, as a pen leaves it that only touched the paper."""
        shorter = min(self.box.height, self.box.width)
        return self.box.longest <= ROUND * shorter and self.area >= SOLID * self.box.height * self.box.width


def marks_in(ink: Ink) -> list[Mark]:
    """Return the connected marks of a picture."""
    return [Mark(runs, _box(runs)) for runs in _connected(ink > FAINTEST)]


def without_specks(ink: Ink) -> Ink:
    """Return the ink without marks too small to belong to a digit.

    >>> ink = np.zeros((40, 40), np.float32)
    >>> ink[5:30, 10:14] = ink[35, 35] = 1
    >>> without_specks(ink)[35, 35]
    np.float32(0.0)
    """
    marks = marks_in(ink)
    smallest = SPECK * max(ink.shape)
    largest = max((mark.box.longest for mark in marks), default=0)
    if largest >= smallest:  # beside a small digit, a small mark may be a part of it
        smallest = min(smallest, SPECK_BESIDE * largest)
    return _without(ink, (mark for mark in marks if mark.box.longest < smallest))


def without_stray_dots(ink: Ink) -> Ink:
    """Return the ink without dots that lie far from the rest: there the pen touched the paper by accident."""
    marks = marks_in(ink)
    dots = [mark for mark in marks if mark.is_dot]
    others = [mark.box for mark in marks if not mark.is_dot]
    if not dots or not others:
        return ink
    rest = box_around(others)
    return _without(
        ink,
        (
            dot
            for dot in dots
            if dot.box.longest <= DOT * rest.longest and dot.box.distance(rest) >= FAR * rest.longest
        ),
    )


def stand_side_by_side(ink: Ink) -> bool:
    """Whether two tall parts stand side by side with a gap between them, as two digits do.

    Of MNIST's 10,000 test images 3 look so, and of 7,494 digits that were written with a pen none: a 4 drawn
    open comes nearer together, and the bar of a 5 that flies off is not tall.

    >>> ink = np.zeros((40, 60), np.float32)
    >>> ink[5:30, 10:14] = ink[5:28, 30:34] = 1
    >>> stand_side_by_side(ink)
    True
    """
    strong = ink > FAINTEST
    rows = np.flatnonzero(strong.any(axis=1))
    edges = np.flatnonzero(np.diff(strong.any(axis=0), prepend=False, append=False))
    end_of_last = None
    for left, right in edges.reshape(-1, 2).tolist():
        inked = np.flatnonzero(strong[:, left:right].any(axis=1))
        if np.ptp(inked) + 1 < TALL * (np.ptp(rows) + 1):
            continue
        if end_of_last is not None and left - end_of_last >= APART * (np.ptp(rows) + 1):
            return True
        end_of_last = right
    return False


def pen_width(ink: Ink) -> float:
    """Return how wide the pen is, in longer sides of the ink's box; 0 when there is no ink.

    A stroke's area is its length times its width, and its outline is twice as long as it. Counted in sides of
    pixels, an outline in any direction is 4/π times too long, on the mean.

    >>> page = np.zeros((30, 30), np.float32)
    >>> page[5:25, 10:14] = 1
    >>> round(pen_width(page), 3)
    0.212
    """
    inked = np.pad(ink > HALF, 1)
    outline = sum(int(np.count_nonzero(np.diff(inked, axis=axis))) for axis in (0, 1))
    sides = [np.flatnonzero(inked.any(axis=axis)) for axis in (0, 1)]
    if outline == 0:
        return 0.0
    longest = max(int(side[-1] - side[0]) + 1 for side in sides)
    return 2 * int(np.count_nonzero(inked)) / (outline * math.pi / 4) / longest


def stroke_widths(images: UInt8Array) -> NDArray[np.float32]:
    """Return how wide the strokes of each image are, in its pixels, (n,); 0 where there is no ink.

    Parameters
    ----------
    images : uint8 array (n, height, width)

    Examples
    --------
    >>> page = np.zeros((1, 30, 30), np.uint8)
    >>> page[0, 5:25, 10:14] = 255
    >>> round(float(stroke_widths(page)[0]), 2)
    4.24
    """
    inked = np.pad(images > 255 * HALF, ((0, 0), (1, 1), (1, 1)))
    outline = sum(np.count_nonzero(np.diff(inked, axis=axis), axis=(1, 2)) for axis in (1, 2))
    area = np.count_nonzero(inked, axis=(1, 2))
    widths: NDArray[np.float32] = (2 * area / (np.maximum(outline, 1) * math.pi / 4)).astype(np.float32)
    return widths


def thickened(ink: Ink, pen: float) -> Ink:
    """Return ink as a pen draws it that is at least so wide, in longer sides of the ink's box.

    A pen that is less than two pixels too thin is left as it is.
    """
    rows, columns = (np.flatnonzero((ink > HALF).any(axis=axis)) for axis in (1, 0))
    if len(rows) == 0:
        return ink
    longest = max(int(side[-1] - side[0]) + 1 for side in (rows, columns))
    wider = round((pen - pen_width(ink)) * longest / 2)
    if wider < 1:
        return ink
    page = np.pad(ink, wider)
    for k in range(wider):  # a diamond and a square in turn make an octagon
        down = spread(page)
        page = np.maximum(down, spread((down if k % 2 else page).T).T)
    return page


def spread(ink: Ink) -> Ink:
    """Return ink that reaches one pixel further up and down."""
    wider = ink.copy()
    np.maximum(wider[1:], ink[:-1], out=wider[1:])
    np.maximum(wider[:-1], ink[1:], out=wider[:-1])
    return wider


def keep_marks(ink: Ink, marks: Iterable[Mark]) -> Ink:
    """Return the ink of these marks alone."""
    return ink - _without(ink, marks)


def _without(ink: Ink, marks: Iterable[Mark]) -> Ink:
    """Return the ink without these marks."""
    cleaned = ink.copy()
    for mark in marks:
        for row, start, end in mark.runs:
            cleaned[row, start:end] = 0
    return cleaned


def _box(runs: list[Run]) -> Box:
    rows, starts, ends = zip(*runs, strict=True)
    return Box(min(rows), min(starts), max(rows) + 1, max(ends))


def _connected(inked: NDArray[np.bool_]) -> list[list[Run]]:
    """Return the connected marks, each as its runs; runs of neighbouring rows that touch are one mark."""
    edges = np.diff(np.pad(inked, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    runs = list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
    parent = list(range(len(runs)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    above = 0  # the first run of the row above that may still touch
    for k, (row, start, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start):
            above += 1
        j = above
        while runs[j][0] == row - 1 and runs[j][1] <= end:
            parent[root(j)] = root(k)
            j += 1
    marks: dict[int, list[Run]] = {}
    for k, run in enumerate(runs):
        marks.setdefault(root(k), []).append(run)
    return list(marks.values())
