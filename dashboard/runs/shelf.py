"""What the run service has beyond its memory: runs are put on the shelf, and found there again.

The service calls it with its lock held. Without an archive the shelf is empty and stays so: runs then end
with the process.
"""

import logging
import math
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from dashboard.runs.archive import Archive, ArchiveError, Row
from dashboard.runs.claim import MARK
from dashboard.runs.kept import KeptRun, recover, row_of, run_of, short_row_of
from dashboard.runs.run import Run
from dashboard.runs.status import RunError
from dashboard.runs.store import DataStore, LastingStore, StoredSplit
from mlcore import Split
from mlcore.errors import DigitLabError
from mlcore.language import N_, _

_log = logging.getLogger(__name__)

NOTE_USE_EVERY = 600.0
"""Seconds between two notes that the owner of runs is there."""

OTHER_VERSION = N_("This run was kept by another version of the app, and this one cannot read it.")

UNREADABLE = (KeyError, TypeError, ValueError, DigitLabError)
"""What a row can raise that another version of the app wrote."""


class Shelf:
    """Keeps runs in an archive, and tries again what could not be written.

    Only `list_runs` needs no lock of the service's.

    Parameters
    ----------
    archive : Archive or None
    temporary : DataStore
        Where files lie that end with this process.
    why_not : str
        Why there is no archive, as a sentence.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        archive: Archive | None,
        temporary: DataStore,
        why_not: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive, self._temporary, self._why_not, self._clock = archive, temporary, why_not, clock
        self.data = temporary if archive is None else LastingStore(archive.folder)
        self._unread = ""  # why the archive could not be read when that was last tried
        self._unkept: dict[str, str] = {}  # runs that could not be written, with the sentence why
        self._known_steps: dict[
            str, int | None
        ] = {}  # of each run that trains: the snapshot its row knows of
        self._used: dict[str, float] = {}  # when the archive was told last that an owner is there

    @property
    def archive(self) -> Archive | None:
        """The archive, where there is one."""
        return self._archive

    @property
    def note(self) -> str:
        """What is wrong with keeping runs, as a sentence; empty when all is well."""
        problem = self._unread or next(iter(self._unkept.values()), "")
        return problem or (self._why_not if self._archive is None else self._archive.note)

    def make_files(self, run_id: str, split: Split, room: int) -> tuple[StoredSplit, str]:
        """Write the data of a new run and make its folder; what cannot be written raises an OSError."""
        stored = self.data.keep_split(split)
        try:
            return stored, str(self.data.make_folder(run_id, room))
        except OSError:
            self.data.release(stored)
            raise

    # ---- putting runs there ------------------------------------------------------------------------------

    def keep(self, run: Run) -> None:
        """Write a run; what cannot be written now is tried again with the next `keep_news`."""
        if self._archive is None or run.wanted == "deleted":
            return
        try:
            self._archive.put(row_of(run, self._archive.folder))
        except ArchiveError as error:
            if not self._unkept:
                _log.warning("A run could not be written to the archive; it is tried again: %s", error)
            self._unkept[run.run_id] = str(error)
        else:
            self._unkept.pop(run.run_id, None)

    def keep_news(self, runs: Iterable[Run]) -> None:
        """Write what has changed of runs that train, and what could not be written before."""
        for run in runs:
            step = run.progress.saved_step
            if run.run_id in self._unkept or (run.live and self._known_steps.get(run.run_id) != step):
                self._known_steps[run.run_id] = step
                self.keep(run)

    def make_room(self, owner: str, spared: Iterable[str]) -> list[str]:
        """Delete for good what is above the limits; return their ids."""
        if self._archive is not None:
            with suppress(ArchiveError):  # it is tried again
                return self._archive.make_room(owner, {*spared})
        return []

    def purge(self) -> list[str]:
        """Delete for good what was deleted, or left, long enough ago; return their ids."""
        if self._archive is not None:
            with suppress(ArchiveError):
                return self._archive.purge()
        return []

    def recover(self) -> None:
        """Bring the runs at which the last server was when it ended to where their snapshots left them."""
        for row in [] if self._archive is None else self._archive.interrupted():
            try:
                run = self._run_of(row)
                recover(run)
            except UNREADABLE:
                _log.exception("A run that had not ended could not be read")
            else:
                self.keep(run)

    def keep_search(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep what is known of an owner's search; what cannot be written now comes with the next news."""
        if self._archive is not None:
            with suppress(ArchiveError):
                self._archive.put_search(owner, about)

    def searches(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the searches that are kept, with their owners; while none can be read, none."""
        if self._archive is not None:
            with self._noting():
                return self._archive.searches()
        return []

    def keep_view(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep how an owner wants to see the list of runs; what cannot be written holds for the session."""
        if self._archive is not None:
            with suppress(ArchiveError):
                self._archive.put_view(owner, about)

    def view_of(self, owner: str) -> dict[str, Any]:
        """Return how an owner wants to see the list of runs; empty when that is not known."""
        if self._archive is not None:
            with self._noting():
                return self._archive.view_of(owner)
        return {}

    def remove_claimed(self, spared: Collection[str]) -> None:
        """Delete the runs for good that no search has handed over; not those of these claims."""
        if self._archive is not None:
            with suppress(ArchiveError):
                self._archive.remove_all_marked(MARK, spared)

    def note_use(self, owner: str) -> None:
        """Note that an owner is there."""
        if self._archive is not None and self._clock() - self._used.get(owner, -math.inf) >= NOTE_USE_EVERY:
            self._used[owner] = self._clock()
            with suppress(ArchiveError):
                self._archive.note_use(owner)

    # ---- finding them ------------------------------------------------------------------------------------

    def has(self, run: Run) -> bool:
        """Return whether a run is there as it is now, so that memory can forget it."""
        return self._archive is not None and run.is_put_away and run.run_id not in self._unkept

    def find(self, run_id: str) -> Run | None:
        """Return a run that is there, or None.

        Raises
        ------
        RunError
            When another version of the app wrote it.
        """
        row = None if self._archive is None else self._archive.get(run_id)
        if row is None:
            return None
        try:
            return self._run_of(row)
        except UNREADABLE as error:
            _log.warning("A kept run could not be read: %r", error)
            raise RunError(_(OTHER_VERSION)) from error

    def _run_of(self, row: Row) -> Run:
        assert self._archive is not None
        folder = self._archive.folder
        return run_of(row, folder, self._archive.folder_of(row.run_id), self._clock())

    def newest(self, owner: str, most: int) -> list[str]:
        """Return the ids of an owner's newest runs, the newest first; while none can be read, none."""
        if self._archive is not None:
            with self._noting():
                return self._archive.newest(owner, most)
        return []

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note whether the archive can be read: what is in memory is there all the same."""
        try:
            yield
        except ArchiveError as error:
            self._unread = str(error)
        else:
            self._unread = ""

    def short_row_of(self, run: Run) -> Row:
        """Return what a list shows of a run in memory."""
        return short_row_of(run, self._temporary.folder if self._archive is None else self._archive.folder)

    def list_runs(self, owner: str, in_memory: Iterable[Row]) -> list[KeptRun]:
        """Return all runs of an owner in short, the newest first; those in memory as they are there."""
        rows: dict[str, Row] = {}
        if self._archive is not None:
            with self._noting():
                rows = {row.run_id: row for row in self._archive.rows_of(owner)}
        rows |= {row.run_id: row for row in in_memory}
        runs = []
        for row in rows.values():
            with suppress(*UNREADABLE):
                runs.append(KeptRun.of(row))
        return sorted(runs, key=lambda run: run.started, reverse=True)

    # ---- deleting ----------------------------------------------------------------------------------------

    def hide(self, run: Run) -> None:
        """Delete a run so that `bring_back` can undo it for a while."""
        self.forget(run)
        if self._archive is not None:
            self._archive.delete(run.run_id)

    def bring_back(self, run_id: str, owner: str) -> bool:
        """Undo that; return whether it could be done."""
        return self._archive is not None and self._archive.bring_back(run_id, owner)

    def remove(self, run: Run) -> None:
        """Delete a run and its files for good, on which no worker works; what cannot go yet goes later."""
        if self._archive is not None:
            with suppress(ArchiveError):
                self._archive.remove(run.run_id)
        shutil.rmtree(run.spec.folder, ignore_errors=True)
        self.data.release(run.spec.split)

    def remove_all_of(self, owner: str) -> None:
        """Delete all runs of an owner for good."""
        if self._archive is not None:
            self._archive.remove_all_of(owner)

    def forget(self, run: Run) -> None:
        """Note that memory forgets a run."""
        self._unkept.pop(run.run_id, None)
        self._known_steps.pop(run.run_id, None)

    def close(self) -> None:
        """Let another server have the archive."""
        if self._archive is not None:
            self._archive.close()
