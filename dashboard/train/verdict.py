"""What became of a run, told honestly: it learned, little or nothing, it got worse again, or it overfits.

The Train page says it when a run has ended, and gives the run's badge its colour.
"""

import math
from dataclasses import dataclass

from dashboard.diagnosis import likely_cause
from dashboard.runs.status import RunStatus
from dashboard.ui.formats import percent
from dashboard.ui.wording import moment
from mlcore import EpochMetrics
from mlcore.language import _
from mlcore.training.records import standing

LEAST_FALL = 0.02
"""Accuracy that a run must have lost since its best to count as having got worse."""

LEAST_GAP = 0.03
"""Accuracy that the training set is ahead of the dev set from which on a run overfits; that of the recipe
`lab`, whose 5,000 training images are few, is 0.04."""

RISING_LOSS = 1.5
"""Times the lowest dev loss from which on a run overfits, while the training loss still falls."""

LITTLE = 0.25
"""Fraction of the way from one and the same answer to no mistake; one that stays below it learned little."""

SURE = 3.0
"""Standard errors by which a difference must be larger than chance."""


@dataclass(frozen=True)
class Verdict:
    """What became of a run.

    Attributes
    ----------
    words : str
        What happened and what to try, for the visitor; empty when all is well.
    is_good : bool
        Whether it may have a green tick.
    is_rate : bool
        Whether a lower learning rate is worth a try.
    """

    words: str = ""
    is_good: bool = True
    is_rate: bool = False


def verdict(status: RunStatus) -> Verdict:
    """Return what became of a run up to now, by its measurements."""
    best, last = status.best, status.last_measured
    if best is None or last is None:
        return Verdict(is_good=False)
    if words := _fall(status, best, last) or _little(status, best, last):
        cause = likely_cause(status.network, status.training)
        return Verdict(f"{words} {cause.words}", is_good=False, is_rate=cause.is_rate)
    words = _overfitting(status, last)
    return Verdict(words, is_good=not words)


def _fall(status: RunStatus, best: EpochMetrics, last: EpochMetrics) -> str:
    """Return that a run got worse after its best moment; empty when it did not."""
    (high, _loss), (low, _last_loss) = standing(best), standing(last)
    if high - low <= max(LEAST_FALL, SURE * _chance(high, status.data.n_dev)):
        return ""
    text = _(
        "After {moment} it got worse: {low} at the end instead of {high}. The weights of {moment} are kept."
    )
    return text.format(moment=moment(status, best), low=percent(low), high=percent(high))


def _little(status: RunStatus, best: EpochMetrics, last: EpochMetrics) -> str:
    """Return that a run learned hardly anything; empty when it did, or still improved when it ended."""
    one_answer = status.data.one_answer
    is_over = status.state == "finished" and last.step > best.step
    if not is_over or standing(best)[0] - one_answer >= LITTLE * (1 - one_answer):
        return ""
    text = _("It learned little: one and the same answer for every image would reach {share}.")
    return text.format(share=percent(one_answer))


def _overfitting(status: RunStatus, last: EpochMetrics) -> str:
    """Return that a run overfits, by its accuracies or by a dev loss that rises; empty when it does not."""
    remedy = _("More training images, augmentation, dropout or L2 reduce it.")
    gap = last.train_accuracy - last.dev_accuracy
    if gap > max(LEAST_GAP, SURE * _chance(last.dev_accuracy, status.data.n_dev)):
        text = _("The network overfits: {train} accuracy on the training images, {dev} on the dev set.")
        words = text.format(train=percent(last.train_accuracy), dev=percent(last.dev_accuracy))
        return f"{words} {remedy}"
    measured = [record for record in status.history if isinstance(record, EpochMetrics) and record.step]
    lowest = min(measured, key=lambda record: record.dev_loss)
    if last.dev_loss > RISING_LOSS * lowest.dev_loss and last.train_loss < lowest.train_loss:
        text = _(
            "The network overfits: since {moment} the dev loss has risen from {low:.3g} to {high:.3g}, while "
            "the training loss fell."
        )
        words = text.format(moment=moment(status, lowest), low=lowest.dev_loss, high=last.dev_loss)
        return f"{words} {remedy} {_('So does a shorter training.')}"
    return ""


def _chance(accuracy: float, n: int) -> float:
    """Return the standard error of an accuracy over n images."""
    return math.sqrt(accuracy * (1 - accuracy) / n) if n and not math.isnan(accuracy) else 0.0
