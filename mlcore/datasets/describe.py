"""What can be said of a data set before any training: grey levels, mean images, the most common class.

The Data page shows these, and a notebook can ask for them.
"""

import math

import numpy as np

from mlcore.arrays import Labels, UInt8Array
from mlcore.datasets.dataset import BLOCK, Dataset


def pixel_range(dataset: Dataset) -> tuple[int, int]:
    """Return the smallest and the largest grey level of all pixels.

    >>> pixel_range(Dataset(np.array([[[3, 7]]], np.uint8), np.array([0]), ("a",), "one"))
    (3, 7)
    """
    darkest, lightest = 255, 0
    for _part, images in dataset.blocks(BLOCK):
        darkest, lightest = min(darkest, int(images.min())), max(lightest, int(images.max()))
    return darkest, lightest


def average_images(dataset: Dataset) -> UInt8Array:
    """Return the mean of the images of each class, uint8 ``(classes, height, width)``.

    A class without images is black.
    """
    means = np.zeros((len(dataset.class_names), *dataset.image_shape), np.uint8)
    for k, mean in enumerate(means):
        members = np.flatnonzero(dataset.labels == k)
        total = np.zeros(dataset.image_shape, np.int64)
        for _part, images in dataset.take(members).blocks(BLOCK):
            total += images.sum(axis=0, dtype=np.int64)
        mean[...] = np.rint(total / max(1, len(members)))
    return means


def commonest_share(labels: Labels) -> float:
    """Return the share of the commonest class, the accuracy of one answer for everything; nan for no labels.

    A network whose accuracy is no higher has learned nothing that helps (see `Evaluation.learned_nothing` and
    `TrainingRun.learned_nothing`).

    Parameters
    ----------
    labels : int array (n,)

    Examples
    --------
    >>> commonest_share(np.array([2, 2, 2, 0]))
    0.75
    """
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else math.nan
