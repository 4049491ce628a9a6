"""Opens whatever files come in: archives, archives in them and folders become one flat list of files.

`read_dataset` asks for the list first. Nothing is unpacked to disk, and members, bytes and depth are bounded
before anything is read.
"""

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from mlcore.datasets.readers.kinds import HEAD_BYTES, REFUSED, columns_of, kind_of
from mlcore.datasets.readers.limits import MAX_DEPTH, check_inner_archive, check_members, holding
from mlcore.datasets.readers.pictures import ENDINGS as PICTURE_ENDINGS
from mlcore.datasets.readers.source import (
    DAMAGE,
    Borrowed,
    FileLike,
    Source,
    open_content,
    source_of,
)
from mlcore.datasets.readers.zipped import LONGEST_READ, is_hidden, open_zip, visible_members
from mlcore.errors import DatasetError

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
TAR_MAGIC = b"ustar"  # at byte 257
TAR_ENDINGS = (".tar", ".tgz", ".tar.gz")


@contextmanager
def flat_sources(files: Mapping[str, FileLike]) -> Iterator[list[Source]]:
    """Return all files that a person put there, each with its path inside the archives and its kind.

    They can be opened while the block runs. The files of one archive come in the order in which they lie
    there, since a .tar.gz can only be read from its front.

    Raises
    ------
    DatasetError
        When an archive is damaged, encrypted, or would unpack to too much.
    """
    with ExitStack() as stack:
        walk = _Walk(stack, name_archives=len(files) > 1)
        for name, file in files.items():
            if isinstance(file, str | Path) and Path(file).is_dir():
                walk.add_folder(name, Path(file))
            else:
                walk.add(source_of(name, file), 0)
        yield walk.sources


class _Walk:
    """What has been found so far, and what has to be closed in the end."""

    def __init__(self, stack: ExitStack, name_archives: bool) -> None:
        self.sources: list[Source] = []
        self._stack = stack
        self._name_archives = name_archives
        self._members = 0
        self._unpacked = 0

    def add_folder(self, name: str, folder: Path) -> None:
        """Add the files in a folder of this machine."""
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder).as_posix()
            if not is_hidden(inner) and path.is_file():
                self._count(name, 1, 0)
                prefix = name if self._name_archives else ""
                self.add(replace(source_of(inner, path), prefix=prefix, top=name), 0)

    def add(self, source: Source, depth: int) -> None:
        """Add a file, or what is in it when it is an archive."""
        if source.inner.lower().endswith(PICTURE_ENDINGS):
            # A name like a picture's is believed: the reader looks at the content, and opening 70,000 files
            # twice would take seconds.
            self.sources.append(replace(source, kind="pictures"))
            return
        head, is_packed = _head_of(source)
        kind = kind_of(source.plain_name, head)
        if kind in REFUSED:  # a web page may be called .zip, and a spreadsheet is one
            self.sources.append(replace(source, kind=kind))
        elif is_packed and head.startswith(ZIP_MAGIC):
            self.sources.append(replace(source, kind="archive"))
        elif _is_zip(source, head, is_packed):
            self._add_zip(source, depth)
        elif head[257:262] == TAR_MAGIC or source.inner.lower().endswith(TAR_ENDINGS):
            self._add_tar(source, depth)
        else:
            self.sources.append(replace(source, kind=kind, columns=columns_of(head) if kind == "csv" else 0))

    def _add_zip(self, source: Source, depth: int) -> None:
        if not self._may_open(source, depth):
            return
        if depth:
            source = self._taken_into_memory(source)
        archive = self._stack.enter_context(open_zip(source))
        kind = _kind_of_zip(source, archive)
        if kind:
            self.sources.append(replace(source, kind=kind))
            return
        members = visible_members(archive)
        self._count(source.top, len(members), sum(info.file_size for info in members.values()))
        opener = cast(Callable[[zipfile.ZipInfo], BinaryIO], archive.open)
        for path, info in members.items():
            inside = Source(path, opener, info, self._inside(source, depth), source.top, info.file_size)
            self.add(inside, depth + 1)

    def _add_tar(self, source: Source, depth: int) -> None:
        if not self._may_open(source, depth):
            return
        if depth:
            source = self._taken_into_memory(source)
        stream = self._stack.enter_context(open_content(source))
        # What a header announces as a long name is read in one piece.
        archive = self._stack.enter_context(
            tarfile.TarFile(fileobj=cast(BinaryIO, Borrowed(stream, LONGEST_READ)))
        )
        for info in archive:
            self._count(source.top, 1, info.size)  # before it is passed over or read
            path = info.name.replace("\\", "/").removeprefix("./")
            if info.isreg() and not info.issparse() and not is_hidden(path):
                prefix = self._inside(source, depth)
                self.add(Source(path, _tar_opener(archive), info, prefix, source.top, info.size), depth + 1)

    def _inside(self, source: Source, depth: int) -> str:
        """Return the folders that what is in an archive lies in: those around it, and its own name as one.

        The name of the only file that was given tells nothing that its content does not.
        """
        if depth == 0:
            return source.stem if self._name_archives else ""
        return "/".join(filter(None, (source.prefix, source.inner.rpartition("/")[0], source.stem)))

    def _may_open(self, source: Source, depth: int) -> bool:
        if depth < MAX_DEPTH:
            return True
        self.sources.append(replace(source, kind="archive"))
        return False

    def _taken_into_memory(self, source: Source) -> Source:
        """Return an archive that lies in another one as bytes: it has to be read from several places."""
        size = source.size or 0
        check_inner_archive(source.name, size)
        self._stack.enter_context(holding(size))
        with source.open() as stream:
            content = stream.read(size)
        return replace(source_of(source.inner, content), prefix=source.prefix, top=source.top, size=size)

    def _count(self, file: str, members: int, unpacked: int) -> None:
        self._members, self._unpacked = self._members + members, self._unpacked + unpacked
        check_members(file, self._members, self._unpacked)


def _head_of(source: Source) -> tuple[bytes, bool]:
    """Return how a file begins, unpacked by gzip where it is, and whether it is; empty when it is damaged."""
    with suppress(DatasetError, *DAMAGE), open_content(source) as stream:
        head = stream.read(HEAD_BYTES)
        return head, isinstance(stream, gzip.GzipFile)
    return b"", False


def _is_zip(source: Source, head: bytes, is_packed: bool) -> bool:
    named = source.inner.lower().endswith((".zip", ".npz"))
    return not is_packed and (head.startswith(ZIP_MAGIC) or named)


def _kind_of_zip(source: Source, archive: zipfile.ZipFile) -> str:
    """Return what a zip is when it is more than an archive of files: NumPy's, an office's, PyTorch's."""
    names = archive.namelist()
    if source.plain_name.endswith(".npz"):
        return "npz"
    if "xl/workbook.xml" in names:
        return "excel"
    if {"[Content_Types].xml", "mimetype"} & set(names):
        return "office"
    return "pickle" if any(name.endswith("/data.pkl") for name in names) else ""


def _tar_opener(archive: tarfile.TarFile) -> Callable[[tarfile.TarInfo], BinaryIO]:
    def open_member(info: tarfile.TarInfo) -> BinaryIO:
        return cast(BinaryIO, archive.extractfile(info))

    return open_member
