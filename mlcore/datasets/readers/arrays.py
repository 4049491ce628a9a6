"""Reads stored NumPy arrays: what their headers say, images as bytes and labels as numbers or text.

`read_npz` uses it for .npz and .npy files. An array's header is looked at before its content, no pickled code
is run, and other types are converted to bytes piece by piece.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.labels import NO_LABEL, labels_of_marks
from mlcore.datasets.readers.limits import (
    MAX_CLASSES,
    MAX_SIDE,
    MIN_SIDE,
    check_bytes,
    check_count,
    check_image_shape,
    check_images,
    check_label,
)
from mlcore.datasets.readers.scale import Scale, ValueRange, scale_of
from mlcore.datasets.readers.shrink import COMMON_SHAPE, is_large, shrinking, to_common_shape
from mlcore.errors import DatasetError
from mlcore.images.picture_file import grey_of
from mlcore.language import _
from mlcore.quote import quoted

PIECE_BYTES = 1 << 20
LEAST_SQUARE = 16  # values in a row that may be an image
MAX_LABEL = 1_000_000_000
COLOURS = (1, 3, 4)
SIGNED_BYTES = Scale(-128, 127)
PAPER_LEVELS, LEAST_PAPER = 4, 0.25  # of the pixels are paper: within so many levels of the commonest


@dataclass(frozen=True)
class StoredArray:
    """One array that is not read yet: where it is, and what its header says."""

    open: Callable[[], AbstractContextManager[BinaryIO]]
    file: str
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool
    header_bytes: int
    damage: str = ""  # a sentence, where the header cannot be read
    counted_last: bool = False  # its last axis counts the images, as MATLAB's do; `shape` has it first

    @property
    def count(self) -> int:
        """How many values it holds."""
        return math.prod(self.shape)

    @property
    def is_numeric(self) -> bool:
        """Whether it holds plain numbers."""
        return self.dtype.kind in "buif"

    @property
    def stored_shape(self) -> tuple[int, ...]:
        """Its shape in the file."""
        return (*self.shape[1:], self.shape[0]) if self.counted_last else self.shape

    def from_last(self) -> StoredArray:
        """Return it with its last axis as the first: that of the images."""
        return replace(self, shape=(self.shape[-1], *self.shape[:-1]), counted_last=True)

    def place(self, index: int) -> str:
        """Return how a sentence names the value at this place in the file: ``x_train[7, 0, 3]``."""
        where = np.unravel_index(index, self.stored_shape, order="F" if self.fortran_order else "C")
        return f"{self.name}[{', '.join(str(k) for k in where)}]"

    def pieces(self, values_together: int = 1) -> Iterator[NDArray[Any]]:
        """Yield its values in the order of the file, about a megabyte at a time, so many always together."""
        size = self.dtype.itemsize * max(1, values_together)
        left = self.count * self.dtype.itemsize
        with self.open() as stream:
            stream.seek(self.header_bytes)
            while left:
                wanted = min(left, max(1, PIECE_BYTES // size) * size)
                piece = stream.read(wanted)
                if len(piece) < wanted:
                    message = _("{file}: the array {name} is cut short. Save it again with np.savez.")
                    raise DatasetError(message.format(file=self.file, name=self.name))
                left -= wanted
                yield np.frombuffer(piece, self.dtype)


def open_array(file: str, name: str, opener: Callable[[], AbstractContextManager[BinaryIO]]) -> StoredArray:
    """Return an array of which the header is read; whether it can be used is said when it is read itself."""
    with opener() as stream:
        try:
            major, __ = npy.read_magic(stream)
            read_header = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
            shape, fortran_order, dtype = read_header(stream)
            if min(shape, default=0) < 0:
                raise ValueError(shape)
        except Exception:  # a damaged header makes its parser raise almost anything
            message = _("{file}: the array {name} cannot be read, its header is damaged. Save it again.")
            damage = message.format(file=file, name=name)
            return StoredArray(opener, file, name, (), np.dtype(np.void), False, 0, damage)
        return StoredArray(opener, file, name, shape, dtype, fortran_order, stream.tell())


# What an array may be, by its shape


@dataclass(frozen=True)
class ImageShape:
    """How images lie in an array: height, width and colours, and whether the colours come first."""

    height: int
    width: int
    colours: int = 1
    colours_first: bool = False

    @property
    def count(self) -> int:
        """How many values an image has."""
        return self.height * self.width * self.colours


def image_shape_of(shape: tuple[int, ...]) -> ImageShape | None:
    """Return how images lie in an array of this shape, or None when it cannot be one of images.

    >>> image_shape_of((60000, 28, 28)), image_shape_of((60000, 784))
    (ImageShape(height=28, width=28, colours=1, colours_first=False), ...)
    >>> image_shape_of((100, 3, 32, 32)).colours_first, image_shape_of((100, 10))
    (True, None)
    """
    sides = shape[1:]
    if len(sides) == 2:
        return ImageShape(*sides)
    if len(sides) == 3 and sides[2] in COLOURS:
        return ImageShape(*sides)
    if len(sides) == 3 and sides[0] in COLOURS:
        return ImageShape(sides[1], sides[2], sides[0], colours_first=True)
    if len(sides) == 1 and sides[0] >= LEAST_SQUARE and math.isqrt(sides[0]) ** 2 == sides[0]:
        return ImageShape(math.isqrt(sides[0]), math.isqrt(sides[0]))
    return None


def counts_last(shape: tuple[int, ...], counts: Collection[int]) -> bool:
    """Whether the last axis of an array counts its images, as in ``(28, 28, n)``.

    It does when there are as many labels, ``counts``, along it alone; without labels, when it is the one that
    is not like the other two. The images may be columns of pixels, too.

    >>> counts_last((28, 28, 500), {500}), counts_last((28, 28, 500), {})
    (True, True)
    >>> counts_last((500, 28, 20), {500}), counts_last((500, 28, 28), {})
    (False, False)
    >>> counts_last((784, 500), {500}), counts_last((784, 500), {})
    (True, False)
    """
    if len(shape) == 2:
        return shape[1] in counts and shape[0] not in counts and image_shape_of(shape[::-1]) is not None
    if len(shape) not in (3, 4) or shape[-1] in COLOURS or 0 in shape:
        return False
    if len(shape) == 4 and shape[2] not in COLOURS:
        return False
    if {shape[0], shape[-1]} & set(counts):
        return shape[0] not in counts
    return shape[0] == shape[1] != shape[-1] and MIN_SIDE <= shape[0] <= MAX_SIDE


def are_labels(array: StoredArray) -> bool:
    """Whether an array may hold labels: one value an image, or a single 1 among zeros."""
    if array.shape in ((array.count,), (array.count, 1)):
        return array.count > 0 and (array.is_numeric or array.dtype.kind in "SU")
    return _may_be_one_hot(array)


def _may_be_one_hot(array: StoredArray) -> bool:
    return array.is_numeric and len(array.shape) == 2 and 2 <= array.shape[1] <= MAX_CLASSES


def check_readable(array: StoredArray) -> None:
    """Raise `DatasetError` when an array is damaged or pickled."""
    if array.damage:
        raise DatasetError(array.damage)
    if array.dtype.hasobject:
        message = _(
            "{file}: the array {name} holds Python objects (pickled). They could run foreign code and are "
            "not read; save plain arrays of numbers."
        )
        raise DatasetError(message.format(file=array.file, name=array.name))


# Images


def read_images(arrays: Sequence[StoredArray], decisions: list[Decision]) -> UInt8Array:
    """Return arrays of one shape of images as uint8 ``(n, height, width)``, one after the other.

    Colours become grey, large images are shrunk to 28×28, and all arrays have one scale.

    Raises
    ------
    DatasetError
        When one holds no images, too many, or a value that is no pixel.
    """
    for array in arrays:
        check_readable(array)
    first = arrays[0]
    shape = image_shape_of(first.shape)
    if shape is None:
        message = _(
            "{file}: the array {name} has the shape {shape}. Images have (n, height, width), with colours "
            "(n, height, width, 3), or (n, pixels) when they are square."
        )
        raise DatasetError(message.format(file=first.file, name=first.name, shape=quoted(first.shape)))
    for array in arrays:
        if not array.is_numeric:
            raise _wrong_type(array, _("images are numbers, best of type uint8"))
    check_image_shape(first.file, (shape.height, shape.width))
    too_large = is_large((shape.height, shape.width))
    height, width = COMMON_SHAPE if too_large else (shape.height, shape.width)
    n, beside = sum(array.shape[0] for array in arrays), max(_bytes_beside(a, shape) for a in arrays)
    check_images(first.file, n, height * width, beside)
    unsigned = [_unsigned(array) for array in arrays]
    if unsigned != list(arrays):
        sentence = _("The pixels were kept as signed bytes (255 as −1); they were read as 0–255.")
        decisions.append(Decision("stretch", sentence, n))
    arrays = unsigned
    # Few levels are brought to 0…255 before they are averaged, which would leave fewer of them.
    is_averaged = too_large or shape.colours > 1
    are_bytes = all(array.dtype == np.uint8 for array in arrays)
    scale = None if are_bytes and not is_averaged else _scale(arrays, is_averaged)
    images = np.empty((n, height, width), np.uint8)
    done = 0
    for array in arrays:
        for block in _blocks(array, shape, scale):
            grey = block[..., 0] if shape.colours == 1 else np.stack([grey_of(image) for image in block])
            rows = slice(done, done + len(block))
            images[rows] = [to_common_shape(image) for image in grey] if too_large else grey
            done += len(block)
    if scale is not None:
        decisions.append(Decision("stretch", scale.sentence, n))
    if too_large:
        decisions.append(shrinking((shape.height, shape.width), n))
    return images


def _bytes_beside(array: StoredArray, shape: ImageShape) -> int:
    """Return how much memory an array takes, while it is read, beside its images."""
    is_whole = array.fortran_order or array.counted_last
    return array.count if is_whole else 8 * min(array.count, shape.count)


def _blocks(array: StoredArray, shape: ImageShape, scale: Scale | None) -> Iterator[UInt8Array]:
    """Yield some images at a time as bytes, ``(images, height, width, colours)``."""
    if array.fortran_order or array.counted_last:
        check_bytes(array.file, array.count)
        pixels = np.empty(array.count, np.uint8)
        done = 0
        for values in array.pieces():
            pixels[done : done + len(values)] = _to_bytes(values, scale)
            done += len(values)
        whole = pixels.reshape(array.stored_shape, order="F" if array.fortran_order else "C")
        whole = np.moveaxis(whole, -1, 0) if array.counted_last else whole
        step = max(1, PIECE_BYTES // shape.count)
        for start in range(0, len(whole), step):
            yield _in_order(np.ascontiguousarray(whole[start : start + step]), shape)
    else:
        for values in array.pieces(shape.count):
            yield _in_order(_to_bytes(values, scale), shape)


def _to_bytes(values: NDArray[Any], scale: Scale | None) -> UInt8Array:
    return values.astype(np.uint8, copy=False) if scale is None else scale.to_bytes(values)


def _in_order(values: UInt8Array, shape: ImageShape) -> UInt8Array:
    """Return images ``(images, height, width, colours)``, however their colours lie."""
    if shape.colours_first:
        return values.reshape(-1, shape.colours, shape.height, shape.width).transpose(0, 2, 3, 1)
    return values.reshape(-1, shape.height, shape.width, shape.colours)


def _scale(arrays: Sequence[StoredArray], is_averaged: bool) -> Scale | None:
    """Return the scale of some arrays, or None when they are bytes, which `assemble` may stretch."""
    values = ValueRange.of(chain.from_iterable(array.pieces() for array in arrays))
    is_signed = values.lowest < -1 and all(array.dtype == np.int8 for array in arrays)
    scale = SIGNED_BYTES if is_signed else scale_of(values)
    if scale is None:
        for array in arrays:
            _check_pixels(array)
    are_bytes = values.whole and values.lowest >= 0 and values.highest <= 255
    if scale is None or (are_bytes and (scale.is_bytes or not is_averaged)):
        return None
    return scale


def _unsigned(array: StoredArray) -> StoredArray:
    """Return signed bytes as unsigned ones where 255 became −1; pixels less 128 stay as they are.

    Most of an image of ink is paper, which lies at an end of the scale: near 0 or −1 when bytes were only
    called signed, near −128 or 127 when 128 was subtracted. A photo has no such level: then it was.
    """
    if array.dtype != np.int8:
        return array
    counts = np.zeros(256, np.int64)
    for values in array.pieces():
        counts += np.bincount(values.view(np.uint8), minlength=256)
    if not counts[128:255].any():  # nothing below −1: a usual scale holds it
        return array
    near = np.sum([np.roll(counts, k) for k in range(-PAPER_LEVELS, PAPER_LEVELS + 1)], axis=0)
    paper = int(near.argmax())
    is_paper = near[paper] >= LEAST_PAPER * array.count
    return replace(array, dtype=np.dtype(np.uint8)) if is_paper and not 64 <= paper < 192 else array


def _check_pixels(array: StoredArray) -> None:
    """Raise `DatasetError` that names the first value that is outside 0 to 255, if there is one."""
    start = 0
    for values in array.pieces():
        fits = (values >= 0) & (values <= 255)
        if not fits.all():
            wrong = int(fits.argmin())
            message = _(
                "{file}: {place} is {value:g}. Pixels are numbers from 0 to 255, from 0 to 1 or from −1 to "
                "1, or of 16 bits."
            )
            place = array.place(start + wrong)
            raise DatasetError(message.format(file=array.file, place=place, value=values[wrong]))
        start += len(values)


# Labels


def read_labels(array: StoredArray, notes: list[str], beside: int) -> NDArray[Any]:
    """Return labels as whole numbers or as text, ``(n,)``; a single 1 among zeros becomes its place.

    Raises
    ------
    DatasetError
        When it holds no labels, too many, or a value that is none.
    """
    check_readable(array)
    if array.shape not in ((array.count,), (array.count, 1)):
        if _may_be_one_hot(array):
            return _read_one_hot(array, notes, beside)
        message = _(
            "{file}: the array {name} has the shape {shape}; labels are one number for each image, (n,)."
        )
        raise DatasetError(message.format(file=array.file, name=array.name, shape=quoted(array.shape)))
    if not (array.is_numeric or array.dtype.kind in "SU"):
        raise _wrong_type(array, _("labels are whole numbers 0, 1, 2, … or text"))
    labels = _values_of(array, beside)
    if array.is_numeric:
        fits = (labels >= NO_LABEL) & (labels < MAX_LABEL) & (labels == np.floor(labels))
    else:
        labels = np.char.strip(
            np.char.decode(labels, "utf-8", "replace") if array.dtype.kind == "S" else labels
        )
        fits = labels != ""
    if not fits.all():
        wrong = int(fits.argmin())
        message = _("{file}: {place} is {value}; labels are whole numbers 0, 1, 2, … or text.")
        value = repr(labels[wrong].item())
        raise DatasetError(message.format(file=array.file, place=array.place(wrong), value=value))
    return labels.astype(np.int64) if array.is_numeric else labels


def _read_one_hot(array: StoredArray, notes: list[str], beside: int) -> NDArray[np.int64]:
    values = _values_of(array, beside).reshape(array.shape, order="F" if array.fortran_order else "C")
    labels = labels_of_marks(values)
    if labels is None:
        message = _(
            "{file}: the array {name} has the shape {shape}, but not a single 1 among zeros in each row. "
            "Labels are one number for each image, (n,): of probabilities, save the place of the highest."
        )
        raise DatasetError(message.format(file=array.file, name=array.name, shape=quoted(array.shape)))
    message = _("The labels were a single 1 among {n} numbers for each image (one-hot).")
    notes.append(message.format(n=array.shape[1]))
    return labels


def _values_of(array: StoredArray, beside: int) -> NDArray[Any]:
    """Return all values of an array of labels, in the order of the file."""
    if array.dtype.kind in "SU":
        check_label(array.file, array.dtype.itemsize // (4 if array.dtype.kind == "U" else 1))
    check_count(array.file, array.shape[0])
    check_bytes(array.file, array.count * array.dtype.itemsize, beside)
    return np.concatenate([np.empty(0, array.dtype), *array.pieces()])


def _wrong_type(array: StoredArray, wanted: str) -> DatasetError:
    message = _("{file}: the array {name} is of type {dtype}; {wanted}.")
    return DatasetError(
        message.format(file=array.file, name=array.name, dtype=quoted(array.dtype), wanted=wanted)
    )
