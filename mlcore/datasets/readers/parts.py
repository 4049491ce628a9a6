"""Chooses between the training part and the test part of files that hold both, as MNIST's and Keras's do.

It helps the readers on the way from a dataset file to a Dataset: the training part is read unless the test
part is asked for, so that test images stay unseen until the end.
"""

import re
from collections.abc import Mapping
from typing import Literal, TypeVar

from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

Part = Literal["train", "test"]
T = TypeVar("T")


def part_of(name: str) -> Part | None:
    """Return which part a name speaks of, or None when it speaks of neither.

    >>> part_of("t10k"), part_of("x_train"), part_of("my_digits/training"), part_of("contest")
    ('test', 'train', 'train', None)
    """
    words = re.split(r"[^a-z0-9]+", name.lower())
    if any(word in ("test", "testing", "t10k") for word in words):
        return "test"
    return "train" if any(word in ("train", "training") for word in words) else None


def choose_part(candidates: Mapping[str, T], part: Part) -> tuple[T, list[str]]:
    """Return the one candidate (by name) that is the part asked for, and notes on what was left out.

    Raises
    ------
    DatasetError
        When there is no such part, or no telling which candidate it is.
    """
    if part == "train" and len(candidates) == 1:
        return next(iter(candidates.values())), []
    fitting = [candidate for name, candidate in candidates.items() if part_of(name) == part]
    if len(fitting) == 1 and all(part_of(name) for name in candidates):
        left_out = _("The test images in the files were set aside for a final test.")
        return fitting[0], [left_out] if part == "train" else []
    if part == "test" and not fitting:
        raise DatasetError(_("There is no test part in these files."))
    message = _("There are several data sets in these files ({names}). Choose the files of one.")
    raise DatasetError(message.format(names=quoted(", ".join(candidates))))
