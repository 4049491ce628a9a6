"""Reads IDX files, the format that MNIST came in: a pair of files, images and labels, plain or gzipped.

It is one of the readers between a dataset file and a Dataset; the shipped MNIST is read by it too.
Format: http://yann.lecun.com/exdb/mnist (two zero bytes, a type, the number of dimensions, then each
size as a big-endian 32-bit integer, then the values).
"""

import math
import re
import struct
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.datasets.readers.assemble import Found, check_counts
from mlcore.datasets.readers.limits import check_images
from mlcore.datasets.readers.parts import Part, choose_part
from mlcore.datasets.readers.source import Source, open_content, read_into
from mlcore.errors import DatasetError
from mlcore.language import _

UNSIGNED_BYTES = 0x08
IMAGE_DIMENSIONS, LABEL_DIMENSIONS = 3, 1

# train-images-idx3-ubyte, train-images.idx3-ubyte, t10k-labels-idx1-ubyte …
IDX_NAME = re.compile(r"(?P<prefix>.*?)[-_. ]?(images|labels)?[-_. ]?idx(?P<dimensions>[13])[-_.]?ubyte")


def read_idx_files(sources: Sequence[Source], part: Part) -> Found:
    """Return images and labels from a pair of IDX files, or from the right pair of several.

    Raises
    ------
    DatasetError
        When a file of a pair is missing, the two do not fit, or one is damaged.
    """
    names = [IDX_NAME.fullmatch(source.plain_name) for source in sources]
    prefixes = [name["prefix"] if name else "" for name in names]
    if len(sources) == 2 and prefixes[0] != prefixes[1]:
        prefixes = ["", ""]  # two files belong together whatever they are called
    pairs: dict[str, dict[int, Source]] = {}
    for source, name, prefix in zip(sources, names, prefixes, strict=True):
        dimensions = int(name["dimensions"]) if name else IMAGE_DIMENSIONS
        pair = pairs.setdefault(prefix, {})
        if dimensions in pair:
            message = _(
                "{one} and {other} are of the same kind. Choose one file of images and one of labels."
            )
            raise DatasetError(message.format(one=pair[dimensions].name, other=source.name))
        pair[dimensions] = source
    pair, note = choose_part(pairs, part)
    _check_pair(pair)
    images = read_idx(pair[IMAGE_DIMENSIONS])
    labels = read_idx(pair[LABEL_DIMENSIONS], images.nbytes)
    _check_dimensions(pair[IMAGE_DIMENSIONS], images, IMAGE_DIMENSIONS)
    _check_dimensions(pair[LABEL_DIMENSIONS], labels, LABEL_DIMENSIONS)
    check_counts(pair[LABEL_DIMENSIONS].name, len(images), len(labels))
    return Found(pair[IMAGE_DIMENSIONS].name, images, labels, note)


def _check_pair(pair: dict[int, Source]) -> None:
    if LABEL_DIMENSIONS not in pair:
        message = _(
            "{file} holds images without labels. Choose it together with its labels (…-labels-idx1-ubyte)."
        )
        raise DatasetError(message.format(file=pair[IMAGE_DIMENSIONS].name))
    if IMAGE_DIMENSIONS not in pair:
        message = _(
            "{file} holds labels without images. Choose it together with its images (…-images-idx3-ubyte)."
        )
        raise DatasetError(message.format(file=pair[LABEL_DIMENSIONS].name))


def _check_dimensions(source: Source, values: NDArray[np.uint8], expected: int) -> None:
    if values.ndim != expected:
        message = _(
            "{file} holds values of {found} dimensions; images have 3 and labels have 1. "
            "Are the two files' names exchanged?"
        )
        raise DatasetError(message.format(file=source.name, found=values.ndim))


def read_idx(source: Source, beside: int = 0) -> NDArray[np.uint8]:
    """Return the values of one IDX file of unsigned bytes, into one array, ``beside`` so many others.

    Raises
    ------
    DatasetError
        When the magic number is wrong or the file holds fewer or more bytes than its header says.
    """
    with open_content(source) as stream:
        shape = _read_header(source.name, stream)
        expected = math.prod(shape)
        check_images(source.name, shape[0], math.prod(shape[1:]), beside)
        values = np.empty(shape, np.uint8)
        found = read_into(stream, values.reshape(-1).data)
        if found < expected:
            message = _(
                "{file} is cut short: its header announces {shape} values, {expected:,} bytes, "
                "but only {found:,} are there. Download it again."
            )
            shown = "×".join(f"{n:,}" for n in shape)
            raise DatasetError(message.format(file=source.name, shape=shown, expected=expected, found=found))
        if stream.read(1):
            message = _(
                "{file} goes on after the {expected:,} values that its header announces. "
                "It is damaged or not an IDX file; download it again."
            )
            raise DatasetError(message.format(file=source.name, expected=expected))
    return values


def _read_header(name: str, stream: BinaryIO) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTES or magic[3] not in (1, 3):
        message = _(
            "{file} begins with the magic number {found}; an IDX file begins with 00 00 08 03 (images) "
            "or 00 00 08 01 (labels)."
        )
        raise DatasetError(message.format(file=name, found=magic.hex(" ").upper()))
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise DatasetError(_("{file} ends inside its header. Download it again.").format(file=name))
    return struct.unpack(f">{magic[3]}I", sizes)


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file of unsigned bytes with these sizes.

    >>> idx_header((60000,)).hex(" ")
    '00 00 08 01 00 00 ea 60'
    """
    return struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTES, len(shape), *shape)
