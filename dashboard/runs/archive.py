"""The embedded store of runs: one SQLite file, and beside it the files of each run and of the data they need.

The run service keeps its runs here, and finds them here after a restart. Who may see a run is the service's
business; this module knows rows and files only.
"""

import json
import logging
import os
import shutil
import sqlite3
import sys
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from dashboard.environment import number_of_environment
from dashboard.runs.snapshots import snapshot_files
from mlcore.errors import DigitLabError
from mlcore.language import N_, _

_log = logging.getLogger(__name__)

FOLDER_VARIABLE = "DIGITLAB_RUNS_FOLDER"
"""The environment variable that says in which folder runs are kept."""

MEGABYTES_VARIABLE = "DIGITLAB_RUNS_MB"
"""The environment variable that sets how many megabytes all kept runs may take together."""

KEEP_VARIABLE = "DIGITLAB_KEEP_RUNS_HOURS"
"""The environment variable that sets how long a run is kept when its owner has left, in hours."""

STORE = "runs.sqlite"
ABOUT = "run.json"
"""The file in a run's folder that says all that its row says: from these a damaged store is made again."""

MIGRATIONS = (
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        started REAL NOT NULL,
        rests INTEGER NOT NULL,
        star INTEGER NOT NULL,
        used REAL NOT NULL,
        deleted REAL,
        about TEXT NOT NULL,
        history BLOB NOT NULL
    );
    CREATE INDEX runs_of_owner ON runs (owner, started);
    CREATE TABLE files (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        name TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (run_id, name)
    );
    CREATE INDEX files_by_name ON files (name);
    """,
    """
    CREATE TABLE searches (
        owner TEXT PRIMARY KEY,
        written REAL NOT NULL,
        about TEXT NOT NULL
    );
    """,
    """
    CREATE TABLE views (
        owner TEXT PRIMARY KEY,
        written REAL NOT NULL,
        about TEXT NOT NULL
    );
    """,
)
"""What brings a store from each version to the next; `PRAGMA user_version` counts how many it has seen."""

DAMAGED = N_(
    "The store of runs was damaged and has been set aside as {name}. Every run whose files are still there "
    "was found again."
)
IN_USE = N_(
    "Another server uses the folder of the runs, so this one keeps its runs only until it stops. Give each "
    "server a folder of its own."
)
NEWER = N_(
    "The store of runs was written by a newer version of this app, so runs are kept only until the server "
    "stops. Update the app."
)
NOT_WRITABLE = N_(
    "The folder of the runs cannot be used ({reason}), so runs are kept only until the server stops. Give "
    "the server a folder in which it can write."
)
NOT_KEPT = N_(
    "The latest changes could not be stored ({reason}). It is tried again every few seconds; until then "
    "it would not outlive a restart of the server."
)
NOT_READ = N_("The store of runs could not be read ({reason}). Try again later.")


class ArchiveError(DigitLabError):
    """Runs cannot be kept here; the message is a sentence for visitors."""


@dataclass(frozen=True)
class ArchiveLimits:
    """How much is kept: what is above goes, runs without a star and old ones first.

    Attributes
    ----------
    runs_per_owner, bytes_per_owner : int
        Of one visitor.
    runs, bytes : int
        Of all together.
    searches : int
        Of all together: the newest of each visitor.
    views : int
        Of all together: how each visitor wants to see the list of runs.
    undo_seconds : float
        How long a deleted run can be brought back.
    keep_seconds : float or None
        How long a run is kept that its owner has not come back to; None: as long as there is room.
    """

    runs_per_owner: int = 500
    bytes_per_owner: int = 1_000_000_000
    runs: int = 5_000
    bytes: int = 10_000_000_000
    searches: int = 1_000
    views: int = 10_000
    undo_seconds: float = 600.0
    keep_seconds: float | None = None

    @classmethod
    def of_environment(cls) -> Self:
        """Return the usual limits, with the megabytes and the hours that the environment sets."""
        megabytes, hours = number_of_environment(MEGABYTES_VARIABLE), number_of_environment(KEEP_VARIABLE)
        total = cls.bytes if megabytes is None else int(1e6 * megabytes)
        keep_seconds = None if hours is None else 3600 * hours
        return cls(bytes=total, bytes_per_owner=min(cls.bytes_per_owner, total), keep_seconds=keep_seconds)


@dataclass(frozen=True)
class Row:
    """What is kept of one run.

    Attributes
    ----------
    run_id, owner : str
    started : float
        Seconds since 1970.
    rests : bool
        Whether no worker was at it; when one was and the server ends, its row lags behind its snapshot.
    star : bool
    about : dict
        All else but the history, as JSON can say it.
    history : list
        The records, as JSON can say them; empty where only a list is shown.
    files : dict of str to int
        The names, below the folder, of its own files and those of its data, and their bytes.
    """

    run_id: str
    owner: str
    started: float
    rests: bool
    star: bool
    about: Mapping[str, Any]
    history: list[Any] = field(default_factory=list)
    files: Mapping[str, int] = field(default_factory=dict)


def usual_folder() -> Path:
    """Return the folder that `FOLDER_VARIABLE` names, or the usual one for what programs keep."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    if named:
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "digit-lab"


class Archive:
    """Keeps rows and files in one folder, which no second server can use meanwhile; safe from any thread.

    The file is in WAL mode, so that a process that is killed at any moment leaves what was written whole.

    Parameters
    ----------
    folder : Path
        Made when it is not there, readable by this user alone.
    limits : ArchiveLimits, optional
    clock : callable
        Seconds since 1970.

    Attributes
    ----------
    note : str
        What who runs the server should know about the store; empty when all is well.

    Raises
    ------
    ArchiveError
        When runs cannot be kept there.
    """

    def __init__(
        self,
        folder: Path,
        limits: ArchiveLimits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder.absolute()
        self.limits = limits or ArchiveLimits()
        self.note = ""
        self._clock = clock
        self._lock = threading.RLock()
        try:
            self.folder.mkdir(0o700, parents=True, exist_ok=True)
            for name in ("runs", "data"):
                (self.folder / name).mkdir(0o700, exist_ok=True)
            self._store = self._open()
        except sqlite3.OperationalError as error:
            sentence = _(IN_USE) if _is_busy(error) else _(NOT_WRITABLE).format(reason=error)
            raise ArchiveError(sentence) from error
        except OSError as error:
            raise ArchiveError(_(NOT_WRITABLE).format(reason=error.strerror or error)) from error
        self._adopt_folders()
        self.purge(at_once=True)
        self.remove_unused_data()

    def _open(self) -> sqlite3.Connection:
        """Open the file; a damaged one is set aside, and a new one begun."""
        try:
            return _open_store(self.folder / STORE)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            aside = f"damaged-{self._clock():.0f}-{STORE}"
            _log.error("The store of runs is damaged (%s); it is set aside as %s", error, aside)
            for end in ("", "-wal"):
                with suppress(FileNotFoundError):
                    (self.folder / (STORE + end)).replace(self.folder / (aside + end))
            self.note = _(DAMAGED).format(name=aside)
            return _open_store(self.folder / STORE)

    def _adopt_folders(self) -> None:
        """Find the runs again whose folders are there and whose rows are not; other folders go."""
        known = {run_id for (run_id,) in self._store.execute("SELECT run_id FROM runs")}
        for folder in (self.folder / "runs").iterdir():
            if folder.name in known:
                continue
            try:
                row = Row(**json.loads((folder / ABOUT).read_text("utf-8")))
                self._write_row(row)
            except (OSError, ValueError, TypeError, KeyError):  # it was being made, or being deleted
                shutil.rmtree(folder, ignore_errors=True)

    # ---- rows --------------------------------------------------------------------------------------------

    def put(self, row: Row) -> None:
        """Keep a run, or what has changed of it.

        Raises
        ------
        ArchiveError
            When it cannot be written; what was there before still is.
        """
        with self._lock, _speaking():
            folder = self.folder_of(row.run_id)
            folder.mkdir(0o700, exist_ok=True)
            row = replace(row, files={**row.files, **self._files_in(folder)})
            new = folder / f"{ABOUT}.new"
            new.write_text(json.dumps(vars(row)), "utf-8")
            new.replace(folder / ABOUT)
            self._write_row(row)

    def _files_in(self, folder: Path) -> dict[str, int]:
        """Return the bytes of each file of a run's folder that stays."""
        return {
            path.relative_to(self.folder).as_posix(): size
            for path in folder.glob("*.npz")
            if (size := size_of(path))
        }

    def _write_row(self, row: Row) -> None:
        history = zlib.compress(json.dumps(row.history).encode(), 1)
        with self._store:
            self._store.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?) ON CONFLICT (run_id) DO UPDATE SET "
                "owner = excluded.owner, started = excluded.started, rests = excluded.rests, "
                "star = excluded.star, used = excluded.used, about = excluded.about, "
                "history = excluded.history",
                (
                    row.run_id,
                    row.owner,
                    row.started,
                    row.rests,
                    row.star,
                    self._clock(),
                    json.dumps(row.about),
                    history,
                ),
            )
            self._store.execute("DELETE FROM files WHERE run_id = ?", (row.run_id,))
            names = [(row.run_id, name, size) for name, size in row.files.items()]
            self._store.executemany("INSERT INTO files VALUES (?, ?, ?)", names)

    def get(self, run_id: str) -> Row | None:
        """Return all of a run, or None when it is not there or was deleted."""
        rows = self._rows("run_id = ? AND deleted IS NULL", run_id, history=True)
        return next(rows, None)

    def rows_of(self, owner: str) -> list[Row]:
        """Return an owner's runs without their histories, the newest first."""
        return list(self._rows("owner = ? AND deleted IS NULL ORDER BY started DESC", owner))

    def newest(self, owner: str, most: int) -> list[str]:
        """Return the ids of an owner's newest runs, the newest first."""
        text = "SELECT run_id FROM runs WHERE owner = ? AND deleted IS NULL ORDER BY started DESC LIMIT ?"
        with self._lock, _speaking(NOT_READ):
            return [run_id for (run_id,) in self._store.execute(text, (owner, most))]

    def interrupted(self) -> list[Row]:
        """Return the runs that did not rest when they were last written."""
        return list(self._rows("NOT rests AND deleted IS NULL", history=True))

    def _rows(self, where: str, *values: object, history: bool = False) -> Iterator[Row]:
        columns = "run_id, owner, started, rests, star, about" + (", history" if history else "")
        with self._lock, _speaking(NOT_READ):
            found = self._store.execute(f"SELECT {columns} FROM runs WHERE {where}", values).fetchall()
        for run_id, owner, started, rests, star, about, *rest in found:
            records = json.loads(zlib.decompress(rest[0])) if rest else []
            yield Row(run_id, owner, started, bool(rests), bool(star), json.loads(about), records)

    # ---- deleting ----------------------------------------------------------------------------------------

    def delete(self, run_id: str) -> None:
        """Hide a run; for a while, `bring_back` can undo that."""
        self._change("UPDATE runs SET deleted = ? WHERE run_id = ?", self._clock(), run_id)

    def bring_back(self, run_id: str, owner: str) -> bool:
        """Show a deleted run of this owner again; return whether it was still there."""
        text = "UPDATE runs SET deleted = NULL WHERE run_id = ? AND owner = ? AND deleted IS NOT NULL"
        return self._change(text, run_id, owner) > 0

    # ---- searches ----------------------------------------------------------------------------------------

    def put_search(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep what is known of an owner's newest search; the oldest of all go when there are too many."""
        self._put_newest("searches", owner, about, self.limits.searches)

    def searches(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the owners and what is known of their searches, the oldest first."""
        with self._lock, _speaking(NOT_READ):
            rows = self._store.execute("SELECT owner, about FROM searches ORDER BY written").fetchall()
        return [(owner, json.loads(about)) for owner, about in rows]

    def put_view(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep how an owner wants to see the list of runs; the oldest of all go when there are too many."""
        self._put_newest("views", owner, about, self.limits.views)

    def view_of(self, owner: str) -> dict[str, Any]:
        """Return how an owner wants to see the list of runs; empty when nothing was chosen."""
        with self._lock, _speaking(NOT_READ):
            rows = self._store.execute("SELECT about FROM views WHERE owner = ?", (owner,)).fetchall()
        return json.loads(rows[0][0]) if rows else {}

    def _put_newest(self, table: str, owner: str, about: Mapping[str, Any], most: int) -> None:
        """Keep what a table has one of for each owner, and no more than this of all."""
        text = json.dumps(about)
        self._change(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", owner, self._clock(), text)
        newest = f"SELECT owner FROM {table} ORDER BY written DESC LIMIT ?"
        self._change(f"DELETE FROM {table} WHERE owner NOT IN ({newest})", most)

    # ---- deleting for good ---------------------------------------------------------------------------------

    def remove_all_of(self, owner: str) -> None:
        """Delete all that is kept of an owner for good."""
        for table in ("searches", "views"):
            self._change(f"DELETE FROM {table} WHERE owner = ?", owner)
        with self._lock:
            self._remove(self._ids("owner = ?", owner))

    def remove_all_marked(self, mark: str, spared: Collection[str] = ()) -> None:
        """Delete all runs for good whose owner's name begins with a mark of letters, but for some owners'."""
        with self._lock:
            marked, others = self._ids("owner GLOB ?", f"{mark}*"), set[str]()
            for owner in spared:
                others |= {*self._ids("owner = ?", owner)}
            self._remove([run_id for run_id in marked if run_id not in others])

    def remove(self, run_id: str) -> None:
        """Delete a run for good."""
        with self._lock:
            self._remove([run_id])

    def _change(self, text: str, *values: object) -> int:
        with self._lock, _speaking(), self._store:
            return self._store.execute(text, values).rowcount

    def _ids(self, where: str, *values: object) -> list[str]:
        text = f"SELECT run_id FROM runs WHERE {where}"
        with self._lock, _speaking(NOT_READ):
            return [run_id for (run_id,) in self._store.execute(text, values)]

    def _remove(self, run_ids: list[str]) -> None:
        """Delete runs, and the data that no other run needs.

        What a run's folder says of it goes first: whatever comes between, it is not found again.
        """
        for run_id in run_ids:
            (self.folder_of(run_id) / ABOUT).unlink(missing_ok=True)
            self._change("DELETE FROM runs WHERE run_id = ?", run_id)
            shutil.rmtree(self.folder_of(run_id), ignore_errors=True)
        if run_ids:
            self.remove_unused_data()

    def remove_unused_data(self) -> None:
        """Delete the data that no run needs."""
        with self._lock, _speaking():
            used = {name for (name,) in self._store.execute("SELECT DISTINCT name FROM files")}
            for path in (self.folder / "data").iterdir():
                if path.relative_to(self.folder).as_posix() not in used:
                    with suppress(OSError):  # Windows keeps it while it is mapped
                        path.unlink()

    def purge(self, at_once: bool = False) -> list[str]:
        """Delete for good what was deleted, or left, long enough ago; return their ids.

        Parameters
        ----------
        at_once : bool
            Whether to wait no longer for what was deleted.
        """
        now, keep = self._clock(), self.limits.keep_seconds
        latest = now if at_once else now - self.limits.undo_seconds
        with self._lock:
            gone = self._ids("deleted <= ?", latest)
            if keep is not None:
                gone += self._ids("rests AND used <= ? AND deleted IS NULL", now - keep)
            self._remove(gone)
        return gone

    def make_room(self, owner: str, spared: Collection[str] = ()) -> list[str]:
        """Delete for good what is above the limits, of this owner and of all; return their ids.

        Parameters
        ----------
        spared : collection of str
            The ids of runs that stay in any case, because they train.
        """
        limits = self.limits
        with self._lock:
            gone = self._bound(owner, limits.runs_per_owner, limits.bytes_per_owner, spared)
            return gone + self._bound(None, limits.runs, limits.bytes, spared)

    def _bound(self, owner: str | None, most: int, most_bytes: int, spared: Collection[str]) -> list[str]:
        """Delete what is more than this, of one owner or of all; return the ids of the runs that went.

        The snapshots of all go before the first run does: without them a run can still be used and compared.
        """
        if not self._is_above(owner, most, most_bytes):
            return []
        where, values = _of(owner)
        ids = self._ids(f"{where} ORDER BY deleted IS NULL, star, started", *values)
        ids, removed = [run_id for run_id in ids if run_id not in spared], []
        for run_id in ids:
            if self.usage(owner)[1] <= most_bytes:
                break
            self._remove_snapshots(run_id)
        for run_id in ids:
            if not self._is_above(owner, most, most_bytes):
                break
            self._remove([run_id])
            removed.append(run_id)
        return removed

    def _remove_snapshots(self, run_id: str) -> None:
        for file in snapshot_files(self.folder_of(run_id)):
            file.path.unlink(missing_ok=True)
            name = file.path.relative_to(self.folder).as_posix()
            self._change("DELETE FROM files WHERE run_id = ? AND name = ?", run_id, name)

    def _is_above(self, owner: str | None, most: int, most_bytes: int) -> bool:
        n, size = self.usage(owner)
        return n > most or size > most_bytes

    def note_use(self, owner: str) -> None:
        """Note that the owner of runs is there."""
        self._change("UPDATE runs SET used = ? WHERE owner = ?", self._clock(), owner)

    def usage(self, owner: str | None = None) -> tuple[int, int]:
        """Return how many runs are kept, of one owner or of all, and their bytes; shared files count once."""
        where, values = _of(owner)
        of_them = f"SELECT run_id FROM runs WHERE {where}"
        files = f"SELECT max(bytes) AS size FROM files WHERE run_id IN ({of_them}) GROUP BY name"
        with self._lock, _speaking(NOT_READ):
            (n,) = self._store.execute(f"SELECT count(*) FROM ({of_them})", values).fetchone()
            (size,) = self._store.execute(f"SELECT total(size) FROM ({files})", values).fetchone()
        return n, int(size)

    # ---- files -------------------------------------------------------------------------------------------

    def folder_of(self, run_id: str) -> Path:
        """Return the folder of a run's own files."""
        return self.folder / "runs" / run_id

    def close(self) -> None:
        """Let another server use the folder."""
        with self._lock:
            self._store.close()


def _open_store(path: Path) -> sqlite3.Connection:
    """Return the store in this file, checked and brought to the newest version, with nobody else in it.

    Raises
    ------
    sqlite3.OperationalError
        When it cannot be opened, written or locked.
    sqlite3.DatabaseError
        When it is damaged.
    ArchiveError
        When a newer version wrote it.
    """
    store = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
    try:
        # The lock lasts as long as this process, however that ends.
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("PRAGMA journal_mode = WAL")
        store.execute("PRAGMA synchronous = NORMAL")
        store.execute("PRAGMA foreign_keys = ON")
        (found,) = store.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        (version,) = store.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise ArchiveError(_(NEWER))
        for number in range(version, len(MIGRATIONS)):
            store.executescript(f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")
        store.execute("BEGIN EXCLUSIVE")
        store.commit()
    except BaseException:
        store.close()
        raise
    return store


def _of(owner: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition for an owner's runs, or for all, and its values."""
    return ("TRUE", ()) if owner is None else ("owner = ?", (owner,))


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def _speaking(sentence: str = NOT_KEPT) -> Iterator[None]:
    """Turn what the disk or SQLite has to say into a sentence."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ArchiveError(_(sentence).format(reason=reason)) from error


def size_of(path: Path) -> int:
    """Return the bytes of a file; none when it is not there."""
    try:
        return path.stat().st_size
    except OSError:  # it is being replaced, or a cleaner took it
        return 0
