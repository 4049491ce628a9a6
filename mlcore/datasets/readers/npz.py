"""Chooses images and labels among the arrays of .npz and .npy files: by their names, else by their shapes.

It is one of the readers between a dataset file and a Dataset; `arrays` reads what it chooses.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.arrays import (
    COLOURS,
    StoredArray,
    are_labels,
    check_readable,
    counts_last,
    image_shape_of,
    open_array,
    read_images,
    read_labels,
)
from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.class_names import classes_in_names
from mlcore.datasets.readers.folders import Folder, classes_of
from mlcore.datasets.readers.labels import without_unlabelled
from mlcore.datasets.readers.limits import MIN_CLASSES, check_bytes
from mlcore.datasets.readers.parts import NamedPart, Part, by_part, choose_part, part_of, several
from mlcore.datasets.readers.source import Source, open_content
from mlcore.datasets.readers.zipped import open_zip
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

NPY_MAGIC = (b"\x93NUMPY",)
ENDINGS = (".npz", ".npy")
# Names of images and labels, as Keras, older tutorials, scikit-learn and `np.savez(file, X, y)` give them.
ARRAY_NAMES = (
    ("x_train", "y_train"),
    ("x_test", "y_test"),
    ("train_images", "train_labels"),
    ("test_images", "test_labels"),
    ("images", "labels"),
    ("x", "y"),
    ("data", "target"),
    ("arr_0", "arr_1"),
)
LABEL_WORDS = re.compile(r"(^|[^a-z])(y|labels?|targets?|class(es)?|digits?|lbls?)([^a-z]|$)")
MOST_ARRAYS = 1000  # that are looked at


@dataclass(frozen=True)
class Named:
    """An array of some file, by the names that it goes by.

    Attributes
    ----------
    array : StoredArray
    name : str
        Its own, in small letters.
    whole_name : str
        The same with the file's path, where there are other files.
    title : str
        What tells it from others, in the letters that it has: its own name, or that of a file of one array.
    folder : tuple of str
        The folders that its file lies in, from the outermost.
    """

    array: StoredArray
    name: str
    whole_name: str
    title: str
    folder: Folder

    @property
    def part(self) -> NamedPart | None:
        """The part of the data that its name speaks of, or else its file's."""
        return part_of(self.name) or part_of(self.whole_name)


@dataclass(frozen=True)
class Pair:
    """Images, and their labels where they are wanted; or several arrays of images, and the class of each."""

    images: tuple[StoredArray, ...]
    labels: StoredArray | None = None
    classes: tuple[str, ...] = ()

    @property
    def arrays(self) -> list[StoredArray]:
        """All arrays of it."""
        return [*self.images, *filter(None, [self.labels])]


def read_npz(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return the images and labels of .npz and .npy files: of one that has both, of two, or of one a class.

    They are known by usual names; otherwise the labels are the array with one value for each image of another
    one. Where there are only arrays of images, of one size, each may be a class, called after it. With
    ``labelled=False`` none are needed, and those that are there are left out: ``labels`` is empty.

    Raises
    ------
    DatasetError
        When an array is missing, pickled, of a wrong shape or type, or holds a value that is no pixel.
    """
    with ExitStack() as stack:
        stored = [named for source in sources for named in _arrays_in(stack, source, len(sources) > 1)]
        arrays = _counted_first(stored)
        file = sources[0].name
        choose = _choose_pair if labelled else _choose_images
        pair, notes = choose(file, arrays, part)
        decisions: list[Decision] = []
        images = read_images(pair.images, decisions)
        file = pair.images[0].file
        if pair.classes and labelled:
            return Found(file, images, _labels_by_class(pair, images.nbytes), notes, decisions)
        if pair.labels is None:
            return Found(file, images, np.empty(0, np.int64), notes, decisions)
        labels = read_labels(pair.labels, notes, images.nbytes)
        check_counts(pair.labels.file, len(images), len(labels))
    images, labels = without_unlabelled(images, labels, notes)
    return Found(file, images, labels, notes, decisions)


def read_labels_of_npz(sources: Sequence[Source], beside: int) -> NDArray[Any]:
    """Return the labels of files of which one array holds labels, while so many bytes are held ``beside``.

    Raises
    ------
    DatasetError
        When no array does, or several, or it cannot be used.
    """
    with ExitStack() as stack:
        arrays = [named for source in sources for named in _arrays_in(stack, source, len(sources) > 1)]
        labels = [named.array for named in _counted_first(arrays) if are_labels(named.array)]
        if len(labels) != 1:
            raise _no_pair(sources[0].name, arrays)
        return read_labels(labels[0], [], beside)


def _labels_by_class(pair: Pair, beside: int) -> NDArray[np.str_]:
    """Return the class of each image, where each class has an array of its own."""
    classes, counts = np.array(pair.classes), [array.shape[0] for array in pair.images]
    check_bytes(pair.images[0].file, sum(counts) * classes.dtype.itemsize, beside)
    return np.repeat(classes, counts)


# The arrays of the files


def _arrays_in(stack: ExitStack, source: Source, among_others: bool) -> Iterator[Named]:
    """Yield the arrays of a file with their headers."""
    stem = source.plain_name.removesuffix(".npz").removesuffix(".npy")
    folder = tuple(source.path.split("/")[:-1])
    if not _is_zip(source):
        array = open_array(source.name, quoted(stem), lambda: open_content(source))
        yield Named(array, stem, source.path.lower(), source.own_name[: len(stem)], folder)
        return
    archive = stack.enter_context(open_zip(source))
    members = [info for info in archive.infolist() if info.filename.endswith(".npy")][:MOST_ARRAYS]
    for info in members:
        title = info.filename.removesuffix(".npy")
        opener = cast(Callable[[], AbstractContextManager[BinaryIO]], partial(archive.open, info))
        name = title.lower()
        only = source.own_name[: len(stem)] if among_others and len(members) == 1 else title
        array = open_array(source.name, quoted(title), opener)
        yield Named(array, name, f"{source.path.lower()}/{name}" if among_others else name, only, folder)


def _is_zip(source: Source) -> bool:
    if source.plain_name.endswith(".npz"):
        return True
    with open_content(source) as stream:
        return stream.read(6) not in NPY_MAGIC


def _counted_first(arrays: Sequence[Named]) -> list[Named]:
    """Return arrays with the images along the first axis, where MATLAB's order has them along the last."""
    shapes = [named.array.shape for named in arrays]
    # Labels that lie in a row are one image of as many pixels too, so a row counts only what lies last.
    rows = {shape[1] for shape in shapes if len(shape) == 2 and shape[0] == 1 < shape[1]}
    counts = {shape[0] for shape in shapes if len(shape) == 1 or shape[1:] == (1,)}
    ends = {shape[-1] for shape in shapes if len(shape) in (2, 3, 4) and shape[0] > 1}
    found = []
    for named in arrays:
        array, shape = named.array, named.array.shape
        if len(shape) == 2 and shape[0] == 1 and shape[1] in rows & ends:
            array = replace(array, shape=shape[1:])
        elif counts_last(shape, counts | rows):
            array = array.from_last()
        found.append(replace(named, array=array))
    return found


# Which of them are images and labels


def _choose_pair(file: str, arrays: Sequence[Named], part: Part) -> tuple[Pair, list[str]]:
    """Return the arrays of images and labels of one part, and notes on what was left out."""
    pairs = _known_pairs(arrays)
    for name, pair in _pairs_by_shape(_without(arrays, pairs)).items():
        if part_of(name) not in map(part_of, pairs):
            pairs[name] = pair
    pairs = pairs or _classes_by_part(arrays)
    if not pairs:
        raise _no_pair(file, arrays)
    others = _without(arrays, pairs)
    unpaired = [named for named in others if image_shape_of(named.array.shape) and named.part != "test"]
    if part == "train" and unpaired and all(part_of(name) == "test" for name in pairs):
        raise _labels_missing(unpaired[0].array)
    pair, notes = choose_part(pairs, part)
    if pair.classes:
        message = _("The classes are the names of the files, arrays or folders: {names}.")
        notes.append(message.format(names=several(dict.fromkeys(pair.classes))))
    if others:
        message = _("Left out: the arrays {names}.")
        notes.append(message.format(names=several(named.name for named in others)))
    return pair, notes


def _without(arrays: Sequence[Named], pairs: Mapping[str, Pair]) -> list[Named]:
    """Return the arrays that are in no pair."""
    used = {id(array) for pair in pairs.values() for array in pair.arrays}
    return [named for named in arrays if id(named.array) not in used]


def _known_pairs(arrays: Sequence[Named]) -> dict[str, Pair]:
    """Return the pairs of usual names, by the name of their images."""
    pairs = {}
    for images, labels in ARRAY_NAMES:
        files = {named.array.file: named for named in arrays if named.name == images}
        for named in arrays:
            if named.name == labels and named.array.file in files:
                first = files[named.array.file]
                pairs[first.whole_name] = Pair((first.array,), named.array)
    return pairs


def _pairs_by_shape(arrays: Sequence[Named]) -> dict[str, Pair]:
    """Return the pairs that fit each other, part by part: the labels have one value an image."""
    pairs: dict[str, Pair] = {}
    if len(arrays) > MOST_ARRAYS:  # each is compared with each; so many are rather an image each
        return pairs
    groups = by_part(arrays, lambda named: named.part)
    for group in groups.values():
        pair = _fitting_pair(group)
        if pair is not None:
            pairs[pair[0]] = pair[1]
    if not pairs and (pair := _fitting_pair(arrays)):
        pairs[pair[0]] = pair[1]
    return pairs


def _fitting_pair(arrays: Sequence[Named]) -> tuple[str, Pair] | None:
    """Return the one pair of images and labels among some arrays, and a name for it.

    Where several arrays may be the labels, the one that is called so.
    """
    fitting = [
        (images, labels)
        for images in arrays
        for labels in arrays
        if _belong_together(images.array, labels.array)
    ]
    called_so = [(images, labels) for images, labels in fitting if LABEL_WORDS.search(labels.name)]
    chosen = fitting if len(fitting) == 1 else called_so
    if len(chosen) != 1:
        return None
    images, labels = chosen[0]
    return images.whole_name, Pair((images.array,), labels.array)


def _classes_by_part(arrays: Sequence[Named]) -> dict[str, Pair]:
    """Return arrays of images of one shape, part by part, with the class that each one's name or folder is.

    "Quick, Draw!" has a file of images for each class; others keep each image in a file, in folders.
    """
    pairs = {}
    for group in by_part(arrays, lambda named: named.part).values():
        classes, stored = _classes_in_folders(group), [named.array for named in group]
        if classes:
            stored = _as_pictures(stored)
        else:
            classes = classes_in_names([named.title for named in group])
        shapes = {image_shape_of(array.shape) if array.is_numeric else None for array in stored}
        if classes and len(shapes) == 1 and None not in shapes:
            pairs[group[0].whole_name] = Pair(tuple(stored), classes=tuple(classes))
    return pairs


def _classes_in_folders(arrays: Sequence[Named]) -> list[str]:
    """Return the class that each array's folder is; nothing where there are not two, or one has none."""
    classes = classes_of({named.folder for named in arrays})
    found = [classes.get(named.folder, "") for named in arrays]
    return found if len(set(found)) >= MIN_CLASSES and all(found) else []


def _as_pictures(arrays: Sequence[StoredArray]) -> list[StoredArray]:
    """Return arrays as an image each when their shapes say so: all alike, and square or no rows of images."""
    shape = arrays[0].shape
    is_one = len(shape) == 2 and (shape[0] == shape[1] or image_shape_of(shape) is None)
    is_colour = len(shape) == 3 and shape[2] in COLOURS
    if not (is_one or is_colour) or any(array.shape != shape for array in arrays):
        return list(arrays)
    return [replace(array, shape=(1, *shape)) for array in arrays]


def _belong_together(images: StoredArray, labels: StoredArray) -> bool:
    """Whether one array may hold the labels of the images in the other."""
    shape = image_shape_of(images.shape)
    return (
        shape is not None
        and images.is_numeric
        and are_labels(labels)
        and images.shape[0] == labels.shape[0]
        and images.count > labels.count
    )


def _choose_images(file: str, arrays: Sequence[Named], part: Part) -> tuple[Pair, list[str]]:
    """Return the array of images of one part, where no labels are wanted."""
    known = [images for images, __ in ARRAY_NAMES]
    if classes := {} if _pairs_by_shape(arrays) else _classes_by_part(arrays):
        return choose_part(classes, part)
    shape = arrays[0].array.shape if len(arrays) == 1 else ()
    if shape and not (image_shape_of(shape) or image_shape_of(shape[::-1])):
        (picture,) = _as_pictures([arrays[0].array])
        arrays = [replace(arrays[0], array=picture)]
    images = [named for named in arrays if named.array.is_numeric and image_shape_of(named.array.shape)]
    # Of images and one-hot labels of a square number of classes, the images are larger.
    largest: dict[NamedPart | None, Named] = {}
    for named in sorted(images, key=lambda named: (named.name in known, named.array.count)):
        largest[named.part] = named
    if not largest:
        raise _no_pair(file, arrays)
    return choose_part({named.whole_name: Pair((named.array,)) for named in largest.values()}, part)


def _no_pair(file: str, arrays: Sequence[Named]) -> DatasetError:
    """Return why there are no images with labels, and what to do; damage and pickles come first."""
    images = [named.array for named in arrays if image_shape_of(named.array.shape) and named.array.is_numeric]
    for named in arrays:
        check_readable(named.array)
    if len(images) == len(arrays) == 1:
        return _labels_missing(images[0])
    if {"header", "parameters"} <= {named.name for named in arrays}:
        message = _("{file} is a trained network, not data. Choose it on the Draw or the Evaluate page.")
        return DatasetError(message.format(file=file))
    if arrays and not images and all(are_labels(named.array) for named in arrays):
        message = _("{file} holds labels without images. Choose it together with the file of its images.")
        return DatasetError(message.format(file=file))
    message = _(
        "{file} holds the arrays {found}; images (n, height, width) and as many labels (n,) are needed. Save "
        "them with np.savez(“digits.npz”, images=images, labels=labels)."
    )
    found = several(f"{named.name} {named.array.shape}" for named in arrays) or _("(none)")
    return DatasetError(message.format(file=file, found=found))


def _labels_missing(array: StoredArray) -> MissingLabels:
    message = _(
        "{file}: the labels of the {n:,} images in the array {name} are missing. To learn from these images, "
        "choose the file of their labels together with it."
    )
    return MissingLabels(message.format(file=array.file, n=array.shape[0], name=array.name))
