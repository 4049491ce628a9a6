"""What a search asks of the run service: one place for many runs, and their turns, until it hands them over.

`RunService.of_searches` is the one of a server; `Searches` is its only user.
"""

import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from dashboard.runs.claim import MARK, Claim
from dashboard.runs.memory import RunMemory
from dashboard.runs.place import NOWHERE, Place
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.shelf import Shelf
from dashboard.runs.status import RunError
from dashboard.runs.table import RunTable
from mlcore.language import _


class RunsOfSearches:
    """The runs that searches own; safe to use from any thread.

    Parameters
    ----------
    changed : Condition
        The service's lock.
    runs : RunTable
    scheduler : Scheduler
    shelf : Shelf
    memory : RunMemory
    clock : callable
        Seconds.
    begun : callable
        Is called before a search begins.
    """

    def __init__(
        self,
        changed: threading.Condition,
        runs: RunTable,
        scheduler: Scheduler,
        shelf: Shelf,
        memory: RunMemory,
        clock: Callable[[], float],
        begun: Callable[[], object],
    ) -> None:
        self._changed, self._runs, self._scheduler = changed, runs, scheduler
        self._shelf, self._memory, self._clock, self._begun = shelf, memory, clock, begun

    def claim(self, owner: str, place: Place = NOWHERE) -> str:
        """Take one place of a visitor's for many runs, and return the name of who owns these.

        They count as one run. They are no runs of the visitor's until `hand_over`, and go with `give_up`, or
        when the visitor has left for as long as a run may train then.

        Raises
        ------
        RunError
            When the visitor, or the server, has too many runs.
        """
        with self._changed:
            self._runs.refuse_too_many(owner, place)
            name = MARK + secrets.token_hex(16)
            self._runs.claims[name] = Claim(owner, place, self._clock())
            self._begun()
        return name

    def claim_again(self, name: str, owner: str) -> None:
        """Take the place of a search of the last server's, which continues; its owner is not back yet."""
        with self._changed:
            self._runs.claims[name] = Claim(owner, NOWHERE, self._clock())
            self._begun()

    def holds(self, name: str) -> bool:
        """Return whether a place is still taken; when the server ends, none is."""
        with self._changed:
            return name in self._runs.claims and not self._runs.closed

    def give_up(self, name: str) -> None:
        """Give a place back; the runs that were not handed over are deleted."""
        with self._changed:
            self._runs.delete_all_of(name)
            self._changed.notify_all()

    def train_on(self, run_id: str, owner: str, until: int) -> None:
        """Continue a run that was stopped at some step up to another.

        Raises
        ------
        RunError
            When there is too little memory for it.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            self._scheduler.wait_for(run)
            run = self._runs.owned(run_id, owner)
            self._memory.take(run.run_id, run.demand)
            run.spec = replace(run.spec, until=until)
            self._scheduler.compute(run)
            self._shelf.keep(run)

    def hand_over(self, run_id: str, owner: str, to: str, name: str) -> None:
        """Make a run that rests another owner's, under a name; it can be continued to its planned end.

        Raises
        ------
        RunError
            When it is gone or still trains.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if run.jobs or run.state in ("queued", "running"):
                raise RunError(_("This run is still training. Stop it first."))
            self._runs.make_room(to, NOWHERE)
            run.number, run.owner, run.name = self._runs.next_number(to), to, name
            run.started = time.time()  # the newest of its new owner's, who counts from there
            run.spec = replace(run.spec, until=None)
            self._shelf.keep(run)
            self._runs.bound_shelf(to)

    def keep(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep what is known of an owner's search over a restart, as JSON can say it."""
        with self._changed:
            self._shelf.keep_search(owner, about)

    def kept(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the searches that were kept, with their owners."""
        with self._changed:
            return self._shelf.searches()

    def remove_claimed(self, spared: Collection[str]) -> None:
        """Delete the runs for good that searches of the last server had not handed over.

        Parameters
        ----------
        spared : collection of str
            The claims of searches that continue.
        """
        with self._changed:
            self._shelf.remove_claimed(spared)
