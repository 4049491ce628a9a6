"""The learning curves of a run as numbers that a chart can draw: few enough points, axes that stand still.

They stand between the history of a run and the live chart on the path; nothing here knows how it is drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dashboard.formats import percent
from dashboard.runs.records import RunStatus
from mlcore import BatchMetrics, EpochMetrics
from mlcore.language import _

MOST_POINTS = 300
"""Points of one curve at most: more than a screen shows, few enough to send each second."""

Numbers = tuple[float | None, ...]
Range = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes
    ----------
    kind : str
        What it is, and so how it looks.
    x, y : tuple of float
        None where there is no value.
    """

    kind: Literal["batches", "train", "dev", "best"]
    name: str
    x: Numbers
    y: Numbers


@dataclass(frozen=True)
class Chart:
    """One plot: its curves and how its vertical axis goes.

    Attributes
    ----------
    title, axis, suffix : str
        Heading, what the axis says, and what stands behind its numbers.
    format : str
        Of a value (d3).
    whole, close : (low, high)
        The axis as a whole, and as a close-up of where the curves are now.
    log : bool
        Whether the close-up is logarithmic.
    summary : str
        What someone who cannot see the plot is told.
    """

    title: str
    axis: str
    suffix: str
    format: str
    curves: tuple[Curve, ...]
    whole: Range
    close: Range
    log: bool
    summary: str


def learning_curves(status: RunStatus) -> tuple[Chart, Chart]:
    """Return the charts of accuracy (in percent) and loss of a run."""
    records = status.history[:]
    batches = [record for record in records if isinstance(record, BatchMetrics)]
    measured = [record for record in records if isinstance(record, EpochMetrics)]
    return _accuracy_chart(batches, measured, status.best), _loss_chart(batches, measured, status.best)


def x_axis_end(epoch: float, total_epochs: float, live: bool) -> float:
    """Return where the horizontal axis ends: few steps of growth while a run goes on, then where it ended.

    >>> [x_axis_end(epoch, 80, True) for epoch in (0, 9, 11, 30, 60)], x_axis_end(33.5, 80, False)
    ([10, 10, 20, 40, 80], 33.5)
    """
    if not live and epoch > 0:
        return epoch
    end = min(total_epochs, max(10, total_epochs / 8))
    while end < epoch:
        end = min(2 * end, total_epochs) if end < total_epochs else epoch
    return end


def _accuracy_chart(
    batches: Sequence[BatchMetrics], measured: Sequence[EpochMetrics], best: EpochMetrics | None
) -> Chart:
    curves = (
        _batch_curve(batches, [100 * record.accuracy for record in batches]),
        _measured_curve("train", measured, [100 * record.train_accuracy for record in measured]),
        _measured_curve("dev", measured, [100 * record.dev_accuracy for record in measured]),
        _best_curve(best, None if best is None else 100 * best.dev_accuracy),
    )
    summary = _("No measurement yet.")
    if measured:
        text = _("Accuracy after {epoch:.3g} epochs: {train} on the training set, {dev} on the dev set.")
        last = measured[-1]
        summary = text.format(
            epoch=last.epoch, train=percent(last.train_accuracy), dev=percent(last.dev_accuracy)
        )
    return Chart(
        title=_("Accuracy"),
        axis=_("Right answers"),
        suffix=" %",
        format=".2f",
        curves=curves,
        whole=(0.0, 102.0),
        close=_close_accuracy(curves[1:3]),
        log=False,
        summary=summary,
    )


def _loss_chart(
    batches: Sequence[BatchMetrics], measured: Sequence[EpochMetrics], best: EpochMetrics | None
) -> Chart:
    curves = (
        _batch_curve(batches, [record.loss for record in batches]),
        _measured_curve("train", measured, [record.train_loss for record in measured]),
        _measured_curve("dev", measured, [record.dev_loss for record in measured]),
        _best_curve(best, None if best is None else best.dev_loss),
    )
    summary = _("No measurement yet.")
    if measured:
        text = _("Loss after {epoch:.3g} epochs: {train:.3g} on the training set, {dev:.3g} on the dev set.")
        last = measured[-1]
        summary = text.format(epoch=last.epoch, train=last.train_loss, dev=last.dev_loss)
    top = _top_of_loss(curves)
    return Chart(
        title=_("Loss"),
        axis=_("Mean loss per image"),
        suffix="",
        format=".4~g",
        curves=curves,
        whole=(0.0, top),
        close=_close_loss(curves, top),
        log=True,
        summary=summary,
    )


def _batch_curve(batches: Sequence[BatchMetrics], values: Sequence[float]) -> Curve:
    """Return the curve of the batches: means of 1, 2, 4, 8 … records, so that old points hardly ever move."""
    group = 1
    while len(values) > MOST_POINTS * group:
        group *= 2
    starts = range(0, len(values) - group + 1, group)
    y = [math.fsum(values[start : start + group]) / group for start in starts]
    x = [batches[start + group - 1].epoch for start in starts]
    return Curve("batches", _("Training batches"), _numbers(x), _numbers(y))


def _measured_curve(
    kind: Literal["train", "dev"], measured: Sequence[EpochMetrics], values: Sequence[float]
) -> Curve:
    """Return a curve of measurements: each 1st, 2nd, 4th, 8th … and always the last."""
    name = _("Training set") if kind == "train" else _("Dev set")
    each = 1
    while len(values) > MOST_POINTS * each:
        each *= 2
    kept = [k for k in range(len(values)) if k % each == 0 or k == len(values) - 1]
    return Curve(kind, name, _numbers([measured[k].epoch for k in kept]), _numbers([values[k] for k in kept]))


def _best_curve(best: EpochMetrics | None, value: float | None) -> Curve:
    x = () if best is None else _numbers([best.epoch])
    y = () if value is None else _numbers([value])
    return Curve("best", _("Best on the dev set"), x, y)


def _numbers(values: Sequence[float]) -> Numbers:
    """Return the values with six digits; what is not finite becomes None, which JSON can say."""
    return tuple(float(f"{value:.6g}") if math.isfinite(value) else None for value in values)


def _known(curves: Sequence[Curve]) -> list[float]:
    return [value for curve in curves for value in curve.y if value is not None]


def _close_accuracy(curves: Sequence[Curve]) -> Range:
    """Return the close-up of accuracy: from a round number below the second half of the measurements."""
    later = [value for curve in curves for value in curve.y[len(curve.y) // 2 :] if value is not None]
    lowest = min(later, default=0.0)
    low = max((floor for floor in (0, 50, 80, 90, 95, 98, 99) if floor <= lowest), default=0)
    return float(low), 100 + (100 - low) / 50


def _top_of_loss(curves: Sequence[Curve]) -> float:
    """Return the upper end of the loss: a round number that holds still, and that a blow-up leaves."""
    values = _known(curves[:3])
    if not values:
        return 3.0
    first = next((value for curve in curves[1:3] for value in curve.y if value is not None), values[0])
    wanted = min(max(values), 2 * max(first, 1e-6))
    power = 10.0 ** math.floor(math.log10(max(wanted, 1e-6)))
    return next(power * step for step in (1, 1.5, 2, 3, 5, 7.5, 10) if power * step >= wanted)


def _close_loss(curves: Sequence[Curve], top: float) -> Range:
    """Return the close-up of the loss, for a logarithmic axis."""
    values = [value for value in _known(curves[:3]) if value > 0]
    low = min(values, default=top / 100)
    return 10.0 ** (math.floor(4 * math.log10(low)) / 4), max(top, 2 * low)
