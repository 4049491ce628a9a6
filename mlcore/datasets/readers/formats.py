"""The formats of data sets that can be read: the table `READERS`, one row per format.

`read_dataset` takes from it, the Data page lists it, and a new format is one module and one row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from numpy.typing import NDArray

from mlcore.datasets.readers.assemble import Found
from mlcore.datasets.readers.csv import ENDINGS as TABLE_ENDINGS
from mlcore.datasets.readers.csv import read_labels_of_table, read_table
from mlcore.datasets.readers.idx import IDX_MAGIC, IDX_NAME, read_idx_files, read_labels_of_idx
from mlcore.datasets.readers.npz import ENDINGS as ARRAY_ENDINGS
from mlcore.datasets.readers.npz import NPY_MAGIC, read_labels_of_npz, read_npz
from mlcore.datasets.readers.parts import Part
from mlcore.datasets.readers.pictures import ENDINGS as PICTURE_ENDINGS
from mlcore.datasets.readers.pictures import PICTURE_MAGIC, read_pictures
from mlcore.datasets.readers.source import Source
from mlcore.language import N_


@dataclass(frozen=True)
class Reader:
    """One row of `READERS`.

    Attributes
    ----------
    label, help : str
        The format's name and one line about it (English; shown through `_`).
    accepts : callable
        Tells from a file's plain name whether this reader reads it, where the content says nothing else.
    read : callable
        Takes files of this format that belong to one part of the data, and the part asked for, and returns
        what it found. A file may hold several parts itself, as Keras's .npz does: then the part decides.
    read_unlabelled : callable or None
        The same for images whose labels are not wanted; None where a format cannot go without.
    read_labels : callable or None
        Takes files that hold nothing but labels, and how many bytes are held beside them, and returns these.
    magic : tuple of bytes
        How the content of such files begins, whatever their names say.
    """

    label: str
    help: str
    accepts: Callable[[str], bool]
    read: Callable[[Sequence[Source], Part], Found]
    read_unlabelled: Callable[[Sequence[Source], Part], Found] | None = None
    read_labels: Callable[[Sequence[Source], int], NDArray[Any]] | None = None
    magic: tuple[bytes, ...] = ()


# The first that the files have is read: exact arrays before tables, tables before pictures.
READERS: dict[str, Reader] = {
    "idx": Reader(
        label=N_("IDX pair"),
        help=N_(
            "The format of MNIST: choose …-images-idx3-ubyte and …-labels-idx1-ubyte together; also .gz."
        ),
        accepts=lambda name: IDX_NAME.fullmatch(name) is not None,
        read=read_idx_files,
        read_unlabelled=partial(read_idx_files, labelled=False),
        read_labels=read_labels_of_idx,
        magic=IDX_MAGIC,
    ),
    "npz": Reader(
        label=N_("NumPy arrays (.npz, .npy)"),
        help=N_(
            "Images and labels in one .npz, under any names (x_train and y_train, say), or in two files; or "
            "a file of images for each class, called after it."
        ),
        accepts=lambda name: name.endswith(ARRAY_ENDINGS),
        read=read_npz,
        read_unlabelled=partial(read_npz, labelled=False),
        read_labels=read_labels_of_npz,
        magic=NPY_MAGIC,
    ),
    "csv": Reader(
        label=N_("Table (CSV, text)"),
        help=N_(
            "One image per row: its label, as a number or a word in any column, and its pixels; "
            "or the labels in a second table. Separated by commas, semicolons, tabs or blanks."
        ),
        accepts=lambda name: name.endswith(TABLE_ENDINGS),
        read=read_table,
        read_unlabelled=partial(read_table, labelled=False),
        read_labels=read_labels_of_table,
    ),
    "pictures": Reader(
        label=N_("Pictures (.zip, .tar.gz)"),
        help=N_("PNG, JPEG, WebP, BMP, GIF, TIFF or PGM files in one folder for each class, as one archive."),
        accepts=lambda name: name.endswith(PICTURE_ENDINGS),
        read=read_pictures,
        read_unlabelled=partial(read_pictures, labelled=False),
        magic=PICTURE_MAGIC,
    ),
}
