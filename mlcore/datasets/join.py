"""Puts two data sets of the same classes and image size one after the other.

The app keeps training and validation images of a file together, so that a visitor can split them otherwise.
"""

from dataclasses import replace

import numpy as np

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.decision import Decision, pack_rows


def join(one: Dataset, other: Dataset) -> Dataset:
    """Return the images of both, those of ``one`` first; classes, name and notes are those of ``one``.

    Parameters
    ----------
    one, other : Dataset
        Of the same classes and image size; the pixels of both are copied.

    Examples
    --------
    >>> ones = [Dataset(np.ones((n, 4, 4), np.uint8), [0] * n, ("0",), "ones") for n in (2, 3)]
    >>> join(*ones)
    Dataset('ones': 5 images 4×4, 1 classes)
    """
    return Dataset(
        np.concatenate([one.images, other.images]),
        np.concatenate([one.labels, other.labels]),
        one.class_names,
        one.name,
        notes=one.left_out,
        decisions=_joined_decisions(one, other),
    )


def _joined_decisions(one: Dataset, other: Dataset) -> list[Decision]:
    found = [{decision.key: decision for decision in dataset.decisions} for dataset in (one, other)]
    joined = []
    for key, decision in (found[1] | found[0]).items():
        masks = [
            decisions[key].mask(len(dataset)) if key in decisions else np.zeros(len(dataset), np.bool_)
            for decisions, dataset in zip(found, (one, other), strict=True)
        ]
        mask = np.concatenate(masks)
        joined.append(replace(decision, count=int(mask.sum()), rows=pack_rows(mask)))
    return joined
