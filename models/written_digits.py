"""Digits written with a pen, drawn on a canvas as a visitor would draw them.

`models/make.py` mixes such drawings into the training images, and `benchmarks/drawing.py` asks a model
about them. The file of strokes is not part of the project; it holds a line of JSON for each digit:
{"label", "writer", "strokes": [[[x, y], …], …]}, coordinates from 0 to 1, y down.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore import Dataset
from mlcore.images.drawing import image_from_drawing
from mlcore.images.strokes import Stroke, draw_strokes

CANVAS = 280  # pixels a side, as on the Draw page


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


def draw(digit: WrittenDigit, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Draw a digit somewhere on a black canvas, in some size, with some pen: uint8 (280, 280)."""
    side = generator.uniform(100, 240)
    pen = generator.uniform(12, 28)
    corner = (
        generator.uniform(pen / 2, CANVAS - side - pen / 2, 2) if side + pen < CANVAS else np.full(2, 20.0)
    )
    strokes = [
        Stroke(tuple((float(x), float(y)) for x, y in stroke * side + corner), pen)
        for stroke in digit.strokes
    ]
    return draw_strokes(strokes, CANVAS)


def prepared(
    digits: Iterable[WrittenDigit], generator: np.random.Generator, shape: tuple[int, int] = (28, 28)
) -> Iterator[NDArray[np.uint8]]:
    """Draw each digit and prepare the drawing as the app does."""
    for digit in digits:
        image = image_from_drawing(draw(digit, generator), shape)
        if image is None:
            raise ValueError(f"A digit {digit.label} by {digit.writer} left no ink.")
        yield image


def dataset_of(digits: list[WrittenDigit], generator: np.random.Generator, copies: int = 1) -> Dataset:
    """Return drawings of the digits, each drawn `copies` times, as a data set of 28×28 images."""
    images = np.stack([image for _ in range(copies) for image in prepared(digits, generator)])
    labels = np.array([digit.label for _ in range(copies) for digit in digits])
    return Dataset(images, labels, tuple("0123456789"), "written digits")
