"""When a network is measured, which measurement is the best, and when patience has run out.

`TrainingRun` asks before each step and notes each measurement; a checkpoint keeps what was noted.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mlcore.arrays import Array, Labels
from mlcore.config import TrainingConfig
from mlcore.datasets.describe import commonest_share
from mlcore.training.records import EpochMetrics, Record, standing

EARLY = 10
"""The part of a long first epoch after which a run that is watched is measured: one in ten."""


def early_step(config: TrainingConfig, n_train: int) -> int | None:
    """Return the step in the first epoch at which a run that is watched is measured; None: at none.

    >>> early_step(TrainingConfig(batch_size=100), 60_000), early_step(TrainingConfig(batch_size=100), 1000)
    (60, None)
    """
    every = config.evaluate_every_steps(n_train)
    return every // EARLY if config.evaluate_every is None and every >= 2 * EARLY else None


@dataclass
class Measurements:
    """What the measurements of a run have shown so far.

    Attributes
    ----------
    best : EpochMetrics or None
        The one with the highest dev accuracy (of equals, the lowest dev loss); without a dev set, that on the
        training images.
    best_parameters : array or None
        The parameters of the whole network then.
    evaluated_step : int
        The step of the last one; -1 before the first.
    stopped_early : bool
        Whether patience has run out.
    patient_from : int
        The step from which it counts.
    """

    best: EpochMetrics | None = None
    best_parameters: Array | None = None
    evaluated_step: int = -1
    stopped_early: bool = False
    patient_from: int = 0

    def is_due(self, step: int, every: int, early: int | None, finished: bool) -> bool:
        """Return whether the network has to be measured at this step."""
        is_planned = step % every == 0 or step == early or finished
        return is_planned and self.evaluated_step != step

    def note(
        self,
        record: EpochMetrics,
        parameters: Callable[[], Array],
        config: TrainingConfig,
        every: int,
        history: Iterable[Record],
    ) -> None:
        """Keep the parameters when they are the best so far; stop when patience has run out.

        Patience looks at accuracy alone: the loss may shrink for ever when nothing is left to learn.
        """
        self.evaluated_step, best = record.step, self.best
        if best is None or standing(record) > standing(best):
            self.best = best = record
            self.best_parameters = parameters()
        if config.patience is not None:
            as_good = (
                earlier.step
                for earlier in history
                if isinstance(earlier, EpochMetrics) and standing(earlier)[0] >= standing(best)[0]
            )
            since = max(next(as_good, record.step), self.patient_from)
            self.stopped_early = (record.step - since) // every >= config.patience

    def start_patience(self, step: int) -> None:
        """Let patience count from this step."""
        self.stopped_early, self.patient_from = False, step

    def show_nothing_learned(self, labels: Labels) -> bool:
        """Return whether none after a step beats the untrained network and one answer for everything.

        Parameters
        ----------
        labels : int array
            Those of the images that decide which measurement is best.
        """
        if self.best is None or self.evaluated_step <= 0:
            return False
        return self.best.step == 0 or standing(self.best)[0] <= commonest_share(labels)
