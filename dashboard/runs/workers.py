"""One worker as the service sees it: an executor, the jobs it was given, and the runs that wait for a turn.

The scheduler has one `Worker` for each worker, and uses it with the service's lock held.
"""

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from typing import Any

from dashboard.runs.run import Run


@dataclass(eq=False)
class Job:
    """One call of a function in a worker.

    Attributes
    ----------
    done : callable
        Is given the result, before `reply` has it.
    reply : Future
        Has the result, or the `RunError` that tells why there is none.
    run : Run or None
        The run that it is for.
    is_turn : bool
        Whether it is a run's turn, and not something that was asked for in between.
    losses : int
        How many workers were lost while they were at it.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    run: Run | None = None
    is_turn: bool = False
    losses: int = 0
    done: Callable[[Any], None] = lambda result: None
    reply: "Future[Any]" = field(default_factory=Future)
    executor: Executor | None = None
    future: "Future[Any] | None" = None


class Worker:
    """A worker's place; the process behind it comes when there is work and goes when there is none.

    Parameters
    ----------
    make_executor : callable
        Returns an executor that runs one call at a time, in order.
    arrived : callable
        Is given worker, job and future as soon as a job has come back, in some thread, without the lock.
    started : callable
        Is called when a new executor has its first job.
    """

    def __init__(
        self,
        make_executor: Callable[[], Executor],
        arrived: Callable[["Worker", Job, "Future[Any]"], None],
        started: Callable[[], object],
    ) -> None:
        self._started = started
        self._make_executor = make_executor
        self._arrived = arrived
        self._blamed: Executor | None = None
        self._has_begun = False
        self.executor: Executor | None = None
        self.jobs: list[Job] = []
        self.waiting: deque[Run] = deque()
        self.runs: set[Run] = set()
        self.idle_since = time.monotonic()
        self.at_work_since = time.monotonic()

    @property
    def at_work(self) -> Job | None:
        """What the worker is at: it works on its jobs in order."""
        return self.jobs[0] if self.jobs else None

    @property
    def turns_in_flight(self) -> int:
        """How many turns were given to the worker and have not come back."""
        return sum(job.is_turn for job in self.jobs)

    def take(self, run: Run) -> None:
        """Let this worker have a run; it keeps the run in memory until `leave`."""
        self.runs.add(run)
        run.has_worker = True

    def leave(self, run: Run) -> None:
        """Let a run go."""
        self.runs.discard(run)
        run.has_worker = False

    def room_left(self) -> int | None:
        """Return the bytes that one more run may take on a worker elsewhere; None where no limit is known."""
        room: int | None = getattr(self._bound(), "room", None)
        if room is None:
            return None
        demands = [run.demand for run in self.runs]
        return room - sum(one.kept for one in demands) - max((one.saving for one in demands), default=0)

    def has_room(self, needed: int) -> bool:
        """Return whether one more run can take as many bytes there."""
        left = self.room_left()
        return left is None or needed <= left

    def send(self, job: Job) -> None:
        """Give the worker a job; a worker that has ended since is replaced first."""
        try:
            future = self._submit(job)
        except BrokenExecutor:
            self.executor = None
            future = self._submit(job)
        if not self.jobs:
            self.at_work_since = time.monotonic()
        self.jobs.append(job)
        job.future = future
        if job.run is not None:
            job.run.jobs += 1
        future.add_done_callback(lambda future: self._arrived(self, job, future))

    def take_back(self, job: Job, error: BaseException | None) -> bool:
        """Note that a job has come back; return whether it was only waiting in a worker that ended.

        A worker works on its jobs in order, so the oldest one is what it was at when it ended.
        """
        self.jobs.remove(job)
        job.future = None
        if job.run is not None:
            job.run.jobs -= 1
        self.idle_since = self.at_work_since = time.monotonic()
        if not isinstance(error, BrokenExecutor):
            return False
        was_waiting = job.executor is self._blamed
        self._blamed = job.executor
        if self.executor is job.executor:
            self.executor = None
        return was_waiting

    def give_up(self) -> tuple[Executor, list[Job]]:
        """Expect nothing more of the worker; return its executor, and what it has not sent back."""
        executor, jobs = self.executor, self.jobs
        assert executor is not None
        self.executor, self.jobs = None, []
        for job in jobs:
            job.future = None
            if job.run is not None:
                job.run.jobs -= 1
        return executor, jobs

    def end_when_idle(self, seconds: float) -> None:
        """End the process when it has had no run and nothing to do for so long."""
        idle = not (self.runs or self.jobs) and time.monotonic() - self.idle_since >= seconds
        if idle and self.executor is not None:
            self.executor.shutdown(wait=False)
            self.executor = None

    def _submit(self, job: Job) -> "Future[Any]":
        job.executor = self._bound()
        future = job.executor.submit(job.function, *job.arguments)
        if not self._has_begun:
            self._has_begun = True
            self._started()
        return future

    def _bound(self) -> Executor:
        """Return the executor; the process behind it comes with its first job."""
        if self.executor is None:
            self.executor, self._has_begun = self._make_executor(), False
        return self.executor
