"""Tells which part of a data set a name refers to (training, dev, test, sample), in one way for all formats.

The readers call it for folders, files and arrays alike: a part is never a class, the training part is read
unless another one is asked for, and test images stay unseen until the end.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, TypeVar

from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

Part = Literal["train", "dev", "test"]
NamedPart = Literal["train", "dev", "test", "sample"]
T = TypeVar("T")

PARTS: tuple[Part, ...] = ("train", "dev", "test")

WORDS: dict[NamedPart, str] = {
    "train": "train|training|tra|trn",
    "dev": "val|valid|validate|validation|dev|development",
    "test": "test|testing|tes|tst|t10k|eval|evaluation",
    "sample": "sample|samples",
}
"""The words for each part, in any letters."""

# What is written together with such a word: x_train, trainset, testdata, train_images, trainX.
_SPOKEN = {
    part: re.compile(rf"[xy]?(?:{words})(?:set|sets|data|images?|imgs?|labels?|digits?|[xy])?")
    for part, words in WORDS.items()
}
_SHORT: dict[str, NamedPart] = {"xtr": "train", "ytr": "train", "xte": "test", "yte": "test"}
_ENDINGS: dict[NamedPart, str] = {"train": ".tr", "test": ".t"}
"""How names of LIBSVM's files end: mnist and mnist.t, letter.scale.tr and letter.scale.t."""

# The words of a name: "trainingSet" is two, and "train1" is "train" and a number; "t10k" is one.
_WORD = re.compile(r"(?i:t10k)(?![a-z])|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")

FALLBACK: tuple[NamedPart | None, ...] = ("train", None, "dev", "test", "sample")
"""What is learned from: the first of these that the files have."""


class MissingPart(DatasetError):
    """The files do not have the part that was asked for."""

    def __init__(self, part: Part) -> None:
        sentences = {
            "train": _("There is no training part in these files."),
            "dev": _("There is no validation part in these files."),
            "test": _("There is no test part in these files."),
        }
        super().__init__(sentences[part])


@lru_cache(4096)
def part_of(name: str) -> NamedPart | None:
    """Return which part a name speaks of, or None when it speaks of none, or of two.

    >>> [part_of(name) for name in ("t10k", "X_train", "trainingSet", "val", "Testing", "trainingSample")]
    ['test', 'train', 'train', 'dev', 'test', 'sample']
    >>> [part_of(name) for name in ("Xte", "trainY", "y_trn", "usps.t")]
    ['test', 'train', 'train', 'test']
    >>> [part_of(name) for name in ("contest", "devanagari", "train_test_split", "te")]
    [None, None, None, None]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    found = {part for part, spoken in _SPOKEN.items() if any(map(spoken.fullmatch, words))}
    found |= {_SHORT[word] for word in words if word in _SHORT}
    found |= {part for part, ending in _ENDINGS.items() if name.lower().endswith(ending)}
    if "sample" in found:
        # Of "Sample001" to "Sample062", each is a class.
        return None if any(word.isdigit() for word in words) else "sample"
    return found.pop() if len(found) == 1 else None


def part_of_path(path: str) -> NamedPart | None:
    """Return the part that the innermost of a path's names speaks of.

    >>> part_of_path("train/mnist_test.csv"), part_of_path("train/a.csv"), part_of_path("a/b.csv")
    ('test', 'train', None)
    """
    return next((part for name in reversed(path.split("/")) if (part := part_of(name))), None)


def by_part(items: Iterable[T], part: Callable[[T], NamedPart | None]) -> dict[NamedPart | None, list[T]]:
    """Group items by the part that each belongs to."""
    groups: dict[NamedPart | None, list[T]] = {}
    for item in items:
        groups.setdefault(part(item), []).append(item)
    return groups


def named_part(groups: Mapping[NamedPart | None, object], part: Part) -> NamedPart | None:
    """Return which of the groups is the part asked for.

    What speaks of no part is learned from where nothing is called "train"; so are test images that came
    alone.

    >>> named_part({None: "0…9", "test": "test/0…9"}, "train"), named_part({"test": "t10k"}, "train")
    (None, 'test')

    Raises
    ------
    MissingPart
        When none of them is.
    """
    if part != "train":
        if part in groups:
            return part
        raise MissingPart(part)
    return next(name for name in FALLBACK if name in groups)


def choose_part(candidates: Mapping[str, T], part: Part) -> tuple[T, list[str]]:
    """Return the one candidate (by name) that is the part asked for, and notes on what was left out.

    Raises
    ------
    MissingPart
        When there is no such part.
    DatasetError
        When there is no telling which candidate it is.
    """
    groups = by_part(candidates, part_of)
    names = groups[named_part(groups, part)]
    if part == "train" and None in groups and "train" in groups:
        names = list(candidates)
    if len(names) > 1:
        message = _("There are several data sets in these files ({names}). Choose the files of one.")
        raise DatasetError(message.format(names=several(names)))
    others = [name for name in groups if name != named_part(groups, "train")]
    return candidates[names[0]], set_aside(others) if part == "train" else []


def set_aside(parts: Sequence[NamedPart | None]) -> list[str]:
    """Return the notes on parts that are not learned from.

    >>> set_aside(["test"])
    ['The test images in the files were set aside for a final test.']
    """
    sentences = {
        "dev": _("The validation images in the files are offered as the dev set."),
        "test": _("The test images in the files were set aside for a final test."),
        "sample": _("The sample images in the files were left out: they are some of the others."),
    }
    return [sentence for part, sentence in sentences.items() if part in parts]


def left_out(part: Part, reason: str) -> str:
    """Return the note on validation or test images that cannot be used, for a reason that is a sentence."""
    messages = {
        "dev": _("The validation images in the files were left out. {reason}"),
        "test": _("The test images in the files were left out. {reason}"),
    }
    return messages[part].format(reason=reason)


NAMED = 5
"""How many names one sentence has at most; the others are counted."""


def several(names: Iterable[str]) -> str:
    """Return some names for a sentence: at most five, and how many others there are.

    >>> several(["a", "b"]), several("abcdefg")
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    listed = list(names)
    shown = ", ".join(quoted(name) for name in listed[:NAMED])
    if len(listed) > NAMED:
        return _("{names} and {n:,} more").format(names=shown, n=len(listed) - NAMED)
    return shown
