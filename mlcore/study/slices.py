"""Slices: some images of a data set, kept under a name and followed over models and over a run.

The Evaluate page keeps what a filter has found, and has a worker evaluate the snapshots of a run on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import IndexArray
from mlcore.datasets.dataset import Dataset
from mlcore.model import Model
from mlcore.study.progress import Study, between, hits


@dataclass(frozen=True)
class Slice:
    """Some images of one data set, the same ones whatever model is asked about them.

    A bit an image is kept: of 10,000 images, 1.3 kB.

    Attributes
    ----------
    name : str
        What a person calls it.
    rule : str
        How the images were chosen, in words.
    fingerprint : str
        Of the data set.
    n : int
        How many images it has.
    bits : bytes
        One for each image of the data set.
    """

    name: str
    rule: str
    fingerprint: str
    n: int
    bits: bytes

    @classmethod
    def of(cls, dataset: Dataset, positions: IndexArray, name: str, rule: str = "") -> Slice:
        """Return the slice of the images at these positions.

        >>> eight = Dataset(np.zeros((8, 2, 2), np.uint8), np.arange(8) % 2, "ab", "eight")
        >>> Slice.of(eight, np.array([1, 6]), "two").positions.tolist()
        [1, 6]
        """
        chosen = np.zeros(len(dataset), np.bool_)
        chosen[positions] = True
        return cls(name, rule, dataset.fingerprint, int(chosen.sum()), np.packbits(chosen).tobytes())

    @property
    def positions(self) -> IndexArray:
        """The positions of the images in the data set, in its order."""
        return np.flatnonzero(np.unpackbits(np.frombuffer(self.bits, np.uint8)))

    def is_of(self, dataset: Dataset) -> bool:
        """Return whether these are images of this data set."""
        return self.fingerprint == dataset.fingerprint


def follow_slices(
    models: Sequence[Model], dataset: Dataset, members: Sequence[IndexArray]
) -> Study[NDArray[np.int64]]:
    """Count how many images of each slice each model reads right.

    Parameters
    ----------
    models : sequence of Model
        Such as the snapshots of a run.
    dataset : Dataset
        Labelled images of the models' shape and classes.
    members : sequence of int array
        The positions of each slice's images.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    int array (models, slices)

    Examples
    --------
    >>> from mlcore import completed, fit, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> fours = np.flatnonzero(split.dev.labels == 4)
    >>> right = completed(follow_slices([fit(split, progress=False)], split.dev, [fours]))
    >>> right.shape, bool(right[0, 0] > 0.8 * len(fours))
    ((1, 1), True)
    """
    needed = np.unique(np.concatenate([np.empty(0, np.intp), *members]))
    images = dataset.take(needed)
    places = [np.searchsorted(needed, positions) for positions in members]
    right = np.zeros((len(models), len(members)), np.int64)
    for number, model in enumerate(models):
        part = between(number / len(models), (number + 1) / len(models), hits(model, images))
        is_right = yield from part
        right[number] = [np.count_nonzero(is_right[place]) for place in places]
    return right
