"""Two short trainings that differ in one known bug: what it does to the curves.

The Inside page shows them beside the gradient check; they are a study (`mlcore.study.progress`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.arrays import Float64Array, IndexArray
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split, split_dataset
from mlcore.errors import TrainingDiverged
from mlcore.study.progress import Study, between, steps_of
from mlcore.training.known_bugs import KNOWN_BUGS, KnownBug
from mlcore.training.records import EpochMetrics, Record, standing
from mlcore.training.run import TrainingRun

STEPS = 200
EVERY = 10
LARGEST_BATCH = 500
MOST_DEV = 500


@dataclass(frozen=True)
class ShortCurve:
    """The measurements of one short training.

    Attributes
    ----------
    steps : int array (measurements,)
    accuracy, loss : float64 arrays (measurements,)
        Accuracy on the images that were held back, and loss on those that were trained on.
    diverged_at : int or None
        The step at which its numbers were found to be no longer finite; None when it came to its end.
    """

    steps: IndexArray
    accuracy: Float64Array
    loss: Float64Array
    diverged_at: int | None = None


@dataclass(frozen=True)
class BugCurves:
    """The same training twice, from the same weights: as it should be, and with a bug."""

    correct: ShortCurve
    with_bug: ShortCurve


def bug_curves(
    dataset: Dataset, network_config: NetworkConfig, training_config: TrainingConfig, bug: str
) -> Study[BugCurves]:
    """Train a new network for 200 steps twice, without and with a bug of `KNOWN_BUGS`.

    Parameters
    ----------
    dataset : Dataset
        A quarter of it, at most 500 images, is held back.
    network_config, training_config
        Batches have at most 500 images, the learning rate follows no schedule, and bugs that the settings ask
        for are off.
    bug : str
        A key of `KNOWN_BUGS`.

    Examples
    --------
    >>> from mlcore import load_dataset
    >>> from mlcore.study.progress import completed
    >>> digits = load_dataset("digits-8x8").take(slice(0, 400))
    >>> curves = completed(bug_curves(digits, NetworkConfig(hidden_sizes=(8,)), TrainingConfig(), "no_mask"))
    >>> len(curves.correct.steps), bool(curves.correct.accuracy[0] == curves.with_bug.accuracy[0])
    (21, True)
    """
    config = replace(
        training_config,
        batch_size=min(training_config.batch_size or LARGEST_BATCH, LARGEST_BATCH),
        iterations=STEPS,
        sample_size=None,
        schedule="constant",
        patience=None,
        evaluate_every=EVERY,
        train_sample=MOST_DEV,
        bias_gradient="exact",
        gradient_divisor=None,
    )
    split = split_dataset(dataset, dev_size=min(MOST_DEV, len(dataset) // 4), seed=config.seed)
    correct = yield from between(0.0, 0.5, _short(network_config, config, split, KnownBug("", "")))
    with_bug = yield from between(0.5, 1.0, _short(network_config, config, split, KNOWN_BUGS[bug]))
    return BugCurves(correct, with_bug)


def _short(
    network_config: NetworkConfig, config: TrainingConfig, split: Split, bug: KnownBug
) -> Study[ShortCurve]:
    run = TrainingRun(network_config, bug.training(config))
    run.build(split)
    bug.plant(run.network)
    try:
        yield from steps_of(run)
    except TrainingDiverged:
        return _curve(run.history, run.step)
    return _curve(run.history, None)


def _curve(history: list[Record], diverged_at: int | None) -> ShortCurve:
    measured = [record for record in history if isinstance(record, EpochMetrics)]
    return ShortCurve(
        np.array([record.step for record in measured], np.intp),
        np.array([standing(record)[0] for record in measured]),
        np.array([record.train_loss for record in measured]),
        diverged_at,
    )
