"""The learning curves of a run: two figures with few enough points, and axes that stand still.

The Train page shows them during a run; in a notebook they are ordinary Plotly figures.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from dashboard.runs.status import RunStatus
from dashboard.ui.formats import percent
from dashboard.ui.palette import DEV, TEXT, TRAINING, axis, layout
from mlcore import BatchMetrics, EpochMetrics, Record
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_POINTS = 300
"""Points of one curve at most: more than a screen shows, few enough to send each second."""

MARKERS_UP_TO = 60
"""A curve of more points than this is a line only."""

WHOLE_ACCURACY = (0, 102)
"""The range of the accuracy's axis, in percent, when all of it is shown."""

Numbers = list[float | None]
Range = tuple[float, float]
Trace = dict[str, Any]

_LOG_TICKS = [n * 10.0**power for power in range(-7, 4) for n in (1, 2, 5)]


def learning_curves(status: RunStatus) -> tuple["Figure", "Figure"]:
    """Return the figures of accuracy (in percent) and loss of a run, over epochs; of full batches, steps."""
    course = Course.of(status)
    accuracy, loss = accuracy_figure(course), loss_figure(course)
    _mark_rates(accuracy, status, "bottom")
    _mark_rates(loss, status, "top")
    return accuracy, loss


@dataclass(frozen=True)
class Course:
    """What the figures show of a run: its records, and the axis along which they lie.

    Attributes
    ----------
    batches, measured
    best : EpochMetrics or None
        The measurement with the star.
    end : float
        Of the axis.
    in_steps : bool
        Whether the axis counts steps instead of epochs.
    """

    batches: Sequence[BatchMetrics]
    measured: Sequence[EpochMetrics]
    best: EpochMetrics | None
    end: float
    in_steps: bool = False

    @classmethod
    def of(cls, status: RunStatus) -> Self:
        """Take from a run what its figures show."""
        records, in_steps = status.history[:], status.counts_steps
        now, planned = status.progress.epoch, status.total_epochs
        if in_steps:
            now, planned = status.progress.step, status.total_steps
        return cls(
            [record for record in records if isinstance(record, BatchMetrics)],
            [record for record in records if isinstance(record, EpochMetrics)],
            status.best,
            x_axis_end(now, planned, status.live),
            in_steps,
        )

    def at(self, records: Iterable[Record]) -> list[float]:
        """Return where records lie on the axis."""
        return [record.step if self.in_steps else record.epoch for record in records]

    @property
    def moment(self) -> str:
        """When the last measurement was taken, in words."""
        (at,) = self.at(self.measured[-1:])
        return (_("{n:,} steps") if self.in_steps else _("{n:.3g} epochs")).format(n=at)


def accuracy_figure(course: Course) -> "Figure":
    """Return the accuracy of batches, training set and dev set; its axis shows where they differ."""
    measured, best = course.measured, course.best
    traces = [
        _batch_curve(course, [100 * record.accuracy for record in course.batches]),
        _training_curve(course, [100 * record.train_accuracy for record in measured]),
        _dev_curve(course, [100 * record.dev_accuracy for record in measured]),
        _best_mark(course, None if best is None else 100 * best.dev_accuracy),
    ]
    alt = _("No evaluation yet.")
    if measured:
        text = _("Accuracy after {moment}: {train} on the training set, {dev} on the dev set.")
        last = measured[-1]
        alt = text.format(
            moment=course.moment, train=percent(last.train_accuracy), dev=percent(last.dev_accuracy)
        )
    y = axis(_("Right answers"), range=_close_accuracy(traces[1:3]), ticksuffix=" %", nticks=6)
    whole = {"name": _("0–100 %"), "changes": {"yaxis.range": WHOLE_ACCURACY}}
    return _figure(_("Accuracy"), course, traces, y, alt, whole, hover="%{y:.2f} %")


def loss_figure(course: Course) -> "Figure":
    """Return the loss of batches, training set and dev set; its other view is logarithmic."""
    measured, best = course.measured, course.best
    traces = [
        _batch_curve(course, [record.loss for record in course.batches]),
        _training_curve(course, [record.train_loss for record in measured]),
        _dev_curve(course, [record.dev_loss for record in measured]),
        _best_mark(course, None if best is None else best.dev_loss),
    ]
    alt = _("No evaluation yet.")
    if measured:
        text = _("Loss after {moment}: {train:.3g} on the training set, {dev:.3g} on the dev set.")
        last = measured[-1]
        alt = text.format(moment=course.moment, train=last.train_loss, dev=last.dev_loss)
    top = _top_of_loss(traces)
    logarithmic = {
        "name": _("Logarithmic loss"),
        "changes": {
            "yaxis.type": "log",
            "yaxis.range": [math.log10(value) for value in _close_loss(traces, top)],
            "yaxis.tickvals": _LOG_TICKS,
            "yaxis.ticktext": [f"{tick:g}" for tick in _LOG_TICKS],
        },
    }
    y = axis(_("Mean loss per image"), range=[0, top], nticks=6)
    off_chart = _off_chart(traces[:3], top, course.end)
    if off_chart is not None:
        highest = max(_known(traces[:3]))
        alt += " " + _("The loss left the chart: its highest value is {loss}.").format(
            loss=_in_short(highest)
        )
        traces.append(off_chart)
    return _figure(_("Loss"), course, traces, y, alt, logarithmic, hover="%{y:.4~g}")


def x_axis_end(epoch: float, total_epochs: float, live: bool) -> float:
    """Return where the horizontal axis ends: few steps of growth while a run trains, then where it ended.

    >>> [x_axis_end(epoch, 80, True) for epoch in (0, 9, 11, 30, 60)], x_axis_end(33.5, 80, False)
    ([10, 10, 20, 40, 80], 33.5)
    """
    if not live and epoch > 0:
        return epoch
    end = min(total_epochs, max(10, total_epochs / 64))
    while end < epoch:
        end = min(2 * end, total_epochs) if end < total_epochs else epoch
    return end


def _figure(
    title: str,
    course: Course,
    traces: Sequence[Trace],
    y: dict[str, Any],
    alt: str,
    view: dict[str, Any],
    hover: str,
) -> "Figure":
    from plotly.graph_objects import Figure

    x = axis(
        _("Steps") if course.in_steps else _("Epochs"), range=[0, course.end], nticks=7, automargin=False
    )
    meta = {"alt": alt, "view": view}
    settings = layout(title, xaxis=x, yaxis=y | {"automargin": False}, meta=meta, hovermode="x unified")
    # Marks at the very ends are not cut in two.
    shown = [{"type": "scatter", "cliponaxis": False, "hovertemplate": hover, **trace} for trace in traces]
    return Figure(shown, settings)


# ---- curves, each with a look that is not its colour alone ------------------------------------------------


def _batch_curve(course: Course, values: Sequence[float]) -> Trace:
    """Return the curve of the batches: means of 1, 2, 4, 8 … records, so that old points hardly ever move."""
    group = 1
    while len(values) > MOST_POINTS * group:
        group *= 2
    starts = range(0, len(values) - group + 1, group)
    y = [math.fsum(values[start : start + group]) / group for start in starts]
    x = course.at(course.batches[start + group - 1] for start in starts)
    look = {"mode": "lines", "opacity": 0.55, "line": {"width": 1, "color": TRAINING}}
    return {"name": _("Training batches"), "x": _numbers(x), "y": _numbers(y), **look}


def _training_curve(course: Course, values: Sequence[float]) -> Trace:
    line, marker = {"width": 2, "color": TRAINING}, {"symbol": "circle", "size": 6, "color": TRAINING}
    return _measured_curve(course, values) | {"name": _("Training set"), "line": line, "marker": marker}


def _dev_curve(course: Course, values: Sequence[float]) -> Trace:
    line = {"width": 2, "color": DEV, "dash": "dash"}
    marker = {"symbol": "diamond", "size": 8, "color": DEV}
    return _measured_curve(course, values) | {"name": _("Dev set"), "line": line, "marker": marker}


def _measured_curve(course: Course, values: Sequence[float]) -> Trace:
    """Return a curve of measurements: each 1st, 2nd, 4th, 8th … and always the last."""
    each = 1
    while len(values) > MOST_POINTS * each:
        each *= 2
    kept = [k for k in range(len(values)) if k % each == 0 or k == len(values) - 1]
    mode = "lines+markers" if len(kept) <= MARKERS_UP_TO else "lines"
    x, y = course.at(course.measured[k] for k in kept), [values[k] for k in kept]
    return {"x": _numbers(x), "y": _numbers(y), "mode": mode}


def _best_mark(course: Course, value: float | None) -> Trace:
    x = [] if course.best is None else _numbers(course.at([course.best]))
    y = [] if value is None else _numbers([value])
    marker = {"symbol": "star-open", "size": 13, "color": DEV, "line": {"width": 1.5}}
    name = _("Best on the dev set")
    return {"name": name, "x": x, "y": y, "mode": "markers", "marker": marker} | _NO_HOVER


def _off_chart(traces: Sequence[Trace], top: float, end: float) -> Trace | None:
    """Return arrows at the upper end where a curve is above it, with its value; None where none is.

    Beside the last one stands the highest value of all, to be read without a pointer.
    """
    above: dict[float, float] = {}
    for trace in traces:
        for x, y in zip(trace["x"], trace["y"], strict=True):
            if x is not None and y is not None and y > top:
                above[x] = max(y, above.get(x, y))
    if not above:
        return None
    places = sorted(above)
    words = [*[""] * (len(places) - 1), _("up to {loss}").format(loss=_in_short(max(above.values())))]
    return {
        "name": _("Off the chart"),
        "x": places,
        "y": [top] * len(places),
        "customdata": [above[x] for x in places],
        "text": words,
        "textposition": "bottom left" if places[-1] > end / 2 else "bottom right",
        "mode": "markers+text",
        "marker": {"symbol": "triangle-up", "size": 9, "color": TEXT},
        "hovertemplate": "%{customdata:.4~g}",
    }


def _in_short(value: float) -> str:
    """Return a number with three digits, as it is read.

    >>> _in_short(3752.1), _in_short(0.12345)
    ('3,750', '0.123')
    """
    return f"{float(f'{value:.3g}'):,g}"


_NO_HOVER: Trace = {"hoverinfo": "skip", "hovertemplate": None}


def _numbers(values: Sequence[float]) -> Numbers:
    """Return the values with six digits; what is not finite becomes None, which JSON can say."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]


def _mark_rates(figure: "Figure", status: RunStatus, words_at: Literal["bottom", "top"]) -> None:
    """Draw a line where a learning rate was set by hand, with that rate, and say so in the figure's words.

    The rate stands at the end of the line that the curves have left by then.
    """
    progress, each = status.progress, 1.0
    if not status.counts_steps:
        each = progress.epoch / progress.step if progress.step else 0.0
    for step, rate in status.rate_changes:
        place = step * each
        line = {"color": TEXT, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", x0=place, x1=place, y0=0, y1=1, yref="paper", line=line, layer="below")
        figure.add_annotation(
            x=place,
            y=0 if words_at == "bottom" else 1,
            yref="paper",
            yanchor=words_at,
            xanchor="left",
            showarrow=False,
            text=_("rate {rate:g}").format(rate=rate),
        )
    if status.rate_changes:
        rates = ", ".join(f"{rate:g}" for _step, rate in status.rate_changes)
        text = _("Dotted lines show where the learning rate was set by hand: {rates}.").format(rates=rates)
        figure.layout.meta = figure.layout.meta | {"alt": f"{figure.layout.meta['alt']} {text}"}


# ---- axes that stand still --------------------------------------------------------------------------------


def _known(traces: Iterable[Trace]) -> list[float]:
    return [value for trace in traces for value in trace["y"] if value is not None]


def _close_accuracy(traces: Sequence[Trace]) -> Range:
    """Return where accuracies can be told apart: from a round number below the second half of them."""
    later = [value for trace in traces for value in trace["y"][len(trace["y"]) // 2 :] if value is not None]
    lowest = min(later, default=0.0)
    low = max((floor for floor in (0, 50, 80, 90, 95, 98, 99) if floor <= lowest), default=0)
    return float(low), 100 + (100 - low) / 50


def _top_of_loss(traces: Sequence[Trace]) -> float:
    """Return the upper end of the loss: a round number that holds still, and that a blow-up leaves."""
    values = _known(traces[:3])
    if not values:
        return 3.0
    first = next((value for trace in traces[1:3] for value in trace["y"] if value is not None), values[0])
    wanted = min(max(values), 2 * max(first, 1e-6))
    power = 10.0 ** math.floor(math.log10(max(wanted, 1e-6)))
    return next(power * step for step in (1, 1.5, 2, 3, 5, 7.5, 10) if power * step >= wanted)


def _close_loss(traces: Sequence[Trace], top: float) -> Range:
    """Return the range of the loss on a logarithmic axis."""
    values = [value for value in _known(traces[:3]) if value > 0]
    low = min(values, default=top / 100)
    return 10.0 ** (math.floor(4 * math.log10(low)) / 4), max(top, 2 * low)
