"""Makes a Dataset of the images and labels that a reader found: checks sizes, names classes, turns ink white.

Every reader ends here, so that the network sees the same kind of data whatever the file was.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.limits import MAX_CLASSES, MIN_CLASSES, check_image_shape, check_label
from mlcore.datasets.readers.scale import ValueRange, scale_of
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


def make_dataset(found: Found, name: str, least_classes: int = MIN_CLASSES) -> Dataset:
    """Check what was found and return it as a Dataset of white ink on black.

    Images for a test may be of fewer classes than those that are learned from: ``least_classes`` says how
    many there must be.

    Raises
    ------
    DatasetError
        When there are no images, their size or the number of classes is out of bounds, or all is blank.
    """
    _check_images(found)
    check_counts(found.file, len(found.images), len(found.labels))
    class_names, labels = name_classes(found.file, found.labels, least_classes)
    _stretch_small_scale(found)
    _turn_ink_white(found)
    return Dataset(found.images, labels, class_names, name, notes=found.notes, decisions=found.decisions)


def make_images(found: Found, name: str) -> UnlabelledImages:
    """Check what was found without labels, and return it prepared as a data set is.

    Raises
    ------
    DatasetError
        When there are no images, their size is out of bounds, or all is blank.
    """
    _check_images(found)
    _stretch_small_scale(found)
    _turn_ink_white(found)
    notes = (*found.notes, *(decision.sentence for decision in found.decisions))
    return UnlabelledImages(found.images, found.names or numbers_from_one(len(found.images)), name, notes)


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
        message = _("{file} has a label that is no text (“{label}”). Save it with other labels.")
        raise DatasetError(message.format(file=file, label=quoted(name))) from error


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts numbers in a name by their size.

    >>> sorted(["10", "b", "9", "a2", "a10"], key=natural_order)
    ['9', '10', 'a2', 'a10', 'b']
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts]


def _stretch_small_scale(found: Found, block: int = 4096) -> None:
    """Bring images of few grey levels (0 and 1, 0 to 16, …) to 0…255, without losing a level."""
    images = found.images
    largest = int(images.max())
    if images.min() == largest:
        message = _("Every pixel in {file} has the same value, {value}: there is nothing to learn from.")
        raise DatasetError(message.format(file=found.file, value=largest))
    scale = scale_of(ValueRange(0, largest, whole=True))
    if scale is None or scale.is_bytes:
        return
    table = scale.to_bytes(np.arange(256))
    for start in range(0, len(images), block):
        images[start : start + block] = table[images[start : start + block]]
    found.decisions.append(Decision("stretch", scale.sentence, len(images)))


def _turn_ink_white(found: Found) -> None:
    """Invert all images when most are dark on light: a light border that is lighter than the whole."""
    images = found.images
    sides = (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])
    border = sum(float(side.mean()) for side in sides) / len(sides)
    if border > 127 and border > images.mean():
        np.subtract(255, images, out=images)
        sentence = _("The images are dark on light; they were inverted to white ink on black.")
        found.decisions.append(Decision("invert", sentence, len(images)))
