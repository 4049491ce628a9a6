"""What the long studies share: each is a generator that yields how much is done and returns what it found.

`mlcore.study.robustness` and the others like it are built from it; a notebook runs one by `completed`.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float64Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.model import Model
from mlcore.training.run import TrainingRun

BLOCK = 500
"""Images that are asked about in one go."""

Found = TypeVar("Found")

Study: TypeAlias = Generator[float, None, Found]
"""Yields the fraction that is done, from 0 to 1, and returns what was found."""


def completed(study: Study[Found]) -> Found:
    """Run a study to its end and return what it found.

    >>> def half() -> Study[str]:
    ...     yield 0.5
    ...     return "found"
    >>> completed(half())
    'found'
    """
    while True:
        try:
            next(study)
        except StopIteration as end:
            found: Found = end.value
            return found


def between(begin: float, end: float, study: Study[Found]) -> Study[Found]:
    """Run a study as one part of a longer one: from the fraction ``begin`` to ``end`` of that.

    >>> def half() -> Study[None]:
    ...     yield 0.5
    >>> list(between(0.2, 0.4, half()))
    [0.30000000000000004]
    """
    while True:
        try:
            fraction = next(study)
        except StopIteration as over:
            found: Found = over.value
            return found
        yield begin + (end - begin) * fraction


def trained(images: Dataset, network: NetworkConfig, training: TrainingConfig) -> Study[Model]:
    """Train a new network on all of these images, step by step, and return it as it is at the end.

    No dev set decides which weights are kept, and early stopping is off.

    Raises
    ------
    TrainingDiverged
        When the numbers become too large to hold.
    """
    run = TrainingRun(network, unwatched(training))
    run.build(Split(images, images.take(slice(0, 1))))  # what is measured on the way interests nobody
    yield from steps_of(run)
    return run.model()


def steps_of(run: TrainingRun) -> Study[None]:
    """Train a run that has its data to its end, step by step."""
    while not run.is_done:
        run.next_record(rest=lambda: True)
        yield min(1.0, run.step / run.total_steps)


def hits(model: Model, dataset: Dataset) -> Study[NDArray[np.bool_]]:
    """Return which images a model names rightly, bool (n,)."""
    found = np.zeros(len(dataset), np.bool_)
    for part, images in dataset.blocks(BLOCK):
        found[part] = model.probabilities_of(images).argmax(axis=1) == dataset.labels[part]
        yield part.stop / len(dataset)
    return found


def spans(epochs: Sequence[float]) -> Float64Array:
    """Return the epochs that each of some moments of a training stands for, (moments,).

    A moment stands for the time from halfway since the one before it to halfway to the next; the first one
    from the beginning on, and the last one until itself.

    >>> spans([1.0, 3.0, 8.0]).tolist()
    [2.0, 3.5, 2.5]
    """
    times = np.array(epochs, np.float64)
    return np.diff(np.concatenate([[0.0], (times[1:] + times[:-1]) / 2, times[-1:]]))


def unwatched(training: TrainingConfig) -> TrainingConfig:
    """Return the same training, measured as little as possible and never stopped early."""
    return replace(training, patience=None, train_sample=1, evaluate_every=1_000_000)
