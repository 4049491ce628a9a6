"""The runs of a server by their ids: those in memory, and those that are found again on the shelf.

The run service looks a run up here and forgets it here; the service's lock is held.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from dashboard.runs.admission import refuse_too_many
from dashboard.runs.archive import ArchiveError
from dashboard.runs.claim import Claim
from dashboard.runs.limits import Limits
from dashboard.runs.place import Place
from dashboard.runs.run import Run
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.shelf import Shelf
from dashboard.runs.status import RunError
from mlcore.language import _


class RunTable(Mapping[str, Run]):
    """The runs in memory by their ids, in the order in which they came.

    Parameters
    ----------
    scheduler : Scheduler
        Has the workers forget a run that is deleted.
    shelf : Shelf
        Where runs are found again.
    limits : Limits
    came : callable
        Is called when a run comes into memory.
    goes : callable
        Is given a run before memory forgets it.

    Attributes
    ----------
    claims : dict of str to Claim
        The places that searches have taken, by the names under which they own their runs.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        shelf: Shelf,
        limits: Limits,
        came: Callable[[], object],
        goes: Callable[[Run], object],
    ) -> None:
        self._scheduler, self._shelf, self.limits = scheduler, shelf, limits
        self._came, self._goes = came, goes
        self._runs: dict[str, Run] = {}
        self.claims: dict[str, Claim] = {}
        self.closed = False
        self._mark = secrets.token_hex(4)  # begins the ids of this service's runs

    def __getitem__(self, run_id: str) -> Run:
        return self._runs[run_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def new_id(self) -> str:
        """Return an unguessable id, of letters and digits: the keys of widgets may hold no "__"."""
        return self._mark + secrets.token_hex(12)

    def add(self, run: Run) -> None:
        """Take a run into memory."""
        self._runs[run.run_id] = run
        self._came()

    def refuse_too_many(self, owner: str, place: Place) -> None:
        """Refuse one more live run when there are as many as may be, or when the server ends.

        Raises
        ------
        RunError
        """
        self.refuse_when_closed()
        refuse_too_many(self.takers(), self.limits, owner, place)

    def refuse_when_closed(self) -> None:
        """Refuse a run of any kind when the server ends.

        Raises
        ------
        RunError
        """
        if self.closed:
            raise RunError(_("The server is being shut down."))

    # ---- finding -----------------------------------------------------------------------------------------

    def find(self, run_id: str) -> Run:
        """Return a run, from the shelf when memory no longer holds it.

        Raises
        ------
        RunError
            When it is not there either.
        """
        run = self.get(run_id)
        if run is None:
            run = self._shelf.find(run_id)
            if run is None:
                raise RunError(self._why_gone(run_id))
            self.make_room(run.owner, run.place)
            self.add(run)
        return run

    def _why_gone(self, run_id: str) -> str:
        if not re.fullmatch("[0-9a-f]{32}", run_id):
            return _("There is no such run. Was the link copied in full?")
        if self._shelf.archive is None and not run_id.startswith(self._mark):
            return _("The server was restarted, and this run was not kept.")
        return _("This run no longer exists: it was deleted, or has expired.")

    def owned(self, run_id: str, owner: str) -> Run:
        """Return a run that ``owner`` may change.

        Raises
        ------
        RunError
            When it is gone, or another owner's.
        """
        run = self.find(run_id)
        if run.owner != owner:
            raise RunError(_("You can watch this run, but only its owner can control it."))
        return run

    def of_owner(self, owner: str) -> list[Run]:
        """Return the runs of an owner that are in memory."""
        return [run for run in self.values() if run.owner == owner]

    def takers(self) -> list[Run | Claim]:
        """Return all that takes a place: runs, and each claim instead of those that it owns."""
        return [*(run for run in self.values() if run.owner not in self.claims), *self.claims.values()]

    def names_of(self, owner: str) -> set[str]:
        """Return the names under which an owner's runs are kept: the owner's own, and those of claims."""
        return {owner, *(name for name, claim in self.claims.items() if claim.owner == owner)}

    def newest_of(self, owner: str) -> list[Run]:
        """Return the latest runs of an owner, as many as are kept in memory, the newest first."""
        # Not all that memory has room for: another one may be looked at besides.
        for run_id in reversed(self._shelf.newest(owner, max(1, self.limits.kept_per_owner - 2))):
            with suppress(RunError):  # of another version
                self.find(run_id)
        mine = reversed(self.of_owner(owner))
        return sorted(mine, key=lambda run: run.started, reverse=True)

    def next_number(self, owner: str) -> int:
        """Return the number of an owner's next run."""
        newest = self.newest_of(owner)[:1]
        return 1 + newest[0].number if newest else 1

    # ---- forgetting --------------------------------------------------------------------------------------

    def make_room(self, owner: str, place: Place) -> None:
        """Let go of the oldest runs that have ended, of an owner and of an address that have their number."""
        mine = [run for run in self.values() if run.belongs_to(owner, place)]
        self._let_go_of_oldest(mine, self.limits.kept_per_owner)
        near = [run for run in self.values() if run.place.shares_address(place)]
        self._let_go_of_oldest(near, self.limits.kept_per_address)

    def _let_go_of_oldest(self, runs: list[Run], most: int) -> None:
        """Let go of as many of these runs as leaves room for one more; only such as have ended."""
        ended = [run for run in runs if not run.live]
        for run in ended[: max(0, len(runs) - most + 1)]:
            self.let_go(run)

    def let_go(self, run: Run) -> None:
        """Forget a run that has ended and that nobody looks at; where runs are kept, it is found again."""
        if self._shelf.archive is None:
            self.delete(run)
        elif self._shelf.has(run):
            self.drop(run)

    def bound_shelf(self, owner: str) -> None:
        """Forget runs that the shelf has no room for any more; those that are live stay."""
        spared = [run.run_id for run in self.values() if run.live]
        self.drop_all(self._shelf.make_room(owner, spared))

    def drop_all(self, run_ids: Iterable[str]) -> None:
        """Forget runs that the shelf has deleted."""
        for run_id in run_ids:
            if run_id in self:
                self.drop(self[run_id])

    def drop(self, run: Run) -> None:
        """Take a run out of memory."""
        self._goes(run)
        self._shelf.forget(run)
        del self._runs[run.run_id]

    def delete(self, run: Run) -> None:
        """Take a run out of memory, and from the disk as soon as no worker is at it."""
        self.drop(run)
        run.want("deleted", time.monotonic())
        with suppress(ArchiveError):
            self._shelf.hide(run)
        self._scheduler.rest(run)

    def delete_all_of(self, name: str) -> None:
        """Delete all runs under a name for good, on the shelf too; a claim of that name ends."""
        self.claims.pop(name, None)
        for run in self.of_owner(name):
            self.delete(run)
        self._shelf.remove_all_of(name)

    def clear(self) -> None:
        """Forget all runs; the shelf keeps what it has."""
        self._runs.clear()
