"""Where data and runs lie on disk while the service lives: one private folder, gone when the service is.

It stands between the Dataset and the workers on the path: pixels are written once for each data set, and
every worker maps that one file instead of getting a copy.
"""

import hashlib
import shutil
import tempfile
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from loky.backend import resource_tracker
from numpy.typing import NDArray

from mlcore import Dataset, Split


@dataclass(frozen=True)
class StoredDataset:
    """The files in which a worker finds a data set.

    Attributes
    ----------
    pixels, labels : str
        Paths of the whole data set's arrays, ``.npy``.
    rows : str or None
        Path of the positions that make up this part of it; None is the whole.
    """

    pixels: str
    labels: str
    rows: str | None
    class_names: tuple[str, ...]
    name: str

    @property
    def paths(self) -> list[str]:
        """All files that this data set needs."""
        return [path for path in (self.pixels, self.labels, self.rows) if path is not None]


@dataclass(frozen=True)
class StoredSplit:
    """The files in which a worker finds a split."""

    train: StoredDataset
    dev: StoredDataset

    @property
    def paths(self) -> list[str]:
        """All files that this split needs; one that both parts need counts twice."""
        return self.train.paths + self.dev.paths


class DataStore:
    """Keeps each array in one file for as long as somebody uses it.

    The folder is made at the first use, readable by this user alone. It goes with `close`, with the end of
    the process, and, when that is killed, with loky's resource tracker, which outlives it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: Counter[str] = Counter()
        self._folder: Path | None = None
        self._remove_folder: Callable[[], object] = lambda: None

    @property
    def folder(self) -> Path:
        """The private folder; made anew when a cleaner of old files has taken it away."""
        if self._folder is not None and not self._folder.is_dir():
            self._users.clear()
            self._remove_folder()
            self._folder = None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="digit-lab-"))
            resource_tracker.register(str(self._folder), "folder")
            self._remove_folder = weakref.finalize(self, _remove, str(self._folder))
        return self._folder

    def make_folder(self, name: str) -> Path:
        """Make a folder of its own for a run."""
        with self._lock:
            path = self.folder / name
        path.mkdir()
        return path

    def keep_split(self, split: Split) -> StoredSplit:
        """Write what is not there yet of a split; `release` it when it is no longer used."""
        train = self.keep_dataset(split.train)
        try:
            return StoredSplit(train, self.keep_dataset(split.dev))
        except OSError:
            self.release(train)
            raise

    def keep_dataset(self, dataset: Dataset) -> StoredDataset:
        """Write what is not there yet of a data set; `release` it when it is no longer used."""
        whole, rows = dataset.base, dataset.rows
        key = whole.fingerprint[:32]
        arrays: dict[str, NDArray[Any]] = {f"pixels-{key}": whole.images, f"labels-{key}": whole.labels}
        if rows is not None:
            arrays[f"rows-{_digest(rows)}"] = rows
        paths: list[str] = []
        with self._lock:
            try:
                for name, array in arrays.items():
                    paths.append(self._keep(name, array))
            except OSError:  # the disk is full
                self._let_go(paths)
                raise
        of_rows = paths[2] if rows is not None else None
        return StoredDataset(paths[0], paths[1], of_rows, dataset.class_names, dataset.name)

    def release(self, stored: StoredDataset | StoredSplit) -> None:
        """Say that one user less needs this; a file that nobody needs is deleted."""
        with self._lock:
            self._let_go(stored.paths)

    def close(self) -> None:
        """Delete the folder and all that is in it."""
        with self._lock:
            self._users.clear()
            self._remove_folder()
            self._folder = None

    def _keep(self, name: str, array: NDArray[np.generic]) -> str:
        path = str(self.folder / f"{name}.npy")
        self._users[path] += 1
        if self._users[path] == 1:
            try:
                np.save(path, array)
            except OSError:
                self._let_go([path])
                raise
        return path

    def _let_go(self, paths: list[str]) -> None:
        for path in paths:
            self._users[path] -= 1
            if self._users[path] <= 0:
                del self._users[path]
                with suppress(OSError):  # Windows keeps it while it is mapped; it goes with the folder
                    Path(path).unlink()


def _digest(rows: NDArray[np.intp]) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows).data).hexdigest()[:32]


def _remove(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    resource_tracker.unregister(folder, "folder")
