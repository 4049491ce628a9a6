"""Studies: what takes seconds to compute about a model or a data set, by the workers, beside the runs.

`RunService.studies` is the one of a server. Pages begin a study, ask how far it is, and get its result; a
question that two visitors ask is computed once.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from dashboard.budget import Budget, NoRoom, Reservation
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.status import NoMemoryNow, RunError
from dashboard.runs.study_turn import StudyFunction, StudyTurn, compute_study, drop_study, pack
from dashboard.runs.workers import Worker
from mlcore.language import _

StudyState: TypeAlias = Literal["waiting", "running", "finished", "failed"]

TURN_SECONDS = 0.25
"""About how long a study computes until the runs of the same worker have their turns."""

MOST_OF_ONE = 3
"""Studies of one visitor that are under way or waiting."""

MOST = 40
"""Studies of all visitors that are under way or waiting."""

KEPT = 60
"""Results that are kept; the one that nobody has looked at for the longest time goes first."""

UNSEEN_SECONDS = 300.0
"""Until a study is ended that nobody looks at any more."""

COPIES = 4
"""Times that the packed arguments are in memory: packed here and there, in use, and once to compute with."""


@dataclass(frozen=True)
class StudyStatus:
    """How a study stands.

    Attributes
    ----------
    state : "waiting", "running", "finished" or "failed"
    fraction : float
        How much is done, from 0 to 1.
    result : object
        What it found, once it is finished.
    message : str
        Why it failed.
    """

    state: StudyState
    fraction: float = 0.0
    result: Any = None
    message: str = ""

    @property
    def live(self) -> bool:
        """Whether it is under way, or waits until it can be."""
        return self.state in ("waiting", "running")


@dataclass(eq=False)
class _Study:
    """A study as the service has it."""

    task: bytes
    room: Reservation
    seen: float
    owners: set[str]
    status: StudyStatus = StudyStatus("waiting")
    worker: Worker | None = None
    study_id: str = field(default_factory=lambda: secrets.token_hex(8))


class Studies:
    """All studies of a server; safe to use from any thread.

    Parameters
    ----------
    changed : Condition
        The service's lock; notified whenever a study has changed.
    scheduler : Scheduler
    budget : callable
        Returns the memory that the workers have.
    clock : callable
        Seconds.
    begun : callable
        Is called before the first study begins.
    """

    def __init__(
        self,
        changed: threading.Condition,
        scheduler: Scheduler,
        budget: Callable[[], Budget],
        clock: Callable[[], float],
        begun: Callable[[], object] = lambda: None,
    ) -> None:
        self._changed, self._scheduler, self._budget = changed, scheduler, budget
        self._clock, self._begun = clock, begun
        self._studies: OrderedDict[Hashable, _Study] = OrderedDict()

    def begin(
        self, key: Hashable, owner: str, function: StudyFunction, *arguments: Any, memory: int = 0
    ) -> None:
        """Have a study computed, unless it is known or under way.

        Parameters
        ----------
        key : hashable
            What is asked, such as the study's name and the fingerprints of the model and the data.
        owner : str
            The visitor who may end it.
        function : generator function
            Of a module that workers can import; yields the fraction done and returns the result.
        *arguments
            What it is given; sent to a worker.
        memory : int
            Bytes that it takes beside its arguments.

        Raises
        ------
        RunError
            When too many studies are under way, or there is no memory for it.
        """
        with self._changed:
            known = self._studies.get(key)
            if known is not None and known.status.state != "failed":
                known.owners.add(owner)
                return
        task = pack(function, arguments)
        with self._changed:
            self._refuse_too_many(owner)
            self._forget(key)
            room = self._reserve(COPIES * len(task) + memory)
            self._begun()
            self._studies[key] = _Study(task, room, self._clock(), {owner})
            self._feed()

    def status(self, key: Hashable) -> StudyStatus | None:
        """Return how a study stands; None when there is none."""
        with self._changed:
            study = self._studies.get(key)
            if study is None:
                return None
            study.seen = self._clock()
            if study.status.state == "finished":
                self._studies.move_to_end(key)
            return study.status

    def cancel(self, key: Hashable, owner: str) -> None:
        """End a study that is under way, unless others wait for it too."""
        with self._changed:
            self._leave(key, owner)
            self._feed()

    def forget(self, key: Hashable) -> None:
        """Keep no longer what a study found, because the one who asked has it."""
        with self._changed:
            self._forget(key)

    # ---- what the service asks for, with the lock held -----------------------------------------------------

    def forget_owner(self, owner: str) -> None:
        """End what this visitor alone waits for."""
        for key in list(self._studies):
            self._leave(key, owner)
        self._feed()

    def clean_up(self) -> None:
        """End studies that nobody looks at any more, and keep the newest results only."""
        unseen = self._clock() - UNSEEN_SECONDS
        done = [key for key, study in self._studies.items() if not study.status.live]
        left = [key for key, study in self._studies.items() if study.status.live and study.seen < unseen]
        for key in [*left, *done[: max(0, len(done) - KEPT)]]:
            self._forget(key)
        self._feed()

    def clear(self) -> None:
        """Give all memory back; the workers are about to end."""
        for study in self._studies.values():
            study.room.release()
        self._studies.clear()

    # ---- turns ---------------------------------------------------------------------------------------------

    def _leave(self, key: Hashable, owner: str) -> None:
        study = self._studies.get(key)
        if study is not None and study.status.live and owner in study.owners:
            study.owners.discard(owner)
            if not study.owners:
                self._forget(key)

    def _forget(self, key: Hashable) -> None:
        study = self._studies.pop(key, None)
        if study is None:
            return
        study.room.release()
        if study.worker is not None and study.status.live:
            self._scheduler.ask(drop_study, study.study_id, of=study.worker)

    def _refuse_too_many(self, owner: str) -> None:
        live = [study for study in self._studies.values() if study.status.live]
        if sum(owner in study.owners for study in live) >= MOST_OF_ONE:
            raise RunError(_("Several of your studies are under way. Wait until one is done, or cancel one."))
        if len(live) >= MOST:
            raise RunError(_("Many visitors are computing something now. Try again in a minute."))

    def _reserve(self, amount: int) -> Reservation:
        try:
            return self._budget().reserve(amount)
        except NoRoom as error:
            message = _(
                "This takes about {needed:,.0f} MB of memory, and this server has {left:,.0f} MB left."
            )
            words = message.format(needed=max(1, amount / 1e6), left=max(0, error.left) / 1e6)
            raise NoMemoryNow(f"{words} {_('Try again when other runs have ended.')}") from error

    def _feed(self) -> None:
        """Give each worker that has no study the one that has waited longest."""
        taken = {study.worker for study in self._studies.values() if study.status.state == "running"}
        free = [worker for worker in self._scheduler.workers if worker not in taken]
        waiting = [study for study in self._studies.values() if study.status.state == "waiting"]
        for study, worker in zip(waiting, sorted(free, key=lambda worker: len(worker.waiting)), strict=False):
            study.worker, study.status = worker, StudyStatus("running")
            self._send(study, study.task)

    def _send(self, study: _Study, task: bytes | None = None) -> None:
        reply = self._scheduler.ask(compute_study, study.study_id, TURN_SECONDS, task, of=study.worker)
        reply.add_done_callback(partial(self._take_in, study))

    def _take_in(self, study: _Study, reply: "Future[StudyTurn]") -> None:
        """Note what came back from a turn, and hand out the next."""
        with self._changed:
            if study not in self._studies.values():  # it was cancelled meanwhile
                return
            error = reply.exception()
            if error is not None:
                self._end(study, StudyStatus("failed", message=str(error)))
            elif reply.result().finished:
                self._end(study, StudyStatus("finished", 1.0, reply.result().result))
            elif reply.result().unknown and study.worker not in self._scheduler.workers:
                study.worker, study.status = None, StudyStatus("waiting")
                self._feed()
            elif reply.result().unknown:
                self._send(study, study.task)
            else:
                study.status = StudyStatus("running", max(study.status.fraction, reply.result().fraction))
                self._send(study)
            self._changed.notify_all()

    def _end(self, study: _Study, status: StudyStatus) -> None:
        study.status, study.worker, study.task = status, None, b""
        study.room.release()
        self._feed()
