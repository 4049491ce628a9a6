"""Robustness: how often a model is still right when images are turned, moved, blurred and so on.

The Evaluate page has a worker run the study and draws accuracy over strength; a notebook calls `completed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlcore.datasets.dataset import Dataset
from mlcore.images.distortion import DISTORTIONS, distort
from mlcore.metrics import likely_accuracy
from mlcore.model import Model
from mlcore.study.progress import Study

USUAL_IMAGES = 2000
"""Images that tell an accuracy of 90 % to 1.3 percentage points; all distortions together ask 49 times."""

BLOCK = 250
"""Images that are distorted and asked about in one go."""


@dataclass(frozen=True)
class Strength:
    """How a model does at one strength of one distortion.

    Attributes
    ----------
    strength : float
        In the unit of the distortion.
    right, n : int
        How many of how many images are read correctly.
    """

    strength: float
    right: int
    n: int

    @property
    def accuracy(self) -> float:
        """The fraction that is right."""
        return self.right / self.n

    @property
    def likely_accuracy(self) -> tuple[float, float]:
        """Its 95 % interval (Wilson, 1927)."""
        return likely_accuracy(self.right, self.n)


@dataclass(frozen=True)
class Robustness:
    """How a model does under every distortion.

    Attributes
    ----------
    n : int
        How many images were distorted.
    curves : dict of str to tuple of Strength
        By the names of `DISTORTIONS`; strengths ascend.
    """

    n: int
    curves: Mapping[str, tuple[Strength, ...]]

    def undistorted(self) -> Strength:
        """Return how the model does on the images as they are."""
        name, about = next(iter(DISTORTIONS.items()))
        return next(point for point in self.curves[name] if point.strength == about.neutral)


def some_images(dataset: Dataset, count: int = USUAL_IMAGES, seed: int = 0) -> Dataset:
    """Return at most ``count`` images of a data set, drawn at random, in arrays of their own.

    >>> from mlcore import load_dataset
    >>> len(some_images(load_dataset("digits-8x8"), 100))
    100
    """
    if len(dataset) <= count:
        return dataset.detached()
    rows = np.random.default_rng(seed).choice(len(dataset), count, replace=False)
    return dataset.take(np.sort(rows)).detached()


def robustness(model: Model, dataset: Dataset) -> Study[Robustness]:
    """Measure a model's accuracy under each distortion, at each of its strengths.

    Parameters
    ----------
    model : Model
    dataset : Dataset
        Labelled images of the model's shape and classes; at least one.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    Robustness

    Examples
    --------
    >>> from mlcore import completed, fit, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> found = completed(robustness(fit(split, progress=False), split.dev))
    >>> found.undistorted().accuracy > 0.9 > found.curves["rotation"][-1].accuracy
    True
    """
    plan = [
        (name, strength)
        for name, about in DISTORTIONS.items()
        for strength in about.strengths_for(dataset.image_shape)
    ]
    right = dict.fromkeys(plan, 0)
    blocks = -(-len(dataset) // BLOCK)
    for number, (part, images) in enumerate(dataset.blocks(BLOCK)):
        for place, (name, strength) in enumerate(plan):
            guesses = model.probabilities_of(distort(images, name, strength, seed=number)).argmax(axis=1)
            right[name, strength] += int((guesses == dataset.labels[part]).sum())
            yield (number + (place + 1) / len(plan)) / blocks
    curves = {
        name: tuple(
            Strength(strength, right[name, strength], len(dataset)) for of, strength in plan if of == name
        )
        for name in DISTORTIONS
    }
    return Robustness(len(dataset), curves)
