"""The readers of data files that users bring: the table `READERS`, and `read_dataset`, which chooses from it.

The Data page and notebooks call `read_dataset`. A new format is one module and one row of the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers.archive import read_archive
from mlcore.datasets.readers.assemble import Found, make_dataset
from mlcore.datasets.readers.csv import ENDINGS as TABLE_ENDINGS
from mlcore.datasets.readers.csv import read_table
from mlcore.datasets.readers.idx import IDX_NAME, read_idx_files
from mlcore.datasets.readers.limits import Ask, asking
from mlcore.datasets.readers.npz import read_npz
from mlcore.datasets.readers.parts import Part
from mlcore.datasets.readers.source import FileLike, Source, source_of, unpacking
from mlcore.errors import DatasetError
from mlcore.language import N_, _
from mlcore.quote import quoted

__all__ = ["READERS", "Reader", "read_dataset"]


@dataclass(frozen=True)
class Reader:
    """One row of `READERS`.

    Attributes
    ----------
    label, help : str
        The format's name and one line about it (English; shown through `_`).
    accepts : callable
        Tells from a `Source`'s plain name whether this reader reads it.
    read : callable
        Takes the sources and the part asked for, and returns what it found.
    """

    label: str
    help: str
    accepts: Callable[[str], bool]
    read: Callable[[Sequence[Source], Part], Found]


READERS: dict[str, Reader] = {
    "csv": Reader(
        label=N_("Table (CSV)"),
        help=N_(
            "One image a row: the label first, or in a column named label, then the pixels; also .gz or .zip."
        ),
        accepts=lambda name: name.endswith(TABLE_ENDINGS),
        read=read_table,
    ),
    "idx": Reader(
        label=N_("IDX pair"),
        help=N_(
            "The format of MNIST: choose …-images-idx3-ubyte and …-labels-idx1-ubyte together; also .gz."
        ),
        accepts=lambda name: IDX_NAME.fullmatch(name) is not None,
        read=read_idx_files,
    ),
    "npz": Reader(
        label=N_("NumPy arrays (.npz)"),
        help=N_(
            "Images and labels as x_train and y_train (as Keras has them), images and labels, or X and y."
        ),
        accepts=lambda name: name.endswith(".npz"),
        read=read_npz,
    ),
    "zip": Reader(
        label=N_("Pictures (.zip)"),
        help=N_("PNG, JPEG, WebP, BMP or GIF files in one folder for each class, packed as one .zip."),
        accepts=lambda name: name.endswith(".zip"),
        read=read_archive,
    ),
}


def read_dataset(
    files: Mapping[str, FileLike],
    name: str | None = None,
    part: Part = "train",
    ask: Ask | None = None,
) -> Dataset:
    """Make a Dataset of the files of one data set.

    Parameters
    ----------
    files : mapping of str to bytes, path or binary file
        The names as the user knows them, and the content. A file object is read from its start and left open.
    name : str, optional
        What to call the data set; otherwise it is called after its file.
    part : "train" or "test"
        Which part to read when the files hold both, as MNIST's and Keras's do.
    ask : callable, optional
        Is told how many bytes the reader is about to hold, each time before it takes more; to refuse, it
        raises a `DatasetError`.

    Raises
    ------
    DatasetError
        For any files that cannot be used, with a sentence that says what is wrong, where, and what to do.
    """
    if not files:
        raise DatasetError(_("No file was chosen."))
    with asking(ask), unpacking(quoted(", ".join(files))):
        sources = [source_of(file_name, file) for file_name, file in files.items()]
        reader = READERS[_format_of(sources)]
        return make_dataset(reader.read(sources, part), name or sources[0].stem)


def _format_of(sources: Sequence[Source]) -> str:
    keys = {source.name: _reader_for(source) for source in sources}
    if len(set(keys.values())) > 1:
        message = _("{names} do not belong together. Choose the files of one data set only.")
        raise DatasetError(message.format(names=quoted(", ".join(keys))))
    return keys[sources[0].name]


def _reader_for(source: Source) -> str:
    for key, reader in READERS.items():
        if reader.accepts(source.plain_name):
            return key
    message = _(
        "The format of {file} is not supported. Data sets come as .csv, as a pair of …-idx3-ubyte"
        " and …-idx1-ubyte, as .npz, or as .zip of pictures in folders."
    )
    raise DatasetError(message.format(file=source.name))
