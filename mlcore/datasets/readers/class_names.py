"""Tells the classes of files or arrays from their names, where these differ in that alone.

The readers of arrays and of tables ask it when there are images and no labels: `cat.npy` and `dog.npy`, say.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from mlcore.datasets.readers.limits import MAX_CLASSES, MIN_CLASSES
from mlcore.datasets.readers.parts import part_of

_WORD = re.compile(r"\d+|[^\W\d_]+")
# Arrays that are called so and numbered are pieces of one; of other names, such a one holds no class.
_NO_CLASS = re.compile(
    r"x|arr(ay)?s?|images?|imgs?|data|batch|part|chunk|shard|fold|split|set|masks?|features|inputs|samples?|pixels"
)


def classes_in_names(names: Sequence[str]) -> list[str]:
    """Return the class in each name, where names differ in that alone; nothing where they name no classes.

    Numbered arrays of images, parts or batches are no classes, nor are parts of a data set.

    >>> classes_in_names(["full_numpy_bitmap_cat", "full_numpy_bitmap_The Eiffel Tower"])
    ['cat', 'The Eiffel Tower']
    >>> classes_in_names(["digit0_train", "digit1_train"]), classes_in_names(["images_1", "images_2"])
    (['0', '1'], [])
    >>> classes_in_names(["test", "test2"])
    []
    """
    words = [list(_WORD.finditer(name)) for name in names]
    least = min(map(len, words), default=0)
    if least == 0:
        return []
    front = _in_common(words, range(least - 1))
    back = _in_common(words, range(-1, front - least, -1))
    classes = [
        name[found[front].start() : found[len(found) - 1 - back].end()]
        for name, found in zip(names, words, strict=True)
    ]
    last = len(words[0]) - 1 - back
    beside = [word[0] for word in (*words[0][max(0, front - 1) : front], *words[0][last + 1 : last + 2])]
    telling = beside if all(map(str.isdigit, classes)) else classes
    are_others = any(_NO_CLASS.fullmatch(name.lower()) for name in telling) or any(map(part_of, classes))
    is_a_set = MIN_CLASSES <= len(set(classes)) == len(classes) <= MAX_CLASSES
    return classes if is_a_set and not are_others else []


def _in_common(words: Sequence[Sequence[re.Match[str]]], places: Sequence[int]) -> int:
    """Return how many words are the same in all names, one place after the other."""
    alike = (len({found[place][0].lower() for found in words}) == 1 for place in places)
    return sum(1 for __ in takewhile(bool, alike))
