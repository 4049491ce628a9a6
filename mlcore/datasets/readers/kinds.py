"""Judges what kind of file each one is, by its first bytes and then by its name; one row per kind.

The containers ask `kind_of` for every file in them. What no reader reads has its row in `REFUSED`, with the
next step for that kind.
"""

import re
from dataclasses import dataclass

from mlcore.datasets.readers.formats import READERS
from mlcore.datasets.readers.limits import MIN_SIDE
from mlcore.language import N_

HEAD_BYTES = 8192
"""Bytes of an unpacked file that are examined."""

LOOK = 10  # rows that are looked at

LEAST_BITS = 8
"""Letters a line of a picture in letters: fewer may be numbers in a table of labels."""

LEAST_COLUMNS = 17
"""Of a table of images: 4×4 pixels and a label; a narrower one is a list."""

DOCUMENT, UNKNOWN = "document", "unknown"

# Tables that tell of classes or of a competition, and texts about the data.
_DOCUMENT = re.compile(
    r"readme.*|(licen[cs]e|copying|notice|changelog|citation|authors|contributing|requirements)(\.txt)?"
    r"|thumbs\.db|.*(class[-_ ]?map|mapping|class[-_ ]?names)[^.]*(\.(txt|csv))?"
    r"|.*\.(md|rst|pdf|html?|ipynb|py|m|r|sh|names|info|log|ya?ml|toml|ini|cfg|xml|css|js|svg|url)"
)


@dataclass(frozen=True)
class Refused:
    """One row of `REFUSED`.

    Attributes
    ----------
    label : str
        What the kind is called (English; shown through `_`).
    step : str
        A sentence about ``{file}`` that says why it is not read and what to do.
    magic : tuple of bytes
        How such files begin.
    endings : tuple of str
        How their names end; a name counts only where the content says nothing else.
    """

    label: str
    step: str
    magic: tuple[bytes, ...] = ()
    endings: tuple[str, ...] = ()


OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # spreadsheets, texts and presentations alike: then the name decides

_UNPACK = N_(
    "{file} is packed in a way that is not unpacked here. Unpack it and pack its content as .zip or .tar.gz."
)

REFUSED: dict[str, Refused] = {
    "page": Refused(
        N_("web page"),
        N_(
            "{file} is a web page, not the data: the download page was saved in place of the file. Open the "
            "page and use its download button (on GitHub: “Download raw file”)."
        ),
        magic=(b"<!doctype html", b"<html", b"<!DOCTYPE html", b"<!DOCTYPE HTML", b"<HTML"),
    ),
    "pointer": Refused(
        N_("Git LFS pointer"),
        N_(
            "{file} is a Git LFS pointer, a note of where the data lie, not the data. Use “Download raw "
            "file” on its page, or run git lfs pull, and choose the file again."
        ),
        magic=(b"version https://git-lfs.github.com/",),
    ),
    "pickle": Refused(
        N_("pickle"),
        N_(
            "{file} is a pickle. Pickles can run foreign code and are not opened here. If you trust it, load "
            "it in Python and save its arrays with np.savez(“digits.npz”, images=images, labels=labels)."
        ),
        magic=(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
        endings=(".pkl", ".pickle", ".joblib", ".pt", ".pth"),
    ),
    "matlab": Refused(
        N_("MATLAB file"),
        N_(
            "{file} is a MATLAB file, which is not read here. In Python: m = scipy.io.loadmat(file), look at "
            "m.keys(), then np.savez(“digits.npz”, images=m[“X”], labels=m[“y”])."
        ),
        magic=(b"MATLAB ",),
        endings=(".mat",),
    ),
    "hdf5": Refused(
        N_("HDF5 file"),
        N_(
            "{file} is an HDF5 file, which is not read here. In Python: f = h5py.File(file), look at "
            "f.keys(), then np.savez(“digits.npz”, images=f[“x”][:], labels=f[“y”][:])."
        ),
        magic=(b"\x89HDF\r\n\x1a\n",),
        endings=(".h5", ".hdf5", ".hdf"),
    ),
    "parquet": Refused(
        N_("Parquet table"),
        N_(
            "{file} is a Parquet table, which is not read here. In Python: "
            "pandas.read_parquet(file).to_csv(“digits.csv”, index=False) makes a table of it; pictures in it "
            "are saved to one folder for each class."
        ),
        magic=(b"PAR1",),
        endings=(".parquet", ".feather", ".arrow"),
    ),
    "excel": Refused(
        N_("spreadsheet"),
        N_("{file} is a spreadsheet, which is not read here. Open it, save it as CSV, and choose that file."),
        magic=(OLD_OFFICE,),
        endings=(".xlsx", ".xls", ".xlsm", ".ods"),
    ),
    "office": Refused(
        N_("office document"),
        N_(
            "{file} is a text document or a presentation, which is not read here. Copy the table in it into "
            "a spreadsheet and save that as CSV, or save its pictures in one folder for each class."
        ),
        magic=(OLD_OFFICE,),
        endings=(".docx", ".doc", ".odt", ".rtf", ".pptx", ".ppt", ".odp"),
    ),
    "answers": Refused(
        N_("answers to a competition"),
        N_(
            "{file} is a list of answers to hand in, without images. Choose the table of the training images "
            "(train.csv) to learn from, or answer the test images on the Evaluate page."
        ),
        endings=("submission.csv",),
    ),
    "json": Refused(
        N_("JSON"),
        N_(
            "{file} is JSON, which is not read here. Save the images and labels in Python with "
            "np.savez(“digits.npz”, images=images, labels=labels)."
        ),
        endings=(".json", ".jsonl", ".ndjson"),
    ),
    "records": Refused(
        N_("TensorFlow records"),
        N_(
            "{file} holds TensorFlow records, which are not read here. Load the data set with "
            "tensorflow_datasets and save its arrays with np.savez(“digits.npz”, images=x, labels=y)."
        ),
        endings=(".tfrecord", ".tfrecords"),
    ),
    "bitmap": Refused(
        N_("picture in letters"),
        N_(
            "{file} is one picture written in letters, which is not read here. Put such files together in "
            "Python: one array of images, one of labels, and np.savez(“digits.npz”, images=x, labels=y)."
        ),
    ),
    "7z": Refused(N_("7z archive"), _UNPACK, magic=(b"7z\xbc\xaf\x27\x1c",), endings=(".7z",)),
    "rar": Refused(N_("RAR archive"), _UNPACK, magic=(b"Rar!\x1a\x07",), endings=(".rar",)),
    "packed": Refused(
        N_("packed file"),
        _UNPACK,
        magic=(b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd"),
        endings=(".xz", ".bz2", ".zst", ".lzma"),
    ),
    "archive": Refused(
        N_("archive"),
        N_("{file} is an archive within several others. Unpack the outer ones and choose what is in them."),
    ),
}


def kind_of(name: str, head: bytes) -> str:
    """Return the kind of a file: a key of `READERS` or `REFUSED`, or "document", or "unknown".

    Parameters
    ----------
    name : str
        Its plain name: in small letters, without folders and ``.gz``.
    head : bytes
        How it begins, unpacked; empty where that could not be read, and the name decides.
    """
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n") if head[:1] in b"\xef \t\r\n<" else head
    if begun := [key for key, refused in REFUSED.items() if start.startswith(refused.magic)]:
        return next((key for key in begun if name.endswith(REFUSED[key].endings)), begun[0])
    for key, reader in READERS.items():
        if reader.magic and head.startswith(reader.magic):
            return key
    if _DOCUMENT.fullmatch(name):
        return DOCUMENT
    if is_bitmap(head):
        return "bitmap"
    is_wide = is_table(head) and columns_of(head) >= LEAST_COLUMNS  # images, be it called .xls
    for key, refused in REFUSED.items():
        if name.endswith(refused.endings) and not is_wide:
            return key
    for key, reader in READERS.items():
        if reader.accepts(name):
            return key
    return "csv" if is_table(head) else UNKNOWN


def is_table(head: bytes) -> bool:
    """Tell whether text of an unknown name may be a table: several cells on a line, and numbers among them.

    >>> is_table(b"5,0,0,255\\n"), is_table(b"Dear reader, hello\\n"), is_table(b"\\0\\1,\\2")
    (True, False, False)
    >>> is_table(b"[[0, 0, 255], [0, 7, 0]]")  # JSON
    False
    """
    if not head or b"\0" in head or head.startswith((b"[", b"{")):
        return False
    rows = [re.split(rb"[,;|\t ]+", line) for line in _rows_of(head)[:LOOK]]
    return any(len(cells) > 1 and 2 * sum(map(_is_number, cells)) >= len(cells) for cells in rows)


def _is_number(cell: bytes) -> bool:
    """Tell whether a cell is a number, or a pixel's number and its value."""
    return re.fullmatch(rb'"?[+-]?[\d.]+(e[+-]?\d+)?(:[+-]?[\d.]+)?"?', cell, re.IGNORECASE) is not None


def _rows_of(head: bytes) -> list[bytes]:
    """Return the lines of a text but for blank ones, comments, and those that tell about the others."""
    lines = [line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").splitlines()]
    return [line for line in lines if line and not line.lower().startswith((b"#", b"%", b"@", b"sep="))]


def is_bitmap(head: bytes) -> bool:
    """Tell whether text is a picture, a letter a pixel: lines of one length, of two letters only.

    >>> is_bitmap(b"00011000\\n" * 8), is_bitmap(b"0,0,1,1\\n" * 8), is_bitmap(b"7\\n2\\n" * 8)
    (True, False, False)
    """
    lines = head.splitlines()[:-1] if len(head) == HEAD_BYTES else head.splitlines()
    letters = set(b"".join(lines))
    alike = len(set(map(len, lines))) == 1
    return alike and len(lines) >= MIN_SIDE and len(lines[0]) >= LEAST_BITS and len(letters) == 2


def columns_of(head: bytes) -> int:
    """Return how many cells the first line of a text table has, as far as it was read.

    >>> columns_of(b"\\nlabel,pixel0,pixel1\\n5,0,0"), columns_of(b"7\\n2\\n")
    (3, 1)
    """
    line = next(iter(_rows_of(head)), b"")
    return 1 + max(line.count(delimiter) for delimiter in (b",", b";", b"|", b"\t", b" "))
