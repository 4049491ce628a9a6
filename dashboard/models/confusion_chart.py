"""The confusion matrix as a figure: a heatmap with a row for each true class and a column for each guess.

The Evaluate page shows it with a frame around the cell whose images are shown beside it.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.ui.formats import percent
from dashboard.ui.messages import chart_text, distinct
from dashboard.ui.palette import DEV, SHADES, axis, layout
from mlcore import Evaluation
from mlcore.evaluation import Cell
from mlcore.language import N_, _
from mlcore.quote import quoted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_NUMBERS = 20
"""With more classes than this, the cells have no room for their counts: hovering tells them."""

GAPS_UP_TO = 30
"""With more classes than this, there are no gaps between the cells, and the matrix is larger and scrolls."""

AXIS_NAME = 14
"""Letters of a class's name beside the matrix; hovering and the sentence beside it have the rest."""


VIEWS = {
    "counts": N_("Counts"),
    "rows": N_("% of true"),
    "columns": N_("% of guess"),
    "mistakes": N_("Mistakes"),
}
"""What the cells of the matrix can say."""


def confusion_figure(evaluation: Evaluation, chosen: Cell = (0, 0), view: str = "counts") -> "Figure":
    """Return the heatmap of a confusion matrix, with a frame around one cell (true, guessed).

    ``view`` is a key of `VIEWS`.
    """
    from plotly.graph_objects import Figure

    n = len(evaluation.class_names)
    names = [chart_text(name) for name in distinct(evaluation.class_names, AXIS_NAME)]
    is_large = n > GAPS_UP_TO
    gap = 0 if is_large else 1
    heatmap = {
        "type": "heatmap",
        "z": shades(evaluation.matrix, view).round(3).tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[place / (len(SHADES) - 1), shade] for place, shade in enumerate(SHADES)],
        "showscale": False,
        "xgap": gap,
        "ygap": gap,
        "hovertext": [
            [chart_text(in_words(evaluation, (row, column))) for column in range(n)] for row in range(n)
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    if n <= MOST_NUMBERS:
        heatmap |= {"text": cell_texts(evaluation.matrix, view), "texttemplate": "%{text}"}
    # The ticks are not drawn, but keep the names at a distance.
    ticks = {"fixedrange": True, "showgrid": False, "ticklen": 5, "ticks": "outside"}
    ticks |= {"tickcolor": "rgba(0,0,0,0)", "tickfont": {"size": 9 if is_large else 13}}
    ticks |= {"tickvals": list(range(n)), "ticktext": names}
    below = 0.5 * max(map(len, names)) if max(map(len, names)) > 3 else 0  # rem: names stand upright there
    row, column = chosen
    frame = {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    settings = layout(
        "",
        xaxis=axis(_("guessed"), range=[-0.5, n - 0.5], **ticks),
        yaxis=axis(_("true"), range=[n - 0.5, -0.5], **ticks),
        shapes=[frame | {"line": {"color": DEV, "width": 3}}],
        margin={"l": 44, "r": 4, "t": 4, "b": 44},
        dragmode=False,
        meta={
            "alt": _("Confusion matrix:"),
            "height": f"calc({f'{0.75 * n}rem' if is_large else 'min(30rem, 92vw)'} + {below}rem)",
            "least_width": f"{0.6 * n}rem" if is_large else "",
        },
    )
    return Figure([heatmap], settings)


def shares(matrix: npt.NDArray[np.int64], view: str) -> npt.NDArray[np.float64]:
    """Return the share of each cell, 0 to 1: of its row, of its column, or of the fullest cell of mistakes.

    >>> shares(np.array([[6, 2], [2, 0]]), "columns").tolist()
    [[0.75, 1.0], [0.25, 0.0]]
    >>> shares(np.array([[6, 2], [1, 0]]), "mistakes").tolist()
    [[0.0, 1.0], [0.5, 0.0]]
    """
    if view == "mistakes":
        matrix = matrix - np.diag(np.diag(matrix))
        whole = matrix.max(keepdims=True)
    else:
        whole = matrix.sum(axis=0 if view == "columns" else 1, keepdims=True)
    share: npt.NDArray[np.float64] = matrix / np.maximum(whole, 1)
    return share


def shades(matrix: npt.NDArray[np.int64], view: str = "counts") -> npt.NDArray[np.float64]:
    """Return how dark each cell is, 0 to 1: its share, bent so that a few mistakes can be seen.

    >>> shades(np.array([[99, 1], [0, 0]])).round(1).tolist()
    [[1.0, 0.2], [0.0, 0.0]]
    """
    return shares(matrix, view) ** 0.35


def cell_texts(matrix: npt.NDArray[np.int64], view: str) -> list[list[str]]:
    """Return what stands in each cell: a count or a percentage; nothing where there is no image.

    >>> cell_texts(np.array([[999, 1], [0, 2000]]), "rows")
    [['99.9', '0.1'], ['', '100']]
    """
    if view in ("rows", "columns"):
        return [[f"{100 * share:.3g}" if share else "" for share in row] for row in shares(matrix, view)]
    shown = matrix - np.diag(np.diag(matrix)) if view == "mistakes" else matrix
    return [[f"{count:,}" if count else "" for count in row] for row in shown.tolist()]


def in_words(evaluation: Evaluation, cell: Cell) -> str:
    """Return how many images a cell has, and which fraction of their class that is."""
    true, guessed = (quoted(evaluation.class_names[place]) for place in cell)
    count, of_class = int(evaluation.matrix[cell]), int(evaluation.matrix[cell[0]].sum())
    share = percent(count / max(1, of_class))
    text = _("{count:,} of {of_class:,} images of {true} were classified correctly ({share}).")
    if true != guessed:
        text = _("{count:,} of {of_class:,} images of {true} were classified as {guessed} ({share}).")
    return text.format(true=true, guessed=guessed, count=count, of_class=of_class, share=share)
