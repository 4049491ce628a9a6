"""Small things to test with: a data set that can be learned in a moment, networks of a few neurons.

The tests of mlcore use them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mlcore import Dataset, Network, NetworkConfig, Preparation, Split, TrainingConfig, TrainingRun, train
from mlcore.training.records import Record

SHAPE = (6, 5)
CLASSES = 3


def stripes(n: int, seed: int = 0, shape: tuple[int, int] = SHAPE, classes: int = CLASSES) -> Dataset:
    """Images with a bright stripe whose place tells the class, and noise all over."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    images = generator.integers(0, 120, (n, *shape))
    rows = labels * shape[0] // classes
    images[np.arange(n), rows] += 120
    names = [chr(ord("a") + label) for label in range(classes)]
    return Dataset(images.astype(np.uint8), labels, names, "stripes")


def small_split(n_train: int = 60, n_dev: int = 20, **kinds: Any) -> Split:
    data = stripes(n_train + n_dev, **kinds)
    return Split(data.take(slice(0, n_train)), data.take(slice(n_train, None)))


def small_run(network: dict[str, Any] | None = None, **training: Any) -> TrainingRun:
    """A run of a tiny network, with 16 images a batch and a rate that learns the stripes."""
    return TrainingRun(
        NetworkConfig(**{"hidden_sizes": (8,)} | (network or {})),
        TrainingConfig(**{"batch_size": 16, "epochs": 3, "learning_rate": 0.01} | training),
    )


def small_network(
    seed: int = 0, micro_batch: int = 64, shape: tuple[int, int] = SHAPE, **config: Any
) -> Network:
    settings = {"hidden_sizes": (7, 5), "precision": "float64"} | config
    return Network(NetworkConfig(**settings), Preparation(shape), CLASSES, seed, micro_batch)


def finish(run: TrainingRun, split: Split) -> list[Record]:
    return list(train(run, split))


def slopes(cost: Callable[[], float], values: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient by central differences, written once more so that it can judge `mlcore`'s own."""
    result = np.empty(values.shape)
    for place in np.ndindex(values.shape):
        kept = values[place]
        values[place] = kept + step
        above = cost()
        values[place] = kept - step
        result[place] = (above - cost()) / (2 * step)
        values[place] = kept
    return result


def relative_error(first: np.ndarray, second: np.ndarray) -> float:
    """Return the largest difference over the largest value; NaN, which no comparison passes, for zeros."""
    scale = max(np.abs(first).max(), np.abs(second).max())
    return float(np.abs(first - second).max() / scale) if scale else float("nan")
