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
    """Return the dev accuracy along a setting as a figure, a point a candidate in which it has an effect."""
    from plotly.graph_objects import Figure

    label = _(searchable()[dimension.name].label)
    traces = [_points(rows, dimension, state) for state in SYMBOLS]
    n = sum(len(trace["x"]) for trace in traces)
    alt = _("Dev accuracy of {n} runs along the setting {setting}.").format(n=n, setting=label)
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
    name = dimension.name
    shown = [r for r in rows if r.state == state and r.best is not None and name in r.candidate.values]
    values = [row.candidate.values[name] for row in shown]
    is_named = dimension.low is None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": _(ROW_LABELS[state]),
        "x": [setting_words(name, value) if is_named else value for value in values],
        "y": [float(f"{100 * row.best.dev_accuracy:.6g}") for row in shown if row.best is not None],
        "marker": {
            "symbol": SYMBOLS[state],
            "size": 9,
            "color": COLORS[[*SYMBOLS].index(state)],
            "line": {"width": 2},
        },
        "hovertemplate": "%{x}: %{y:.4~g} %",
    }
