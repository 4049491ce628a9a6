"""Strokes of a pen, and the picture that they make: the only pen of this project.

The Draw page draws with it what a visitor's hand did. `models/make.py` and `benchmarks/drawing.py` draw with
it the digits that a model learns from and is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mlcore.arrays import UInt8Array

Point = tuple[float, float]

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
