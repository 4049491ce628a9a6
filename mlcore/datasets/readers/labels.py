"""What the readers of tables and arrays do alike with labels, whatever file they came in.

-1 means "no label" in both, and both may mark a class by a single 1 among zeros.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.language import _

NO_LABEL = -1


def labels_of_marks(marks: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return in which column each row has its single 1, or None when a row has none or several.

    >>> labels_of_marks(np.array([[0, 1], [1, 0]])), labels_of_marks(np.array([[1, 1]]))
    (array([1, 0]), None)
    """
    single = ((marks == 0) | (marks == 1)).all() and (marks.sum(axis=1) == 1).all()
    return marks.argmax(axis=1).astype(np.int64) if single else None


def without_unlabelled(
    images: UInt8Array, labels: NDArray[Any], notes: list[str], block: int = 4096
) -> tuple[UInt8Array, NDArray[Any]]:
    """Return the images that have a label, where the others are marked by -1; they move up in place.

    Beside 1 alone, -1 is a class: that is how two classes are often written.

    >>> notes = []
    >>> without_unlabelled(np.zeros((4, 2, 2), np.uint8), np.array([0, -1, 1, 2]), notes)[1].tolist()
    [0, 1, 2]
    >>> without_unlabelled(np.zeros((2, 2, 2), np.uint8), np.array([1, -1]), notes)[1].tolist()
    [1, -1]
    """
    if labels.dtype.kind not in "if":
        return images, labels
    kept = labels != NO_LABEL
    if kept.all() or set(np.unique(labels)) == {NO_LABEL, 1}:
        return images, labels
    end = 0
    for start in range(0, len(images), block):
        moved = images[start : start + block][kept[start : start + block]]
        images[end : end + len(moved)] = moved
        end += len(moved)
    message = _("Images with the label −1, which means none, were left out: {n:,}.")
    notes.append(message.format(n=len(images) - end))
    return images[:end], labels[kept]
