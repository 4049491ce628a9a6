"""Finds out which folders of pictures are the classes: those that lie deepest and side by side.

The reader of pictures gives it the folders of all pictures of one part of a data set.
"""

import re
from collections.abc import Collection, Mapping
from typing import TypeAlias

from mlcore.datasets.readers.parts import part_of

Folder: TypeAlias = tuple[str, ...]
"""The names of the folders that a picture lies in, from the outermost."""

# Folders that say what kind of file is in them, or hold the pictures of a text; never a class.
_WRAPPERS = {"image", "images", "img", "imgs", "pic", "pics", "picture", "pictures", "png", "jpg", "jpeg"}
_DOCUMENTS = {"doc", "docs", "documentation", "readme", "assets", "figures", "screenshots", "previews"}
_DOCUMENTS |= {"preview", "media", "static", "notebooks"}
_LIKE_A_CLASS = re.compile(r"(digit|class|label|number)?[-_ ]?(\d{1,3}|[^\W\d_])", re.IGNORECASE)


# Folders that say who wrote, or which portion of the data is in them.
_LIKE_A_GROUP = re.compile(
    r"(writer|user|person|subject|author|student|font|fold|set|batch|session|group|page|scan|form|bmp)s?"
    r"([-_ ]?[^\W_]{1,4})?",
    re.IGNORECASE,
)


MOSTLY = 0.5
"""Of all pairs of an upper and a lower folder, how many there are at least where each upper has the same."""


def classes_of(folders: Collection[Folder]) -> dict[Folder, str]:
    """Return the class of the pictures in each folder; what is left out of the answer is no class.

    Folders that name a part of the data, or only say that there are images in them, are looked through. Where
    every upper folder has the same folders below it, as many writers wrote each digit, the upper one is the
    class, unless only the lower ones are named like digits or letters, or the upper ones like portions of the
    data (``fold1``, ``writer07``). Folders of documents are looked at where no other one is a class.

    >>> classes_of([("d", "0"), ("d", "1"), ("d",), ("docs",)])
    {('d', '0'): '0', ('d', '1'): '1'}
    >>> classes_of([("3", "anna"), ("3", "ben"), ("7", "anna"), ("7", "ben")])
    {('3', 'anna'): '3', ('3', 'ben'): '3', ('7', 'anna'): '7', ('7', 'ben'): '7'}
    >>> classes_of([("anna", "3"), ("anna", "7"), ("ben", "3"), ("ben", "7")])
    {('anna', '3'): '3', ('anna', '7'): '7', ('ben', '3'): '3', ('ben', '7'): '7'}
    >>> classes_of([("train",), ("train", "images")])
    {}
    """
    telling = {folder: _telling(folder) for folder in folders}
    classes = {folder: names for folder, names in telling.items() if names}
    data = {folder: names for folder, names in classes.items() if not _is_document(names)}
    if len({*data.values()}) > 1 or len({*classes.values()}) == 1:
        classes = data or classes
    while uppers := _with_the_same_below(set(classes.values())):
        classes = {folder: names[:-1] if names[:-1] in uppers else names for folder, names in classes.items()}
    side_by_side = _side_by_side(set(classes.values()))
    return {folder: names[-1] for folder, names in classes.items() if names in side_by_side}


def _telling(folder: Folder) -> Folder:
    """Return the names that may be a class."""
    names = (name.strip() for name in folder)
    return tuple(name for name in names if name and name.lower() not in _WRAPPERS and not part_of(name))


def _is_document(names: Folder) -> bool:
    return any(name.lower() in _DOCUMENTS for name in names)


def _below(classes: Collection[Folder]) -> Mapping[Folder, set[str]]:
    """Return, for each folder that has classes in it, their names."""
    below: dict[Folder, set[str]] = {}
    for names in classes:
        below.setdefault(names[:-1], set()).add(names[-1])
    return below


def _with_the_same_below(classes: Collection[Folder]) -> set[Folder]:
    """Return the folders one level up, when all of them have the same folders below; else nothing.

    Where a few are missing, as one writer's 7, their names have to tell it.
    """
    below = {upper: lower for upper, lower in _below(classes).items() if upper}
    every, names = set().union(*below.values()), {upper[-1] for upper in below}
    present = sum(map(len, below.values()))
    if len(names) < 2 or present < MOSTLY * len(below) * len(every):
        return set()
    if len(every) > 1 and (_are(_LIKE_A_GROUP, names) or _likeness(every) > _likeness(names)):
        return set()
    is_told = _are(_LIKE_A_GROUP, every) or _likeness(names) > _likeness(every)
    return set(below) if is_told or present == len(below) * len(every) else set()


def _likeness(names: Collection[str]) -> bool:
    return _are(_LIKE_A_CLASS, names) and not _are(_LIKE_A_GROUP, names)


def _are(pattern: re.Pattern[str], names: Collection[str]) -> bool:
    return all(pattern.fullmatch(name) for name in names)


def _side_by_side(classes: Collection[Folder]) -> set[Folder]:
    """Return the folders that have others beside them, the deepest ones; all where none has."""
    below = {upper: lower for upper, lower in _below(classes).items() if len(lower) > 1}
    if not below:
        return set(classes)
    deepest = [upper for upper in below if not any(_lies_in(other, upper) for other in below)]
    return {(*upper, name) for upper in deepest for name in below[upper]}


def _lies_in(folder: Folder, outer: Folder) -> bool:
    return len(folder) > len(outer) and folder[: len(outer)] == outer
