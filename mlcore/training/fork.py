"""Forks: a run that continues from a moment of another one, with some settings changed from there on.

The dashboard's workers and notebooks call `fork` with a resumable model; the run that made it is not touched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.errors import SettingError
from mlcore.formulas.optimizers import OPTIMIZERS
from mlcore.images.augmentation import Augmentation
from mlcore.language import _
from mlcore.model import Model
from mlcore.settings import settings_of
from mlcore.training.checkpoint import Checkpoint
from mlcore.training.records import history_array
from mlcore.training.run import TrainingRun

NETWORK_SETTINGS = ("dropout",)

TRAINING_SETTINGS = (
    "learning_rate",
    "optimizer",
    "batch_size",
    "sample_size",
    "weight_decay",
    *(f"augment_{part.name}" for part in dataclasses.fields(Augmentation)),
)

FORK_SETTINGS = (*TRAINING_SETTINGS[:5], *NETWORK_SETTINGS, *TRAINING_SETTINGS[5:])
"""The settings that a fork may change: with them the same weights learn on, from the same images in order."""


def fork(
    model: Model, network: NetworkConfig | None = None, training: TrainingConfig | None = None
) -> TrainingRun:
    """Return a run that continues a resumable model with other settings.

    It sees the same images in the same order as the run that made the model. With the same settings it ends
    with the same weights, to the last bit.

    - Another learning rate changes every rate from here on by the same factor, whatever the schedule.
    - Another optimizer remembers nothing of the steps before.
    - Another sample size holds from the next sample on, or ends the one of now when that has as many images.
    - With another batch size, steps are counted as if it had been so from the start: epochs, evaluations and
      the schedule stay where they were.

    Parameters
    ----------
    model : Model
        Saved with its training state, as by ``run.model(resumable=True)``.
    network, training : NetworkConfig and TrainingConfig, optional
        The settings from here on; those of the model unless given. Only `FORK_SETTINGS` may differ.

    Raises
    ------
    SettingError
        When another setting differs.
    ValueError
        When the model carries no training state.
    ModelFileError
        When the state cannot be read.
    """
    network, training = network or model.network_config, training or model.training_config
    _check(model.network_config, network, NETWORK_SETTINGS)
    _check(model.training_config, training, TRAINING_SETTINGS)
    before = TrainingRun.from_model(model)  # says what is wrong with a state that cannot be continued
    assert model.state is not None
    checkpoint = Checkpoint.from_arrays(model.state)
    # A change like those that a run undergoes on its way: it no longer follows from its seed alone.
    checkpoint = dataclasses.replace(checkpoint, changes=1)
    if (network, training) != (model.network_config, model.training_config):
        checkpoint, training = _changed(checkpoint, before.training_config, training)
    return TrainingRun.from_model(
        Model(
            network,
            model.preparation,
            model.class_names,
            checkpoint.parameters,
            training,
            model.card,
            checkpoint.to_arrays(),
            history_array(checkpoint.history),
        )
    )


def _check(before: Any, after: Any, may_differ: tuple[str, ...]) -> None:
    """Refuse a change of a setting that a fork cannot have."""
    for name, about in settings_of(before).items():
        if name not in may_differ and getattr(before, name) != getattr(after, name):
            message = _("A fork continues the same training: “{setting}” cannot be changed on the way.")
            raise SettingError(message.format(setting=_(about.label)))


def _changed(
    checkpoint: Checkpoint, before: TrainingConfig, after: TrainingConfig
) -> tuple[Checkpoint, TrainingConfig]:
    """Return the checkpoint, and the config that goes with it, as settings changed here leave them."""
    n = len(checkpoint.order)
    if before.steps_per_epoch(n) != after.steps_per_epoch(n):
        recount = _recounting(before.steps_per_epoch(n), after.steps_per_epoch(n))
        checkpoint = _recounted(checkpoint, recount)
        if after.iterations is not None:
            after = dataclasses.replace(after, iterations=max(1, recount(after.iterations)))
    if checkpoint.position >= (after.sample_size or n):  # the sample of now is over: the next one is drawn
        checkpoint = dataclasses.replace(checkpoint, position=0)
    if before.learning_rate != after.learning_rate:
        checkpoint = _with_rates(checkpoint, before.learning_rate, after.learning_rate)
    if before.optimizer != after.optimizer:
        n_moments = OPTIMIZERS[after.optimizer].make.n_moments
        moments: NDArray[Any] = np.zeros((n_moments, len(checkpoint.parameters)), checkpoint.parameters.dtype)
        checkpoint = dataclasses.replace(checkpoint, moments=moments, optimizer_steps=0)
    return dataclasses.replace(checkpoint, stopped_early=False, patient_from=checkpoint.step), after


def _recounting(before: int, after: int) -> Callable[[int], int]:
    """Return what turns a number of steps, so many an epoch, into as many epochs with other steps.

    >>> [_recounting(10, 4)(step) for step in (0, 5, 10, 30)]
    [0, 2, 4, 12]
    """

    def recount(step: int) -> int:
        epochs, rest = divmod(step, before)
        return epochs * after + round(rest * after / before)

    return recount


def _recounted(checkpoint: Checkpoint, recount: Callable[[int], int]) -> Checkpoint:
    best = checkpoint.best
    return dataclasses.replace(
        checkpoint,
        step=recount(checkpoint.step),
        evaluated_step=recount(checkpoint.evaluated_step) if checkpoint.evaluated_step >= 0 else -1,
        history=[dataclasses.replace(record, step=recount(record.step)) for record in checkpoint.history],
        health=[dataclasses.replace(health, step=recount(health.step)) for health in checkpoint.health],
        best=None if best is None else dataclasses.replace(best, step=recount(best.step)),
    )


def _with_rates(checkpoint: Checkpoint, before: float, after: float) -> Checkpoint:
    """Return the checkpoint with all rates to come changed by the factor after / before."""
    base = checkpoint.rate_base or before
    ceiling = checkpoint.rate_ceiling
    return dataclasses.replace(
        checkpoint,
        rate_base=base / before * after,  # exactly ``after`` where no rate was set on the way
        rate_ceiling=None if ceiling is None else ceiling / before * after,
    )
