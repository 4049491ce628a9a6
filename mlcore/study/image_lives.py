"""The life of each training image: when it was learned, how often forgotten, how sure the network was of it.

The Evaluate page has a worker follow them over the snapshots of a run or in a short training of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float32Array, Float64Array, IndexArray
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.language import N_
from mlcore.model import Model
from mlcore.study.progress import Study, between, spans, unwatched
from mlcore.training.run import TrainingRun

BLOCK = 1024

WATCHED = NetworkConfig(hidden_sizes=(128,), drop_rare_pixels=0.01)
"""With MNIST's 60,000 images, training and all answers take about five seconds of a core."""

FEW_IMAGES = 10_000
"""Fewer images are watched in smaller batches: an epoch is then as many steps as with many images."""

LEAST_CONFIDENCE = 0.5
"""An image in whose label the network has less confidence, on average over the training, is hard."""

MOST_VARIABLE = 0.2
"""An image of which the network is unsteadier than this is ambiguous; at most it can be 0.5."""

KINDS = {
    "hard": N_("Hard"),
    "ambiguous": N_("Ambiguous"),
    "easy": N_("Easy"),
}
"""What an image can be, as `ImageLives.kinds` has it."""


@dataclass(frozen=True)
class ImageLives:
    """What became of each image in a training (Swayamdipta et al., 2020; Toneva et al., 2019).

    Attributes
    ----------
    epochs : tuple of float
        The moments at which the network was asked.
    confidence : float32 array (n,)
        The probability of the image's label, on average over the training.
    variability : float32 array (n,)
        Its standard deviation.
    learned : float32 array (n,)
        The epoch from which on the image was always read correctly; nan when it was wrong at the end.
    forgotten : uint8 array (n,)
        How often it was read correctly at one moment and wrong at the next.
    guesses : unsigned integer array (n,)
        The answer at the end.
    """

    epochs: tuple[float, ...]
    confidence: Float32Array
    variability: Float32Array
    learned: Float32Array
    forgotten: NDArray[np.uint8]
    guesses: NDArray[np.unsignedinteger]

    def __len__(self) -> int:
        return len(self.confidence)

    def kinds(self) -> dict[str, IndexArray]:
        """Return the positions of the images of each kind, by the keys of `KINDS`.

        Hard ones begin with the least confidence, ambiguous ones with the unsteadiest, easy ones with the
        most confidence.
        """
        hard = self.confidence < LEAST_CONFIDENCE
        ambiguous = ~hard & (self.variability > MOST_VARIABLE)
        orders = {
            "hard": (hard, self.confidence),
            "ambiguous": (ambiguous, -self.variability),
            "easy": (~hard & ~ambiguous, -self.confidence),
        }
        return {name: _sorted(where, by) for name, (where, by) in orders.items()}


def _sorted(where: NDArray[np.bool_], by: Float32Array) -> IndexArray:
    positions = np.flatnonzero(where)
    return positions[np.argsort(by[positions], kind="stable")]


class _Diary:
    """What is noted of each image from moment to moment; nothing grows with their number."""

    def __init__(self, dataset: Dataset) -> None:
        n = len(dataset)
        self._dataset = dataset
        self._weight = 0.0
        self._mean: Float64Array = np.zeros(n)
        self._squares: Float64Array = np.zeros(n)
        self._learned = np.full(n, np.nan, np.float32)
        self._forgotten = np.zeros(n, np.uint8)
        self._was_right = np.zeros(n, np.bool_)
        self._guesses = np.zeros(n, np.min_scalar_type(len(dataset.class_names) - 1))

    def add(self, model: Model, epoch: float, weight: float) -> Study[None]:
        """Ask a model about all images, and note what became of them since the moment before."""
        n, labels = len(self._dataset), self._dataset.labels
        self._weight += weight
        for part, images in self._dataset.blocks(BLOCK):
            probabilities = model.probabilities_of(images)
            given = probabilities[np.arange(len(images)), labels[part]]
            # Welford (1962), with weights: no large sums are subtracted from each other.
            away = given - self._mean[part]
            self._mean[part] += away * (weight / self._weight)
            self._squares[part] += weight * away * (given - self._mean[part])
            self._guesses[part] = probabilities.argmax(axis=1)
            yield part.stop / n
        right = self._guesses == labels
        self._forgotten += self._was_right & ~right & (self._forgotten < 255)
        self._learned[right & np.isnan(self._learned)] = epoch
        self._learned[~right] = np.nan
        self._was_right = right

    def lives(self, epochs: Sequence[float]) -> ImageLives:
        return ImageLives(
            tuple(epochs),
            self._mean.astype(np.float32),
            np.sqrt(self._squares / self._weight).astype(np.float32),
            self._learned,
            self._forgotten,
            self._guesses,
        )


def lives_over(snapshots: Sequence[Model], epochs: Sequence[float], dataset: Dataset) -> Study[ImageLives]:
    """Follow the training images over the snapshots of a run.

    Each moment counts for the time that it stands for: early ones lie closer together.

    Parameters
    ----------
    snapshots : sequence of Model
        In their order.
    epochs : sequence of float
        When each was taken.
    dataset : Dataset
        The training images.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    ImageLives
    """
    diary = _Diary(dataset)
    n, moments = len(snapshots), zip(snapshots, epochs, spans(epochs).tolist(), strict=True)
    for number, (model, epoch, weight) in enumerate(moments):
        yield from between(number / n, (number + 1) / n, diary.add(model, epoch, weight))
    return diary.lives(epochs)


def watched_training(n_images: int) -> TrainingConfig:
    """Return the short training in which images are followed where there are no snapshots.

    >>> watched_training(60_000).batch_size, watched_training(1797).batch_size
    (128, 16)
    """
    few = n_images < FEW_IMAGES
    return TrainingConfig(learning_rate=0.003 if few else 0.001, batch_size=16 if few else 128, epochs=10)


def lives_in_training(
    dataset: Dataset, network: NetworkConfig = WATCHED, training: TrainingConfig | None = None
) -> Study[ImageLives]:
    """Follow the training images in a training of its own, from epoch to epoch.

    Parameters
    ----------
    dataset : Dataset
        The training images.
    network, training
        What is trained, for at least one epoch; `watched_training` when no training is given.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    ImageLives

    Raises
    ------
    TrainingDiverged
        When the numbers become too large to hold.

    Examples
    --------
    >>> from mlcore import completed, load_dataset
    >>> lives = completed(lives_in_training(load_dataset("digits-8x8")))
    >>> len(lives), len(lives.epochs)
    (1797, 10)
    >>> [len(positions) > 0 for positions in lives.kinds().values()]
    [True, True, True]
    """
    run = TrainingRun(network, unwatched(training or watched_training(len(dataset))))
    run.build(Split(dataset, dataset.take(slice(0, 1))))
    diary, epochs = _Diary(dataset), list[float]()
    while not run.is_done:
        run.next_record(last_step=run.step + 1)
        yield run.step / run.total_steps
        if run.step % run.steps_per_epoch == 0 and run.step and (not epochs or run.epoch > epochs[-1]):
            epochs.append(run.epoch)
            yield from (run.step / run.total_steps for _part in diary.add(run.model(), run.epoch, 1.0))
    return diary.lives(epochs)
