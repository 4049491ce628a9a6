"""The accuracy of all candidates of a search along one setting, as a figure.

The board of the page Search shows it; in a notebook it is an ordinary Plotly figure.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dashboard.runs.search import ROW_LABELS, Row, RowState
from dashboard.search.words import setting_words
from dashboard.ui.palette import COLORS, axis, layout
from mlcore.language import _
from mlcore.search.space import Dimension, searchable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SYMBOLS: dict[RowState, str] = {
    "finished": "circle",
    "out": "x-thin-open",
    "training": "circle-open",
    "waiting": "diamond-open",
}
"""Of the candidates that have an accuracy, by their state; what waits is between two comparisons."""


def accuracy_figure(rows: Sequence[Row], dimension: Dimension) -> "Figure":
    """Return the figure of the dev accuracy along a setting, a point a candidate."""
    from plotly.graph_objects import Figure

    label = _(searchable()[dimension.name].label)
    traces = [_points(rows, dimension, state) for state in SYMBOLS]
    measured = [row for row in rows if row.best is not None and row.state in SYMBOLS]
    alt = _("Dev accuracy of {n} runs along the setting {setting}.").format(n=len(measured), setting=label)
    settings = layout(
        _("Dev accuracy along {setting}").format(setting=label),
        xaxis=axis(label, **_scale(dimension)),
        yaxis=axis(_("Dev accuracy"), ticksuffix=" %", nticks=6),
        meta={"alt": alt},
        hovermode="closest",
    )
    return Figure(traces, settings)


def _scale(dimension: Dimension) -> dict[str, Any]:
    """Return how the axis of a setting is divided: it shows the whole range from the start."""
    if dimension.low is None or dimension.high is None:
        names = [setting_words(dimension.name, value) for value in dimension.values]
        return {"type": "category", "categoryarray": names, "range": [-0.5, len(names) - 0.5]}
    if dimension.is_log:
        return {"type": "log", "range": [math.log10(dimension.low) - 0.1, math.log10(dimension.high) + 0.1]}
    room = 0.05 * (dimension.high - dimension.low)
    return {"range": [dimension.low - room, dimension.high + room]}


def _points(rows: Sequence[Row], dimension: Dimension, state: RowState) -> dict[str, Any]:
    shown = [row for row in rows if row.state == state and row.best is not None]
    values = [row.candidate.values[dimension.name] for row in shown]
    is_named = dimension.low is None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _(ROW_LABELS[state]),
        "x": [setting_words(dimension.name, value) if is_named else value for value in values],
        "y": [float(f"{100 * row.best.dev_accuracy:.6g}") for row in shown if row.best is not None],
        "marker": {
            "symbol": SYMBOLS[state],
            "size": 9,
            "color": COLORS[[*SYMBOLS].index(state)],
            "line": {"width": 2},
        },
        "hovertemplate": "%{x}: %{y:.4~g} %",
    }
