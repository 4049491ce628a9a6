"""What can be seen of a data set before anything is learnt: its range of grey levels, the mean of each class.

It stands beside the Dataset on the path: the Data page shows these, and a notebook can ask for them.
"""

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import BLOCK, Dataset


def pixel_range(dataset: Dataset) -> tuple[int, int]:
    """Return the smallest and the largest grey level of all pixels.

    >>> pixel_range(Dataset(np.array([[[3, 7]]], np.uint8), np.array([0]), ("a",), "one"))
    (3, 7)
    """
    return int(dataset.images.min()), int(dataset.images.max())


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
