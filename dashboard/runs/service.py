"""The run service: who may start, watch and change runs, and whom the pages ask about them.

The pages call it, because the web process never trains. It knows no Streamlit; a notebook or a test can use
it too. Its parts do the work: `RunStarter` starts runs, `RunTable` has them, `RunsOfSearches` lends them to
searches, `Absence` lets go of them, `RunModels` and `Estimates` answer for them, `Scheduler` has them
trained, and `Studies` computes what else takes seconds.
"""

import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from typing import Any

from dashboard.budget import Budget
from dashboard.runs import worker
from dashboard.runs.absence import Absence
from dashboard.runs.admission import demand_of, refuse_too_slow
from dashboard.runs.archive import Archive, ArchiveLimits
from dashboard.runs.estimates import Estimates
from dashboard.runs.executors import at_exit, end, local_workers, loky_executor
from dashboard.runs.kept import KeptRun
from dashboard.runs.limits import Limits
from dashboard.runs.memory import RunMemory
from dashboard.runs.models import RunModels
from dashboard.runs.of_searches import RunsOfSearches
from dashboard.runs.place import NOWHERE, Place
from dashboard.runs.run import Run, Wanted
from dashboard.runs.scheduler import Scheduler, answer_of
from dashboard.runs.shelf import Shelf
from dashboard.runs.snapshots import Snapshot
from dashboard.runs.starting import RunStarter
from dashboard.runs.status import RunError, RunStatus
from dashboard.runs.store import DataStore
from dashboard.runs.studies import Studies
from dashboard.runs.table import RunTable
from dashboard.runs.trials import Trials
from dashboard.runs.upkeep import Upkeep
from mlcore import (
    Dataset,
    Model,
    NetworkConfig,
    Split,
    TrainingConfig,
)
from mlcore.language import _

LONGEST_NAME, LONGEST_NOTE = 80, 2_000  # characters
LONGEST_LAST_SAVE = 1.5  # seconds until a server that is told to end does so, saved or not


class RunService:
    """Owns all runs of a server; safe to use from any thread.

    Parameters
    ----------
    workers : int or callable, optional
        Worker processes; one for each core, two at most, unless said otherwise. Where their number changes,
        as on a cluster, a function that returns it.
    limits : Limits, optional
    budget : Budget, optional
        The memory that runs share with all else; one of their own when there is none.
    archive : Archive, optional
        Where runs are kept that outlive this process; without one, they end with it.
    why_not_kept : str
        Why there is no archive, as a sentence for visitors.
    turn_seconds : float
        About how long a run trains before the next has its turn. A step that takes longer is done to its end.
    make_executor : callable
        Returns an executor shaped like those of `concurrent.futures`, which runs one call at a time.
    memory_elsewhere : callable
        Returns the memory of the machines that train, when that is not this one.
    clock : callable
        Seconds, for what waits for minutes.
    clean_up_every : float or None
        Seconds between two looks for what has to go; None leaves calling `clean_up` to others.
    """

    def __init__(
        self,
        workers: int | Callable[[], int] | None = None,
        limits: Limits | None = None,
        budget: Budget | None = None,
        archive: Archive | None = None,
        *,
        why_not_kept: str = "",
        turn_seconds: float = 0.15,
        make_executor: Callable[[], Executor] = loky_executor,
        memory_elsewhere: Callable[[], Budget | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        clean_up_every: float | None = 5.0,
    ) -> None:
        budget = budget or Budget.of_machine()
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self.store = DataStore()
        self._shelf = Shelf(archive, self.store, why_not_kept, clock)
        self._scheduler = Scheduler(
            self._changed,
            workers if callable(workers) else lambda: workers or local_workers(),
            turn_seconds,
            make_executor,
            clock,
            self._shelf.remove,
            partial(at_exit, partial(_close, weakref.ref(self))),
            self._put_away,
            lambda: memory_elsewhere() is not None,
        )
        self._memory = RunMemory(budget, len(self._scheduler.workers), memory_elsewhere, self._largest_room)
        self._upkeep = Upkeep(self.watch, self.clean_up, clean_up_every)
        self._runs = RunTable(
            self._scheduler, self._shelf, limits or Limits(), self._upkeep.start, self._goes
        )
        self.studies = Studies(
            self._changed, self._scheduler, lambda: memory_elsewhere() or budget, clock, self._upkeep.start
        )
        self._absence = Absence(self._runs, self._scheduler, self._shelf, clock)
        self._estimates = Estimates(Trials(self._ask, answer_of), self._scheduler)
        self._models = RunModels(self._changed, self._runs, self._scheduler, self._shelf, self.store, budget)
        self._starter = RunStarter(
            self._changed,
            self._runs,
            self._scheduler,
            self._shelf,
            self._memory,
            self._absence,
            self._estimates,
            self._models,
            clock,
        )
        self.of_searches = RunsOfSearches(
            self._changed, self._runs, self._scheduler, self._shelf, self._memory, clock, self._upkeep.start
        )
        self._shelf.recover()

    @property
    def limits(self) -> Limits:
        """How many runs the server accepts, and for how long."""
        return self._runs.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._runs.limits = limits

    # ---- starting ----------------------------------------------------------------------------------------

    def start(
        self,
        owner: str,
        split: Split,
        network: NetworkConfig,
        training: TrainingConfig,
        place: Place = NOWHERE,
        link: Mapping[str, str | None] | None = None,
        until: int | None = None,
    ) -> str:
        """Start a run and return its unguessable id.

        Parameters
        ----------
        owner : str
            A secret of the visitor's, which gives the right to change the run.
        place : Place, optional
            Where the visitor comes from, which is harder to change than an owner's secret.
        link : dict, optional
            What `RunStatus.link` says.
        until : int, optional
            The step after which it is stopped, to be continued by `train_on`.

        Raises
        ------
        RunError
            When the visitor, or the server, has too many runs, or too little memory for this one.
        """
        return self._starter.start(owner, split, network, training, place, link, until)

    def fork(
        self,
        run_id: str,
        owner: str,
        step: int,
        network: NetworkConfig,
        training: TrainingConfig,
        place: Place = NOWHERE,
    ) -> str:
        """Start a run that continues another one from a snapshot, with settings changed, and return its id.

        The other run stays as it is, and trains on if it does. With the same settings, both end alike to the
        last bit.

        Parameters
        ----------
        step : int
            Of one of the run's `snapshots`.
        network, training : NetworkConfig and TrainingConfig
            May differ in `mlcore.training.fork.FORK_SETTINGS` from those of the model of that moment.

        Raises
        ------
        RunError
            When that moment is no longer kept, when a setting differs that cannot be changed on the way, or
            as for `start`.
        """
        return self._starter.fork(run_id, owner, step, network, training, place)

    # ---- waiting -----------------------------------------------------------------------------------------

    def rests(self, run_id: str) -> bool:
        """Return whether a run has ended and no worker is at it; one that is gone rests."""
        with self._changed:
            run = self._runs.get(run_id)
            return run is None or (not run.live and run.jobs == 0)

    def wait_for(self, condition: Callable[[], bool], patience: float) -> None:
        """Wait until a condition of runs is true, the service is closed, or ``patience`` seconds are over."""
        with self._changed:
            self._changed.wait_for(lambda: self._runs.closed or condition(), patience)

    @property
    def is_closed(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._runs.closed

    @property
    def workers(self) -> int:
        """How many runs train at the same time."""
        return len(self._scheduler.workers)

    # ---- watching ----------------------------------------------------------------------------------------

    def status(self, run_id: str) -> RunStatus:
        """Return how a run stands; costs next to nothing, however long its history.

        Raises
        ------
        RunError
            When there is no such run (any more).
        """
        with self._changed:
            return self._runs.find(run_id).status()

    def runs_of(self, owner: str) -> tuple[RunStatus, ...]:
        """Return the latest runs of an owner, as many as are kept in memory, the newest first."""
        with self._changed:
            return tuple(run.status() for run in self._runs.newest_of(owner))

    def list_runs(self, owner: str) -> list[KeptRun]:
        """Return all runs of an owner in short, the newest first; of an archive that cannot be read, none."""
        with self._changed:
            in_memory = [self._shelf.short_row_of(run) for run in self._runs.of_owner(owner)]
        return self._shelf.list_runs(owner, in_memory)  # without the lock: no turn waits for a long list

    def keep_view(self, owner: str, about: Mapping[str, Any]) -> None:
        """Keep over a restart how an owner wants to see the list of runs, as JSON can say it."""
        with self._changed:
            self._shelf.keep_view(owner, about)

    def view_of(self, owner: str) -> dict[str, Any]:
        """Return how an owner wants to see the list of runs; empty when nothing was chosen."""
        with self._changed:
            return self._shelf.view_of(owner)

    def is_owner(self, run_id: str, owner: str) -> bool:
        """Return whether ``owner`` may change the run."""
        with self._changed:
            return self._runs.find(run_id).owner == owner

    def split(self, run_id: str) -> Split:
        """Return the split that the run learns from, its pixels mapped from the store's file."""
        with self._changed:
            return worker.open_split(self._runs.find(run_id).spec.split)

    @property
    def outlives_restart(self) -> bool:
        """Whether runs are still there when the server is started again."""
        return self._shelf.archive is not None

    @property
    def keeping_note(self) -> str:
        """What is wrong with keeping runs, as a sentence; empty when all is well."""
        with self._changed:
            return self._shelf.note

    @property
    def archive_limits(self) -> ArchiveLimits | None:
        """How much outlives a restart; None where nothing does."""
        archive = self._shelf.archive
        return None if archive is None else archive.limits

    def usage(self, owner: str) -> tuple[int, int]:
        """Return how many runs of an owner outlive a restart, and their bytes."""
        archive = self._shelf.archive
        return (0, 0) if archive is None else archive.usage(owner)

    # ---- changing ----------------------------------------------------------------------------------------

    def pause(self, run_id: str, owner: str, patience: float = 0.5) -> None:
        """Let a run rest after its current turn; returns when it does, or after ``patience`` seconds."""
        self._want(run_id, owner, "paused", patience)

    def stop(self, run_id: str, owner: str, patience: float = 0.5) -> None:
        """End a run after its current turn; returns when it has ended, or after ``patience`` seconds."""
        self._want(run_id, owner, "stopped", patience)

    def _want(self, run_id: str, owner: str, wanted: Wanted, patience: float) -> None:
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if run.live and run.state != wanted:
                run.want(wanted, time.monotonic())
                self._scheduler.rest(run)
                self._changed.wait_for(lambda: run.state == wanted or not run.live, patience)

    def resume(self, run_id: str, owner: str) -> None:
        """Continue a paused run."""
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if run.live and run.wanted == "paused":
                self._memory.take(run.run_id, run.demand)
                self._scheduler.compute(run)
                self._shelf.keep(run)

    def step(self, run_id: str, owner: str, patience: float = 0.5) -> None:
        """Take exactly one training step with a paused run.

        Raises
        ------
        RunError
            When it is not paused.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if run.state != "paused":
                raise RunError(_("Pause the run first: only a paused run can take a single step."))
            self._memory.take(run.run_id, run.demand)
            self._scheduler.take_steps(run, 1)
            self._shelf.keep(run)
            self._changed.wait_for(lambda: run.jobs == 0, patience)

    def go_on(
        self, run_id: str, owner: str, *, learning_rate: float | None = None, more_epochs: int | None = None
    ) -> None:
        """Change the learning rate or the length of a run, and train on when it had ended.

        Parameters
        ----------
        more_epochs : int, optional
            Counted from the planned end of a live run, and from where it stands of one that has ended. When
            None, one that has ended early continues to its planned end.

        Raises
        ------
        RunError
            When there is nothing left to do, or no place for one more live run.
        SettingError
            When a value is out of bounds.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if not run.live:
                self._scheduler.wait_for(run)
                run = self._runs.owned(run_id, owner)
                self._runs.refuse_too_many(owner, run.place)
            begin = run.total_steps if run.live else run.restart_step
            total = begin + more_epochs * run.steps_per_epoch if more_epochs else run.total_steps
            if not run.live and total <= begin:
                raise RunError(_("This run has reached its end. Enter how many more epochs to train."))
            if not run.live:
                self._memory.take(run.run_id, run.demand)
            run.change(learning_rate, total if total != run.total_steps else None)
            if not run.live:
                self._scheduler.compute(run)
            self._shelf.keep(run)

    def delete(self, run_id: str, owner: str) -> None:
        """Remove a run and all that belongs to it.

        Where runs are kept in an archive, one that had ended can be brought back for some minutes.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if not run.live and self._shelf.has(run) and owner not in self._runs.claims:
                self._shelf.hide(run)
                self._runs.drop(run)
            else:
                self._runs.delete(run)

    def bring_back(self, run_id: str, owner: str) -> None:
        """Undo the deletion of a run.

        Raises
        ------
        RunError
            When it is gone for good, or was another owner's.
        """
        with self._changed:
            if not self._shelf.bring_back(run_id, owner):
                raise RunError(_("This run can no longer be brought back."))

    def describe(
        self,
        run_id: str,
        owner: str,
        *,
        name: str | None = None,
        note: str | None = None,
        star: bool | None = None,
    ) -> None:
        """Give a run a name, a note or a star, or take them away; what is None stays.

        A starred run is the last to go when there are too many.
        """
        with self._changed:
            run = self._runs.owned(run_id, owner)
            run.name = run.name if name is None else name.strip()[:LONGEST_NAME]
            run.note = run.note if note is None else note.strip()[:LONGEST_NOTE]
            run.star = run.star if star is None else star
            self._shelf.keep(run)

    def forget(self, owner: str) -> None:
        """Delete all runs of an owner for good, those that train too, and end what is computed for them."""
        with self._changed:
            for name in self._runs.names_of(owner):
                self._runs.delete_all_of(name)
                self.studies.forget_owner(name)
            self._changed.notify_all()

    # ---- using -------------------------------------------------------------------------------------------

    def model(self, run_id: str, best: bool = False) -> Model:
        """Return the run's present model, or, while it trains, that of its newest checkpoint.

        Parameters
        ----------
        best : bool
            The one with the highest dev accuracy instead of the newest.

        Raises
        ------
        RunError
            When the run is gone or has no model yet.
        """
        return self._models.model(run_id, best)

    def snapshots(self, run_id: str) -> tuple[Snapshot, ...]:
        """Return the moments of a run that are kept, the earliest first: its snapshots, and where it rests.

        Early moments lie closer together than late ones; there are some twelve at most.
        """
        return self._models.snapshots(run_id)

    def snapshot_model(self, run_id: str, step: int) -> Model:
        """Return the model of a run at one of its `snapshots`.

        Raises
        ------
        RunError
            When that moment is no longer kept.
        """
        return self._models.snapshot_model(run_id, step)

    def test(self, run_id: str, owner: str, dataset: Dataset) -> float:
        """Return the best model's accuracy on a test set; it is kept until the run trains on.

        Raises
        ------
        RunError
            When the visitor is not the owner, or the run is still training.
        """
        return self._models.test(run_id, owner, dataset)

    def expect(self, split: Split, network: NetworkConfig, training: TrainingConfig) -> float:
        """Return about how many seconds a run would take from its start to its end.

        What the last runs took is known; what is not is tried out on a worker where that is quick. Whether
        other runs train matters: it then has one core only, or a part of one.

        Raises
        ------
        RunError
            When the network is too large for this server, or the workers do not answer.
        """
        refuse_too_slow(demand_of(split, network, training))
        with self._changed:
            self._upkeep.start()
            self._estimates.learn(self._runs.values())
            question = self._estimates.question(split, network, training)
            load = self._scheduler.load
        with self._memory.for_a_moment(question.demand.kept):
            return self._estimates.seconds(question, training, split, load)

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        with self._changed:
            return self._scheduler.ask(function, *arguments)

    # ---- sessions ----------------------------------------------------------------------------------------

    def heartbeat(self, session: str, owner: str) -> None:
        """Note that a session is connected: it keeps all runs of its owner, and nobody else's."""
        with self._changed:
            self._absence.heartbeat(session, owner)

    def leave(self, session: str) -> None:
        """Note that a session has ended; runs whose owner has no other one are kept for a while."""
        with self._changed:
            self._absence.leave(session)

    def seconds_kept(self, run_id: str) -> float | None:
        """Return how long a run stays from now on if its owner leaves now, or has left, and there is room.

        None means that no time bounds it.
        """
        with self._changed:
            return self._absence.seconds_kept(self._runs.find(run_id))

    def clean_up(self) -> None:
        """Stop and remove runs whose owner has left, and give back the memory of what rests."""
        with self._changed:
            self._absence.clean_up()
            self.studies.clean_up()
            self._shelf.keep_news(self._runs.values())
            self._runs.drop_all(self._shelf.purge())
            self._scheduler.clean_up(self.limits.idle_seconds)
            with suppress(OSError):  # the disk is full: it is tried again
                self.store.mend()

    def watch(self) -> None:
        """Replace workers that do not answer, and use those that have come."""
        with self._changed:
            self._scheduler.fit()
            self._scheduler.watch(self.limits.answer_seconds, self.limits.job_seconds)

    def close(self) -> None:
        """End all workers within seconds and delete all files; the service cannot be used afterwards.

        Where runs outlive it, those that train are saved first, if their workers answer in time.
        """
        with self._changed:
            if self._runs.closed:
                return
            if self.outlives_restart:
                self._save_those_that_train()
            self._runs.closed = True
            self._upkeep.close()
            executors = self._scheduler.close()
            self._shelf.keep_news(self._runs.values())
            for run in self._runs.values():
                with suppress(OSError):  # its folder is gone
                    run.spec.hold.touch()
            self._runs.clear()
            self.studies.clear()
            self._models.clear()
            self._memory.close()
            self._changed.notify_all()
        end(executors)
        with self._changed:
            self.store.close()
            self._shelf.close()

    def _save_those_that_train(self) -> None:
        """Let runs rest after their turns, which saves them; one that does not in time has its checkpoint."""
        runs = [run for run in self._runs.values() if run.state == "running"]
        for run in runs:
            run.want("paused", time.monotonic())
            self._scheduler.rest(run)
        self._changed.wait_for(lambda: all(run.jobs == 0 for run in runs), LONGEST_LAST_SAVE)

    # ---- what its parts tell it, with the lock held --------------------------------------------------------

    def _largest_room(self) -> int | None:
        """Return the bytes that one more run may take on a worker with a memory of its own."""
        with self._changed:
            return self._scheduler.room

    def _put_away(self, run: Run) -> None:
        """Note that no worker keeps a run in its memory any more."""
        self._memory.give_back(run.run_id)
        self._shelf.keep(run)

    def _goes(self, run: Run) -> None:
        """Note that a run is about to be forgotten."""
        self._estimates.learn_from(run)
        self._models.forget(run.run_id)


def _close(service: "weakref.ref[RunService]") -> None:
    """Close a service, if it is still there."""
    made = service()
    if made is not None:
        made.close()
