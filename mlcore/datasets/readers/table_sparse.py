"""Reads rows of LIBSVM files: a label, then the pixels that are not 0, each as its number and its value.

`read_table` asks for the layout first, which needs all rows: only the largest number tells how many pixels
there are.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.readers.limits import check_image_shape
from mlcore.datasets.readers.table_layout import LARGEST_SIDE, Layout, shape_in_name
from mlcore.datasets.readers.table_lines import SPARSE_ROW, TableText
from mlcore.errors import DatasetError
from mlcore.language import _

MOST_VALUES = 1_000_000  # at once: 8 MB of them
USUAL_SIDES = (4, 8, 16, 20, 28, 32, 48, 64)
_NUMBER_OF_PIXEL = re.compile(rb"(\d{1,9}):")


def sparse_layout(table: TableText) -> Layout:
    """Return the layout of a table of pairs: the label is column 0, and pixel 1 is column 1.

    Pixels count from 1, or from 0 where one has the number 0. The last ones may be 0 in all images and not
    be there: the smallest usual size that holds all is taken, unless the file's name says another (20x25).

    Raises
    ------
    DatasetError
        When the numbers reach beyond all images.
    """
    lowest, highest = 1, 0
    for _row, lines in table.blocks():
        for line in lines:
            if numbers := [int(number) for number in _NUMBER_OF_PIXEL.findall(line)]:
                lowest, highest = min(lowest, min(numbers)), max(highest, max(numbers))
    n_pixels = highest + 1 - lowest
    side = next(
        (side for side in USUAL_SIDES if side * side >= n_pixels), math.isqrt(max(0, n_pixels - 1)) + 1
    )
    shape = shape_in_name(table.file, n_pixels) or (side, side)
    if max(shape) > LARGEST_SIDE:
        message = _("{file} has pixels of the number {n:,}: its rows are not images.")
        raise DatasetError(message.format(file=table.file, n=highest))
    check_image_shape(table.file, shape)
    message = _(
        "The pixels are numbered up to {n:,}, so that the images were taken to have {height}×{width}. Where "
        "that is wrong, put height and width into the file's name: digits-20x25.txt."
    )
    count = shape[0] * shape[1]
    return Layout(
        table.file,
        table.dialect,
        None,
        1 + count,
        tuple(range(1, 1 + count)),
        shape,
        label=0,
        first_pixel=lowest,
        notes=(message.format(n=highest, height=shape[0], width=shape[1]),),
    )


def sparse_rows(layout: Layout, lines: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[Any]] | None:
    """Return labels and pixels of some lines, or None when one is no row of pairs, or they are too many."""
    if len(lines) > 1 and len(lines) * len(layout.pixels) > MOST_VALUES:
        return None
    labels = np.zeros(len(lines), np.int64)
    pixels = np.zeros((len(lines), len(layout.pixels)))
    for k, line in enumerate(lines):
        if not SPARSE_ROW.fullmatch(line):
            return None
        try:
            label, *pairs = map(float, line.partition(b"#")[0].replace(b":", b" ").split())
        except ValueError:  # of 1-2 or 1.2.3
            return None
        if label != int(label) or not -1 <= label < 1e9:
            return None
        labels[k] = int(label)
        pixels[k, np.array(pairs[::2], np.int64) - layout.first_pixel] = pairs[1::2]
    return (labels, pixels) if np.isfinite(pixels).all() else None
