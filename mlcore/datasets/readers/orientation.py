"""EMNIST, which stores its images transposed and its letters as numbers: recognised by the files' names.

`settle_pixels` sets such images upright, and `make_dataset` names the classes. Source: Cohen, Afshar, Tapson
& van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017.
"""

import re
from collections.abc import Collection
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array

_MERGED = digits + ascii_uppercase + "abdefghnqrt"
CHARACTERS = {
    "byclass": digits + ascii_uppercase + ascii_lowercase,
    "bymerge": _MERGED,
    "balanced": _MERGED,
    "letters": ascii_uppercase,
    "digits": digits,
    "mnist": digits,
}
"""The characters of each of EMNIST's six data sets, in the order of their labels."""

_LETTERS = re.compile(
    r"(?<![a-z])(a[-_ ]?(to[-_ ]?)?z|letters?|alphabets?|sign[-_ ]?(language[-_ ]?)?mnist)(?![a-z])"
)
LEAST_LETTERS = 11
"""Classes, in files of letters that are not EMNIST's: fewer might be of anything."""

SAMPLE = 2000  # images whose ink is measured
UPRIGHT = 1.1  # times as high as it is wide: of MNIST's images, any hundred have 1.3 to 1.5
LYING = 1 / 1.2
INK = 64


def emnist_set(names: str) -> str | None:
    """Return which of EMNIST's data sets files are that are called so; "" when their names do not say which.

    >>> emnist_set("gzip/emnist-letters-train-images-idx3-ubyte.gz"), emnist_set("EMNIST.npz")
    ('letters', '')
    >>> emnist_set("mnist_train.csv")
    """
    found = re.search("emnist(.*)", names.lower(), re.DOTALL)
    if found is None:
        return None
    return next((name for name in CHARACTERS if name in found[1]), "")


def character_set(names: str) -> str | None:
    """Return whose characters the numbers of classes are, in files that are called so: a key of `CHARACTERS`.

    Files of letters say so, and the signs of Sign Language MNIST are letters.

    >>> character_set("A_Z Handwritten Data.csv"), character_set("sign_mnist_train.csv")
    ('letters', 'letters')
    >>> character_set("emnist-balanced-train.csv"), character_set("mnist_train.csv")
    ('balanced', None)
    """
    which = emnist_set(names)
    return "letters" if which is None and _LETTERS.search(names.lower()) else which


def characters_of(which: str, class_names: list[str], others: Collection[str] = ()) -> list[str]:
    """Return the character of each class, or nothing when the classes are not that set's numbers.

    The labels of the letters count from 1, unless there is a 0 among them or among the ``others``, which are
    classes of the same data set.

    >>> characters_of("letters", ["1", "2", "26"]), characters_of("letters", ["0", "25"])
    (['A', 'B', 'Z'], ['A', 'Z'])
    >>> characters_of("balanced", ["0", "10", "36"]), characters_of("digits", ["a", "b"])
    (['0', 'A', 'a'], [])
    """
    characters = CHARACTERS.get(which, "")
    first = 1 if which == "letters" and "0" not in {*class_names, *others} else 0
    by_label = {str(label): character for label, character in enumerate(characters, first)}
    if not all(name in by_label for name in class_names):
        return []
    return [by_label[name] for name in class_names]


def proportion(images: UInt8Array) -> float:
    """Return how many times as high as wide the ink (white on black) is, on the mean.

    >>> bar = np.zeros((1, 8, 8), np.uint8)
    >>> bar[0, 1:7, 3:5] = 255
    >>> proportion(bar)
    3.0
    """
    ink = images[:: max(1, len(images) // SAMPLE)] > INK
    height, width = _extent(np.any(ink, axis=2)), _extent(np.any(ink, axis=1))
    return height / width if width else 1.0


def _extent(has_ink: NDArray[np.bool_]) -> float:
    """Return the mean distance from the first line with ink to the last, of lines ``(n, lines)``."""
    some = has_ink[has_ink.any(axis=1)]
    if not len(some):
        return 0.0
    last = some.shape[1] - some[:, ::-1].argmax(axis=1)
    return float((last - some.argmax(axis=1)).mean())
