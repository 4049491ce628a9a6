"""Opens .zip files within limits and lists what a person put into them.

The containers of data files and the reader of .npz files use it.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from mlcore.datasets.readers.limits import MEGABYTE, check_members
from mlcore.datasets.readers.source import Borrowed, Source
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

# The directory of a zip is read in one piece: 70,000 pictures need about 6 MB of it.
LONGEST_READ = 16 * MEGABYTE
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def open_zip(source: Source) -> Iterator[zipfile.ZipFile]:
    """Open an archive for reading once it is known to be one that is safe and readable.

    Raises
    ------
    DatasetError
        When it is empty, no zip, encrypted, packed in an unusual way, or would unpack to too much.
    """
    with source.open() as stream:
        if not stream.read(1):
            raise DatasetError(
                _("{file} is empty (0 bytes). Choose the file again.").format(file=source.name)
            )
        if not zipfile.is_zipfile(stream):
            message = _("{file} is not a zip file, or its end is missing. Download or pack it again.")
            raise DatasetError(message.format(file=source.name))
        with zipfile.ZipFile(cast(BinaryIO, Borrowed(stream, LONGEST_READ))) as archive:
            _check_members(source.name, archive.infolist())
            yield archive


def _check_members(file: str, members: list[zipfile.ZipInfo]) -> None:
    check_members(file, len(members), sum(info.file_size for info in members))
    for info in members:
        if info.flag_bits & 0x1:
            message = _("{file} is encrypted ({member} asks for a password). Pack it again without one.")
            raise DatasetError(message.format(file=file, member=quoted(info.filename)))
        if info.compress_type not in READABLE_METHODS:
            message = _("{file}: {member} is packed in an unusual way. Pack the files again as a plain zip.")
            raise DatasetError(message.format(file=file, member=quoted(info.filename)))


def visible_members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return path → member of the files that a person put there: no folders, dot files or ``__MACOSX``."""
    members = {info.filename.replace("\\", "/"): info for info in archive.infolist()}
    return {path: info for path, info in members.items() if not (path.endswith("/") or is_hidden(path))}


def is_hidden(path: str) -> bool:
    """Tell whether a path is one that programs leave behind.

    >>> is_hidden("__MACOSX/3/._a.png"), is_hidden("digits/.DS_Store"), is_hidden("digits/3/a.png")
    (True, True, False)
    """
    return any(
        name == "__MACOSX" or (name.startswith(".") and name not in (".", "..")) for name in path.split("/")
    )
