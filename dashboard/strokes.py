"""Pen strokes as the canvas describes them, and the picture that they make.

It stands between the canvas and `mlcore.image_from_drawing` on the path. The strokes are the one truth about
a drawing: what Undo leaves, what is kept when the page changes and what the network answers all come from
them, while the canvas's own pixels arrive late, or not at all before the first stroke.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Point = tuple[float, float]

# A browser may send anything; a drawing of a digit comes nowhere near these.
MOST_STROKES = 200
MOST_POINTS = 20_000

_FINER = 3  # the picture is drawn this many times larger and then averaged: smooth edges, as the canvas has


@dataclass(frozen=True)
class Stroke:
    """One line of the pen.

    Attributes
    ----------
    points : tuple of (x, y)
        In pixels of the canvas, close enough to be joined by straight lines.
    width : float
        Of the pen, in pixels of the canvas.
    """

    points: tuple[Point, ...]
    width: float


def strokes_of(drawing: Any) -> list[Stroke]:
    """Return the strokes in a canvas's JSON (Fabric.js); what is no stroke is left out, whatever it is.

    >>> strokes_of({"objects": [{"type": "Path", "strokeWidth": 9, "path": [["M", 1, 2], ["L", 3, 4]]}]})
    [Stroke(points=((1.0, 2.0), (3.0, 4.0)), width=9.0)]
    """
    objects = drawing.get("objects") if isinstance(drawing, Mapping) else None
    strokes: list[Stroke] = []
    points_left = MOST_POINTS
    for item in objects[:MOST_STROKES] if isinstance(objects, list) else ():
        try:
            stroke = _stroke(item)
        except (TypeError, ValueError, KeyError, IndexError, OverflowError):
            continue
        points_left -= len(stroke.points)
        if points_left < 0:
            break
        strokes.append(stroke)
    return strokes


def draw_strokes(strokes: Sequence[Stroke], size: int) -> npt.NDArray[np.uint8]:
    """Return the strokes in white on black as a uint8 image ``(size, size)``, with round ends and joints."""
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


def _stroke(item: Mapping[str, Any]) -> Stroke:
    """Read one path; one that no pen can have drawn raises."""
    path, width = item["path"], float(item["strokeWidth"])
    if item["type"] != "Path" or len(path) > MOST_POINTS or not 0 < width < 1e3:
        raise ValueError("not a stroke")
    points = tuple(_flatten(path))
    if not points or not all(abs(x) < 1e4 and abs(y) < 1e4 for x, y in points):
        raise ValueError("not on any canvas")
    return Stroke(points, width)


def _flatten(path: Sequence[Sequence[Any]]) -> Iterator[Point]:
    """Yield the points of a path of starts (M), lines (L) and quadratic curves (Q), curves as short lines."""
    here: Point = (0.0, 0.0)
    for letter, *numbers in path:
        values = [float(number) for number in numbers]
        if letter == "Q":
            a, b, c, d = values
            yield from _curve(here, (a, b), (c, d))
        elif letter not in ("M", "L") or len(values) != 2:
            raise ValueError("not drawn by the pen")
        here = (values[-2], values[-1])
        yield here


def _curve(start: Point, control: Point, end: Point, piece: float = 4.0) -> Iterator[Point]:
    """Yield points inside a quadratic Bézier curve, about ``piece`` pixels apart and without its two ends."""
    length = math.dist(start, control) + math.dist(control, end)
    pieces = min(64, math.ceil(length / piece))
    for k in range(1, pieces):
        t = k / pieces
        # B(t) = (1 − t)² start + 2 t (1 − t) control + t² end
        p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t * t
        yield (
            p * start[0] + q * control[0] + r * end[0],
            p * start[1] + q * control[1] + r * end[1],
        )
