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
from mlcore.language import _
from mlcore.quote import quoted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_NUMBERS = 20
"""With more classes than this, the cells have no room for their counts: hovering tells them."""

GAPS_UP_TO = 30
"""With more classes than this, there are no gaps between the cells, and the matrix is larger and scrolls."""

AXIS_NAME = 14
"""Letters of a class's name beside the matrix; hovering and the sentence beside it have the rest."""


def confusion_figure(evaluation: Evaluation, chosen: Cell = (0, 0)) -> "Figure":
    """Return the heatmap of a confusion matrix, with a frame around one cell (true, guessed)."""
    from plotly.graph_objects import Figure

    n = len(evaluation.class_names)
    names = [chart_text(name) for name in distinct(evaluation.class_names, AXIS_NAME)]
    is_large = n > GAPS_UP_TO
    gap = 0 if is_large else 1
    heatmap = {
        "type": "heatmap",
        "z": shades(evaluation.matrix).round(3).tolist(),
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
        counts = [[f"{count:,}" if count else "" for count in row] for row in evaluation.matrix.tolist()]
        heatmap |= {"text": counts, "texttemplate": "%{text}"}
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


def shades(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return how dark each cell is, 0 to 1: its share of its class, bent so that a few mistakes can be seen.

    >>> shades(np.array([[99, 1], [0, 0]])).round(1).tolist()
    [[1.0, 0.2], [0.0, 0.0]]
    """
    share: npt.NDArray[np.float64] = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return share**0.35


def in_words(evaluation: Evaluation, cell: Cell) -> str:
    """Return how many images a cell has, and which fraction of their class that is."""
    true, guessed = (quoted(evaluation.class_names[place]) for place in cell)
    count, of_class = int(evaluation.matrix[cell]), int(evaluation.matrix[cell[0]].sum())
    share = percent(count / max(1, of_class))
    text = _("{count:,} of {of_class:,} images of {true} were classified correctly ({share}).")
    if true != guessed:
        text = _("{count:,} of {of_class:,} images of {true} were classified as {guessed} ({share}).")
    return text.format(true=true, guessed=guessed, count=count, of_class=of_class, share=share)
