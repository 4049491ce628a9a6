"""Answer only when sure enough: what that does to the accuracy, and how many images it leaves to a person.

The Evaluate page shows it below the images.
"""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.ui.formats import percent
from dashboard.ui.palette import DEV, TRAINING, axis, layout
from dashboard.ui.plotly_chart import show_chart
from mlcore import Evaluation
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

THRESHOLDS = (*np.linspace(0, 0.99, 100).tolist(), 0.995, 0.999)


@st.fragment
def show_threshold(evaluation: Evaluation) -> None:
    """Show the slider, what follows from it in words, and the curve of all thresholds."""
    least = st.slider(
        _("Answer only if at least this sure"),
        0.0,
        99.9,
        90.0,
        0.1,
        format="%.1f %%",
        key="least_sure",
        persist_state="session",
    )
    st.write(threshold_in_words(evaluation, least / 100))
    show_chart(coverage_figure(evaluation, least / 100), key="coverage")


def threshold_in_words(evaluation: Evaluation, least: float) -> str:
    """Return how many images are answered at a threshold, and how many of these answers are right."""
    answered, n = evaluation.above(least), len(evaluation.labels)
    if answered.n == 0:
        return _("It is never that sure: all {n:,} images are left to a person.").format(n=n)
    low, high = answered.likely_accuracy
    text = _(
        "It answers {answered:,} of {n:,} images ({coverage}) and is right in {accuracy} of them (95 % "
        "interval: {low} to {high}). {rest:,} are left to a person."
    )
    return text.format(
        answered=answered.n,
        n=n,
        coverage=percent(answered.n / n),
        accuracy=percent(answered.accuracy, 2),
        low=percent(low, 2),
        high=percent(high, 2),
        rest=n - answered.n,
    )


def coverage_figure(evaluation: Evaluation, least: float) -> "Figure":
    """Return the accuracy against the fraction that is answered, with the chosen threshold marked."""
    from plotly.graph_objects import Figure

    n = len(evaluation.labels)
    points = [(threshold, evaluation.above(threshold)) for threshold in THRESHOLDS]
    points = [(threshold, answered) for threshold, answered in points if answered.n]
    now = evaluation.above(least)
    lowest = min(99.0, *(100 * answered.accuracy for _threshold, answered in points))
    margin = 0.05 * (100 - lowest)
    curve = {
        "type": "scatter",
        "mode": "lines",
        "name": _("Every threshold"),
        "x": [round(100 * answered.n / n, 2) for _threshold, answered in points],
        "y": [round(100 * answered.accuracy, 3) for _threshold, answered in points],
        "customdata": [round(100 * threshold, 1) for threshold, _answered in points],
        "line": {"color": TRAINING, "width": 2},
        "hovertemplate": "≥ %{customdata} %: %{x:.1f} % → %{y:.2f} %<extra></extra>",
    }
    marker = {
        "type": "scatter",
        "mode": "markers",
        "name": _("Yours"),
        "x": [round(100 * now.n / n, 2)] if now.n else [],
        "y": [round(100 * now.accuracy, 3)] if now.n else [],
        "marker": {"color": DEV, "size": 12, "symbol": "diamond"},
        "hoverinfo": "skip",
    }
    settings = layout(
        "",
        xaxis=axis(_("Answered"), ticksuffix=" %", fixedrange=True, nticks=6),
        yaxis=axis(
            _("Right answers"),
            ticksuffix=" %",
            fixedrange=True,
            nticks=6,
            range=[lowest - margin, 100 + margin],
        ),
        dragmode=False,
        meta={"alt": threshold_in_words(evaluation, least), "height": "16rem"},
    )
    return Figure([curve, marker], settings)
