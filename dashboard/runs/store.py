"""The data and runs on disk: one private folder, deleted when the service ends.

The run service writes the pixels of each data set once; every worker maps that file instead of getting a
copy.
"""

import errno
import hashlib
import os
import secrets
import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from loky.backend import resource_tracker
from numpy.typing import NDArray

from mlcore import Dataset, Split, SplitSettings
from mlcore.language import N_, _

if os.name == "posix":
    import fcntl

PREFIX = "digit-lab-"

SHARE = 0.5
"""Of the disk that is free, or taken by the store: what it may hold altogether."""


NOT_WRITTEN = N_("The server could not write the files of this training ({reason}). Try again later.")


class DiskFull(OSError):
    """The store may not take as much of the disk; ``strerror`` is a sentence for the visitor."""

    def __init__(self, needed: int, left: int) -> None:
        message = _("it takes about {needed:,.0f} MB on disk, and {left:,.0f} MB are left")
        super().__init__(errno.ENOSPC, message.format(needed=max(1, needed / 1e6), left=max(0, left) / 1e6))


def reason_of(error: OSError) -> str:
    """Return in words what the system says went wrong; some errors carry a text and no number.

    >>> reason_of(OSError(28, "No space left on device")), reason_of(OSError("17 requested and 0 written"))
    ('No space left on device', '17 requested and 0 written')
    """
    return error.strerror or str(error) or type(error).__name__


@dataclass(frozen=True)
class StoredDataset:
    """The files in which a worker finds a data set.

    Attributes
    ----------
    pixels, labels : str
        Paths of the whole data set's arrays, ``.npy``.
    rows : str or None
        Path of the positions that make up this part of it; None is the whole.
    lit : (str, str) or None
        Paths of the pixels that are not blank in all images, and of where they are; None when few are.
    """

    pixels: str
    labels: str
    rows: str | None
    class_names: tuple[str, ...]
    name: str
    lit: tuple[str, str] | None = None

    @property
    def paths(self) -> list[str]:
        """All files that this data set needs."""
        found = (self.pixels, self.labels, self.rows, *(self.lit or ()))
        return [path for path in found if path is not None]


@dataclass(frozen=True)
class StoredPixels:
    """The file in which images without labels lie: its path."""

    pixels: str

    @property
    def paths(self) -> list[str]:
        """All files that these images need."""
        return [self.pixels]


@dataclass(frozen=True)
class StoredSplit:
    """The files in which a worker finds a split, and how it was made."""

    train: StoredDataset
    dev: StoredDataset
    settings: SplitSettings | None = None

    @property
    def paths(self) -> list[str]:
        """All files that this split needs; one that both parts need counts twice."""
        return self.train.paths + self.dev.paths


class DataStore:
    """Keeps each array in one file for as long as somebody uses it.

    The folder is made at the first use, readable by this user alone. It goes with `close`, with the end of
    the process, when that is killed with loky's resource tracker, which outlives it, and when both are killed
    with the next store that is made in the same place.

    Parameters
    ----------
    share : float
        The fraction of the disk that it may take, of what is free and what it already holds.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._lock = threading.RLock()
        self._users: Counter[str] = Counter()
        self._maps: dict[str, NDArray[Any]] = {}  # what is open can be read when a cleaner took the files
        self._folder: Path | None = None
        self._handle: int | None = None  # holds the folder locked
        self._remove_folder: weakref.finalize[[str, int | None], DataStore] | None = None

    @property
    def folder(self) -> Path:
        """The private folder; when a cleaner of old files has taken it away, it comes back with all data.

        Raises
        ------
        OSError
            When it cannot be made.
        """
        with self._lock:
            if self._folder is None:
                remove_left_behind(Path(tempfile.gettempdir()))
                self._folder = Path(tempfile.gettempdir(), PREFIX + secrets.token_hex(8))
                self._make(self._folder)
                resource_tracker.register(str(self._folder), "folder")
            elif not self._is_held(self._folder):
                self._make(self._folder)
            for path, array in self._maps.items():
                if not os.path.exists(path):
                    _write(path, array)
            return self._folder

    def mend(self) -> None:
        """Bring back what was taken away by others, if this store is in use."""
        if self._folder is not None:
            _ = self.folder

    def _is_held(self, folder: Path) -> bool:
        """Whether the folder is there and is the one this store holds: a worker may have made another."""
        if self._handle is None:
            return folder.is_dir()
        try:
            return os.path.samestat(folder.stat(), os.fstat(self._handle))
        except FileNotFoundError:
            return False

    def _make(self, folder: Path) -> None:
        """Make the folder and hold it locked, which tells others that this process lives."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        # It has its name only once it is locked.
        new = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}", dir=folder.parent))
        handle = _lock(new)
        try:
            new.rename(folder)
        except OSError:
            new.rmdir()
            if handle is not None:
                os.close(handle)
            if not folder.is_dir():
                raise
            folder.chmod(0o700)  # a worker of ours was quicker, and has a run's folder in it already
            handle = _lock(folder)
        if self._remove_folder is not None:
            self._remove_folder.detach()
        if self._handle is not None:
            os.close(self._handle)
        self._handle = handle
        self._remove_folder = weakref.finalize(self, _remove, str(folder), handle)

    def make_folder(self, name: str, room: int = 0) -> Path:
        """Make a folder of its own for a run, if there is room for this many bytes in it.

        Raises
        ------
        OSError
            When there is not, or it cannot be made.
        """
        with self._lock:
            self._take_room(room)
            path = self.folder / name
            path.mkdir()
        return path

    def keep_split(self, split: Split) -> StoredSplit:
        """Write what is not there yet of a split; `release` it when it is no longer used.

        Raises
        ------
        OSError
            When it cannot be written; `reason_of` tells why.
        """
        of_one = split.train.base is split.dev.base  # only then can blank pixels be left out
        train = self.keep_dataset(split.train, to_train_on=of_one)
        try:
            return StoredSplit(train, self.keep_dataset(split.dev, to_train_on=of_one), split.settings)
        except OSError:
            self.release(train)
            raise

    def keep_dataset(self, dataset: Dataset, *, to_train_on: bool = False) -> StoredDataset:
        """Write what is not there yet of a data set; `release` it when it is no longer used.

        One to train on is also written without the pixels that are blank in all its images, if they are many.

        Raises
        ------
        OSError
            When it cannot be written; `reason_of` tells why.
        """
        whole, rows = dataset.base, dataset.rows
        columns = whole.lit_columns if to_train_on else None
        key, images = whole.fingerprint[:32], whole.images
        arrays: dict[str, Callable[[], NDArray[Any]]] = {
            f"pixels-{key}": lambda: images,
            f"labels-{key}": lambda: whole.labels,
        }
        if columns is not None:
            arrays[f"lit-{key}"] = lambda: images.reshape(len(images), -1).take(columns, axis=1)
            arrays[f"lit-columns-{key}"] = lambda: columns
        if rows is not None:
            arrays[f"rows-{_digest(rows)}"] = lambda: rows
        paths: list[str] = []
        with self._lock:
            try:
                for name, make in arrays.items():
                    paths.append(self._keep(name, make))
            except OSError:  # the disk is full
                self._let_go(paths)
                raise
        of_rows = None if rows is None else paths[-1]
        lit = None if columns is None else (paths[2], paths[3])
        return StoredDataset(paths[0], paths[1], of_rows, dataset.class_names, dataset.name, lit)

    def adopt(
        self, fingerprint: str, pixels: Path, labels: Path, *, class_names: tuple[str, ...], name: str
    ) -> StoredDataset:
        """Move a data set's files into the store, where they are not there yet; `release` it in the end.

        Raises
        ------
        OSError
            When there is no room for them; `reason_of` tells why.
        """
        paths = self._adopt(fingerprint, {"pixels": pixels, "labels": labels})
        return StoredDataset(paths[0], paths[1], None, class_names, name)

    def adopt_pixels(self, fingerprint: str, pixels: Path) -> StoredPixels:
        """Do the same for images that have no labels.

        Raises
        ------
        OSError
            When there is no room for them; `reason_of` tells why.
        """
        return StoredPixels(*self._adopt(fingerprint, {"pixels": pixels}))

    def _adopt(self, fingerprint: str, files: Mapping[str, Path]) -> list[str]:
        paths: list[str] = []
        with self._lock:
            try:
                for kind, file in files.items():
                    paths.append(self._move(f"{kind}-{fingerprint[:32]}", file))
            except OSError:
                self._let_go(paths)
                raise
        return paths

    def share(self, stored: StoredSplit) -> None:
        """Say that one user more needs this; `release` it when it is no longer used."""
        with self._lock:
            self._users.update(stored.paths)

    def release(self, stored: StoredDataset | StoredPixels | StoredSplit) -> None:
        """Say that one user less needs this; a file that nobody needs is deleted."""
        with self._lock:
            self._let_go(stored.paths)

    def close(self) -> None:
        """Delete the folder and all that is in it."""
        with self._lock:
            self._users.clear()
            self._maps.clear()
            if self._remove_folder is not None:
                self._remove_folder()
            self._remove_folder = self._folder = self._handle = None

    def _keep(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        path = str(self.folder / f"{name}.npy")
        if path not in self._users:
            array = make()
            self._take_room(array.nbytes)
            _write(path, array)
            self._maps[path] = np.load(path, mmap_mode="r" if array.size else None)
        self._users[path] += 1
        return path

    def _take_room(self, needed: int) -> None:
        """Refuse what would take more than the store's share of the disk."""
        held = sum(array.nbytes for array in self._maps.values())
        left = int(self._share * (shutil.disk_usage(self.folder).free + held)) - held
        if needed > left:
            raise DiskFull(needed, left)

    def _move(self, name: str, file: Path) -> str:
        path = str(self.folder / f"{name}.npy")
        if path not in self._users:
            self._take_room(file.stat().st_size)
            file.replace(path)
            self._maps[path] = np.load(path, mmap_mode="r")
        self._users[path] += 1
        return path

    def _let_go(self, paths: list[str]) -> None:
        for path in paths:
            self._users[path] -= 1
            if self._users[path] <= 0:
                del self._users[path]
                self._maps.pop(path, None)
                with suppress(OSError):  # Windows keeps it while it is mapped; it goes with the folder
                    Path(path).unlink()


class LastingStore(DataStore):
    """Keeps runs and the arrays that they need after the process has ended, too.

    The archive of the runs knows which are still needed, and deletes the others.

    Parameters
    ----------
    place : Path
        The archive's folder: the arrays lie in ``data``, the runs in ``runs``.
    """

    def __init__(self, place: Path, share: float = SHARE) -> None:
        super().__init__(share)
        self._lasting = place

    @property
    def folder(self) -> Path:
        """The folder of the arrays."""
        return self._lasting / "data"

    def make_folder(self, name: str, room: int = 0) -> Path:
        """Make a folder of its own for a run, if there is room for this many bytes in it."""
        self._take_room(room)
        path = self._lasting / "runs" / name
        path.mkdir(0o700)
        return path

    def _keep(self, name: str, make: Callable[[], NDArray[Any]]) -> str:
        path = self.folder / f"{name}.npy"
        if not path.exists():
            array = make()
            self._take_room(array.nbytes)
            new = path.with_suffix(".new.npy")
            _write(str(new), array)
            new.replace(path)
        return str(path)

    def share(self, stored: StoredSplit) -> None:
        """Leave it to the archive."""

    def _let_go(self, paths: list[str]) -> None:
        """Leave it to the archive."""


def _digest(rows: NDArray[np.intp]) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows).data).hexdigest()[:32]


def _write(path: str, array: NDArray[Any]) -> None:
    """Write an array, or nothing at all."""
    try:
        np.save(path, array)
    except OSError:
        Path(path).unlink(missing_ok=True)
        raise


def _remove(folder: str, handle: int | None) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if handle is not None:
        os.close(handle)
    resource_tracker.unregister(folder, "folder")


# ---- folders of servers that were killed ------------------------------------------------------------------


def remove_left_behind(place: Path) -> None:
    """Delete the folders of stores whose process no longer lives."""
    for folder in place.glob(f"{PREFIX}*/"):
        with suppress(OSError):  # another process holds it, or it is another user's
            handle = _lock(folder)
            if handle is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(handle)


def _lock(folder: Path) -> int | None:
    """Return a handle that holds a folder locked until it is closed, at the latest when this process ends.

    Raises
    ------
    OSError
        When another process holds it.
    """
    if os.name != "posix":
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
