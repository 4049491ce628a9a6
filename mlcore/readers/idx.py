"""Reads IDX files, the format that MNIST came in: a pair of files, images and labels, plain or gzipped.

It is one of the readers between a dataset file and a Dataset; the shipped MNIST is read by it too.
Format: http://yann.lecun.com/exdb/mnist (two zero bytes, a type, the number of dimensions, then each
size as a big-endian 32-bit integer, then the values).
"""

import math
import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.dataset import DatasetError
from mlcore.language import _
from mlcore.readers.source import MAX_PIXEL_BYTES, MEGABYTE, Source, open_content, read_into

UNSIGNED_BYTES = 0x08


def read_idx(source: Source) -> NDArray[np.uint8]:
    """Return the values of one IDX file of unsigned bytes, straight into one array.

    Raises
    ------
    DatasetError
        When the magic number is wrong or the file holds fewer or more bytes than its header says.
    """
    with open_content(source) as stream:
        shape = _read_header(source.name, stream)
        expected = math.prod(shape)
        if expected > MAX_PIXEL_BYTES:
            message = _("{file} holds {size:,.0f} MB of values; at most {limit:,.0f} MB can be read here.")
            raise DatasetError(
                message.format(file=source.name, size=expected / MEGABYTE, limit=MAX_PIXEL_BYTES / MEGABYTE)
            )
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
