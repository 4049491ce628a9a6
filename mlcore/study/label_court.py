"""The label court: training images whose given label is disputed by networks that have not learned from them.

The Evaluate page has a worker run the study and lets the visitor keep, relabel or drop each image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float32Array, IndexArray
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.study.progress import Study, between, trained

FOLDS = 5

JUDGE = NetworkConfig(hidden_sizes=(128,), drop_rare_pixels=0.01)
"""All judges of MNIST's 60,000 images together take about four seconds of a core."""

FEW_IMAGES = 10_000
"""With fewer images, a judge learns from them in smaller batches and for longer."""

FAINTEST = 1e-30
"""A probability below this counts as this much: of less, float32 soon knows nothing."""

BLOCK = 1024
"""Images asked about in one go."""


@dataclass(frozen=True)
class LabelCourt:
    """The disputed images of a data set, the most disputed first.

    Attributes
    ----------
    n : int
        How many images were judged.
    positions : int array (disputed,)
        Of the images to which the judges give another class than their label.
    suggested : int array (disputed,)
        The class that they find likeliest.
    given_probability, suggested_probability : float32 arrays (disputed,)
        How likely they find the given label, and the class that they suggest.
    """

    n: int
    positions: IndexArray
    suggested: NDArray[np.int64]
    given_probability: Float32Array
    suggested_probability: Float32Array

    def __len__(self) -> int:
        return len(self.positions)


def label_court(
    dataset: Dataset,
    network: NetworkConfig = JUDGE,
    training: TrainingConfig | None = None,
    seed: int = 0,
) -> Study[LabelCourt]:
    """Cross-validate the labels of a data set: each image is judged by a network that never saw it.

    Five networks learn from four fifths of the images each and judge the rest. Images are ranked by
    log p(suggested) - log p(given), how much likelier the judge finds its own class than the label: the
    normalized margin of Northcutt, Jiang & Chuang (2021), on a logarithmic scale.

    Parameters
    ----------
    dataset : Dataset
        The training images.
    network, training
        Of the judges; `judges_training` when no training is given.
    seed : int
        For the folds.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    LabelCourt

    Raises
    ------
    DatasetError
        When there are fewer than ten images.
    TrainingDiverged
        When a judge's numbers become too large to hold.

    Examples
    --------
    >>> from mlcore import completed, load_dataset
    >>> digits = load_dataset("digits-8x8")
    >>> planted = digits.relabelled(np.array([7]), np.array([3]))  # the eighth image is a seven
    >>> court = completed(label_court(planted))
    >>> 7 in court.positions[:20]
    True
    """
    if len(dataset) < 2 * FOLDS:
        message = _("There are only {n} images; at least {least} are needed to check their labels.")
        raise DatasetError(message.format(n=len(dataset), least=2 * FOLDS))
    training = training or judges_training(len(dataset))
    fold = folds(dataset.labels, FOLDS, seed)
    suggested = np.empty(len(dataset), np.int64)
    given_probability, suggested_probability = (np.empty(len(dataset), np.float32) for _of in range(2))
    for number in range(FOLDS):
        others = dataset.take(np.flatnonzero(fold != number))
        judge = yield from between(number / FOLDS, (number + 0.9) / FOLDS, trained(others, network, training))
        held_out = np.flatnonzero(fold == number)
        for part, images in dataset.take(held_out).blocks(BLOCK):
            probabilities, rows = judge.probabilities_of(images), held_out[part]
            suggested[rows] = probabilities.argmax(axis=1)
            suggested_probability[rows] = probabilities.max(axis=1)
            given_probability[rows] = probabilities[np.arange(len(rows)), dataset.labels[rows]]
            yield (number + 1) / FOLDS
    disputed = np.flatnonzero(suggested != dataset.labels)
    margin = np.log(suggested_probability[disputed] / np.maximum(given_probability[disputed], FAINTEST))
    disputed = disputed[np.argsort(-margin, kind="stable")]
    return LabelCourt(
        len(dataset),
        disputed,
        suggested[disputed],
        given_probability[disputed],
        suggested_probability[disputed],
    )


def judges_training(n_images: int) -> TrainingConfig:
    """Return how a judge is trained: short, so that it does not memorise wrong labels.

    >>> judges_training(60_000).epochs, judges_training(1797).epochs
    (3, 10)
    """
    few = n_images < FEW_IMAGES
    return TrainingConfig(
        learning_rate=0.01,
        schedule="one_cycle",
        batch_size=32 if few else 128,
        epochs=10 if few else 3,
    )


def folds(labels: NDArray[np.integer], count: int, seed: int) -> IndexArray:
    """Return the fold of each image, from 0 to ``count - 1``: drawn at random, each class shared out evenly.

    >>> sorted(folds(np.array([0, 0, 0, 1, 1, 1]), 3, seed=0)[:3].tolist())
    [0, 1, 2]
    """
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    result = np.empty(len(labels), np.intp)
    result[by_class] = np.arange(len(labels)) % count
    return result
