"""What the doctor knows of a run: its settings, its records, and how many images there were.

`mlcore.study.doctor` reads it; notebooks fill it in, and so does the Train page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.language import _
from mlcore.training.records import EpochMetrics, Record, standing

SURE = 3.0
"""Standard errors by which a difference must be larger than chance."""


@dataclass(frozen=True)
class RunNotes:
    """What the doctor is told of a run.

    Attributes
    ----------
    network, training
        Its configs.
    records : tuple of Record
        All it has yielded.
    n_train, n_dev, n_classes : int
    one_answer : float
        The accuracy of one and the same answer for every image: the share of the commonest class.
    diverged : bool
        Whether it ended with `TrainingDiverged`.
    stopped : bool
        Whether somebody ended it before its planned end: it is not blamed for what more training may bring.
    test_accuracy : float or None
        On images that were kept for the end, once it was asked for.
    """

    network: NetworkConfig
    training: TrainingConfig
    records: tuple[Record, ...]
    n_train: int
    n_dev: int
    n_classes: int = 10
    one_answer: float = 0.1
    diverged: bool = False
    stopped: bool = False
    test_accuracy: float | None = None

    @property
    def measured(self) -> list[EpochMetrics]:
        """The measurements after a step."""
        return [record for record in self.records if isinstance(record, EpochMetrics) and record.step]

    @property
    def last(self) -> EpochMetrics:
        """The newest measurement."""
        return self.measured[-1]

    @property
    def best(self) -> EpochMetrics:
        """The best measurement."""
        return max(self.measured, key=standing)

    @property
    def untrained(self) -> EpochMetrics | None:
        """The measurement before the first step, if there was one."""
        return next((record for record in self.records if isinstance(record, EpochMetrics)), None)

    @property
    def beats_itself(self) -> bool:
        """Whether a measurement after a step is better than the one before the first."""
        before = self.untrained
        return before is None or before.step > 0 or standing(self.best) > standing(before)

    @property
    def steps(self) -> int:
        """How many were taken."""
        return self.last.step

    @property
    def learned_nothing(self) -> bool:
        """Whether it is no better than untrained, or than one answer for everything."""
        accuracy, by_chance = standing(self.best)[0], self.one_answer + self.chance(self.one_answer)
        is_no_more = accuracy <= (by_chance if by_chance < 1 else self.one_answer)
        return not self.beats_itself or (is_no_more and accuracy < 1)

    def chance(self, accuracy: float) -> float:
        """Return the standard error of an accuracy over the dev set.

        As if two more images were asked and one of them answered right: all of few may be right by chance,
        too.
        """
        n = (self.n_dev or self.n_train) + 2
        likely = (accuracy * (n - 2) + 1) / n
        return math.sqrt(likely * (1 - likely) / n)

    def is_clear(self, difference: float, least: float) -> bool:
        """Return whether a difference of accuracies is larger than ``least`` and than chance."""
        return difference > max(least, SURE * self.chance(standing(self.best)[0]))


def moment(training: TrainingConfig, n_train: int, record: EpochMetrics) -> str:
    """Return when a measurement was taken: after which epoch or, of full batches, which step."""
    if training.steps_per_epoch(n_train) == 1:
        return _("step {n:,}").format(n=record.step)
    return _("epoch {n:.4g}").format(n=record.epoch)
