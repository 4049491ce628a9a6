"""Which owners are there, and what becomes of the runs of those who have left.

The run service tells it of sessions that come and go, and has it clean up every few seconds; the service's
lock is held.
"""

import time
from collections.abc import Callable
from pathlib import Path

from dashboard.runs.archive import size_of
from dashboard.runs.claim import Claim
from dashboard.runs.run import Run
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.shelf import Shelf
from dashboard.runs.table import RunTable


class Absence:
    """Stops and lets go of runs by how long no session of their owner has been there.

    Parameters
    ----------
    runs : RunTable
    scheduler : Scheduler
    shelf : Shelf
    clock : callable
        Seconds.
    """

    def __init__(
        self, runs: RunTable, scheduler: Scheduler, shelf: Shelf, clock: Callable[[], float]
    ) -> None:
        self._runs, self._scheduler, self._shelf, self._clock = runs, scheduler, shelf, clock

    def heartbeat(self, session: str, owner: str) -> None:
        """Note that a session is connected: it keeps all runs of its owner, and nobody else's."""
        names = self._runs.names_of(owner)
        for one in self._all():
            if one.owner in names:
                one.sessions.add(session)
        self._shelf.note_use(owner)

    def leave(self, session: str) -> None:
        """Note that a session has ended; runs whose owner has no other one are kept for a while."""
        for one in self._all():
            if session in one.sessions:
                one.sessions.discard(session)
                one.left_at = self._clock()

    def _all(self) -> list[Run | Claim]:
        return [*self._runs.values(), *self._runs.claims.values()]

    def seconds_kept(self, run: Run) -> float | None:
        """Return how long a run stays; see `RunService.seconds_kept`."""
        archive = self._shelf.archive
        keep = self._runs.limits.keep_seconds if archive is None else archive.limits.keep_seconds
        return None if keep is None else keep - self._of(run)

    def _of(self, one: Run | Claim) -> float:
        """Return for how many seconds no session of a run's owner has been there."""
        return 0.0 if one.sessions else self._clock() - one.left_at

    def clean_up(self) -> None:
        """Stop and let go of runs whose owner has left, and give back the memory of what rests."""
        limits = self._runs.limits
        for name, claim in list(self._runs.claims.items()):
            if self._of(claim) >= limits.grace_seconds:
                del self._runs.claims[name]  # its search notices, and ends
        for run in list(self._runs.values()):
            rests = self._clock() - run.rests_since >= limits.idle_seconds
            if run.live and self._of(run) >= limits.grace_seconds:
                self._stop(run)
            elif not run.live and self._of(run) >= limits.keep_seconds:
                self._runs.let_go(run)
            elif rests or (run.waits_to_be_saved and run.jobs == 0):
                self._scheduler.save(run, put_away=True)
        self._bound_left()

    def _stop(self, run: Run) -> None:
        if run.state == "paused" and self._shelf.has(run):
            self._runs.drop(run)  # it is found again as it rests
        elif run.wanted != "stopped":  # once: the worker has its time from then on
            run.want("stopped", time.monotonic())
            self._scheduler.rest(run)

    def left(self) -> list[Run]:
        """Return the runs that have ended and whose owner has left; first those of who left first."""
        left = [run for run in self._runs.values() if not run.live and not run.sessions]
        return sorted(left, key=lambda run: run.left_at)

    def _bound_left(self) -> None:
        """Let go of what is more than may be kept for owners who have left."""
        limits = self._runs.limits
        files, n_bytes, n_records = set[Path](), 0, 0
        for number, run in enumerate(reversed(self.left()), start=1):
            new = run.files() - files
            files |= new
            n_bytes += sum(map(size_of, new))
            n_records += len(run.records)
            if number > limits.left or n_bytes > limits.left_bytes or n_records > limits.left_records:
                self._runs.let_go(run)
