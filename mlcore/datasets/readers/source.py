"""A file as the readers see it, however it came: bytes, a path or an open file, packed by gzip or not.

`read_dataset` makes a `Source` of what it is given, and every reader reads from it.
"""

import codecs
import gzip
import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.quote import quoted

FileLike = bytes | bytearray | memoryview | str | Path | BinaryIO | IO[bytes]

# What Python's unpackers raise when the content is not what it should be.
DAMAGE = (
    EOFError,
    OSError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
    NotImplementedError,
    struct.error,
    UnicodeError,
)
LONGEST_NAME = 200  # characters of a file's name that are kept, the beginning and the end
GZIP_MAGIC = b"\x1f\x8b"

# Endings that say how a file is packed or written, and not what it is about.
_ENDINGS = re.compile(
    r"(\.(gz|csv|zip|npz|npy|txt|tsv|tar|tgz|tra|tes|data|dat|arff|svm|libsvm))+$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file, as it came or inside an archive, that is opened when it is needed.

    Attributes
    ----------
    inner : str
        Its name as the user knows it; inside an archive, its path there.
    opener : callable
        Returns the open file, at its beginning, from ``key``; the files of one archive share it.
    key : object
        What the archive knows the file by.
    prefix : str
        The names of the archives around it, without endings, as folders that it lies in.
    top : str
        The name of the file that the user gave: its own, or the outermost archive's.
    size : int, optional
        Its bytes, where an archive says them.
    kind : str
        What it is, by its content and name (see `mlcore.datasets.readers.kinds`).
    columns : int
        Of a text table, how many cells its first line has.
    label : str
        Of a picture, its class, where a table or its own name says it.
    """

    inner: str
    opener: Callable[[Any], BinaryIO]
    key: Any = None
    prefix: str = ""
    top: str = ""
    size: int | None = None
    kind: str = ""
    columns: int = 0
    label: str = ""

    def open(self) -> BinaryIO:
        """Return the file, open at its beginning."""
        return self.opener(self.key)

    @property
    def name(self) -> str:
        """What sentences call it."""
        return quoted(self.inner, LONGEST_NAME)

    @property
    def path(self) -> str:
        """Where it lies: the folders and archives around it, and its name, in the letters that it has.

        >>> Source("0/a.png", io.BytesIO, prefix="trainingSet").path
        'trainingSet/0/a.png'
        """
        return f"{self.prefix}/{self.inner}" if self.prefix else self.inner

    @property
    def own_name(self) -> str:
        """The name without folder, ``.gz`` and the " (1)" that browsers add.

        >>> Source("MNIST/Train-Images-idx3-ubyte (1).gz", io.BytesIO).own_name
        'Train-Images-idx3-ubyte'
        """
        name = re.sub(r" ?\(\d+\)(?=\.|$)", "", re.split(r"[/\\]", self.name)[-1])
        return name[:-3] if name.lower().endswith(".gz") else name

    @property
    def plain_name(self) -> str:
        """The same in small letters."""
        return self.own_name.lower()

    @property
    def stem(self) -> str:
        """The file's name without folder and endings, for naming a data set after it."""
        return stem_of(self.name)


def stem_of(name: str) -> str:
    """Return a file's name without folders and endings.

    >>> stem_of("MNIST/raw/digits.tar.gz")
    'digits'
    """
    name = re.split(r"[/\\]", name)[-1]
    return _ENDINGS.sub("", name) or name


def source_of(name: str, file: FileLike) -> Source:
    """Return the `Source` for what a caller gave; nothing is read or copied yet.

    All sentences call the file by the name of its source.
    """
    if isinstance(file, bytes | bytearray | memoryview):
        return Source(name, io.BytesIO, file, top=name)  # BytesIO shares the memory of bytes
    if isinstance(file, str | Path):
        return Source(name, _open_path, Path(file), top=name)
    return Source(name, _from_the_start, file, top=name)


def _open_path(path: Path) -> BinaryIO:
    return path.open("rb")


def _from_the_start(file: BinaryIO | IO[bytes]) -> BinaryIO:
    file.seek(0)
    return cast(BinaryIO, Borrowed(file))


class Borrowed(io.BufferedIOBase):
    """Another's open file, read through: closing this leaves it open, and very long reads can be refused."""

    def __init__(self, file: BinaryIO | IO[bytes], longest_read: int | None = None) -> None:
        self._file = file
        self._longest_read = longest_read

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = -1 if size is None else size
        if self._longest_read is None:
            return self._file.read(wanted)
        one_too_many = self._longest_read + 1
        content = self._file.read(min(wanted, one_too_many) if wanted >= 0 else one_too_many)
        if len(content) == one_too_many:
            raise OSError(_("too much to be read at once"))
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        # A damaged archive may point before the start, for which files and BytesIO raise differently.
        if whence == 0 and offset < 0:
            raise OSError(_("a place before the start"))
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_content(source: Source) -> Iterator[BinaryIO]:
    """Open a file at its beginning, unpacking gzip as it is read: by content, whatever its name says."""
    with source.open() as stream:
        magic = stream.read(len(GZIP_MAGIC))
        if not magic:
            raise DatasetError(
                _("{file} is empty (0 bytes). Choose the file again.").format(file=source.name)
            )
        stream.seek(0)
        if magic == GZIP_MAGIC:
            with gzip.GzipFile(fileobj=stream) as content:
                yield cast(BinaryIO, content)
        elif source.name.lower().endswith(".gz"):
            message = _(
                "{file} is named like a gzip file but is not one: it does not begin with 1F 8B. "
                "Download it again, or remove .gz from its name if it is already unpacked."
            )
            raise DatasetError(message.format(file=source.name))
        else:
            yield stream


@contextmanager
def open_text(source: Source) -> Iterator[BinaryIO]:
    """Open a text as `open_content` does, in UTF-8 also where it is UTF-16, as Windows writes it."""
    with open_content(source) as stream:
        mark = stream.read(len(codecs.BOM_UTF16))
        stream.seek(0)
        is_utf16 = mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        yield cast(BinaryIO, codecs.EncodedFile(stream, "utf-8", "utf-16")) if is_utf16 else stream


def decoded(text: bytes) -> str:
    """Return text in UTF-8, or as Windows writes it in Western Europe.

    >>> decoded("fünf".encode()), decoded("fünf".encode("cp1252"))
    ('fünf', 'fünf')
    """
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def read_into(stream: BinaryIO, view: memoryview, step: int = 1 << 20) -> int:
    """Fill `view` from the stream as far as it goes and return the number of bytes read."""
    done = 0
    while done < len(view):
        piece = stream.read(min(step, len(view) - done))
        if not piece:
            break
        view[done : done + len(piece)] = piece
        done += len(piece)
    return done


@contextmanager
def unpacking(name: str) -> Iterator[None]:
    """Turn whatever is raised for content that cannot be read into a `DatasetError`: the one door."""
    try:
        yield
    except FileNotFoundError as error:
        raise DatasetError(
            _("There is no file {file}.").format(file=quoted(error.filename or name))
        ) from error
    except PermissionError as error:
        message = _("{file} cannot be opened: this program has no permission to read it.")
        raise DatasetError(message.format(file=quoted(error.filename or name))) from error
    except DAMAGE as error:
        message = _("{file} is damaged and cannot be unpacked ({reason}). Download or pack it again.")
        raise DatasetError(message.format(file=name, reason=quoted(error))) from error
    except DatasetError:
        raise
    except MemoryError as error:
        message = _("There is not enough memory to read {file}. Use fewer or smaller images.")
        raise DatasetError(message.format(file=name)) from error
    except Exception as error:
        # Parsers raise almost anything for content that was made to harm: ValueError, TypeError, SystemError,
        # OverflowError, RecursionError, ZeroDivisionError have been seen.
        message = _("{file} cannot be read: its content does not follow its format. Save it again.")
        raise DatasetError(message.format(file=name)) from error
