"""Reads a .zip of picture files, one folder for each class, into images of one size.

It is one of the readers between a dataset file and a Dataset.
"""

import zipfile
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.datasets.readers.assemble import Found
from mlcore.datasets.readers.limits import (
    MAX_PICTURE_BYTES,
    MAX_SIDE,
    MEGABYTE,
    MIN_SIDE,
    check_decoding,
    check_images,
)
from mlcore.datasets.readers.parts import Part, choose_part, part_of
from mlcore.errors import DatasetError
from mlcore.images.picture_file import decoding_cost, read_picture
from mlcore.images.resample import fit_into, resample
from mlcore.language import _
from mlcore.quote import quoted

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
COMMON_SHAPE = (28, 28)
LONGEST_SIDE = 256  # what is larger is shrunk to it at once


def picture_paths(members: dict[str, zipfile.ZipInfo]) -> list[str]:
    """Return the paths that are named like pictures."""
    return [path for path in members if path.lower().endswith(ENDINGS)]


def read_pictures(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: str, part: Part
) -> Found:
    """Return the pictures of an archive; the folder that a picture lies in is its class.

    When all have one size from 4×4 to 64×64, they keep it. Otherwise each is scaled to fit 28×28, keeping its
    proportions, and set in the middle, on the grey level of its own border.

    Raises
    ------
    DatasetError
        When a picture lies in no folder, cannot be read, or when there are too many.
    """
    paths, notes = choose_part(_by_part(picture_paths(members)), part)
    labels = [_class_of(file, path) for path in paths]
    images = _ImageList(file, len(paths), _bytes_to_decode(archive, members, file, paths))
    for path in paths:
        images.append(read_picture(f"{file}: {quoted(path)}", archive.read(members[path]), LONGEST_SIDE))
    if images.scaled:
        notes.append(_("The pictures differ in size or are large; each was scaled to fit 28×28."))
    return Found(file, images.finished(), np.array(labels, np.str_), notes)


def _bytes_to_decode(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], file: str, paths: list[str]
) -> int:
    """Return the memory that decoding the largest picture takes, having looked at the headers of all.

    That takes 35 µs a picture, a fifth of reading it: a file of 11 kB may hold 60 pictures of 5000×5000.
    """
    pixels, largest = 0, 0
    for path in paths:
        info = members[path]
        if info.file_size > MAX_PICTURE_BYTES:
            message = _("{file}: {picture} has {size:,.0f} MB, too much for one image. Save it smaller.")
            raise DatasetError(
                message.format(file=file, picture=quoted(path), size=info.file_size / MEGABYTE)
            )
        with archive.open(info) as stream:
            cost = decoding_cost(f"{file}: {quoted(path)}", cast(BinaryIO, stream), LONGEST_SIDE)
        pixels, largest = pixels + cost.pixels, max(largest, cost.bytes)
        check_decoding(file, pixels)
    return largest


def _by_part(paths: list[str]) -> dict[str, list[str]]:
    """Group paths by the training or test folder that their class folders lie in."""
    parts: dict[str, list[str]] = {}
    for path in paths:
        outer_folders = "/".join(path.split("/")[:-2])
        parts.setdefault(part_of(outer_folders) or "", []).append(path)
    return parts


def _class_of(file: str, path: str) -> str:
    folders = path.split("/")[:-1]
    if not folders or not folders[-1].strip():
        message = _(
            "{file}: {picture} lies in no folder. Put the pictures into one folder for each class, named "
            "after it: 3/photo.png is a 3."
        )
        raise DatasetError(message.format(file=file, picture=quoted(path)))
    return folders[-1].strip()


class _ImageList:
    """Images of one size; from the first that differs on, all are brought to the common size."""

    def __init__(self, file: str, n: int, beside: int) -> None:
        self._file = file
        self._n = n
        self._beside = beside
        self._count = 0
        self._images: UInt8Array | None = None
        self.scaled = False

    def append(self, image: UInt8Array) -> None:
        """Add one image."""
        if self._images is None:
            self.scaled = not all(MIN_SIDE <= side <= MAX_SIDE for side in image.shape)
            self._images = self._empty(COMMON_SHAPE if self.scaled else image.shape)
        elif not self.scaled and image.shape != self._images.shape[1:]:
            self.scaled = True
            before, self._images = self._images, self._empty(COMMON_SHAPE)
            for k in range(self._count):
                self._images[k] = to_common_shape(before[k])
        self._images[self._count] = to_common_shape(image) if self.scaled else image
        self._count += 1

    def finished(self) -> UInt8Array:
        """Return all images, ``(n, height, width)``."""
        return np.empty((0, *COMMON_SHAPE), np.uint8) if self._images is None else self._images

    def _empty(self, shape: tuple[int, ...]) -> UInt8Array:
        before = 0 if self._images is None else self._images.nbytes
        check_images(self._file, self._n, shape[0] * shape[1], self._beside + before)
        return np.empty((self._n, *shape), np.uint8)


def to_common_shape(image: UInt8Array) -> NDArray[np.uint8]:
    """Scale an image to fit 28×28 and set it in the middle, on the grey level of its border."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    framed = np.full(COMMON_SHAPE, np.median(border), np.uint8)
    height, width = fit_into((image.shape[0], image.shape[1]), COMMON_SHAPE)
    top, left = (COMMON_SHAPE[0] - height) // 2, (COMMON_SHAPE[1] - width) // 2
    framed[top : top + height, left : left + width] = np.rint(resample(image, (height, width)))
    return framed
