"""Where the images of a batch come from, and how a network takes them in: gathered a tile at a time.

It stands between the split and the network on the path. A run has one `BatchLearner`; when two processes
share a run, each has its own, over the same images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.images.augmentation import Augmentation, AugmentedImages
from mlcore.images.preparation import Preparation
from mlcore.network.network import Network

Array = NDArray[np.floating]
Labels = NDArray[np.int64]
Positions = NDArray[np.intp]


class Images(Protocol):
    """Images that can be had in compact form (`Preparation.compact`) by their positions."""

    def gather(
        self, positions: Positions, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Write the images at ``positions`` into ``out`` (len(positions), features) and return it."""


class PlainImages:
    """The images of a data set whose compact form is their pixels: nothing is copied beforehand."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def gather(
        self, positions: Positions, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Copy the pixels at ``positions`` into ``out``."""
        return self._dataset.gather(positions, out)


class CompactImages:
    """Images whose compact form was made beforehand, (n, features)."""

    def __init__(self, images: NDArray[Any]) -> None:
        self.images = images

    def gather(
        self, positions: Positions, out: NDArray[Any], generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        """Copy the rows at ``positions`` into ``out``."""
        # mode="clip" spares a copy of out; positions are our own and never out of range
        return self.images.take(positions, 0, out, "clip")


def open_images(dataset: Dataset, preparation: Preparation) -> PlainImages | CompactImages:
    """Return the images of a data set, ready to be gathered in compact form."""
    if preparation.is_plain:
        return PlainImages(dataset)
    height, width = dataset.image_shape
    compact = np.empty((len(dataset), preparation.features), preparation.compact_dtype)
    for start in range(0, len(dataset), 4096):  # block by block: there is never a second copy of the pixels
        positions = np.arange(start, min(start + 4096, len(dataset)))
        pixels = dataset.gather(positions, np.empty((len(positions), height * width), np.uint8))
        compact[positions] = preparation.compact(pixels.reshape(-1, height, width))
    return CompactImages(compact)


def open_batches(
    dataset: Dataset, preparation: Preparation, augmentation: Augmentation, tile: int, plain: Images
) -> Images:
    """Return the images that training sees: changed anew each time, or ``plain`` as they are."""
    return plain if augmentation.is_none else AugmentedImages(dataset, preparation, augmentation, tile)


class BatchLearner:
    """A network together with the images that it learns from.

    Parameters
    ----------
    network : Network
    images : Images
    labels : int array (n,)
    """

    def __init__(self, network: Network, images: Images, labels: Labels) -> None:
        self.network, self.images, self.labels = network, images, labels
        preparation = network.preparation
        self._compact = np.empty((network.tile, preparation.features), preparation.compact_dtype)
        self._sum = np.empty_like(network.gradients)  # over the tiles before the one that is computed

    def set_gradients(
        self, positions: Positions, share: float, generator: np.random.Generator | None, outputs: Array
    ) -> Iterator[None]:
        """Set the network's gradients to those of ``share`` times the summed losses of some images.

        More images than a tile go through the network a tile at a time and their gradients are added up: the
        same result, and every array stays small enough for the processor's cache. As a step may take minutes,
        there is a break between two tiles.

        Parameters
        ----------
        positions : int array (batch,)
        share : float
        generator : numpy.random.Generator or None
            Where augmentation and dropout draw from.
        outputs : float array (batch, classes)
            Receives the outputs p.
        """
        network = self.network
        if len(positions) == 0:
            network.gradients[:] = 0
        for start in range(0, len(positions), network.tile):
            if start > 0:
                yield
                np.copyto(self._sum, network.gradients)
            part = slice(start, start + network.tile)
            some = positions[part]
            compact = self.images.gather(some, self._compact[: len(some)], generator)
            network.learn_from(compact, self.labels[some], share, generator, outputs[part])
            if start > 0:
                network.gradients += self._sum


def draws(network: NetworkConfig, training: TrainingConfig) -> bool:
    """Return whether a step draws random numbers: for dropout, or to change its images."""
    return bool(network.dropout) or not training.augmentation.is_none


def step_generator(seed: int, step: int, side: int) -> np.random.Generator:
    """Return the generator from which one step draws what it needs by chance.

    It follows from its three numbers alone, so that nothing of it need be saved, and both processes of a
    shared run draw what one would. ``side`` is 0, or 1 for the second half of a batch that is taken in two.

    >>> first, again, other = (step_generator(0, 7, side).random() for side in (1, 1, 0))
    >>> first == again != other
    True
    """
    return np.random.default_rng([seed, step, side])
