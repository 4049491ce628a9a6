"""Strokes of a pen, and the picture that they make: the only pen of this project.

The Draw page draws with it what a visitor's hand did. `models/make.py` and `benchmarks/drawing.py` draw with
it the digits that a model learns from and is asked about.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from mlcore.arrays import UInt8Array

Point = tuple[float, float]

TAP = 0.5  # of the pen's width: a pen that moves less than this has only touched
FAR = 0.5  # of the size of what was drawn: a tap farther away than this was not meant
_FINER = 3  # the picture is drawn this many times larger and then averaged: smooth edges, as the canvas has


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

    >>> draw_strokes([Stroke(((2.0, 2.0),), 4.0)], 4).max()
    np.uint8(255)
    """
    picture = Image.new("L", (size * _FINER, size * _FINER))
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        width = max(1.0, stroke.width * _FINER)
        radius = (width - 1) / 2  # Pillow counts the pixels at both ends
        # The canvas measures from the corner of a pixel, Pillow from its centre.
        points = [(x * _FINER - 0.5, y * _FINER - 0.5) for x, y in stroke.points]
        pen.line(points, fill=255, width=round(width))
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(picture.reduce(_FINER))
