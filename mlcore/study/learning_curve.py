"""The learning curve: how the accuracy grows with the number of training images, and what more would bring.

The Evaluate page has a worker run the study; a notebook calls `completed`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError
from mlcore.evaluation import evaluate
from mlcore.language import _
from mlcore.metrics import likely_accuracy
from mlcore.study.progress import Study, between, trained

SIZES = 6
"""How many numbers of training images are tried, each half of the next."""

LEAST = 20
"""Images of the smallest training set, at least."""

USUAL_SEEDS = 2
FITTED = 4
"""The largest sizes, from which the rest is told."""


@dataclass(frozen=True)
class Size:
    """How networks do that learned from the same number of images.

    Attributes
    ----------
    images : int
    right : tuple of int
        How many of the dev images each seed's network reads right.
    n : int
        How many dev images there are.
    """

    images: int
    right: tuple[int, ...]
    n: int

    @property
    def accuracy(self) -> float:
        """The mean accuracy of the seeds."""
        return sum(self.right) / len(self.right) / self.n

    @property
    def likely_accuracy(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson, 1927), as of one network: all are asked about the same dev images."""
        return likely_accuracy(round(self.accuracy * self.n), self.n)


@dataclass(frozen=True)
class LearningCurve:
    """The accuracy over the number of training images.

    Attributes
    ----------
    sizes : tuple of Size
        Ascending; the last one has all images.
    """

    sizes: tuple[Size, ...]

    def expected(self, images: int) -> float:
        """Return the accuracy to expect of a network that learns from so many images.

        The error falls as a power of the number of images, ε = a n^-b (Hestness et al., 2017): a straight
        line through log ε over log n of the four largest sizes. A rising error counts as one that stays.

        >>> curve = LearningCurve((Size(100, (800,), 1000), Size(200, (900,), 1000)))
        >>> round(curve.expected(400), 2)
        0.95
        """
        last = self.sizes[-FITTED:]
        # Half an image more: no mistake among so many is not an error of zero.
        errors = [math.log((size.n * (1 - size.accuracy) + 0.5) / (size.n + 1)) for size in last]
        if len(last) == 1:
            return last[0].accuracy
        slope, level = np.polyfit([math.log(size.images) for size in last], errors, 1)
        slope = min(0.0, float(slope))
        if slope == 0.0:
            level = float(np.mean(errors))
        return 1 - math.exp(float(level) + slope * math.log(images))

    @property
    def gain_of_twice_as_many(self) -> float:
        """The accuracy that twice as many images would bring, less that of all there are, both as fitted."""
        n = self.sizes[-1].images
        return self.expected(2 * n) - self.expected(n)


def learning_curve(
    train: Dataset,
    dev: Dataset,
    network: NetworkConfig,
    training: TrainingConfig,
    seeds: int = USUAL_SEEDS,
) -> Study[LearningCurve]:
    """Train networks on ever more of the training images, and ask each about the dev set.

    Sizes double up to all images. Each seed draws its own images and weights; those of a smaller size are
    among those of the next. Each network is taken as it is at the end of its training.

    Parameters
    ----------
    train, dev : Dataset
    network, training
        Of all networks; early stopping is off.
    seeds : int
        Networks for each size. All together take twice as long as a training on all images, for each seed.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    LearningCurve

    Raises
    ------
    DatasetError
        When there are too few images to halve them once, or no dev images.
    TrainingDiverged
        When a network's numbers become too large to hold.

    Examples
    --------
    >>> from mlcore import completed, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> curve = completed(learning_curve(split.train, split.dev, NetworkConfig(), TrainingConfig(epochs=3)))
    >>> [size.images for size in curve.sizes]
    [46, 93, 187, 374, 748, 1497]
    >>> curve.sizes[-1].accuracy > curve.sizes[0].accuracy
    True
    """
    if len(train) < 2 * LEAST or len(dev) == 0:
        message = _("A learning curve needs {least} training images and a dev set; there are {n} and {m}.")
        raise DatasetError(message.format(least=2 * LEAST, n=len(train), m=len(dev)))
    numbers = sizes_up_to(len(train))
    right: dict[int, tuple[int, ...]] = dict.fromkeys(numbers, ())
    total, done = seeds * sum(numbers), 0
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(train))
        config = replace(training, seed=training.seed + seed)
        for number in numbers:
            some = train.take(np.sort(order[:number]))
            begin, done = done, done + number
            model = yield from between(begin / total, done / total, trained(some, network, config))
            right[number] += (evaluate(model, dev).right,)
            yield done / total
    return LearningCurve(tuple(Size(number, right[number], len(dev)) for number in numbers))


def sizes_up_to(n: int) -> list[int]:
    """Return the numbers of images that are tried: each half of the next, up to all ``n``.

    >>> sizes_up_to(48_000), sizes_up_to(50)
    ([1500, 3000, 6000, 12000, 24000, 48000], [25, 50])
    """
    return [n >> halvings for halvings in range(SIZES - 1, -1, -1) if n >> halvings >= LEAST]
