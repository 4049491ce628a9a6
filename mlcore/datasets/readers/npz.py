"""Reads .npz files: NumPy arrays of images and labels, under the names that Keras and others give them.

It is one of the readers between a dataset file and a Dataset; it looks at each array's header before its
content, runs no pickled code, and converts other types to bytes piece by piece.
"""

import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.limits import (
    check_bytes,
    check_count,
    check_image_shape,
    check_images,
    check_label,
)
from mlcore.datasets.readers.parts import Part, choose_part, several
from mlcore.datasets.readers.scale import Scale, ValueRange, scale_of
from mlcore.datasets.readers.source import Source
from mlcore.datasets.readers.zipped import open_zip
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

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
PIECE_BYTES = 1 << 20
MAX_LABEL = 1_000_000_000


@dataclass(frozen=True)
class StoredArray:
    """One array inside an .npz that is not read yet: where it is, and what its header says."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    file: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    header_bytes: int

    @property
    def count(self) -> int:
        """How many values it holds."""
        return math.prod(self.shape)

    def place(self, index: int) -> str:
        """Return how a sentence names the value at this place in the file: ``x_train[7, 0, 3]``."""
        where = np.unravel_index(index, self.shape, order="F" if self.fortran_order else "C")
        return f"{self.name}[{', '.join(str(k) for k in where)}]"

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Yield its values in the order of the file, about a megabyte at a time."""
        size = self.dtype.itemsize
        left = self.count * size
        with self.archive.open(self.info) as stream:
            stream.seek(self.header_bytes)
            while left:
                wanted = min(left, max(1, PIECE_BYTES // size) * size)
                piece = stream.read(wanted)
                if len(piece) < wanted:
                    message = _("{file}: the array {name} is cut short. Save it again with np.savez.")
                    raise DatasetError(message.format(file=self.file, name=self.name))
                left -= wanted
                yield np.frombuffer(piece, self.dtype)


def read_npz(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return the images and labels of one .npz file.

    With ``labelled=False`` none are needed, and those that are there are left out: ``labels`` is empty.

    Raises
    ------
    DatasetError
        When an array is missing, pickled, of a wrong shape or type, or holds a value that is no pixel.
    """
    if len(sources) > 1:
        message = _("{n} .npz files were chosen. Choose one, with both the images and the labels in it.")
        raise DatasetError(message.format(n=len(sources)))
    file = sources[0].name
    with open_zip(sources[0]) as archive:
        names = {
            info.filename.removesuffix(".npy").lower(): info
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }
        decisions: list[Decision] = []
        if not labelled:
            image_name, notes = _choose_images(file, list(names), part)
            images = _read_images(_open_array(archive, file, names[image_name]), decisions)
            return Found(file, images, np.empty(0, np.int64), notes, decisions)
        (image_name, label_name), notes = _choose_arrays(file, list(names), part)
        images = _read_images(_open_array(archive, file, names[image_name]), decisions)
        labels = _read_labels(_open_array(archive, file, names[label_name]), images.nbytes)
    check_counts(file, len(images), len(labels))
    return Found(file, images, labels, notes, decisions)


def _choose_arrays(file: str, names: list[str], part: Part) -> tuple[tuple[str, str], list[str]]:
    """Return the names of the arrays of images and labels, and notes on what was left out."""
    pairs = {pair[0]: pair for pair in ARRAY_NAMES if set(pair) <= set(names)}
    if pairs:
        return choose_part(pairs, part)
    message = _(
        "{file} holds the arrays {found}; x_train and y_train, images and labels, or X and y are needed. "
        "Save them again under these names."
    )
    found = several(sorted(names)) or _("(none)")
    raise DatasetError(message.format(file=file, found=found))


def _choose_images(file: str, names: list[str], part: Part) -> tuple[str, list[str]]:
    """Return the name of the array of images where no labels are wanted: the only array, or a known name."""
    images = {image_name: image_name for image_name, __ in ARRAY_NAMES if image_name in names}
    if len(names) == 1:
        return names[0], []
    if images:
        return choose_part(images, part)
    return _choose_arrays(file, names, part)[0][0], []


def _open_array(archive: zipfile.ZipFile, file: str, info: zipfile.ZipInfo) -> StoredArray:
    """Read the header of an array and check that it can be read safely."""
    name = quoted(info.filename.removesuffix(".npy"))
    with archive.open(info) as stream:
        try:
            major, __ = npy.read_magic(stream)
            read_header = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
            shape, fortran_order, dtype = read_header(stream)
            if min(shape, default=0) < 0:
                raise ValueError(shape)
        except Exception as error:  # a damaged header makes its parser raise almost anything
            message = _("{file}: the array {name} cannot be read, its header is damaged. Save it again.")
            raise DatasetError(message.format(file=file, name=name)) from error
        header_bytes = stream.tell()
    if dtype.hasobject:
        message = _(
            "{file}: the array {name} holds Python objects (pickled). They could run foreign code and are "
            "not read; save plain arrays of numbers."
        )
        raise DatasetError(message.format(file=file, name=name))
    return StoredArray(archive, info, file, name, shape, dtype, fortran_order, header_bytes)


def _read_images(array: StoredArray, decisions: list[Decision]) -> UInt8Array:
    """Return an array as uint8 images ``(n, height, width)``."""
    image_shape = _image_shape(array)
    copies = 2 if array.fortran_order else 1  # the second in the order of rows
    check_images(array.file, array.shape[0], math.prod(image_shape), (copies - 1) * array.count)
    if array.dtype.kind not in "buif":
        message = _("{file}: the array {name} is of type {dtype}; images are numbers, best of type uint8.")
        raise DatasetError(message.format(file=array.file, name=array.name, dtype=quoted(array.dtype)))
    scale = None if array.dtype == np.uint8 else _scale(array)
    pixels = np.empty(array.count, np.uint8)
    done = 0
    for values in array.pieces():
        pixels[done : done + len(values)] = values if scale is None else scale.to_bytes(values)
        done += len(values)
    if scale is not None:
        decisions.append(Decision("stretch", scale.sentence, array.shape[0]))
    if array.fortran_order:
        pixels = np.ascontiguousarray(pixels.reshape(array.shape, order="F"))
    return pixels.reshape(array.shape[0], *image_shape)


def _image_shape(array: StoredArray) -> tuple[int, int]:
    """Return height and width from a shape: (n, h, w), that with one channel, or (n, pixels of a square)."""
    sides = array.shape[1:]
    if len(sides) == 3 and 1 in (sides[0], sides[2]):
        sides = sides[1:] if sides[0] == 1 else sides[:2]
    elif len(sides) == 1 and math.isqrt(sides[0]) ** 2 == sides[0]:
        sides = (math.isqrt(sides[0]),) * 2
    if len(sides) != 2:
        message = _(
            "{file}: the array {name} has the shape {shape}. Grey images have (n, height, width), "
            "or (n, pixels) when they are square."
        )
        raise DatasetError(message.format(file=array.file, name=array.name, shape=quoted(array.shape)))
    check_image_shape(array.file, sides)
    return sides[0], sides[1]


def _scale(array: StoredArray) -> Scale | None:
    """Return the scale of an array's values, or None when they are bytes in a larger type."""
    values = ValueRange.of(array.pieces())
    if values.whole and values.lowest >= 0 and values.highest <= 255:
        return None
    scale = scale_of(values)
    if scale is None:
        raise _no_pixel(array)
    return scale


def _no_pixel(array: StoredArray) -> DatasetError:
    """Return what is said about the first value that is outside 0 to 255."""
    start = 0
    for values in array.pieces():
        fits = (values >= 0) & (values <= 255)
        if not fits.all():
            break
        start += len(values)
    wrong = int(fits.argmin())
    message = _(
        "{file}: {place} is {value:g}. Pixels are numbers from 0 to 255, from 0 to 1 or from −1 to 1, or of "
        "16 bits."
    )
    place = array.place(start + wrong)
    return DatasetError(message.format(file=array.file, place=place, value=values[wrong]))


def _read_labels(array: StoredArray, beside: int) -> NDArray[Any]:
    """Return the labels as whole numbers or as text, ``(n,)``."""
    if array.shape not in ((array.count,), (array.count, 1)):
        message = _(
            "{file}: the array {name} has the shape {shape}; labels are one number for each image, (n,)."
        )
        raise DatasetError(message.format(file=array.file, name=array.name, shape=quoted(array.shape)))
    if array.dtype.kind not in "buifU":
        message = _(
            "{file}: the array {name} is of type {dtype}; labels are whole numbers 0, 1, 2, … or text."
        )
        raise DatasetError(message.format(file=array.file, name=array.name, dtype=quoted(array.dtype)))
    if array.dtype.kind == "U":
        check_label(array.file, array.dtype.itemsize // 4)
    check_count(array.file, array.count)
    check_bytes(array.file, array.count * array.dtype.itemsize, beside)
    labels = np.concatenate([np.empty(0, array.dtype), *array.pieces()])
    if array.dtype.kind == "U":
        labels = np.char.strip(labels)
        fits = labels != ""
    else:
        fits = (labels >= 0) & (labels < MAX_LABEL) & (labels == np.floor(labels))
    if not fits.all():
        wrong = int(fits.argmin())
        message = _("{file}: {place} is {value}; labels are whole numbers 0, 1, 2, … or text.")
        value = repr(labels[wrong].item())
        raise DatasetError(message.format(file=array.file, place=array.place(wrong), value=value))
    return labels if array.dtype.kind == "U" else labels.astype(np.int64)
