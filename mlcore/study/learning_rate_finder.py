"""The learning-rate finder: a short trial with growing learning rates, to see which of them work.

Notebooks call `find_learning_rate` before training; the Network page has a worker run `try_learning_rates`.
They make a network of their own and change no existing run.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from mlcore.arrays import Float64Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import Split
from mlcore.errors import TrainingDiverged
from mlcore.study.progress import Study, completed
from mlcore.training.records import BatchMetrics
from mlcore.training.run import TrainingRun, train

SMOOTHING = 0.9  # part of the running mean of the losses that is kept at each step
TOO_HIGH = 4.0  # times the lowest smoothed loss: what comes after is wreckage


@dataclass(frozen=True)
class LearningRateSearch:
    """What the trial saw; the picture to draw is loss over rate, the rate on a logarithmic axis.

    Attributes
    ----------
    rates : float64 array (steps,)
        The learning rate of each step that was taken.
    losses : float64 array (steps,)
        The cost of each step's batch, before the step.
    smoothed : float64 array (steps,)
        The running mean of the losses.
    suggestion : float
        A rate to begin with.
    """

    rates: Float64Array
    losses: Float64Array
    smoothed: Float64Array
    suggestion: float


def find_learning_rate(
    split: Split,
    network_config: NetworkConfig | None = None,
    training_config: TrainingConfig | None = None,
    *,
    lowest: float = 1e-5,
    highest: float = 10.0,
    steps: int = 120,
) -> LearningRateSearch:
    """Train a fresh network with a rate that grows from step to step and watch its loss (Smith, 2017).

    The loss hardly moves while the rate is too small, then falls, then jumps about and grows. Two answers are
    common: where it falls fastest, and a tenth of the rate at which it is lowest. Each was far too high at
    times, tried on MNIST with twelve pairs of network and optimizer; the smaller of the two, which is
    suggested, never was, and three times as much was the best of five guesses or near it. The trial ends when
    the loss has become four times the lowest one.

    Parameters
    ----------
    split : Split
    network_config, training_config : optional
        As for `TrainingRun`; the rate, the schedule and the length are the trial's own.
    lowest, highest : float
        The first and the last rate, within the bounds of `TrainingConfig.learning_rate`.
    steps : int
        Each rate is the same number of times the one before.

    Raises
    ------
    SettingError
        When a rate is out of bounds.

    Examples
    --------
    >>> from mlcore import load_dataset, split_dataset
    >>> search = find_learning_rate(split_dataset(load_dataset("digits-8x8"), 300))
    >>> 0.0005 < search.suggestion < 0.05
    True
    """
    return completed(
        try_learning_rates(
            split, network_config, training_config, lowest=lowest, highest=highest, steps=steps
        )
    )


def try_learning_rates(
    split: Split,
    network_config: NetworkConfig | None = None,
    training_config: TrainingConfig | None = None,
    *,
    lowest: float = 1e-5,
    highest: float = 10.0,
    steps: int = 120,
) -> Study[LearningRateSearch]:
    """Do what `find_learning_rate` does, step by step."""
    config = dataclasses.replace(
        training_config or TrainingConfig(),
        schedule="constant",
        iterations=steps,
        patience=None,
        evaluate_every=steps,
        train_sample=1,
    )
    run = TrainingRun(network_config, config)
    # Before the first step the dev set is measured, which nobody looks at here: one image will do.
    trial = Split(split.train, split.dev.take(slice(0, 1)))
    rates = np.geomspace(lowest, highest, steps)
    for bound in (lowest, highest):
        run.change(learning_rate=bound)  # refuses a rate that cannot be before any work is done
    losses: list[float] = []
    smoothed: list[float] = []
    for rate in rates:
        run.change(learning_rate=float(rate))
        try:
            records = list(train(run, trial, max_steps=1))
        except TrainingDiverged:
            break
        losses.append(next(record.loss for record in records if isinstance(record, BatchMetrics)))
        smoothed.append(_running_mean(losses))
        yield len(losses) / steps
        if smoothed[-1] > TOO_HIGH * min(smoothed):
            break
    found = (rates[: len(losses)], np.array(losses), np.array(smoothed))
    return LearningRateSearch(*found, _suggest(found[0], found[2], lowest))


def _running_mean(losses: list[float]) -> float:
    """Return the mean in which each loss counts nine tenths of the next one.

    >>> _running_mean([2.0, 2.0]), round(_running_mean([0.0, 1.9]), 6)
    (2.0, 1.0)
    """
    weights = SMOOTHING ** np.arange(len(losses) - 1, -1, -1.0)
    return float(weights @ losses / weights.sum())


def _suggest(rates: Float64Array, smoothed: Float64Array, lowest: float) -> float:
    """Return the rate where the loss falls fastest, but no more than a tenth of that where it is lowest.

    >>> rates = np.array([0.001, 0.01, 0.1, 1.0, 10.0])
    >>> _suggest(rates, np.array([2.0, 2.0, 1.0, 0.9, 5.0]), 0.001)
    0.1
    """
    if len(rates) < 2:
        return lowest
    bottom = int(np.argmin(smoothed))
    steepest = np.argmin(np.gradient(smoothed, np.log(rates))[: bottom + 1])
    return max(lowest, min(float(rates[steepest]), float(rates[bottom]) / 10))
