"""Recognises tables of pen points, as UCI's "Pen-Based Recognition of Handwritten Digits", and draws them.

`read_table` asks about the columns that it takes for pixels: 8 points, x and y by turns, look like 16 pixels.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.table_layout import Layout
from mlcore.images.strokes import Stroke, draw_strokes
from mlcore.language import _

FARTHEST = 100  # both coordinates of each digit reach from 0 to it
FEW = 10  # rows could be like points by chance, and pixels in per cent could be 0, 50 and 100
SIDE = 28
MARGIN = 4  # pixels around the box of the points, as in MNIST's images
PEN = 2.5  # pixels: as wide as MNIST's strokes


def are_points(rows: NDArray[Any]) -> bool:
    """Whether rows, ``(rows, columns)``, hold points of a pen rather than pixels.

    In each row the x, which are every second number, go from 0 to 100, and so do the y between them.

    >>> row = [0, 57, 31, 68, 72, 90, 100, 100, 76, 75, 50, 51, 28, 25, 16, 0]
    >>> are_points(np.array([row] * 20)), are_points(np.array([row[1:] + row[:1]] * 20) % 100)
    (True, False)
    """
    if len(rows) < FEW or rows.shape[1] == 0 or rows.shape[1] % 2:
        return False
    points = rows.reshape(len(rows), -1, 2)
    reach = (points.min(axis=1) == 0).all() and (points.max(axis=1) == FARTHEST).all()
    return bool(reach) and len(np.unique(rows)) > FEW


def layout_of_points(layout: Layout) -> Layout:
    """Return the layout of a table whose columns turned out to be points."""
    message = _(
        "The {n} columns are points of a pen, x and y by turns; its line was drawn as images of "
        "{side}×{side} pixels."
    )
    note = message.format(n=len(layout.pixels), side=SIDE)
    return replace(layout, image_shape=(SIDE, SIDE), are_points=True, notes=(*layout.notes, note))


def drawn(rows: NDArray[Any]) -> UInt8Array:
    """Return each row of points, from 0 to 100 with y up, as an image of white ink, ``(rows, pixels)``.

    >>> image = drawn(np.array([[0, 0, 100, 100]])).reshape(28, 28)
    >>> image[[5, 22, 5], [22, 5, 5]]
    array([255, 255,   0], dtype=uint8)
    """
    x_and_y = rows.reshape(len(rows), -1, 2) / FARTHEST
    x_and_y[..., 1] = 1 - x_and_y[..., 1]
    x_and_y = MARGIN + PEN / 2 + x_and_y * (SIDE - 2 * MARGIN - PEN)
    images = np.empty((len(rows), SIDE * SIDE), np.uint8)
    for image, points in zip(images, x_and_y.tolist(), strict=True):
        image[:] = draw_strokes([Stroke(tuple(map(tuple, points)), PEN)], SIDE).ravel()
    return images
