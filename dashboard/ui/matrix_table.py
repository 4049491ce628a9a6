"""The confusion matrix as an HTML table, for where it changes under a slider, and no chart would keep up.

Time travel on Inside shows one for each moment.
"""

import numpy as np
import numpy.typing as npt

from dashboard.ui.messages import distinct, html_text
from dashboard.ui.pictures import Picture, picture_html
from mlcore.language import _

MOST_NUMBERS = 20
"""With more classes than this, the matrix is a picture, of one square a cell: dark where there are many."""

NAME = 8
"""Letters of a class's name beside the table."""


def matrix_html(matrix: npt.NDArray[np.int64], class_names: tuple[str, ...]) -> str:
    """Return a matrix (true, guessed) as HTML; each cell is shaded by its share of its row."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    shades = shares**0.35  # bent, so that a few mistakes can be seen
    if len(matrix) > MOST_NUMBERS:
        picture = np.rint(255 * shades).astype(np.uint8)
        return picture_html(Picture(picture, _("Confusion matrix: a row for each true class")), 380)
    names = [html_text(name) for name in distinct(class_names, NAME)]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{_cells(counts, dark)}</tr>'
        for name, counts, dark in zip(names, matrix, shades, strict=True)
    )
    caption = html_text(_("Rows: true class. Columns: guess."))
    return f'<table class="dl-matrix"><caption>{caption}</caption><tr><td></td>{head}</tr>{rows}</table>'


def _cells(counts: npt.NDArray[np.int64], shades: npt.NDArray[np.float64]) -> str:
    return "".join(
        f'<td style="--dl-shade: {55 * shade:.0f}%">{count or ""}</td>'
        for count, shade in zip(counts, shades, strict=True)
    )
