"""Undoes what a reader decided about a data set, and does it again, without the file.

The Data page calls these for its buttons, and `read_dataset` for the names in ``without``. Both are exact:
inversion and transposition are their own inverse, and stretching keeps every level apart.
"""

from dataclasses import replace

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import BLOCK, Dataset
from mlcore.datasets.decision import Decision, DecisionKey
from mlcore.errors import DatasetError
from mlcore.language import _


def undo_decision(dataset: Dataset, key: DecisionKey) -> Dataset:
    """Return the data set as if this had not been decided; it shares no pixels with the other.

    Parameters
    ----------
    dataset : Dataset
        The whole or a view; of a view, the whole is changed, and the same images taken.
    key : str
        The `Decision.key` of one of ``dataset.decisions``.

    Raises
    ------
    DatasetError
        When there is no such decision, or the images are not enough to undo it.
    """
    return _with(dataset, key, is_undone=True)


def redo_decision(dataset: Dataset, key: DecisionKey) -> Dataset:
    """Return the data set with this decision again; see `undo_decision`."""
    return _with(dataset, key, is_undone=False)


def _with(dataset: Dataset, key: DecisionKey, *, is_undone: bool) -> Dataset:
    decisions = {decision.key: decision for decision in dataset.decisions}
    if key not in decisions or not decisions[key].can_be_undone:
        message = _(
            "“{key}” cannot be undone in {name}: it was not decided, or the images do not hold enough."
        )
        raise DatasetError(message.format(key=key, name=dataset.name))
    decision = decisions[key]
    if decision.is_undone == is_undone:
        return dataset
    whole, names, images = dataset.base, dataset.class_names, dataset.base.images
    changed = replace(decision, is_undone=is_undone)
    if key == "name":
        changed, names = replace(changed, names=names), decision.names
    elif key == "turn":
        images = np.ascontiguousarray(images.transpose(0, 2, 1))
    elif key == "stretch":
        images = _levels_of(decision, is_undone)[images]
    else:
        images = images.copy()
        invert(images, decision, decisions.get("stretch"))
    everything = decisions | {key: changed}
    made = Dataset(
        images,
        whole.labels,
        names,
        whole.name,
        notes=whole.left_out,
        decisions=everything.values(),
    )
    return made if dataset.rows is None else made.take(dataset.rows, dataset.name)


def _levels_of(decision: Decision, is_undone: bool) -> UInt8Array:
    """Return what each byte becomes: a level from 0 to ``levels``, or 0…255 again.

    >>> _levels_of(Decision("stretch", "…", 1, levels=16), True)[[0, 16, 128, 255]]
    array([ 0,  1,  8, 16], dtype=uint8)
    """
    factor = decision.levels / 255 if is_undone else 255 / decision.levels
    table: UInt8Array = np.rint(np.arange(256) * factor).clip(0, 255).astype(np.uint8)
    return table


def invert(images: UInt8Array, decision: Decision, stretch: Decision | None) -> None:
    """Invert, in place, the images that a decision concerns.

    Parameters
    ----------
    images : uint8 array ``(n, height, width)``
    decision : Decision
    stretch : Decision or None
        How the images were stretched: each level then becomes the one as far from white as it was from black.
    """
    table, mask = _negative(stretch), decision.mask(len(images))
    for start in range(0, len(images), BLOCK):
        block, some = images[start : start + BLOCK], mask[start : start + BLOCK]
        block[some] = table[block[some]]


def _negative(stretch: Decision | None) -> UInt8Array:
    """Return what each byte becomes when it is inverted.

    >>> _negative(None)[[0, 100]], _negative(Decision("stretch", "…", 1, levels=16))[[0, 128]]
    (array([255, 155], dtype=uint8), array([255, 128], dtype=uint8))
    """
    bytes_ = np.arange(256, dtype=np.uint8)
    if stretch is None or stretch.levels == 0:
        return 255 - bytes_
    to_levels, to_bytes = _levels_of(stretch, True), _levels_of(stretch, False)
    if stretch.is_undone:
        return np.maximum(stretch.levels, bytes_) - bytes_
    table: UInt8Array = to_bytes[stretch.levels - to_levels]
    return table
