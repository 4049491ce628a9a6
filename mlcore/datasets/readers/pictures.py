"""Reads picture files, one folder for each class, into images of one size.

It is one of the readers between a dataset file and a Dataset.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mlcore.arrays import UInt8Array
from mlcore.datasets.decision import Decision
from mlcore.datasets.readers.assemble import Found
from mlcore.datasets.readers.folders import Folder, classes_of
from mlcore.datasets.readers.limits import (
    MAX_PICTURE_BYTES,
    MAX_SIDE,
    MEGABYTE,
    MIN_CLASSES,
    MIN_SIDE,
    check_decoding,
    check_images,
)
from mlcore.datasets.readers.parts import MissingPart, Part, several
from mlcore.datasets.readers.picture_labels import labels_in_names, offer
from mlcore.datasets.readers.shrink import COMMON_SHAPE, shrinking, to_common_shape
from mlcore.datasets.readers.source import Source
from mlcore.datasets.unlabelled import MissingLabels
from mlcore.errors import DatasetError
from mlcore.images.picture_file import DecodingCost, decoding_cost, read_picture
from mlcore.language import _

ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".gif"),
    *(".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm", ".heic", ".heif", ".avif"),
)
PICTURE_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"P5\n", b"P5 ", b"P2\n")
LONGEST_SIDE = 256  # what is larger is shrunk to it at once
MOST_BROKEN = 0.5
"""Of the pictures, the share from which on a data set is not read without those that cannot be."""


def folder_of(source: Source) -> Folder:
    """Return the names of the folders that a picture lies in."""
    return tuple(source.path.split("/")[:-1])


def has_classes(sources: Sequence[Source]) -> bool:
    """Tell whether pictures lie in folders of at least two classes."""
    return len(set(classes_of({folder_of(source) for source in sources}).values())) >= MIN_CLASSES


def read_pictures(sources: Sequence[Source], part: Part, labelled: bool = True) -> Found:
    """Return pictures; the folder that a picture lies in is its class.

    With ``labelled=False`` they may lie anywhere, and ``labels`` is empty.

    When all have one size from 4×4 to 64×64, they keep it. Otherwise each is scaled to fit 28×28, keeping its
    proportions, and set in the middle, on the grey level of its own border. A few that cannot be read, and
    those that lie in no folder of a class, are left out with a note.

    Raises
    ------
    DatasetError
        When there are no folders of classes, when most cannot be read, or when there are too many.
    """
    if part != "train":
        raise MissingPart(part)
    file = sources[0].top
    pictures, notes = _labelled(file, sources) if labelled else ([(source, "") for source in sources], [])
    broken: list[tuple[Source, DatasetError]] = []
    readable, headers = _readable(file, pictures, broken)
    images = _ImageList(file, len(readable), headers.largest)
    read = []
    for source, label in readable:
        try:
            image = read_picture(_called(file, source), _content(source), LONGEST_SIDE)
        except DatasetError as error:
            broken.append((source, error))
            continue
        images.append(image)
        read.append((source, label))
    if len(broken) >= MOST_BROKEN * len(pictures):
        raise broken[0][1]
    if broken:
        notes.append(_broken_note([source for source, _error in broken], len(pictures)))
    labels = np.array([label for _source, label in read if labelled], np.str_)
    if headers.n_deep:
        message = _("{n:,} of {total:,} pictures have more than 8 bits per pixel; 8 of them were kept.")
        notes.append(message.format(n=headers.n_deep, total=len(pictures)))
    decisions = [headers.scaling(len(read))] if images.scaled else []
    names = _names_of([source for source, _label in read])
    return Found(file, images.finished(), labels, notes, decisions, names)


def _labelled(file: str, sources: Sequence[Source]) -> tuple[list[tuple[Source, str]], list[str]]:
    """Return the pictures that have a class, with it, and notes on the others."""
    classes = classes_of({folder_of(source) for source in sources})
    found = [(source, source.label or classes.get(folder_of(source), "")) for source in sources]
    labelled = [(source, label) for source, label in found if label]
    if not labelled:
        raise _no_classes(file, sources, set())
    strays = [source for source, label in found if not label]
    return labelled, [_stray_note(strays)] if strays else []


def _names_of(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return what the pictures are called: by their files, with their folders where these are alike."""
    names = tuple(source.path.split("/")[-1] for source in sources)
    return names if len({*names}) == len(names) else tuple(source.path for source in sources)


def check_classes(sources: Sequence[Source]) -> None:
    """Raise `MissingLabels` when pictures have fewer than two classes, with what can be done about it."""
    file = sources[0].top
    classes = classes_of({folder_of(source) for source in sources})
    names = {source.label or classes.get(folder_of(source), "") for source in sources} - {""}
    if len(names) < MIN_CLASSES:
        raise _no_classes(file, sources, names)


def _no_classes(file: str, sources: Sequence[Source], names: set[str]) -> MissingLabels:
    labels = labels_in_names(sources)
    if labels:
        return offer(file, sources, labels)
    if names:
        message = _(
            "{file}: all pictures lie in one folder, {folder}, whose name would be their label. Put the "
            "pictures into one folder for each class, named after it (3/photo.png is a 3), or add a table of "
            "two columns, image and label, as .csv."
        )
        return MissingLabels(message.format(file=file, folder=several(names)))
    message = _(
        "{file}: the pictures ({some}) lie in no folder that names their class. Put them into one folder for "
        "each class, named after it (3/photo.png is a 3), or add a table of two columns, image and label, as "
        ".csv."
    )
    return MissingLabels(message.format(file=file, some=several(source.name for source in sources)))


def _stray_note(strays: Sequence[Source]) -> str:
    message = _("Pictures that lie in no folder of a class were left out: {n:,} ({names}).")
    return message.format(n=len(strays), names=several(source.name for source in strays))


def _broken_note(broken: Sequence[Source], n: int) -> str:
    message = _("Pictures that could not be read were left out: {broken:,} of {n:,}, {endings} ({names}).")
    endings = Counter("." + source.plain_name.rpartition(".")[2] for source in broken)
    counted = several(f"{count:,} {ending}" for ending, count in endings.most_common())
    names = several(source.name for source in broken)
    return message.format(broken=len(broken), n=n, endings=counted, names=names)


@dataclass
class _Headers:
    """What the headers of the pictures say, taken together."""

    pixels: int = 0
    largest: int = 0
    n_deep: int = 0
    sizes: set[tuple[int, int]] = field(default_factory=set)

    def add(self, cost: DecodingCost) -> None:
        """Count one more picture."""
        self.pixels += cost.pixels
        self.largest = max(self.largest, cost.bytes)
        self.n_deep += cost.is_deep
        self.sizes.add(cost.size)

    def scaling(self, count: int) -> Decision:
        """Return what is said of pictures that were brought to the common size."""
        if len(self.sizes) == 1:
            (width, height), *_rest = self.sizes
            return shrinking((height, width), count)
        return Decision("shrink", _("The pictures differ in size; each was scaled to fit 28×28."), count)


def _called(file: str, source: Source) -> str:
    return source.name if source.name == file else f"{file}: {source.name}"


def _content(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read()


def _readable(
    file: str, labelled: Sequence[tuple[Source, str]], broken: list[tuple[Source, DatasetError]]
) -> tuple[list[tuple[Source, str]], _Headers]:
    """Return the pictures whose headers can be read, and what these say.

    Looking at the header of a picture takes 35 µs, a fifth of reading it: a file of 11 kB may hold 60
    pictures of 5000×5000.
    """
    readable, headers = [], _Headers()
    for source, label in labelled:
        if (source.size or 0) > MAX_PICTURE_BYTES:
            message = _("{picture} has {size:,.0f} MB, too much for one image. Save it smaller.")
            size = (source.size or 0) / MEGABYTE
            raise DatasetError(message.format(picture=_called(file, source), size=size))
        try:
            with source.open() as stream:
                cost = decoding_cost(_called(file, source), stream, LONGEST_SIDE)
        except DatasetError as error:
            broken.append((source, error))
            continue
        headers.add(cost)
        check_decoding(file, headers.pixels)
        readable.append((source, label))
    return readable, headers


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
        if self._images is None:
            return np.empty((0, *COMMON_SHAPE), np.uint8)
        return self._images[: self._count]

    def _empty(self, shape: tuple[int, ...]) -> UInt8Array:
        before = 0 if self._images is None else self._images.nbytes
        check_images(self._file, self._n, shape[0] * shape[1], self._beside + before)
        return np.empty((self._n, *shape), np.uint8)
