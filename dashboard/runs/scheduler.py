"""The scheduler: hands out turns of a fraction of a second to the workers and notes what comes back.

The run service calls it. A paused run gets no more turns; a class of thirty shares two workers without
anybody waiting long.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from functools import partial
from typing import Any

from dashboard.runs.executors import WorkerLost, is_halted, kill
from dashboard.runs.protocol import Report
from dashboard.runs.run import Run
from dashboard.runs.status import RunError, State
from dashboard.runs.worker import drop, save, train_slice
from dashboard.runs.workers import Job, Worker
from mlcore.errors import DigitLabError
from mlcore.language import N_, _

_log = logging.getLogger(__name__)

TURNS_AHEAD = 2
"""Turns that a worker holds at once, so that it need not wait for the web process between two."""

TURNS_TO_BREAK = 3
"""Turns of a run, one after the other, in which its worker had to be ended, until the run is given up."""

LONGEST_ANSWER = 120.0
"""Seconds that a page waits for a worker."""

STUCK = N_(
    "The process that trained this run stopped responding. Continue from where it was last "
    "saved, or try a smaller network."
)
STOPPED_UNSAVED = N_("This run was stopped before it was first saved.")
WORKER_ENDED = N_(
    "The process that trained this run ended, most likely because it ran out of memory. "
    "Continue from where it was last saved, or try a smaller network."
)
OUT_OF_MEMORY = N_("There is not enough memory to train this. Try a smaller network.")
BROKEN = N_("Training stopped because of an error on our side. Continue from where it was last saved.")
CLOSING = N_("The server is being shut down.")
NOT_COMPUTED = N_("This could not be computed because of an error on our side. Try it again.")


class Scheduler:
    """Gives runs their turns on the workers.

    All methods are called with the lock ``changed`` held, which is notified whenever something has changed.

    Parameters
    ----------
    changed : Condition
        The service's lock.
    count_workers : callable
        Returns the number of workers that there are.
    turn_seconds : float
        About how long a turn is.
    make_executor : callable
        Returns an executor that runs one call at a time.
    clock : callable
        Seconds.
    remove : callable
        Is given a run that was deleted, as soon as no worker touches it any more.
    started : callable
        Is called when a worker has been started.
    forgotten : callable
        Is given a run that no worker keeps in its memory any more.
    is_elsewhere : callable
        Returns whether workers have memories of their own, on other machines.
    """

    def __init__(
        self,
        changed: threading.Condition,
        count_workers: Callable[[], int],
        turn_seconds: float,
        make_executor: Callable[[], Executor],
        clock: Callable[[], float],
        remove: Callable[[Run], None],
        started: Callable[[], object] = lambda: None,
        forgotten: Callable[[Run], object] = lambda run: None,
        is_elsewhere: Callable[[], bool] = lambda: False,
    ) -> None:
        self._changed = changed
        self._turn_seconds = turn_seconds
        self._clock = clock
        self._remove = remove
        self._forgotten = forgotten
        self._is_elsewhere = is_elsewhere
        self._closed = False
        self._count_workers = count_workers
        self._make_worker = partial(Worker, make_executor, self._arrived, started)
        self.workers: list[Worker] = []
        self.fit()

    # ---- what the service asks for -----------------------------------------------------------------------

    def compute(self, run: Run) -> None:
        """Let a run have turns from now on."""
        run.state = "running" if run.state in ("paused", "running") else "queued"
        run.want("running", time.monotonic())
        run.message, run.test_accuracy, run.broken_turns = "", None, 0
        run.pace.clear()
        with suppress(OSError):
            run.spec.hold.unlink()
        worker = self._worker_for(run)
        if run not in worker.waiting:
            worker.waiting.append(run)
        self._feed(worker)
        self._changed.notify_all()

    def rest(self, run: Run) -> None:
        """Give a run no more turns, because something else is wanted of it; `_settle` does it when it can."""
        self._wait_no_longer(run)
        if run.jobs == 0:
            self._settle(run)
        else:
            with suppress(OSError):  # its folder is gone, or the disk is full: the turn ends by itself
                run.spec.hold.touch()

    def take_steps(self, run: Run, steps: int) -> None:
        """Take exactly this many steps with a paused run, in as many turns as they need."""
        note, goal = self._note_turn(run), run.progress.step + steps
        with suppress(OSError):
            run.spec.hold.unlink()

        def done(report: Report) -> None:
            note(report)
            if run.state == run.wanted == "paused" and report.progress.step < goal and not report.finished:
                self.take_steps(run, min(steps, goal - report.progress.step))

        arguments = (run.spec, self._turn_seconds, steps)
        self._send(self._worker_for(run), Job(train_slice, arguments, run, done=done))

    def wait_for(self, run: Run, patience: float = 5.0) -> None:
        """Wait until what was handed out before a run ended has come back.

        Raises
        ------
        RunError
            When it has not after ``patience`` seconds.
        """
        if not self._changed.wait_for(lambda: run.jobs == 0, patience):
            raise RunError(_("The last step of this run is still being computed. Try again in a moment."))

    def save(self, run: Run, put_away: bool = False) -> "Future[Any]":
        """Have a checkpoint written; with ``put_away`` the worker forgets the run until it is needed."""

        def done(report: Report) -> None:
            run.take_note(report, self._clock())
            if put_away and run.jobs == 0 and not report.progress.unsaved:
                self._leave_worker(run)

        return self._send(self._worker_for(run), Job(save, (run.spec, put_away), run, done=done))

    def ask(self, function: Callable[..., Any], *arguments: Any, of: Worker | None = None) -> "Future[Any]":
        """Have a worker compute something, any one unless it is said which; the future has the answer."""
        return self._send(of or self._lightest(), Job(function, arguments))

    @property
    def rests(self) -> bool:
        """Whether a run that started now would be alone."""
        return self._is_alone(self._lightest())

    @property
    def load(self) -> float:
        """How many runs would share the worker of one that started now, itself included."""
        return 1.0 + len(self._lightest().waiting)

    @property
    def room(self) -> int | None:
        """The bytes that one more run may take on one worker; None where all share the server's memory."""
        rooms = [worker.room_left() for worker in self.workers] if self._is_elsewhere() else [None]
        known = [room for room in rooms if room is not None]
        return max(known) if len(known) == len(rooms) else None

    def clean_up(self, idle_seconds: float) -> None:
        """End the workers that have nothing to do."""
        for worker in self.workers:
            worker.end_when_idle(idle_seconds)

    def fit(self) -> None:
        """Have a place for each worker that there is now; one that has runs stays until it has none."""
        wanted = self._wanted_workers()
        for _worker in range(len(self.workers), wanted):
            self.workers.append(self._make_worker())
        for worker in [worker for worker in self.workers if not (worker.runs or worker.jobs)]:
            if len(self.workers) > wanted:
                worker.end_when_idle(0.0)
                self.workers.remove(worker)

    def _wanted_workers(self) -> int:
        return max(1, self._count_workers())

    def watch(self, answer_seconds: float, job_seconds: float) -> None:
        """End each worker by force that does not answer, and have its work done by another.

        Parameters
        ----------
        answer_seconds : float
            How long a turn may last when its run must stop, and any job in a process that was halted.
        job_seconds : float
            How long any job may take.
        """
        for worker in self.workers:
            job, now = worker.at_work, time.monotonic()
            if job is None or worker.executor is None:
                continue
            waited, unheard = now - worker.at_work_since, 0.0
            if job.is_turn and job.run is not None and job.run.wanted != "running":
                unheard = min(waited, now - job.run.wanted_at)
            halted = waited >= answer_seconds and is_halted(worker.executor)
            if halted or unheard >= answer_seconds or waited >= job_seconds:
                _log.warning("A worker has not answered for %.0f s; it is replaced", waited)
                self._replace(worker)

    def _replace(self, worker: Worker) -> None:
        executor, jobs = worker.give_up()
        kill(executor)
        self._note_broken(jobs[0])
        for job in jobs[1:]:
            self._send_again(worker, job)
        for run in {job.run for job in jobs if job.run is not None}:
            if run.jobs == 0:
                self._settle(run)
        self._feed(worker)
        self._changed.notify_all()

    def _note_broken(self, job: Job, message: str = STUCK) -> None:
        """Note that a worker was ended, or lost, while it was at this job."""
        run = job.run
        if run is None or not job.is_turn:
            job.reply.set_exception(RunError(_(NOT_COMPUTED)))
            return
        run.broken_turns += 1
        if run.wanted == "stopped" and run.progress.saved_step is None:
            self._end(run, "failed", STOPPED_UNSAVED)
        elif run.broken_turns >= TURNS_TO_BREAK:
            self._end(run, "failed", message)

    def close(self) -> list[Executor]:
        """Take in nothing any more; return the executors, to be ended without the lock."""
        self._closed = True
        for worker in self.workers:
            worker.waiting.clear()
            for job in worker.jobs:  # nobody has to wait until a worker has ended
                job.future = None
                job.reply.set_exception(RunError(_(CLOSING)))
            worker.jobs.clear()
        return [worker.executor for worker in self.workers if worker.executor is not None]

    # ---- handing out -------------------------------------------------------------------------------------

    def _worker_for(self, run: Run) -> Worker:
        """Return the run's worker; one that has none gets the one with the fewest runs."""
        worker = self._worker_of(run)
        if worker is None:
            worker = self._lightest(run.demand.needed)
            worker.take(run)
        return worker

    def _worker_of(self, run: Run) -> Worker | None:
        return next((worker for worker in self.workers if run in worker.runs), None)

    def _lightest(self, needed: int = 0) -> Worker:
        """Return the worker with the least to do, of those whose memory has as much room."""
        workers = self.workers
        if needed and self._is_elsewhere():
            workers = [worker for worker in workers if worker.has_room(needed)] or workers
        return min(workers, key=lambda worker: (len(worker.waiting), len(worker.runs), len(worker.jobs)))

    def _leave_worker(self, run: Run) -> None:
        worker = self._worker_of(run)
        if worker is not None:
            worker.leave(run)
            self._forgotten(run)

    def _wait_no_longer(self, run: Run) -> None:
        worker = self._worker_of(run)
        if worker is not None and run in worker.waiting:
            worker.waiting.remove(run)

    def _feed(self, worker: Worker) -> None:
        """Hand out turns; a run that has had one waits behind the others for its next."""
        while worker.waiting and worker.turns_in_flight < TURNS_AHEAD and not self._closed:
            run = worker.waiting.popleft()
            worker.waiting.append(run)
            arguments = (run.spec, self._turn_seconds, None, self._is_alone(worker))
            self._send(worker, Job(train_slice, arguments, run, is_turn=True, done=self._note_turn(run)))

    def _is_alone(self, worker: Worker) -> bool:
        """Whether a run on this worker may use a second process, because nothing else trains."""
        others = (other for other in self.workers if other is not worker)
        busy = any(other.waiting or other.turns_in_flight for other in others)
        return len(self.workers) > 1 and not busy and len(worker.waiting) < 2

    def _send(self, worker: Worker, job: Job) -> "Future[Any]":
        try:
            if not self._closed:
                worker.send(job)
        except (OSError, RuntimeError) as error:
            if str(error).endswith("shutdown"):  # this process is ending, as loky or threading tells
                self._closed = True
            else:  # no process can be started
                self._break_off(job, error)
                if job.run is not None and job.run.jobs == 0:
                    self._settle(job.run)
        if self._closed:
            job.reply.set_exception(RunError(_(CLOSING)))
        return job.reply

    # ---- taking in ---------------------------------------------------------------------------------------

    def _arrived(self, worker: Worker, job: Job, future: "Future[Any]") -> None:
        """Take in what a worker sends back; called in the executor's thread, without the lock."""
        with self._changed:
            if job.future is not future:  # nobody waits for it any more
                return
            error = future.exception()
            if worker.take_back(job, error):
                self._send_again(worker, job)
            elif error is None:
                job.done(future.result())
                job.reply.set_result(future.result())
            elif isinstance(error, WorkerLost):
                self._note_lost(worker, job, error)
            else:
                self._break_off(job, error)
            if job.run is not None and job.run.jobs == 0:
                self._settle(job.run)
            if isinstance(error, WorkerLost):
                self._move_out(worker)
            self._feed(worker)
            self._changed.notify_all()

    def _note_lost(self, worker: Worker, job: Job, error: WorkerLost) -> None:
        """Have the work of a worker elsewhere that is gone done by another: it is seldom the work's fault."""
        job.losses += 1
        if job.is_turn:
            self._note_broken(job, WORKER_ENDED)
        elif job.losses < TURNS_TO_BREAK:
            self._send(worker, job)
        else:
            self._break_off(job, error)

    def _move_out(self, worker: Worker) -> None:
        """Give the runs of a worker that is gone to the others, when no other one takes its place."""
        if worker.jobs or worker.executor is not None or len(self.workers) <= self._wanted_workers():
            return
        self.workers.remove(worker)
        for run in list(worker.runs):
            other = self._lightest(run.demand.needed)
            worker.leave(run)
            other.take(run)
            if run in worker.waiting:
                other.waiting.append(run)
        worker.waiting.clear()
        for other in self.workers:
            self._feed(other)

    def _send_again(self, worker: Worker, job: Job) -> None:
        """Repeat what was waiting in a worker that ended; turns come again by themselves."""
        if not job.is_turn:
            self._send(worker, job)

    def _note_turn(self, run: Run) -> Callable[[Report], None]:
        def note(report: Report) -> None:
            run.take_note(report, self._clock())
            if run.live and report.diverged:
                self._end(run, "diverged", report.diverged)
            elif run.live and report.finished:
                self._end(run, "finished")
            elif run.live and report.is_far_enough:
                run.want("stopped", time.monotonic())
                self._wait_no_longer(run)
            elif run.state == "queued":
                run.state = "running"

        return note

    def _break_off(self, job: Job, error: BaseException) -> None:
        """Note that a job has failed; when it was for a run, so has the run."""
        _log.error("A job in a worker failed: %s", job.function.__name__, exc_info=error)
        message = _sentence(job, error)
        job.reply.set_exception(RunError(_(message)))
        if job.run is not None and job.run.state != "failed":
            self._end(job.run, "failed", message)

    def _end(self, run: Run, state: State, message: str = "") -> None:
        run.state, run.message = state, message
        self._wait_no_longer(run)

    def _settle(self, run: Run) -> None:
        """Do what was wanted of a run, now that no worker is at it."""
        if run.wanted == "deleted":
            self._forget(run)
            self._remove(run)
        elif run.waits_to_be_saved:
            pass  # its worker keeps it; `RunService.clean_up` tries again
        elif not run.live:
            self._forget(run)
        elif run.wanted == "stopped":
            run.state = "stopped"
            self.save(run, put_away=True)
        elif run.wanted == "paused" and run.state != "paused":
            run.state = "paused"
            self.save(run)

    def _forget(self, run: Run) -> None:
        """Free what a run takes in its worker's memory."""
        worker = self._worker_of(run)
        if worker is not None and worker.executor is not None:
            self._send(worker, Job(drop, (run.run_id,)))
        self._leave_worker(run)


def _sentence(job: Job, error: BaseException) -> str:
    """Return what a visitor reads about a job that has failed."""
    if isinstance(error, DigitLabError):
        return str(error)
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    if job.run is None:
        return NOT_COMPUTED
    return WORKER_ENDED if isinstance(error, BrokenExecutor) else BROKEN


def answer_of(reply: "Future[Any]") -> Any:
    """Wait for a worker's answer, without the service's lock.

    Raises
    ------
    RunError
        When there is none for a long time.
    """
    try:
        return reply.result(LONGEST_ANSWER)
    except FutureTimeoutError:
        raise RunError(_("The workers are busy with long steps. Try again in a minute.")) from None
