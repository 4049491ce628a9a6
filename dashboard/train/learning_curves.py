"""The learning curves of a run: two figures with few enough points, and axes that stand still.

The Train page shows them during a run; in a notebook they are ordinary Plotly figures.
"""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.runs.status import RunStatus
from dashboard.ui.formats import percent
from dashboard.ui.palette import DEV, TEXT, TRAINING, axis, layout
from mlcore import BatchMetrics, EpochMetrics
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_POINTS = 300
"""Points of one curve at most: more than a screen shows, few enough to send each second."""

MARKERS_UP_TO = 60
"""A curve of more points than this is a line only."""

Numbers = list[float | None]
Range = tuple[float, float]
Trace = dict[str, Any]

_LOG_TICKS = [n * 10.0**power for power in range(-7, 4) for n in (1, 2, 5)]


def learning_curves(status: RunStatus) -> tuple["Figure", "Figure"]:
    """Return the figures of accuracy (in percent) and loss of a run, over epochs."""
    records = status.history[:]
    batches = [record for record in records if isinstance(record, BatchMetrics)]
    measured = [record for record in records if isinstance(record, EpochMetrics)]
    end = x_axis_end(status.progress.epoch, status.total_epochs, status.live)
    figures = (
        accuracy_figure(batches, measured, status.progress.best, end),
        loss_figure(batches, measured, status.progress.best, end),
    )
    for figure in figures:
        _mark_rates(figure, status)
    return figures


def accuracy_figure(
    batches: Sequence[BatchMetrics], measured: Sequence[EpochMetrics], best: EpochMetrics | None, end: float
) -> "Figure":
    """Return the accuracy of batches, training set and dev set over epochs, up to ``end``."""
    traces = [
        _batch_curve(batches, [100 * record.accuracy for record in batches]),
        _training_curve(measured, [100 * record.train_accuracy for record in measured]),
        _dev_curve(measured, [100 * record.dev_accuracy for record in measured]),
        _best_mark(best, None if best is None else 100 * best.dev_accuracy),
    ]
    alt = _("No evaluation yet.")
    if measured:
        text = _("Accuracy after {epoch:.3g} epochs: {train} on the training set, {dev} on the dev set.")
        last = measured[-1]
        alt = text.format(
            epoch=last.epoch, train=percent(last.train_accuracy), dev=percent(last.dev_accuracy)
        )
    y = axis(_("Right answers"), range=[0, 102], ticksuffix=" %", nticks=6)
    close_up = {"yaxis.range": _close_accuracy(traces[1:3])}
    return _figure(_("Accuracy"), traces, y, end, alt, close_up, hover="%{y:.2f} %")


def loss_figure(
    batches: Sequence[BatchMetrics], measured: Sequence[EpochMetrics], best: EpochMetrics | None, end: float
) -> "Figure":
    """Return the loss of batches, training set and dev set over epochs; the close-up is logarithmic."""
    traces = [
        _batch_curve(batches, [record.loss for record in batches]),
        _training_curve(measured, [record.train_loss for record in measured]),
        _dev_curve(measured, [record.dev_loss for record in measured]),
        _best_mark(best, None if best is None else best.dev_loss),
    ]
    alt = _("No evaluation yet.")
    if measured:
        text = _("Loss after {epoch:.3g} epochs: {train:.3g} on the training set, {dev:.3g} on the dev set.")
        last = measured[-1]
        alt = text.format(epoch=last.epoch, train=last.train_loss, dev=last.dev_loss)
    top = _top_of_loss(traces)
    close_up = {
        "yaxis.type": "log",
        "yaxis.range": [math.log10(value) for value in _close_loss(traces, top)],
        "yaxis.tickvals": _LOG_TICKS,
        "yaxis.ticktext": [f"{tick:g}" for tick in _LOG_TICKS],
    }
    y = axis(_("Mean loss per image"), range=[0, top], nticks=6)
    return _figure(_("Loss"), traces, y, end, alt, close_up, hover="%{y:.4~g}")


def x_axis_end(epoch: float, total_epochs: float, live: bool) -> float:
    """Return where the horizontal axis ends: few steps of growth while a run trains, then where it ended.

    >>> [x_axis_end(epoch, 80, True) for epoch in (0, 9, 11, 30, 60)], x_axis_end(33.5, 80, False)
    ([10, 10, 20, 40, 80], 33.5)
    """
    if not live and epoch > 0:
        return epoch
    end = min(total_epochs, max(10, total_epochs / 8))
    while end < epoch:
        end = min(2 * end, total_epochs) if end < total_epochs else epoch
    return end


def _figure(
    title: str,
    traces: Sequence[Trace],
    y: dict[str, Any],
    end: float,
    alt: str,
    close_up: dict[str, Any],
    hover: str,
) -> "Figure":
    from plotly.graph_objects import Figure

    x = axis(_("Epochs"), range=[0, end], nticks=7, automargin=False)
    meta = {"alt": alt, "close_up": close_up}
    settings = layout(title, xaxis=x, yaxis=y | {"automargin": False}, meta=meta, hovermode="x unified")
    # Marks at the very ends are not cut in two.
    shown = [{"type": "scatter", "cliponaxis": False, "hovertemplate": hover, **trace} for trace in traces]
    return Figure(shown, settings)


# ---- curves, each with a look that is not its colour alone ------------------------------------------------


def _batch_curve(batches: Sequence[BatchMetrics], values: Sequence[float]) -> Trace:
    """Return the curve of the batches: means of 1, 2, 4, 8 … records, so that old points hardly ever move."""
    group = 1
    while len(values) > MOST_POINTS * group:
        group *= 2
    starts = range(0, len(values) - group + 1, group)
    y = [math.fsum(values[start : start + group]) / group for start in starts]
    x = [batches[start + group - 1].epoch for start in starts]
    look = {"mode": "lines", "opacity": 0.55, "line": {"width": 1, "color": TRAINING}}
    return {"name": _("Training batches"), "x": _numbers(x), "y": _numbers(y), **look}


def _training_curve(measured: Sequence[EpochMetrics], values: Sequence[float]) -> Trace:
    line, marker = {"width": 2, "color": TRAINING}, {"symbol": "circle", "size": 6, "color": TRAINING}
    return _measured_curve(measured, values) | {"name": _("Training set"), "line": line, "marker": marker}


def _dev_curve(measured: Sequence[EpochMetrics], values: Sequence[float]) -> Trace:
    line = {"width": 2, "color": DEV, "dash": "dash"}
    marker = {"symbol": "diamond", "size": 8, "color": DEV}
    return _measured_curve(measured, values) | {"name": _("Dev set"), "line": line, "marker": marker}


def _measured_curve(measured: Sequence[EpochMetrics], values: Sequence[float]) -> Trace:
    """Return a curve of measurements: each 1st, 2nd, 4th, 8th … and always the last."""
    each = 1
    while len(values) > MOST_POINTS * each:
        each *= 2
    kept = [k for k in range(len(values)) if k % each == 0 or k == len(values) - 1]
    mode = "lines+markers" if len(kept) <= MARKERS_UP_TO else "lines"
    x, y = [measured[k].epoch for k in kept], [values[k] for k in kept]
    return {"x": _numbers(x), "y": _numbers(y), "mode": mode}


def _best_mark(best: EpochMetrics | None, value: float | None) -> Trace:
    x = [] if best is None else _numbers([best.epoch])
    y = [] if value is None else _numbers([value])
    marker = {"symbol": "star-open", "size": 13, "color": DEV, "line": {"width": 1.5}}
    name = _("Best on the dev set")
    return {"name": name, "x": x, "y": y, "mode": "markers", "marker": marker} | _NO_HOVER


_NO_HOVER: Trace = {"hoverinfo": "skip", "hovertemplate": None}


def _numbers(values: Sequence[float]) -> Numbers:
    """Return the values with six digits; what is not finite becomes None, which JSON can say."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]


def _mark_rates(figure: "Figure", status: RunStatus) -> None:
    """Draw a line where a learning rate was set by hand, with that rate, and say so in the figure's words."""
    progress = status.progress
    for step, rate in status.rate_changes:
        epoch = step * progress.epoch / progress.step if progress.step else 0.0
        line = {"color": TEXT, "width": 1, "dash": "dot"}
        figure.add_shape(type="line", x0=epoch, x1=epoch, y0=0, y1=1, yref="paper", line=line, layer="below")
        figure.add_annotation(
            x=epoch,
            y=0,
            yref="paper",
            yanchor="bottom",
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
    """Return the close-up of accuracy: from a round number below the second half of the measurements."""
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
    """Return the close-up of the loss, for a logarithmic axis."""
    values = [value for value in _known(traces[:3]) if value > 0]
    low = min(values, default=top / 100)
    return 10.0 ** (math.floor(4 * math.log10(low)) / 4), max(top, 2 * low)
