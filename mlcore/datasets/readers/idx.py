"""Reads IDX files, the format that MNIST came in: a pair of files, images and labels, plain or gzipped.

It is one of the readers between a dataset file and a Dataset; the shipped MNIST is read by it too.
Format: http://yann.lecun.com/exdb/mnist (two zero bytes, a type, the number of dimensions, then each
size as a big-endian 32-bit integer, then the values).
"""

import math
import re
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.limits import check_images
from mlcore.datasets.readers.parts import MissingPart, Part, several
from mlcore.datasets.readers.source import Source, open_content, read_into
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.errors import DatasetError
from mlcore.language import _

UNSIGNED_BYTES = 0x08
TYPES = {UNSIGNED_BYTES: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4"}
IMAGE_DIMENSIONS, LABEL_DIMENSIONS = 3, 1
COLUMNS_DIMENSIONS = 2  # of QMNIST's labels: the class, then who wrote it and where

IDX_MAGIC = (b"\0\0\x08\x01", b"\0\0\x08\x03", b"\0\0\x0c\x02", b"\0\0\x0c\x01")

# train-images-idx3-ubyte, train-images.idx3-ubyte, t10k-labels-idx1-ubyte …
IDX_NAME = re.compile(
    r"(?P<prefix>.*?)[-_. ]?(images|labels)?[-_. ]?idx(?P<dimensions>[123])[-_.]?(ubyte|int)"
)
# What only says which of a pair a file is: the rest is the same for both.
_OF_A_PAIR = re.compile(r"images?|labels?|imgs?|idx|ubyte|int(?![a-z])|[123](?=[-_. ]|$)|[-_. ]")


def read_idx_files(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return images and labels from a pair of IDX files; which is which is read in their headers.

    With ``labelled=False`` one file of images will do, and its labels are left out: ``labels`` is empty.

    Raises
    ------
    DatasetError
        When a file of a pair is missing, the two do not fit, or one is damaged.
    """
    if part != "train":
        raise MissingPart(part)
    by_dimensions: dict[int, list[Source]] = {IMAGE_DIMENSIONS: [], LABEL_DIMENSIONS: []}
    for source in sources:
        by_dimensions[_dimensions(source)].append(source)
    if not labelled:
        images_in = _only_images(by_dimensions[IMAGE_DIMENSIONS], sources)
        return Found(images_in.name, read_idx(images_in), np.empty(0, np.int64))
    images_in, labels_in = _pair(by_dimensions[IMAGE_DIMENSIONS], by_dimensions[LABEL_DIMENSIONS])
    images = read_idx(images_in)
    labels = read_idx_labels(labels_in, images.nbytes)
    check_counts(labels_in.name, len(images), len(labels))
    return Found(images_in.name, images, labels)


def read_labels_of_idx(sources: Sequence[Source], beside: int) -> NDArray[np.integer]:
    """Return the labels of the one file of them, while so many bytes are held ``beside``.

    Raises
    ------
    DatasetError
        When there are several, or it cannot be used.
    """
    labels = [source for source in sources if _dimensions(source) == LABEL_DIMENSIONS]
    if len(labels) != 1:
        raise _several_sets(sources)
    return read_idx_labels(labels[0], beside)


def _several_sets(sources: Sequence[Source]) -> DatasetError:
    message = _("There are several data sets in these files ({names}). Choose the files of one.")
    return DatasetError(message.format(names=several(source.name for source in sources)))


def _dimensions(source: Source) -> int:
    with open_content(source) as stream:
        _kind, shape = _read_header(source.name, stream)
    return IMAGE_DIMENSIONS if len(shape) == IMAGE_DIMENSIONS else LABEL_DIMENSIONS


def _only_images(images: Sequence[Source], sources: Sequence[Source]) -> Source:
    """Return the one file of images among some files."""
    if not images:
        message = _("{file} holds labels, no images. Choose the file of the images.")
        raise DatasetError(message.format(file=sources[0].name))
    if len(images) > 1:
        raise _several_sets(images)
    return images[0]


def _pair(images: list[Source], labels: list[Source]) -> tuple[Source, Source]:
    """Return the file of images and the file of labels that belong together."""
    if not labels:
        message = _(
            "{file} holds images without labels. Choose it together with its labels (…-labels-idx1-ubyte)."
        )
        raise MissingLabels(message.format(file=images[0].name))
    if not images:
        message = _(
            "{file} holds labels without images. Choose it together with its images (…-images-idx3-ubyte)."
        )
        raise DatasetError(message.format(file=labels[0].name))
    if len(images) == len(labels) == 1:
        return images[0], labels[0]  # they belong together whatever they are called
    pairs = {
        _set_name(image): (image, label)
        for image in images
        for label in labels
        if _set_name(image) == _set_name(label)
    }
    if len(pairs) != 1:
        raise _several_sets(images)
    return next(iter(pairs.values()))


def _set_name(source: Source) -> str:
    """Return what the names of a pair have in common.

    >>> [_set_name(Source(name, open)) for name in ("a-images-idx3-ubyte", "a-labels.idx1-ubyte.gz")]
    ['a', 'a']
    """
    return _OF_A_PAIR.sub("", source.plain_name)


def read_idx_labels(source: Source, beside: int = 0) -> NDArray[np.integer]:
    """Return the labels of one IDX file; where each has several numbers, as in QMNIST, the first of them.

    Raises
    ------
    DatasetError
        As `read_idx`.
    """
    values = read_idx(source, beside)
    return values if values.ndim == LABEL_DIMENSIONS else values[:, 0].copy()


def read_idx(source: Source, beside: int = 0) -> NDArray[Any]:
    """Return the values of one IDX file in one array, while ``beside`` others are held.

    Raises
    ------
    DatasetError
        When the magic number is wrong or the file holds fewer or more bytes than its header says.
    """
    with open_content(source) as stream:
        kind, shape = _read_header(source.name, stream)
        expected = math.prod(shape) * kind.itemsize
        check_images(source.name, shape[0], math.prod(shape[1:]) * kind.itemsize, beside)
        values = np.empty(shape, kind)
        found = read_into(stream, values.reshape(-1).view(np.uint8).data)
        if found < expected:
            message = _(
                "{file} is cut short: its header announces {shape} values, {expected:,} bytes, "
                "but only {found:,} are there. Download it again."
            )
            shown = "×".join(f"{n:,}" for n in shape)
            raise DatasetError(message.format(file=source.name, shape=shown, expected=expected, found=found))
        if stream.read(1):
            message = _(
                "{file} has more data than the {expected:,} values that its header announces. "
                "It is damaged or not an IDX file; download it again."
            )
            raise DatasetError(message.format(file=source.name, expected=expected))
    return values


def _read_header(name: str, stream: BinaryIO) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the type and the sizes of the values; images are unsigned bytes, labels may be other numbers."""
    magic = stream.read(4)
    is_image = len(magic) == 4 and magic[2:] == bytes([UNSIGNED_BYTES, IMAGE_DIMENSIONS])
    is_label = len(magic) == 4 and magic[2] in TYPES and magic[3] in (LABEL_DIMENSIONS, COLUMNS_DIMENSIONS)
    if magic[:2] != b"\0\0" or not (is_image or is_label):
        message = _(
            "{file} begins with the magic number {found}; an IDX file begins with 00 00 08 03 (images) "
            "or 00 00 08 01 (labels)."
        )
        raise DatasetError(message.format(file=name, found=magic.hex(" ").upper()))
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DatasetError(_("{file} ends inside its header. Download it again.").format(file=name))
    shape = struct.unpack(f">{magic[3]}I", sizes)
    if is_label and shape[-1] == 0 and len(shape) > 1:
        raise DatasetError(_("{file} holds labels without any number.").format(file=name))
    return np.dtype(TYPES[magic[2]]), shape


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file of unsigned bytes with these sizes.

    >>> idx_header((60000,)).hex(" ")
    '00 00 08 01 00 00 ea 60'
    """
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTES, len(shape), *shape)
