"""Digits written with a pen, drawn on a canvas as a visitor would draw them.

`models/make.py` mixes such drawings into the training images, and `benchmarks/drawing.py` asks a model
about them. The file of strokes is not part of the project; it holds a line of JSON for each digit:
{"label", "writer", "strokes": [[[x, y], …], …]}, coordinates from 0 to 1, y down.
"""

import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore import Dataset
from mlcore.images.drawing import digit_in_strokes, image_from_drawing
from mlcore.images.frame import mnist_frame
from mlcore.images.strokes import Stroke, draw_strokes

CANVAS = 280  # pixels a side, as on the Draw page
SHAPE = (28, 28)

Range = tuple[float, float]
PENS: Range = (12, 28)  # pixels of the canvas
SIDES: Range = (100, 240)


@dataclass(frozen=True)
class WrittenDigit:
    """One digit: its class, who wrote it, and its strokes as arrays (points, 2) of x and y."""

    label: int
    writer: str
    strokes: tuple[NDArray[np.float64], ...]


def read_written_digits(path: Path) -> list[WrittenDigit]:
    """Read all digits of a .jsonl.gz file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        WrittenDigit(row["label"], row["writer"], tuple(np.array(stroke, float) for stroke in row["strokes"]))
        for row in rows
    ]


def split_by_writer(
    digits: Iterable[WrittenDigit], held_out: int
) -> tuple[list[WrittenDigit], list[WrittenDigit]]:
    """Return the digits of all writers but the last `held_out` by name, and the digits of those."""
    digits = list(digits)
    last = sorted({digit.writer for digit in digits})[-held_out:]
    return [d for d in digits if d.writer not in last], [d for d in digits if d.writer in last]


def on_canvas(
    lines: Sequence[NDArray[np.float64]],
    generator: np.random.Generator,
    pens: Range = PENS,
    sides: Range = SIDES,
) -> list[Stroke]:
    """Return lines, coordinates from 0 to 1, as strokes on a canvas, somewhere, of some size."""
    side = generator.uniform(*sides)
    pen = generator.uniform(*pens)
    corner = (
        generator.uniform(pen / 2, CANVAS - side - pen / 2, 2) if side + pen < CANVAS else np.full(2, 20.0)
    )
    return [Stroke(tuple((float(x), float(y)) for x, y in line * side + corner), pen) for line in lines]


def over_pixels(strokes: Sequence[Stroke]) -> NDArray[np.uint8]:
    """Return strokes as an image, prepared as a picture of them is: nothing is known of the pen."""
    image = image_from_drawing(draw_strokes(strokes, CANVAS))
    if image is None:
        raise ValueError("A drawing left no ink.")
    return image


def from_strokes(strokes: Sequence[Stroke]) -> NDArray[np.uint8]:
    """Return strokes as an image, prepared as the app does it on the canvas."""
    return digit_in_strokes(strokes, mnist_frame(SHAPE), SHAPE, CANVAS)


def dataset_of(
    digits: list[WrittenDigit],
    generator: np.random.Generator,
    copies: int = 1,
    prepared: Callable[[Sequence[Stroke]], NDArray[np.uint8]] = over_pixels,
) -> Dataset:
    """Return drawings of the digits, each drawn `copies` times, as a data set of 28×28 images."""
    images = np.stack(
        [prepared(on_canvas(digit.strokes, generator)) for _ in range(copies) for digit in digits]
    )
    labels = np.array([digit.label for _ in range(copies) for digit in digits])
    return Dataset(images, labels, tuple("0123456789"), "written digits")
