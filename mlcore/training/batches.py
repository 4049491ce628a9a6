"""Batches: which images come next, how they are gathered, and how a network learns from them.

`TrainingRun` has one `BatchLearner`; when two processes share a run, each has its own, over the same images.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, IndexArray, Labels
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.blank import LitPixels
from mlcore.datasets.dataset import BLOCK, Dataset
from mlcore.datasets.split import Split
from mlcore.formulas.optimizers import Optimizer
from mlcore.images.augmentation import Augmentation, Augmenter
from mlcore.images.preparation import Preparation
from mlcore.network.layers import Layer
from mlcore.network.network import CONVOLUTION_MICRO_BATCH, FULL_MICRO_BATCH, MICRO_BATCH, Network
from mlcore.training.known_bugs import known_bug_hook
from mlcore.training.layer_health import PROBE_IMAGES, NetworkHealth, layer_healths
from mlcore.training.progress import Progress
from mlcore.training.records import Score, Tally

MICRO_BATCH_PRODUCTS = 10_000_000_000
"""Multiply-adds of one micro-batch at most, there and back: some tenths of a second until a break."""


class Images(Protocol):
    """Images that can be had in compact form (`Preparation.compact`) by their positions."""

    def gather(
        self, positions: IndexArray, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Write the images at ``positions`` into ``out`` (len(positions), features) and return it."""


class PlainImages:
    """The images of a data set whose compact form is their pixels: nothing is copied in advance."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def gather(
        self, positions: IndexArray, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Copy the pixels at ``positions`` into ``out``."""
        return self._dataset.gather(positions, out)


class CompactImages:
    """Images whose compact form was made in advance, (n, features)."""

    def __init__(self, images: NDArray[Any]) -> None:
        self.images = images

    def gather(
        self, positions: IndexArray, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Copy the rows at ``positions`` into ``out``."""
        # mode="clip" spares a copy of out; positions are our own and never out of range
        return self.images.take(positions, 0, out, "clip")


class LitImages:
    """The images of a data set without the pixels that are blank everywhere, which lie apart already."""

    def __init__(self, dataset: Dataset, lit: LitPixels) -> None:
        self._rows, self._pixels = dataset.rows, lit.rows.view(np.ndarray)

    def gather(
        self, positions: IndexArray, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Copy the lit pixels at ``positions`` into ``out``."""
        rows = positions if self._rows is None else self._rows[positions]
        return self._pixels.take(rows, 0, out, "clip")


class AugmentedImages:
    """The training images, changed at random each time they are gathered, in the network's compact form.

    Parameters
    ----------
    dataset : Dataset
    preparation : Preparation
    augmentation : Augmentation
    batch : int
        The largest number of images gathered at once.
    """

    def __init__(
        self, dataset: Dataset, preparation: Preparation, augmentation: Augmentation, batch: int
    ) -> None:
        self._dataset = dataset
        self._kept = preparation.kept
        self._sums = preparation.pooling**2  # compact form holds sums of squares, not means
        self._augmenter = Augmenter(dataset.image_shape, augmentation, batch, preparation.pooling)
        self._pixels = np.empty((batch, *dataset.image_shape), np.uint8)

    def gather(
        self, positions: IndexArray, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Write changed copies of the images at ``positions`` into ``out`` (len(positions), features).

        The changes are drawn from the generator.
        """
        assert generator is not None
        n = len(positions)
        self._dataset.gather(positions, self._pixels[:n].reshape(n, -1))
        changed = self._augmenter(self._pixels[:n], generator).reshape(n, -1)
        changed *= self._sums
        np.copyto(out, changed if self._kept is None else changed[:, self._kept], casting="unsafe")
        return out


def open_images(dataset: Dataset, preparation: Preparation, lit: LitPixels | None = None) -> Images:
    """Return the images of a data set, ready to be gathered in compact form: ``lit``, where that is given."""
    if lit is not None:
        return LitImages(dataset, lit)
    if preparation.is_plain:
        return PlainImages(dataset)
    compact = np.empty((len(dataset), preparation.features), preparation.compact_dtype)
    for part, pixels in dataset.blocks(BLOCK):  # there is never a second copy of the pixels
        compact[part] = preparation.compact(pixels)
    return CompactImages(compact)


def open_batches(
    dataset: Dataset, preparation: Preparation, augmentation: Augmentation, micro_batch: int, plain: Images
) -> Images:
    """Return the images that training sees: changed at random each time, or ``plain`` as they are."""
    return plain if augmentation.is_none else AugmentedImages(dataset, preparation, augmentation, micro_batch)


class ImageOrder:
    """The order in which a run sees its images: shuffled again for every epoch, or every sample.

    Parameters
    ----------
    n : int
        Training images.
    batch_size : int
        Images in a full batch.
    sample_size : int
        Images after which a new order is drawn; the first of a shuffled order are a sample in which no image
        comes twice.
    generator : numpy.random.Generator
        Draws the order.
    """

    def __init__(self, n: int, batch_size: int, sample_size: int, generator: np.random.Generator) -> None:
        self.batch_size, self.sample_size, self.generator = batch_size, sample_size, generator
        self.positions: IndexArray = np.arange(n)
        self.position = 0
        self._after_batch = (0, generator)

    def __len__(self) -> int:
        return len(self.positions)

    def next_batch(self) -> IndexArray:
        """Return the positions of the next images; it is the next batch until `pass_batch`."""
        size, last = self.batch_size, self.sample_size
        self._after_batch = self.position, self.generator
        if size == len(self) == last:
            return self.positions
        generator = self.generator
        if self.position == 0:
            generator = copy.deepcopy(generator)
            self.positions = generator.permutation(len(self))
        batch = self.positions[self.position : min(self.position + size, last)]
        self._after_batch = 0 if self.position + size >= last else self.position + size, generator
        return batch

    def pass_batch(self) -> None:
        """Let the batch after the last `next_batch` be the next one."""
        self.position, self.generator = self._after_batch


class BatchLearner:
    """A network together with the images that it learns from.

    Parameters
    ----------
    network : Network
    images : Images
    labels : int array (n,)
    weights : float array (n,), optional
        How much each image counts; None: all the same.
    """

    def __init__(
        self, network: Network, images: Images, labels: Labels, weights: Array | None = None
    ) -> None:
        self.network, self.images, self.labels, self.weights = network, images, labels, weights
        self._compact = room_for(network)
        self._sum = np.empty_like(network.gradients)  # over the micro-batches before the one that is computed

    def set_gradients(
        self, positions: IndexArray, loss_weight: float, generator: np.random.Generator | None, logits: Array
    ) -> Iterator[None]:
        """Set the network's gradients: of the summed losses of images, weighted, times ``loss_weight``.

        More images than a micro-batch go through the network in parts, and their gradients are added up: the
        same result, and every array stays small enough for the processor's cache. As a step may take minutes,
        there is a break between two micro-batches.

        Parameters
        ----------
        positions : int array (batch,)
        loss_weight : float
        generator : numpy.random.Generator or None
            Where augmentation and dropout draw from.
        logits : float array (batch, classes)
            Receives the logits z.
        """
        network = self.network
        if len(positions) == 0:
            network.gradients[:] = 0
        for start in range(0, len(positions), network.micro_batch):
            if start > 0:
                yield
                np.copyto(self._sum, network.gradients)
            part = slice(start, start + network.micro_batch)
            some = positions[part]
            compact = self.images.gather(some, self._compact[: len(some)], generator)
            weights = loss_weight if self.weights is None else loss_weight * self.weights[some, None]
            network.learn_from(compact, self.labels[some], weights, generator, logits[part])
            if start > 0:
                network.gradients += self._sum


def measure(
    network: Network, images: Images, labels: Labels, positions: IndexArray, weights: Array | None = None
) -> Generator[None, None, tuple[float, float]]:
    """Return mean loss and accuracy over the images at ``positions``; with a break after each micro-batch."""
    if len(positions) == 0:
        return math.nan, math.nan
    score = Score(network.loss)
    compact = room_for(network)
    for start in range(0, len(positions), network.micro_batch):
        part = positions[start : start + network.micro_batch]
        logits = network.logits(images.gather(part, compact[: len(part)]))
        score.add(logits, labels[part], None if weights is None else weights[part])
        yield
    return score.means()


def room_for(network: Network) -> NDArray[Any]:
    """Return an array for a micro-batch of images in compact form, (micro_batch, features)."""
    preparation = network.preparation
    return np.empty((network.micro_batch, preparation.features), preparation.compact_dtype)


class TrainingData:
    """A split, opened for one network: batches to learn from, and images to measure it on.

    Parameters
    ----------
    split : Split
    network : Network
    config : TrainingConfig
    batch_size : int
        Images in a full batch.
    image_weights : float array (n_train,), optional
        How much each training image counts, beside the weight of its class.
    lit : LitPixels, optional
        The pixels that the network reads, when it is trained without the others.

    Attributes
    ----------
    class_weights : float array (classes,) or None
    images : Images
        The training images in compact form, as they are.
    """

    def __init__(
        self,
        split: Split,
        network: Network,
        config: TrainingConfig,
        batch_size: int,
        image_weights: Array | None = None,
        lit: LitPixels | None = None,
    ) -> None:
        labels = split.train.labels
        self.class_weights = class_weights_of(config, labels, network.n_classes, network.dtype)
        self._weights, self._dev_weights = (
            None if self.class_weights is None else self.class_weights[images.labels]
            for images in (split.train, split.dev)
        )
        if image_weights is not None:
            both = image_weights if self._weights is None else image_weights * self._weights
            self._weights = both.astype(network.dtype)
        self.split, self.tally = split, Tally(network, batch_size, labels, self._weights)
        preparation, n = network.preparation, len(split.train)
        self.images, self._dev = (open_images(part, preparation, lit) for part in (split.train, split.dev))
        batches = open_batches(
            split.train, preparation, config.augmentation, network.micro_batch, self.images
        )
        self.learner = BatchLearner(network, batches, labels, self._weights)
        self._sample = np.arange(n if config.train_sample is None else min(config.train_sample, n))

    @property
    def measured_labels(self) -> Labels:
        """The labels of the images that decide which measurement is best: dev set, or training sample."""
        dev = self.split.dev.labels
        return dev if len(dev) else self.split.train.labels[self._sample]

    def health(self, progress: Progress, optimizer: Optimizer, penalty: float) -> NetworkHealth:
        """Return how the layers are, by a step that is not taken (see `layer_healths`)."""
        layers = layer_healths(
            self.learner.network,
            optimizer,
            *self._probe(),
            rate=progress.learning_rate,
            cost_decay=progress.cost_decay,
            hook=known_bug_hook(progress.training_config),
        )
        return NetworkHealth(progress.step, progress.epoch, penalty, layers)

    def _probe(self) -> tuple[NDArray[Any], Labels, Array]:
        """Return some training images in compact form, their labels, and their shares of the mean loss."""
        network, labels = self.learner.network, self.split.train.labels
        n = min(PROBE_IMAGES, network.micro_batch, len(labels))
        positions = np.linspace(0, len(labels) - 1, n).astype(np.intp)  # a file may be sorted by class
        shares = np.full((n, 1), 1 / n, network.dtype)
        if self._weights is not None:
            shares *= self._weights[positions, None]
        compact = self.images.gather(positions, room_for(network)[:n])
        return compact, labels[positions], shares

    def measure_training(self) -> Generator[None, None, tuple[float, float]]:
        """Return mean loss and accuracy on the sample of training images (see `measure`)."""
        labels, weights = self.split.train.labels, self._weights
        return measure(self.learner.network, self.images, labels, self._sample, weights)

    def measure_dev(self) -> Generator[None, None, tuple[float, float]]:
        """Return mean loss and accuracy on the whole dev set (see `measure`)."""
        labels, weights = self.split.dev.labels, self._dev_weights
        return measure(self.learner.network, self._dev, labels, np.arange(len(labels)), weights)


def class_weights_of(
    config: TrainingConfig, labels: Labels, n_classes: int, dtype: np.dtype[np.floating]
) -> Array | None:
    """Return how much an image of each class counts, (classes,), by the labels of the training images.

    Balanced weights are n / (k n_c) for the n_c images of a class among n in k classes, so that each class
    counts the same and the mean weight of the training images is 1. A class without images has weight 1.

    >>> balanced = TrainingConfig(class_weights="balanced")
    >>> class_weights_of(balanced, np.array([0, 0, 0, 1]), 3, np.dtype(float)).round(3).tolist()
    [0.667, 2.0, 1.0]
    """
    if config.class_weights == "none":
        return None
    counts = np.bincount(labels, minlength=n_classes)
    balanced = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    weights: Array = np.where(counts > 0, balanced, 1.0).astype(dtype)
    return weights


def draws(network: NetworkConfig, training: TrainingConfig) -> bool:
    """Return whether a step draws random numbers: for dropout, or to change its images."""
    return bool(network.dropout) or not training.augmentation.is_none


def step_generator(seed: int, step: int, side: int) -> np.random.Generator:
    """Return the generator from which one step draws its random numbers.

    It follows from its three numbers alone, so that nothing of it need be saved, and both processes of a
    shared run draw what one would. ``side`` is 0, or 1 for the second half of a batch that is taken in two.

    >>> first, again, other = (step_generator(0, 7, side).random() for side in (1, 1, 0))
    >>> first == again != other
    True
    """
    return np.random.default_rng([seed, step, side])


def step_products(layers: Sequence[Layer]) -> int:
    """Return how many products one image takes in a step: forward, and twice as many on the way back."""
    return 3 * sum(layer.multiply_adds for layer in layers)


def micro_batch_of(network: NetworkConfig, training: TrainingConfig, products: int) -> int:
    """Return how many images go through a network at once, given how many products one image takes.

    >>> small, large = NetworkConfig(hidden_sizes=(32,)), NetworkConfig(filters=(256, 256), kernel_size=5)
    >>> micro_batch_of(small, TrainingConfig(batch_size=None), 80_000)
    1024
    >>> micro_batch_of(large, TrainingConfig(batch_size=None), 350_000_000)
    16
    """
    micro_batch = MICRO_BATCH if (training.batch_size or math.inf) <= MICRO_BATCH else FULL_MICRO_BATCH
    if network.filters:
        micro_batch = CONVOLUTION_MICRO_BATCH
    while micro_batch > 1 and micro_batch * products > MICRO_BATCH_PRODUCTS:
        micro_batch //= 2
    return micro_batch
