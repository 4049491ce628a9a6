"""The split of a data set into the images that a network learns from and the dev set that judges it.

`train` takes the result. Both parts are views that share the pixels.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import IndexArray
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError
from mlcore.language import _


@dataclass(frozen=True)
class Split:
    """Training images and dev images, none in both.

    Attributes
    ----------
    train, dev : Dataset
    settings : SplitSettings or None
        How `split_dataset` made it; None when it was made in another way.
    relabelled, left_out : int
        How many images of the data set were given another label, and how many were left out of both parts.
    """

    train: Dataset
    dev: Dataset
    settings: "SplitSettings | None" = None
    relabelled: int = 0
    left_out: int = 0

    def __repr__(self) -> str:
        return (
            f"Split({self.train.name!r}: {len(self.train):,} training images, {len(self.dev):,} dev images)"
        )

    def without(self, positions: IndexArray) -> "Split":
        """Return the split without some images; all others stay in their part, in their order.

        Parameters
        ----------
        positions : int array
            Of the images, in the whole data set.

        Raises
        ------
        DatasetError
            When one of the parts would be empty.

        >>> ten = Dataset(np.zeros((10, 4, 4), np.uint8), np.arange(10) % 2, ("0", "1"), "ten")
        >>> split = split_dataset(ten, dev_size=2, shuffle=False)
        >>> split.without(np.array([0, 9]))
        Split('ten': 7 training images, 1 dev images)
        """
        stays = np.ones(len(self.train.base), np.bool_)
        stays[positions] = False
        parts = [part.take(np.flatnonzero(stays[part.rows])) for part in (self.train, self.dev)]
        if not all(map(len, parts)):
            raise DatasetError(
                _("No training image, or no dev image, would be left. Leave fewer images out.")
            )
        return replace(self, train=parts[0], dev=parts[1], left_out=int((~stays).sum()))


USUAL_DEV_SIZE = 1000
"""Dev images, unless the data set is small."""

SMALL = 5000
"""With fewer images than this, a dev set of 1,000 would take too many of them."""


LARGEST_SEED = 2**32 - 1
"""Of a split: NumPy's old generator takes no larger one."""


def usual_dev_size(n_images: int) -> float:
    """Return the dev set's size when nobody asks for another: 1,000 images, a fifth of a small data set.

    >>> usual_dev_size(60_000), usual_dev_size(1797)
    (1000, 0.2)
    """
    return 0.2 if n_images < SMALL else USUAL_DEV_SIZE


@dataclass(frozen=True)
class SplitSettings:
    """What `split_dataset` is asked for, apart from the data; its parameters say what each means."""

    dev_size: float = USUAL_DEV_SIZE
    seed: int = 0
    stratify: bool = False
    train_size: int | None = None
    shuffle: bool = True
    lost: int = 0
    old_shuffle: bool = False

    def fitted_to(self, n_images: int) -> Self:
        """Return settings for a data set of another size; all images outside the dev set are for training.

        >>> SplitSettings(seed=3, train_size=70).fitted_to(500) == SplitSettings(dev_size=0.2, seed=3)
        True
        """
        return type(self)(dev_size=usual_dev_size(n_images), seed=self.seed, stratify=self.stratify)

    def split(self, dataset: Dataset) -> Split:
        """Split ``dataset`` as these settings say."""
        return split_dataset(
            dataset,
            self.dev_size,
            self.seed,
            self.stratify,
            self.train_size,
            self.shuffle,
            self.lost,
            self.old_shuffle,
        )


def split_dataset(
    dataset: Dataset,
    dev_size: float | None = None,
    seed: int = 0,
    stratify: bool = False,
    train_size: int | None = None,
    shuffle: bool = True,
    lost: int = 0,
    old_shuffle: bool = False,
) -> Split:
    """Shuffle the images and set the first `dev_size` of them aside as the dev set.

    Parameters
    ----------
    dataset : Dataset
    dev_size : int or float, optional
        A number of images, or, below 1, a fraction of them. None means 1,000 images, or a fifth
        of a data set of fewer than 5,000.
    seed : int
        The same seed gives the same split. Raising `train_size` leaves the dev set as it is.
    stratify : bool
        Whether every class has the same share of the dev set and of the training images as of the whole.
    train_size : int, optional
        How many training images to use; None means all the rest.
    shuffle : bool
        False keeps the order of the data set: the training images come first, the dev set last.
    lost : int
        How many images to leave out before anything else, as one of the first notebooks did by a slip.
    old_shuffle : bool
        Shuffle as ``np.random.seed`` and ``np.random.permutation`` do, by NumPy's old generator, and take the
        training images first, as another of the notebooks did. The global generator is not touched.

    Raises
    ------
    DatasetError
        When the sizes cannot be had (no image is left for one of the two, or a class is too small), or the
        seed is out of bounds.

    Examples
    --------
    >>> ten = Dataset(np.zeros((10, 4, 4), np.uint8), np.arange(10) % 2, ("0", "1"), "ten")
    >>> split = split_dataset(ten, dev_size=0.2, train_size=6)
    >>> len(split.train), len(split.dev)
    (6, 2)
    """
    if not 0 <= seed <= LARGEST_SEED:
        message = _("The split's seed {seed} is out of bounds. Choose a whole number from 0 to {most:,}.")
        raise DatasetError(message.format(seed=seed, most=LARGEST_SEED))
    n = len(dataset) - lost
    n_dev = dev_count(n, usual_dev_size(n) if dev_size is None else dev_size)
    n_train = _train_count(n, n_dev, train_size)
    if old_shuffle:
        order = np.roll(np.random.RandomState(seed).permutation(len(dataset))[lost:], n_dev)
    elif shuffle:
        order = np.random.default_rng(seed).permutation(len(dataset))[lost:]
    else:
        order = np.roll(np.arange(lost, len(dataset)), n_dev)
    if stratify:
        dev, rest = _draw_evenly(dataset, order, n_dev, leave_some=True)
        train = rest if train_size is None else _draw_evenly(dataset, rest, n_train, leave_some=False)[0]
    else:
        dev, train = order[:n_dev], order[n_dev : n_dev + n_train]
    settings = SplitSettings(
        n_dev if dev_size is None else dev_size, seed, stratify, train_size, shuffle, lost, old_shuffle
    )
    return Split(dataset.take(train), dataset.take(dev), settings)


def dev_count(n_images: int, dev_size: float) -> int:
    """Return how many images a count or a fraction below 1 means; at least one and not all.

    >>> dev_count(60_000, 1000), dev_count(60_000, 0.1)
    (1000, 6000)
    """
    if isinstance(dev_size, float) and dev_size == 1:
        raise DatasetError(
            _("A dev set of 1.0 may mean one image or all of them: write 1, or a fraction below 1.")
        )
    if 0 < dev_size < 1:
        count = max(1, round(dev_size * n_images))
    elif math.isfinite(dev_size) and dev_size == int(dev_size):
        count = int(dev_size)
    else:
        raise DatasetError(
            _("A dev set of {size} images is neither a whole number nor a fraction below 1.").format(
                size=dev_size
            )
        )
    if count < 1:
        raise DatasetError(
            _("The dev set needs at least 1 image: without it the network cannot be evaluated.")
        )
    if count >= n_images:
        message = _("A dev set of {dev:,} images leaves none of the {n:,} to train on. Make it smaller.")
        raise DatasetError(message.format(dev=count, n=n_images))
    return count


def _train_count(n_images: int, n_dev: int, train_size: int | None) -> int:
    left = n_images - n_dev
    if train_size is None:
        return left
    if train_size < 1:
        raise DatasetError(_("At least 1 training image is needed, not {n}.").format(n=train_size))
    if train_size > left:
        message = _(
            "{train:,} training images and {dev:,} for the dev set are more than the {n:,} available."
            " Use at most {left:,} training images, or a smaller dev set."
        )
        raise DatasetError(message.format(train=train_size, dev=n_dev, n=n_images, left=left))
    return train_size


def _draw_evenly(
    dataset: Dataset, order: IndexArray, count: int, *, leave_some: bool
) -> tuple[IndexArray, IndexArray]:
    """Split shuffled positions into `count` of them, each class by its share, and the rest; both shuffled."""
    labels = dataset.labels[order]
    have = np.bincount(labels, minlength=len(dataset.class_names))
    want = share_out(have, count)
    _check_shares(dataset, have, want, leave_some)
    chosen = first_of_each(labels, want)
    return order[chosen], order[~chosen]


def first_of_each(labels: IndexArray, want: IndexArray) -> NDArray[np.bool_]:
    """Return a mask of the first ``want[k]`` labels of each class k.

    >>> first_of_each(np.array([1, 0, 0, 1, 0]), np.array([2, 1])).tolist()
    [True, True, True, False, False]
    """
    have = np.bincount(labels, minlength=len(want))
    # The rank of each position among those of its own class, in the shuffled order.
    by_class = np.argsort(labels, kind="stable")
    starts = np.cumsum(have) - have
    rank = np.empty(len(labels), np.intp)
    rank[by_class] = np.arange(len(labels)) - starts[labels[by_class]]
    chosen: NDArray[np.bool_] = rank < want[labels]
    return chosen


def _check_shares(dataset: Dataset, have: IndexArray, want: IndexArray, leave_some: bool) -> None:
    """Raise when a class that is there would get no image, or have to leave some and could not."""
    short = np.flatnonzero((have > 0) & ((want == 0) | (leave_some & (want == have))))
    if len(short):
        message = _(
            "Class {name} has {n:,} of {total:,} images: too few to keep its share in a choice of {count:,}. "
            "Switch off the stratified split, or change the size."
        )
        name, n = dataset.class_names[short[0]], have[short[0]]
        raise DatasetError(message.format(name=name, n=n, total=have.sum(), count=want.sum()))


def share_out(have: IndexArray, count: int) -> IndexArray:
    """Divide `count` over the classes by their sizes; what rounding leaves goes to the largest remainders.

    >>> share_out(np.array([50, 30, 20]), 7)
    array([4, 2, 1])
    """
    exact = have * count / have.sum()
    want: IndexArray = np.floor(exact).astype(np.intp)
    most_cut = np.argsort(want - exact, kind="stable")
    want[most_cut[: count - want.sum()]] += 1
    return want
