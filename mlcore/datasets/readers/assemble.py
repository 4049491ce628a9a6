"""Makes a Dataset of the images and labels that a reader found: checks sizes, names classes, settles pixels.

Every reader ends here, so that the network sees the same kind of data whatever the file was.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.limits import MAX_CLASSES, MIN_CLASSES, check_image_shape, check_label
from mlcore.datasets.readers.orientation import LEAST_LETTERS, character_set, characters_of, emnist_set
from mlcore.datasets.readers.pixels import settle_pixels
from mlcore.datasets.unlabelled import UnlabelledImages, numbers_from_one
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted


@dataclass
class Found:
    """What a reader took out of a file, before it is made into a Dataset.

    Attributes
    ----------
    file : str
        The file's name, for sentences.
    images : uint8 array, ``(n, height, width)``
        Owned by the reader that made it: it is changed in place.
    labels : integer or text array, ``(n,)``
        Empty when a reader was asked for images without labels.
    names : tuple of str
        What each image is called; empty where they are only numbered.
    notes : list of str
        What was left out so far, as sentences for the user.
    decisions : list of Decision
        What the reader decided about the pixels.
    """

    file: str
    images: UInt8Array
    labels: NDArray[Any]
    notes: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    names: tuple[str, ...] = ()


def make_dataset(
    found: Found, name: str, least_classes: int = MIN_CLASSES, like: Sequence[Decision] | None = None
) -> Dataset:
    """Check what was found and return it as a Dataset of white ink on black.

    Images for a test may be of fewer classes than those that are learned from: ``least_classes`` says how
    many there must be. They are ``like`` these: what was decided about those holds for them, where it is
    about the file and not about each image.

    Raises
    ------
    DatasetError
        When there are no images, their size or the number of classes is out of bounds, or all is blank.
    """
    _check_images(found)
    check_counts(found.file, len(found.images), len(found.labels))
    class_names, labels = name_classes(found.file, found.labels, least_classes)
    about = f"{found.file} {name}"
    images, decisions = settle_pixels(found.file, found.images, about, found.decisions, like)
    characters = _characters(about, class_names, like)
    if characters and characters != class_names:
        decisions.append(_naming(class_names, characters, len(labels)))
        class_names = characters
    return Dataset(images, labels, class_names, name, notes=found.notes, decisions=decisions)


def _characters(about: str, class_names: list[str], like: Sequence[Decision] | None) -> list[str]:
    """Return the characters that numbers stand for in EMNIST and in files of letters, or nothing."""
    which = character_set(about)
    if which is None or (emnist_set(about) is None and len(class_names) < LEAST_LETTERS and not like):
        return []
    known = next((decision.names for decision in like or () if decision.key == "name"), ())
    return characters_of(which, class_names, known)


def _naming(class_names: list[str], characters: list[str], count: int) -> Decision:
    message = _("The classes were named after their characters: {first} to {last}.")
    sentence = message.format(first=characters[0], last=characters[-1])
    return Decision("name", sentence, count, names=tuple(class_names))


def make_images(found: Found, name: str) -> UnlabelledImages:
    """Check what was found without labels, and return it prepared as a data set is.

    Raises
    ------
    DatasetError
        When there are no images, their size is out of bounds, or all is blank.
    """
    _check_images(found)
    images, decisions = settle_pixels(found.file, found.images, f"{found.file} {name}", found.decisions)
    notes = (*found.notes, *(decision.sentence for decision in decisions if not decision.is_undone))
    # Half of a letter, which a file's name may have, could be neither shown nor saved.
    names = tuple(name.encode("utf-8", "replace").decode() for name in found.names)
    return UnlabelledImages(images, names or numbers_from_one(len(images)), name, notes)


def _check_images(found: Found) -> None:
    if len(found.images) == 0:
        raise DatasetError(_("{file} holds no images. Choose another file.").format(file=found.file))
    check_image_shape(found.file, found.images.shape[1:])


def check_counts(file: str, n_images: int, n_labels: int) -> None:
    """Raise `DatasetError` when there is not one label an image."""
    if n_images != n_labels:
        message = _(
            "{file}: there are {images:,} images but {labels:,} labels. "
            "Each image needs exactly one label; check that the two belong together."
        )
        raise DatasetError(message.format(file=file, images=n_images, labels=n_labels))


def name_classes(
    file: str, labels: NDArray[Any], least_classes: int = MIN_CLASSES
) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of the classes, in order, and for each image the number of its class.

    >>> name_classes("a.csv", np.array([7, 3, 7]))
    (['3', '7'], array([1, 0, 1]))
    """
    values, numbers = np.unique(labels, return_inverse=True)
    names = [str(value) for value in values]
    if len(names) < least_classes:
        message = _(
            "All images in {file} have the label {label}. A network learns to tell at least two classes "
            "apart; check that the labels or the folders are the right ones."
        )
        raise DatasetError(message.format(file=file, label=quoted(names[0])))
    if len(names) > MAX_CLASSES:
        message = _(
            "{file} has {n:,} different labels ({some}, …); at most {most} can be told apart here. "
            "Check that the labels are where they should be."
        )
        raise DatasetError(
            message.format(file=file, n=len(names), some=", ".join(map(quoted, names[:5])), most=MAX_CLASSES)
        )
    for name in names:
        _check_name(file, name)
    order = sorted(range(len(names)), key=lambda k: natural_order(names[k]))
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    return [names[k] for k in order], place[numbers.reshape(-1)]


def _check_name(file: str, name: str) -> None:
    check_label(file, len(name))
    try:
        name.encode()
    except UnicodeEncodeError as error:  # half of a letter, which no file and no page can hold
        message = _("{file} has a label that is not text (“{label}”). Save it with other labels.")
        raise DatasetError(message.format(file=file, label=quoted(name))) from error


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts numbers in a name by their size.

    >>> sorted(["10", "b", "9", "a2", "a10"], key=natural_order)
    ['9', '10', 'a2', 'a10', 'b']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]
