"""How far a training has come: steps, rates, records and measurements, and what is due next.

`TrainingRun` is a `Progress` together with a network and the data; a `Checkpoint` keeps what changes in it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from mlcore.config import TrainingConfig
from mlcore.language import _
from mlcore.training.layer_health import NetworkHealth
from mlcore.training.measurements import Measurements, early_step
from mlcore.training.rates import RatePlan
from mlcore.training.records import REPORT_IMAGES, EpochMetrics, Record


def not_built() -> ValueError:
    """Return the error for a run that has not seen its data."""
    return ValueError(_("There is no network yet: train, or build the run with a split, first."))


class Progress:
    """How far a training has come. It counts and plans, and knows neither network nor images.

    Attributes
    ----------
    training_config : TrainingConfig
        With what `change` has set on the way.
    step, images_seen : int
        How far the training has come.
    history : list of BatchMetrics and EpochMetrics
    health : list of NetworkHealth
        How the layers were at measurements, from the first step to the last; more rarely as the run goes on.
    changes : int
        How often `change` was called.
    rates : RatePlan
        The learning rate of each step.
    measured : Measurements
        What the measurements have shown.
    evaluates_early : bool
        Whether the network is also measured early in a long first epoch, for those who watch; not when
        `evaluate_every` says when to measure. It changes no weight, and no checkpoint keeps it.
    """

    def __init__(self, training_config: TrainingConfig) -> None:
        self.training_config = training_config
        self.step = 0
        self.images_seen = 0
        self.history: list[Record] = []
        self.health: list[NetworkHealth] = []
        self.changes = 0
        self.rates = RatePlan(training_config.learning_rate)
        self.measured = Measurements()
        self.evaluates_early = False
        self._n_train: int | None = None  # known when the data are
        self._record_end = 0  # the step at which the record on its way ends

    # ---- how long it is ---------------------------------------------------------------------------------

    @property
    def n_train(self) -> int:
        """How many training images there are; known once the data have been seen."""
        if self._n_train is None:
            raise not_built()
        return self._n_train

    @property
    def batch_size(self) -> int:
        """Images in a full batch."""
        return self.training_config.images_per_step(self.n_train)

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch: as many as take every training image once; the last batch may be smaller.

        With `sample_size` the images come from random samples, and not every one comes once.
        """
        return self.training_config.steps_per_epoch(self.n_train)

    @property
    def total_steps(self) -> int:
        """Steps from first to last."""
        return self.training_config.total_steps(self.n_train)

    @property
    def evaluate_every(self) -> int:
        """Steps between two measurements."""
        return self.training_config.evaluate_every_steps(self.n_train)

    # ---- how far it is ----------------------------------------------------------------------------------

    @property
    def epoch(self) -> float:
        """Passes over the training images so far."""
        return self.images_seen / self.n_train

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, by the schedule; of the last one when the run is finished."""
        return self.rates.rate(self.training_config, self.step, self.total_steps)

    @property
    def cost_decay(self) -> float:
        """The λ of the cost's λ/2 Σ w² (see `TrainingConfig.cost_decay`)."""
        return self.training_config.cost_decay

    @property
    def best(self) -> EpochMetrics | None:
        """The best measurement so far; see `Measurements`."""
        return self.measured.best

    @property
    def last_measurement(self) -> EpochMetrics | None:
        """The latest measurement; None before the first."""
        return next((record for record in reversed(self.history) if isinstance(record, EpochMetrics)), None)

    @property
    def stopped_early(self) -> bool:
        """Whether the dev accuracy has not risen for as many measurements as `patience` allows."""
        return self.measured.stopped_early

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to do (unless `change` makes the run longer)."""
        return self._n_train is not None and (self.stopped_early or self.step >= self.total_steps)

    # ---- what comes next --------------------------------------------------------------------------------

    def change(
        self,
        *,
        learning_rate: float | None = None,
        epochs: int | None = None,
        iterations: int | None = None,
        from_step: int | None = None,
    ) -> None:
        """Set another learning rate or another total length, from the next step on; patience starts again.

        A rate that is set is the rate of the next step. From there the schedule continues to its end, but
        only downwards. Another length stretches or shortens the schedule, and never raises a rate that the
        schedule has begun to lower: the rate stays as it is until the schedule falls below it. A finished run
        that is made longer thus continues with the rate of its last step, unless another one is set.

        Parameters
        ----------
        from_step : int, optional
            From where patience counts; the present step when None.

        Raises
        ------
        SettingError
            When a value is out of bounds; the run is then as it was.
        """
        changes: dict[str, Any] = {"learning_rate": learning_rate, "epochs": epochs, "iterations": iterations}
        changes = {name: value for name, value in changes.items() if value is not None}
        if epochs is not None and iterations is None:
            changes["iterations"] = None
        config = dataclasses.replace(self.training_config, **changes)
        if self.step > 0:
            self.rates = self.rates.limited(self.training_config, self.step, self.total_steps)
        self.training_config = config
        if learning_rate is not None and self.step > 0:
            self.rates = RatePlan.from_here(config.learning_rate, config, self.step, self.total_steps)
        elif learning_rate is not None:
            self.rates = RatePlan(config.learning_rate)  # the schedule has yet to begin
        self.changes += 1
        self.measured.start_patience(self.step if from_step is None else from_step)
        self._record_end = self.step  # a record on its way ends with the step that is under way

    def _steps_to_record(self) -> int:
        """Return how many steps the next record of batches tells of, unless it is cut short."""
        return min(
            max(1, REPORT_IMAGES // self.batch_size),
            self._next_evaluation - self.step,
            max(1, self.total_steps - self.step),
        )

    @property
    def _next_evaluation(self) -> int:
        """The first step after this one at which the network is measured."""
        every, early = self.evaluate_every, self._early_evaluation
        return early if early is not None and self.step < early else self.step + every - self.step % every

    @property
    def _early_evaluation(self) -> int | None:
        """The step of the early measurement; None: there is none."""
        return early_step(self.training_config, self.n_train) if self.evaluates_early else None

    @property
    def _evaluation_is_due(self) -> bool:
        """Whether the network has to be measured now, before another step."""
        return self.measured.is_due(self.step, self.evaluate_every, self._early_evaluation, self.finished)

    def _why_diverged(self) -> str:
        """Return what is said when the numbers have grown beyond all bounds."""
        message = _(
            "Training diverged after {step} steps: the numbers became too large. The learning rate "
            "({rate:g}) is too high for this network. Try a tenth of it, Adam, or He initialisation."
        )
        return message.format(step=self.step, rate=self.training_config.learning_rate)
