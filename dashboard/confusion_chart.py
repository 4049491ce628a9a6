"""The confusion matrix as a heatmap whose cells can be chosen by mouse, by touch and by the arrow keys.

It stands behind the evaluation of a model on the path; a cell leads to the images in it. `st.plotly_chart`
says nothing of a click on a heatmap, and blinks when the frame moves.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from dashboard.evaluation import Cell, Evaluation
from dashboard.messages import distinct
from dashboard.plotly_component import plotly_component, plotly_module
from mlcore.language import _

MOST_NUMBERS = 20
"""With more classes than this, the cells have no room for their counts: hovering tells them."""

_HTML = '<div class="dl-matrix" tabindex="0" role="application"><div class="dl-plot"></div></div>'


def show_confusion_chart(
    evaluation: Evaluation, chosen: Cell, key: str, on_choice: Callable[[], None]
) -> None:
    """Show a row for each true class, a column for each guess, and a frame around one cell."""
    plotly_component("confusion_chart", _HTML)(
        data=_chart_data(evaluation, chosen, st.session_state.get(f"{key}_turn", 0)),
        key=key,
        on_cell_change=on_choice,
    )


def clicked_cell(key: str) -> Cell:
    """Return, in ``on_choice``, the cell that was chosen, and remember which choice it was."""
    true, guessed, turn = st.session_state[key].cell
    st.session_state[f"{key}_turn"] = turn
    return int(true), int(guessed)


def _chart_data(evaluation: Evaluation, chosen: Cell, turn: int) -> dict[str, Any]:
    """Return what the component draws, as JSON can say it.

    ``turn`` counts the choices that were made on the chart: when Python answers the last but one, the frame
    must not go back.
    """
    n = len(evaluation.class_names)
    return {
        "module": plotly_module(),
        "names": distinct(evaluation.class_names),
        "shades": shades(evaluation.matrix).round(3).tolist(),
        "counts": [[f"{count:,}" if count else "" for count in row] for row in evaluation.matrix.tolist()],
        "says": [[evaluation.in_words((row, column)) for column in range(n)] for row in range(n)],
        "chosen": chosen,
        "turn": turn,
        "most_numbers": MOST_NUMBERS,
        "words": {
            "true": _("true"),
            "guessed": _("guessed"),
            "label": _("Confusion matrix: the arrow keys go from cell to cell."),
        },
    }


def shades(matrix: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return how dark each cell is, 0 to 1: its share of its class, bent so that a few mistakes can be seen.

    >>> shades(np.array([[99, 1], [0, 0]])).round(1).tolist()
    [[1.0, 0.2], [0.0, 0.0]]
    """
    share: npt.NDArray[np.float64] = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return share**0.35
