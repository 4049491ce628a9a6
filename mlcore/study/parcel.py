"""Data sets as they are sent to a worker for a study: of one that ships with the program, its name will do.

The dashboard packs the arguments of a study by `parcel`, and `opened` runs the study in the worker.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.shipped import load_dataset
from mlcore.study.progress import Found, Study


@dataclass(frozen=True)
class Parcel:
    """A data set on its way.

    Attributes
    ----------
    name : str
        Of the data set; of a shipped one, its key in `mlcore.SHIPPED_DATASETS`.
    class_names : tuple of str
    labels : unsigned integer array (n,)
    images : uint8 array (n, height, width) or None
        None when they are those of the shipped data set at `rows`.
    rows : int32 array (n,) or None
    """

    name: str
    class_names: tuple[str, ...]
    labels: NDArray[np.unsignedinteger]
    images: UInt8Array | None
    rows: NDArray[np.int32] | None

    def unpacked(self, load: Callable[[str], Dataset] = load_dataset) -> Dataset:
        """Return the data set: the same images, labels and classes in the same order.

        Parameters
        ----------
        load : callable
            Returns a shipped data set by its name.
        """
        if self.images is not None:
            return Dataset(self.images, self.labels.astype(np.int64), self.class_names, self.name)
        part = load(self.name).take(self.rows)
        return part.relabelled(np.arange(len(part)), self.labels)


def parcel(dataset: Dataset, name: str = "", shipped: Dataset | None = None) -> Parcel:
    """Pack a data set, without its pixels where these are those of a shipped one.

    Parameters
    ----------
    dataset : Dataset
    name : str
        A key of `mlcore.SHIPPED_DATASETS`.
    shipped : Dataset, optional
        The data set of that name, whose pixels this one may share.
    """
    labels = dataset.labels.astype(np.min_scalar_type(len(dataset.class_names) - 1))
    if shipped is not None and np.shares_memory(dataset.base.images, shipped.images):
        rows = np.arange(len(dataset)) if dataset.rows is None else dataset.rows
        return Parcel(name, dataset.class_names, labels, None, rows.astype(np.int32))
    return Parcel(dataset.name, dataset.class_names, labels, dataset.images, None)


def opened(study: Callable[..., Study[Found]], *arguments: Any) -> Study[Found]:
    """Run a study with the data sets of the parcels among its arguments; parts of one share its pixels."""
    load = cache(load_dataset)
    contents = [part.unpacked(load) if isinstance(part, Parcel) else part for part in arguments]
    return (yield from study(*contents))
