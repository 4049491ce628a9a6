"""The limits of a data set, whatever file it comes from: images, bytes, pixels to decode, letters of a label.

Every reader asks these checks before it takes memory, and `asking` lets the caller of `read_dataset` refuse.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from mlcore.errors import DatasetError
from mlcore.language import _

MEGABYTE = 1_000_000

MAX_IMAGES = 500_000
MAX_BYTES = 400 * MEGABYTE  # of pixels or labels: 500,000 images of 28×28; the letters A to Z have 372,450
MAX_TEXT_BYTES = 1000 * MEGABYTE  # a table of 255,000 images with four characters a value, and some room
MIN_SIDE, MAX_SIDE = 4, 64
LARGEST_SIDE = 1024  # of images that are scaled down
MIN_CLASSES, MAX_CLASSES = 2, 62
MAX_LABEL_LETTERS = 100
MAX_NAME_LETTERS = 200  # of what an image is called
MAX_DECODED_PIXELS = 1_000_000_000  # of all pictures together: 3 to 20 s, as they are packed
MAX_PICTURE_BYTES = 12 * MEGABYTE
MAX_MEMBERS = 100_000
MAX_UNPACKED_BYTES = 2000 * MEGABYTE
MAX_INNER_BYTES = 200 * MEGABYTE  # of an archive within another one, which is held in memory
MAX_DEPTH = 3  # archives within each other

Ask: TypeAlias = Callable[[int], None]
"""Receives the bytes that a reader is about to hold in all; raises `DatasetError` when that is too much."""

_ask: ContextVar[Ask | None] = ContextVar("ask", default=None)
_held: ContextVar[int] = ContextVar("held", default=0)


@contextmanager
def asking(ask: Ask | None) -> Iterator[None]:
    """Let this callable be asked, inside the block, before a reader takes memory."""
    token = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(token)


@contextmanager
def holding(n_bytes: int) -> Iterator[None]:
    """Count these bytes, inside the block, to all that is asked for: they are in memory already.

    >>> asked: list[int] = []
    >>> with asking(asked.append), holding(1000):
    ...     check_bytes("a.csv", 5)
    >>> asked
    [1005]
    """
    token = _held.set(_held.get() + n_bytes)
    try:
        yield
    finally:
        _held.reset(token)


def check_images(file: str, count: int, pixels: int, beside: int = 0) -> None:
    """Ask whether there is room for ``count`` images of ``pixels`` each, and for the bytes ``beside`` them.

    Raises
    ------
    DatasetError
        When they are more than a data set may have, or than there is memory for.
    """
    check_count(file, count)
    check_bytes(file, count * pixels, beside)


def check_count(file: str, count: int) -> None:
    """Raise `DatasetError` when there are more images, or labels, than a data set may have."""
    if count > MAX_IMAGES:
        message = _("{file} holds {count:,} images; at most {most:,} can be read here. Use fewer images.")
        raise DatasetError(message.format(file=file, count=count, most=MAX_IMAGES))


def check_bytes(file: str, n_bytes: int, beside: int = 0) -> None:
    """Ask whether there is room for this many bytes of pixels or labels, and for some ``beside`` them.

    Raises
    ------
    DatasetError
        When they are more than a data set may have, or than there is memory for.
    """
    if n_bytes > MAX_BYTES:
        message = _(
            "{file} holds more than {limit:,.0f} MB of pixels, which is all that can be read here. "
            "Use fewer or smaller images."
        )
        raise DatasetError(message.format(file=file, limit=MAX_BYTES / MEGABYTE))
    _ask_for(n_bytes + beside)


def check_inner_archive(file: str, n_bytes: int) -> None:
    """Ask whether there is room for an archive that lies inside another one, which is taken into memory.

    Raises
    ------
    DatasetError
        When it is larger than is unpacked here, or than there is memory for.
    """
    if n_bytes > MAX_INNER_BYTES:
        message = _(
            "{file} is an archive of {size:,.0f} MB inside another one; at most {limit:,.0f} MB are unpacked "
            "there. Unpack the outer archive and choose what is in it."
        )
        raise DatasetError(
            message.format(file=file, size=n_bytes / MEGABYTE, limit=MAX_INNER_BYTES / MEGABYTE)
        )
    _ask_for(n_bytes)


def _ask_for(n_bytes: int) -> None:
    ask = _ask.get()
    if ask is not None:
        ask(n_bytes + _held.get())


def check_label(file: str, letters: int) -> None:
    """Raise `DatasetError` when a label is longer than a class's name may be."""
    message = _(
        "{file} has labels of up to {n:,} letters; at most {most} are read here. Use shorter ones: they "
        "name the classes."
    )
    _check_letters(file, letters, MAX_LABEL_LETTERS, message)


def check_name(file: str, letters: int) -> None:
    """Raise `DatasetError` when an image is called by more letters than are kept."""
    message = _(
        "{file} has names of images of up to {n:,} letters; at most {most} are read here. Use shorter ones."
    )
    _check_letters(file, letters, MAX_NAME_LETTERS, message)


def _check_letters(file: str, letters: int, most: int, message: str) -> None:
    if letters > most:
        raise DatasetError(message.format(file=file, n=letters, most=most))


def check_image_shape(file: str, shape: tuple[int, ...]) -> None:
    """Raise `DatasetError` when images of this height and width are too small or too large."""
    if not all(MIN_SIDE <= side <= LARGEST_SIDE for side in shape):
        message = _(
            "The images in {file} are {height}×{width} pixels. Each side must have {least} to {most}: "
            "make them smaller or larger before uploading."
        )
        height, width = shape
        raise DatasetError(
            message.format(file=file, height=height, width=width, least=MIN_SIDE, most=LARGEST_SIDE)
        )


def check_decoding(file: str, pixels: int) -> None:
    """Raise `DatasetError` when the pictures of a file have more pixels together than are decoded here."""
    if pixels > MAX_DECODED_PIXELS:
        message = _(
            "The pictures in {file} have {n:,.0f} million pixels together; at most {limit:,.0f} million are "
            "read here. Make them smaller before packing: 28×28 pixels are enough for a digit."
        )
        raise DatasetError(message.format(file=file, n=pixels / 1e6, limit=MAX_DECODED_PIXELS / 1e6))


def check_members(file: str, count: int, unpacked: int) -> None:
    """Raise `DatasetError` when an archive would unpack to too many files, or to too large ones."""
    if count > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES:
        message = _(
            "{file} would unpack to {n:,} files, {size:,.0f} MB in all; at most {most:,} files and "
            "{limit:,.0f} MB can be read here. Pack fewer images."
        )
        raise DatasetError(
            message.format(
                file=file,
                n=count,
                size=unpacked / MEGABYTE,
                most=MAX_MEMBERS,
                limit=MAX_UNPACKED_BYTES / MEGABYTE,
            )
        )
