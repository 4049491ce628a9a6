"""What may be wrong with the images of a data set: copies, contradicting labels, blank images, rare classes.

The Data page shows a line for each, and a notebook can ask `check_health`. Nothing is changed here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float32Array, IndexArray
from mlcore.datasets.dataset import BLOCK, Dataset

BLANK_LEVELS = 16
"""An image is blank when its darkest and its lightest pixel differ by fewer grey levels than this."""

FEW = 10
"""A class with fewer images than this is rare."""

NEARNESS = 0.1
"""Two images are near copies when they differ by at most this part of the contrast of the flatter one.

Contrast is the length of the image as a vector, less its mean. A JPEG of MNIST's images at quality 75 differs
by 0.07 (95 % of them by less than 0.09), noise of five grey levels by 0.05. The nearest two of the 60,000
differ by 0.13: there are no false alarms. A copy moved by one pixel differs by 0.6 and is not found.
"""

SIGNATURE = 24
"""Numbers of an image by which pairs are ruled out before their pixels are compared."""

SAMPLE = 512
"""Images from which the directions of the signature are found."""

TILE = (256, 4096)
"""Images that are compared with others in one go, and those others: arrays of some megabytes."""

MOST_COMPARED = 4_000_000_000
"""Numbers, after which the search for near copies ends: five seconds or so."""


@dataclass(frozen=True)
class Health:
    """What `check_health` found; every array holds positions in the data set, in order.

    Attributes
    ----------
    original : int array (n,)
        For each image, the one that it is a copy of; its own position when it is none.
    copies, near_copies : int arrays
        Images that equal another one pixel by pixel, or nearly; one of each is not among them.
    contradictions : int array
        Images with copies, exact or near, of which not all have the same label.
    blank : int array
        Images on which nothing can be seen.
    rare : int array
        The images of classes with few of them.
    complete : bool
        Whether all pairs were compared in the search for near copies: of a very large data set, not all are.
    """

    original: IndexArray
    copies: IndexArray
    near_copies: IndexArray
    contradictions: IndexArray
    blank: IndexArray
    rare: IndexArray
    complete: bool

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        found = (self.copies, self.near_copies, self.contradictions, self.blank, self.rare)
        return not any(len(positions) for positions in found)

    def known(self, images: IndexArray, others: IndexArray) -> IndexArray:
        """Return those of some images of which a copy, exact or near, is among some others.

        Of a dev set and training images, these are the ones that the network has seen in training.
        """
        return images[np.isin(self.original[images], self.original[others])]


def check_health(dataset: Dataset) -> Health:
    """Look for copies, contradicting labels, blank images and rare classes.

    MNIST's 60,000 images take about a second, and 34 MB beside the images (`python -m benchmarks.health`).

    Examples
    --------
    >>> images = np.zeros((3, 4, 4), np.uint8)
    >>> images[:2, 1:3, 1] = 255
    >>> health = check_health(Dataset(images, [0, 1, 1], ("a", "b"), "three"))
    >>> health.copies, health.contradictions, health.blank
    (array([1]), array([0, 1]), array([2]))
    """
    blank = find_blank(dataset)
    original = find_copies(dataset)
    original[blank] = blank  # blank images are told once, not as copies of each other too
    is_copy = original != np.arange(len(dataset))
    near, complete = find_near_copies(dataset, np.flatnonzero(~is_copy & ~_mask(blank, len(dataset))))
    is_near = near != np.arange(len(dataset))
    original = near[original]
    return Health(
        original=original,
        copies=np.flatnonzero(is_copy),
        near_copies=np.flatnonzero(is_near),
        contradictions=find_contradictions(dataset, original),
        blank=blank,
        rare=np.flatnonzero(dataset.class_counts[dataset.labels] < FEW),
        complete=complete,
    )


def find_blank(dataset: Dataset) -> IndexArray:
    """Return the positions of images on which nothing can be seen."""
    spread = np.empty(len(dataset), np.int16)
    for part, images in dataset.blocks(BLOCK):
        rows = images.reshape(len(images), -1)
        spread[part] = rows.max(axis=1).astype(np.int16) - rows.min(axis=1)
    return np.flatnonzero(spread < BLANK_LEVELS)


def find_copies(dataset: Dataset) -> IndexArray:
    """Return for each image the position of the first that equals it pixel by pixel, its own as a rule.

    Images are compared by a hash of 64 bits: two that differ have the same one in one of ten thousand million
    data sets of MNIST's size.
    """
    hashes = np.empty(len(dataset), np.int64)
    for part, images in dataset.blocks(BLOCK):
        hashes[part] = [hash(image.tobytes()) for image in images]
    _values, first, number = np.unique(hashes, return_index=True, return_inverse=True)
    original: IndexArray = first[number]
    return original


def find_contradictions(dataset: Dataset, original: IndexArray) -> IndexArray:
    """Return the positions of all images of which some copy has another label."""
    differs = dataset.labels != dataset.labels[original]
    return np.flatnonzero(_mask(original[differs], len(dataset))[original])


def _mask(positions: IndexArray, n: int) -> NDArray[np.bool_]:
    mask = np.zeros(n, bool)
    mask[positions] = True
    return mask


# ---- near copies ------------------------------------------------------------------------------------------
#
# Let x and y be two images less their means, P a matrix with orthonormal rows, and c = ‖x‖ ≤ ‖y‖ their
# contrasts. A near copy has ‖x - y‖ ≤ ε c, and then
#
#     ‖y‖ ≤ (1 + ε) c          in the order of contrast, only a stretch of images comes into question,
#     ‖P x - P y‖ ≤ ε c        and of those, only the ones with a signature P y that is as near.
#
# Neither rule misses a pair. P holds the directions in which the images differ most.


def find_near_copies(dataset: Dataset, among: IndexArray) -> tuple[IndexArray, bool]:
    """Return for each image the position of the one that it nearly equals, its own as a rule.

    Parameters
    ----------
    dataset : Dataset
    among : int array
        The images that are compared; the others are left as they are.

    Returns
    -------
    original : int array (n,)
        An image that others are near copies of is none itself.
    complete : bool
        Whether all pairs were compared.
    """
    original = np.arange(len(dataset))
    if len(among) < 2:
        return original, True
    signatures, contrasts = _signatures(dataset, among)
    order = np.argsort(contrasts, kind="stable")
    search = _Search(dataset, among[order], signatures[order], contrasts[order])
    complete = search.run()
    original[search.positions] = search.positions[search.original]
    return original, complete


class _Search:
    """Compares images in the order of their contrast; what is a near copy is not compared any more."""

    def __init__(
        self, dataset: Dataset, positions: IndexArray, signatures: Float32Array, contrasts: Float32Array
    ) -> None:
        self.positions = positions
        self.original = np.arange(len(positions))
        self._dataset = dataset
        self._contrasts = contrasts
        # left @ right = ε²c² - ‖P x - P y‖², all of them by one product of matrices.
        squares, ones = (signatures**2).sum(axis=1), np.ones(len(positions), np.float32)
        self._left = np.column_stack([2 * signatures, (NEARNESS * contrasts) ** 2 - squares, -ones])
        self._right = np.column_stack([signatures, ones, squares]).T.copy()
        self._compared = 0

    def run(self) -> bool:
        """Find the near copies; return whether all pairs were compared."""
        bounds = np.searchsorted(self._contrasts, (1 + NEARNESS) * self._contrasts, side="right")
        for start in range(0, len(self.positions), TILE[0]):
            end = bounds[min(start + TILE[0], len(bounds)) - 1]
            for first in range(start, end, TILE[1]):
                if self._compared > MOST_COMPARED:
                    return False
                rows = np.arange(start, min(start + TILE[0], len(bounds)))
                self._compare(rows[self._is_no_copy(rows)], first, min(first + TILE[1], end))
        return True

    def _is_no_copy(self, places: IndexArray) -> NDArray[np.bool_]:
        is_none: NDArray[np.bool_] = self.original[places] == places
        return is_none

    def _compare(self, rows: IndexArray, first: int, end: int) -> None:
        """Compare the images at some places with those from `first` on."""
        nearness = self._left[rows] @ self._right[:, first:end]
        self._compared += nearness.size
        # Rounding must not lose a pair: 1e-6 of the squares that were added up.
        candidates = nearness >= -1e-6 * self._right[-1, first:end]
        is_itself_among = rows >= first
        for k in np.flatnonzero(np.count_nonzero(candidates, axis=1) > is_itself_among):
            row = rows[k]
            others = first + np.flatnonzero(candidates[k])
            others = others[(others > row) & self._is_no_copy(others)]
            if self.original[row] == row and len(others):
                self.original[others[self._are_near(row, others)]] = row

    def _are_near(self, row: int, others: IndexArray) -> NDArray[np.bool_]:
        """Compare all pixels of one image with those of some others."""
        n_pixels = self._dataset.image_shape[0] * self._dataset.image_shape[1]
        self._compared += len(others) * n_pixels
        image = _centred(self._dataset, self.positions[[row]])
        distances = np.empty(len(others), np.float32)
        step = max(1, TILE[0] * TILE[1] // n_pixels)
        for start in range(0, len(others), step):
            some = _centred(self._dataset, self.positions[others[start : start + step]])
            distances[start : start + step] = np.linalg.norm(some - image, axis=1)
        near: NDArray[np.bool_] = distances <= NEARNESS * self._contrasts[row]
        return near


def _signatures(dataset: Dataset, among: IndexArray) -> tuple[Float32Array, Float32Array]:
    """Return the signature of each image, ``(n, at most SIGNATURE)``, and its contrast, ``(n,)``."""
    sample = _centred(dataset, among[np.linspace(0, len(among) - 1, min(SAMPLE, len(among))).astype(int)])
    mean = sample.mean(axis=0)
    _left, _sizes, directions = np.linalg.svd(sample - mean, full_matrices=False)
    projection = directions[:SIGNATURE].T.copy()
    signatures = np.empty((len(among), projection.shape[1]), np.float32)
    contrasts = np.empty(len(among), np.float32)
    for start in range(0, len(among), TILE[0]):
        images = _centred(dataset, among[start : start + TILE[0]])
        contrasts[start : start + TILE[0]] = np.linalg.norm(images, axis=1)
        signatures[start : start + TILE[0]] = (images - mean) @ projection
    return signatures, contrasts


def _centred(dataset: Dataset, positions: IndexArray) -> Float32Array:
    """Return images as rows of numbers, ``(n, pixels)``, each less its mean."""
    height, width = dataset.image_shape
    images = dataset.gather(positions, np.empty((len(positions), height * width), np.uint8))
    centred: Float32Array = images.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    return centred
