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

from dashboard.runs import worker
from dashboard.runs.executors import WorkerLost, is_halted, kill
from dashboard.runs.protocol import Report
from dashboard.runs.run import Run
from dashboard.runs.status import RunError, State
from dashboard.runs.workers import Job, Slot
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
        self._make_slot = partial(Slot, make_executor, self._arrived, started)
        self.slots: list[Slot] = []
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
        slot = self._slot_for(run)
        if run not in slot.waiting:
            slot.waiting.append(run)
        self._feed(slot)
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
        self._send(self._slot_for(run), Job(worker.train_slice, arguments, run, done=done))

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
                self._leave_slot(run)

        return self._send(self._slot_for(run), Job(worker.save, (run.spec, put_away), run, done=done))

    def ask(self, function: Callable[..., Any], *arguments: Any, of: Slot | None = None) -> "Future[Any]":
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
        rooms = [slot.room_left() for slot in self.slots] if self._is_elsewhere() else [None]
        known = [room for room in rooms if room is not None]
        return max(known) if len(known) == len(rooms) else None

    def clean_up(self, idle_seconds: float) -> None:
        """End the workers that have nothing to do."""
        for slot in self.slots:
            slot.end_when_idle(idle_seconds)

    def fit(self) -> None:
        """Have a place for each worker that there is now; one that has runs stays until it has none."""
        wanted = self._wanted_slots()
        for _worker in range(len(self.slots), wanted):
            self.slots.append(self._make_slot())
        for slot in [slot for slot in self.slots if not (slot.runs or slot.jobs)]:
            if len(self.slots) > wanted:
                slot.end_when_idle(0.0)
                self.slots.remove(slot)

    def _wanted_slots(self) -> int:
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
        for slot in self.slots:
            job, now = slot.at_work, time.monotonic()
            if job is None or slot.executor is None:
                continue
            waited, unheard = now - slot.at_work_since, 0.0
            if job.is_turn and job.run is not None and job.run.wanted != "running":
                unheard = min(waited, now - job.run.wanted_at)
            halted = waited >= answer_seconds and is_halted(slot.executor)
            if halted or unheard >= answer_seconds or waited >= job_seconds:
                _log.warning("A worker has not answered for %.0f s; it is replaced", waited)
                self._replace(slot)

    def _replace(self, slot: Slot) -> None:
        executor, jobs = slot.give_up()
        kill(executor)
        self._note_broken(jobs[0])
        for job in jobs[1:]:
            self._send_again(slot, job)
        for run in {job.run for job in jobs if job.run is not None}:
            if run.jobs == 0:
                self._settle(run)
        self._feed(slot)
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
        for slot in self.slots:
            slot.waiting.clear()
            for job in slot.jobs:  # nobody has to wait until a worker has ended
                job.future = None
                job.reply.set_exception(RunError(_(CLOSING)))
            slot.jobs.clear()
        return [slot.executor for slot in self.slots if slot.executor is not None]

    # ---- handing out -------------------------------------------------------------------------------------

    def _slot_for(self, run: Run) -> Slot:
        """Return the run's worker; one that has none gets the one with the fewest runs."""
        slot = self._slot_of(run)
        if slot is None:
            slot = self._lightest(run.demand.needed)
            slot.take(run)
        return slot

    def _slot_of(self, run: Run) -> Slot | None:
        return next((slot for slot in self.slots if run in slot.runs), None)

    def _lightest(self, needed: int = 0) -> Slot:
        """Return the worker with the least to do, of those whose memory has as much room."""
        slots = self.slots
        if needed and self._is_elsewhere():
            slots = [slot for slot in slots if slot.has_room(needed)] or slots
        return min(slots, key=lambda slot: (len(slot.waiting), len(slot.runs), len(slot.jobs)))

    def _leave_slot(self, run: Run) -> None:
        slot = self._slot_of(run)
        if slot is not None:
            slot.leave(run)
            self._forgotten(run)

    def _wait_no_longer(self, run: Run) -> None:
        slot = self._slot_of(run)
        if slot is not None and run in slot.waiting:
            slot.waiting.remove(run)

    def _feed(self, slot: Slot) -> None:
        """Hand out turns; a run that has had one waits behind the others for its next."""
        while slot.waiting and slot.turns_in_flight < TURNS_AHEAD and not self._closed:
            run = slot.waiting.popleft()
            slot.waiting.append(run)
            arguments = (run.spec, self._turn_seconds, None, self._is_alone(slot))
            self._send(slot, Job(worker.train_slice, arguments, run, is_turn=True, done=self._note_turn(run)))

    def _is_alone(self, slot: Slot) -> bool:
        """Whether a run on this worker may use a second process, because nothing else trains."""
        others = (other for other in self.slots if other is not slot)
        busy = any(other.waiting or other.turns_in_flight for other in others)
        return len(self.slots) > 1 and not busy and len(slot.waiting) < 2

    def _send(self, slot: Slot, job: Job) -> "Future[Any]":
        try:
            if not self._closed:
                slot.send(job)
        except (OSError, RuntimeError) as error:
            if "cannot schedule new futures" in str(error):  # this process is ending
                self._closed = True
            else:  # no process can be started
                self._break_off(job, error)
                if job.run is not None and job.run.jobs == 0:
                    self._settle(job.run)
        if self._closed:
            job.reply.set_exception(RunError(_(CLOSING)))
        return job.reply

    # ---- taking in ---------------------------------------------------------------------------------------

    def _arrived(self, slot: Slot, job: Job, future: "Future[Any]") -> None:
        """Take in what a worker sends back; called in the executor's thread, without the lock."""
        with self._changed:
            if job.future is not future:  # nobody waits for it any more
                return
            error = future.exception()
            if slot.take_back(job, error):
                self._send_again(slot, job)
            elif error is None:
                job.done(future.result())
                job.reply.set_result(future.result())
            elif isinstance(error, WorkerLost):
                self._note_lost(slot, job, error)
            else:
                self._break_off(job, error)
            if job.run is not None and job.run.jobs == 0:
                self._settle(job.run)
            if isinstance(error, WorkerLost):
                self._move_out(slot)
            self._feed(slot)
            self._changed.notify_all()

    def _note_lost(self, slot: Slot, job: Job, error: WorkerLost) -> None:
        """Have the work of a worker elsewhere that is gone done by another: it is seldom the work's fault."""
        job.losses += 1
        if job.is_turn:
            self._note_broken(job, WORKER_ENDED)
        elif job.losses < TURNS_TO_BREAK:
            self._send(slot, job)
        else:
            self._break_off(job, error)

    def _move_out(self, slot: Slot) -> None:
        """Give the runs of a worker that is gone to the others, when no other one takes its place."""
        if slot.jobs or slot.executor is not None or len(self.slots) <= self._wanted_slots():
            return
        self.slots.remove(slot)
        for run in list(slot.runs):
            other = self._lightest(run.demand.needed)
            slot.leave(run)
            other.take(run)
            if run in slot.waiting:
                other.waiting.append(run)
        slot.waiting.clear()
        for other in self.slots:
            self._feed(other)

    def _send_again(self, slot: Slot, job: Job) -> None:
        """Repeat what was waiting in a worker that ended; turns come again by themselves."""
        if not job.is_turn:
            self._send(slot, job)

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
        slot = self._slot_of(run)
        if slot is not None and slot.executor is not None:
            self._send(slot, Job(worker.drop, (run.run_id,)))
        self._leave_slot(run)


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
