"""How a worker reads and writes files: on a disk that it shares with the server, or over the network.

`dashboard.runs.worker` uses it, and does not know which of the two it has. `LocalFiles` is for the processes
of this machine; `SentFiles` is for workers elsewhere, to which `dashboard.runs.cluster` sends what they lack.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Content: TypeAlias = NDArray[Any] | bytes | dict[str, int] | None
"""What lies at a path: an array, when its name ends in ``.npy``, or bytes; of a folder the names and bytes of
its files; None when there is nothing."""


def sizes_of(folder: Path) -> dict[str, int]:
    """Return the names of the files in a folder, each with its bytes; none when there is no folder."""
    sizes = {}
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            with suppress(FileNotFoundError):  # it has just been deleted
                sizes[file.name] = file.stat().st_size
    return sizes


class NotSent(Exception):
    """A worker lacks files; what it was asked for is repeated as soon as it has them."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__(paths)
        self.paths = paths


class Files(Protocol):
    """The files of runs and data sets, by the paths that they have on the server."""

    def need(self, paths: Iterable[str]) -> None:
        """Say what will be read next, so that all that is lacking comes at once.

        Raises
        ------
        NotSent
            When something is lacking.
        """

    def array(self, path: str, *, mapped: bool = True) -> NDArray[Any]:
        """Return an array, ``mapped`` into memory where the disk is shared."""

    def model(self, path: Path) -> Path | bytes | None:
        """Return what `load_model` can read, or None when there is no such file."""

    def folder(self, path: Path) -> dict[str, int]:
        """Return the names of the files in a folder, each with its bytes; none when there is no folder."""

    def has(self, path: Path) -> bool:
        """Whether a file is known to be there; it need not be written once more."""

    def write(self, path: Path, write: Callable[[BinaryIO], object]) -> int:
        """Have a file written as a whole; return its bytes. A reader always finds the old one or the new one.

        Raises
        ------
        OSError
            When that is not possible; the old one is still there.
        """

    def remove(self, path: Path) -> None:
        """Delete a file, if that is possible."""

    def is_held(self, hold: Path) -> bool:
        """Whether the turn that is under way must end; asked many times a second."""


class LocalFiles:
    """Files on a disk that the server and its workers share."""

    def need(self, paths: Iterable[str]) -> None:
        """All are there already."""

    def array(self, path: str, *, mapped: bool = True) -> NDArray[Any]:
        """Return an array from its file."""
        array: NDArray[Any] = np.load(path, mmap_mode="r" if mapped else None)
        return array

    def model(self, path: Path) -> Path | None:
        """Return the path, if there is such a file."""
        return path if path.exists() else None

    def folder(self, path: Path) -> dict[str, int]:
        """Return what is in the folder now."""
        return sizes_of(path)

    def has(self, path: Path) -> bool:
        """Whether the file is there."""
        return path.exists()

    def write(self, path: Path, write: Callable[[BinaryIO], object]) -> int:
        """Write a file beside the old one, then put it in its place."""
        os.makedirs(path.parent, 0o700, exist_ok=True)  # a cleaner of old files may have taken it away
        new = path.with_suffix(".new")
        try:
            with open(new, "wb") as stream:
                write(stream)
                size = stream.tell()
            new.replace(path)
            return size
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def remove(self, path: Path) -> None:
        """Delete the file."""
        with suppress(OSError):
            path.unlink()

    def is_held(self, hold: Path) -> bool:
        """Whether the file ``hold`` is there."""
        return hold.exists()


class SentFiles:
    """Files that the server sends and takes back; none of them lies on the worker's own disk.

    Attributes
    ----------
    written : dict
        What was written since the server took it last: path and bytes; None is a file to be deleted.
    must_end : callable
        Says whether the turn that is under way must end.
    """

    def __init__(self) -> None:
        self.written: dict[str, bytes | None] = {}
        self.must_end: Callable[[], bool] = lambda: False
        self._arrays: dict[str, NDArray[Any]] = {}
        self._others: dict[str, Content] = {}
        self._known: set[str] = set()

    def take(self, contents: dict[str, Content]) -> None:
        """Take what the server sends."""
        for path, content in contents.items():
            if isinstance(content, np.ndarray):
                self._arrays[path] = content
            else:
                self._others[path] = content

    def forget(self, paths: Iterable[str]) -> None:
        """Let go of arrays; a run that trains on them still has them."""
        for path in paths:
            self._arrays.pop(path, None)

    def hand_over(self) -> dict[str, bytes | None]:
        """Return what was written, and forget it together with all that was read but arrays."""
        written, self.written, self._others = self.written, {}, {}
        return written

    def need(self, paths: Iterable[str]) -> None:
        """Ask for all that is lacking."""
        lacking = {path for path in paths if path not in self._arrays and path not in self._others}
        if lacking:
            raise NotSent(tuple(sorted(lacking)))

    def array(self, path: str, *, mapped: bool = True) -> NDArray[Any]:
        """Return an array that was sent."""
        self.need([path])
        return self._arrays[path]

    def model(self, path: Path) -> bytes | None:
        """Return the bytes that were sent; None when the server has no such file."""
        self.need([str(path)])
        content = self._others[str(path)]
        if not isinstance(content, bytes):
            return None
        self._known.add(str(path))
        return content

    def folder(self, path: Path) -> dict[str, int]:
        """Return what was in the folder when it was asked for."""
        self.need([str(path)])
        content = self._others[str(path)]
        return content if isinstance(content, dict) else {}

    def has(self, path: Path) -> bool:
        """Whether it was read or written here before."""
        return str(path) in self._known

    def write(self, path: Path, write: Callable[[BinaryIO], object]) -> int:
        """Keep the bytes until the server takes them."""
        stream = BytesIO()
        write(stream)
        content = self.written[str(path)] = stream.getvalue()
        self._known.add(str(path))
        return len(content)

    def remove(self, path: Path) -> None:
        """Have the server delete the file."""
        self.written[str(path)] = None
        self._known.discard(str(path))

    def is_held(self, hold: Path) -> bool:
        """Whether the server has said so."""
        return self.must_end()
