"""The curves of several runs in one figure, over epochs, steps or seconds.

The comparison on the page Runs shows it; in a notebook it is an ordinary Plotly figure.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.runs.status import RunStatus
from dashboard.ui.messages import chart_text
from dashboard.ui.palette import COLORS, axis, layout
from mlcore import EpochMetrics
from mlcore.language import N_, _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DASHES = ("solid", "dash", "dot", "dashdot")
SMOOTHING = 0.6
"""How much of a smoothed value comes from those before it."""


@dataclass(frozen=True)
class Measure:
    """What a figure can show of a measurement: its title and its value."""

    title: str
    value: Callable[[EpochMetrics], float]
    suffix: str = ""


MEASURES = {
    "dev_accuracy": Measure(N_("Dev accuracy"), lambda record: 100 * record.dev_accuracy, " %"),
    "dev_loss": Measure(N_("Dev loss"), lambda record: record.dev_loss),
    "train_accuracy": Measure(N_("Training accuracy"), lambda record: 100 * record.train_accuracy, " %"),
    "train_loss": Measure(N_("Training loss"), lambda record: record.train_loss),
}
"""What the curves can show; a new measure is a row."""

AXES: dict[str, str] = {"epochs": N_("Epochs"), "steps": N_("Steps"), "seconds": N_("Seconds")}
"""Along what the curves can run."""


def places(status: RunStatus, records: Sequence[EpochMetrics], along: str) -> list[float]:
    """Return where the measurements of a run lie on an axis of `AXES`.

    The seconds are those of training at the run's mean speed: a record does not say when it was made.
    """
    if along == "epochs":
        return [record.epoch for record in records]
    each = status.seconds_trained / max(1, status.progress.step) if along == "seconds" else 1.0
    return [each * record.step for record in records]


def smoothed(values: Sequence[float]) -> list[float]:
    """Return running means that forget: each is `SMOOTHING` times the one before, and the rest of its value.

    The first values weigh no more than later ones.

    >>> [round(value, 3) for value in smoothed([1.0, 1.0, 0.0])]
    [1.0, 1.0, 0.49]
    """
    total, weight, means = 0.0, 0.0, []
    for value in values:
        total = SMOOTHING * total + (1 - SMOOTHING) * value
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        means.append(total / weight)
    return means


def comparison_figure(
    runs: Sequence[tuple[str, RunStatus]], measure: str, along: str, smooth: bool = False
) -> "Figure":
    """Return the figure of one measure of several runs.

    Parameters
    ----------
    runs : sequence of (str, RunStatus)
        Each with the name that its curve has.
    measure, along : str
        Keys of `MEASURES` and `AXES`.
    smooth : bool
        Whether the curves are smoothed.
    """
    from plotly.graph_objects import Figure

    about = MEASURES[measure]
    traces = [
        _curve(number, name, status, about, along, smooth) for number, (name, status) in enumerate(runs)
    ]
    text = _("{measure} of {n} runs. {ends}")
    ends = "; ".join(_end(trace, about) for trace in traces)
    alt = text.format(measure=_(about.title), n=len(runs), ends=ends)
    settings = layout(
        _(about.title),
        xaxis=axis(_(AXES[along]), rangemode="tozero", nticks=7),
        yaxis=axis(_(about.title), ticksuffix=about.suffix, nticks=6),
        meta={"alt": alt},
        hovermode="x unified",
    )
    return Figure(traces, settings)


def _curve(
    number: int, name: str, status: RunStatus, about: Measure, along: str, smooth: bool
) -> dict[str, Any]:
    records = [record for record in status.history[:] if isinstance(record, EpochMetrics)]
    values = [about.value(record) for record in records]
    shown = smoothed(values) if smooth else values
    return {
        "type": "scatter",
        "name": chart_text(name),
        "x": [float(f"{place:.6g}") for place in places(status, records, along)],
        "y": [float(f"{value:.6g}") if math.isfinite(value) else None for value in shown],
        "mode": "lines",
        "line": {
            "width": 2,
            "color": COLORS[number % len(COLORS)],
            "dash": DASHES[number // len(COLORS) % len(DASHES)],
        },
        "hovertemplate": "%{y:.4~g}" + about.suffix,
    }


def _end(trace: dict[str, Any], about: Measure) -> str:
    """Return in words where a curve ends."""
    last = next((value for value in reversed(trace["y"]) if value is not None), None)
    if last is None:
        return _("{name}: no evaluation yet").format(name=trace["name"])
    return _("{name}: {value} at its end").format(name=trace["name"], value=f"{last:.4g}{about.suffix}")
