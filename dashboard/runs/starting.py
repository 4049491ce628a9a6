"""How a run begins: with a split and its settings, or where a snapshot of another run left off.

The run service answers `start` and `fork` with it.
"""

import errno
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from dashboard.runs import worker
from dashboard.runs.absence import Absence
from dashboard.runs.admission import demand_of, refuse_too_slow
from dashboard.runs.estimates import Estimates
from dashboard.runs.memory import RunMemory
from dashboard.runs.models import RunModels
from dashboard.runs.place import Place
from dashboard.runs.protocol import Change, Forked, RunSpec
from dashboard.runs.run import Run
from dashboard.runs.scheduler import Scheduler, answer_of
from dashboard.runs.shelf import Shelf
from dashboard.runs.status import DataFacts, Fork, NotWritten, RunError
from dashboard.runs.store import NOT_WRITTEN, StoredSplit, reason_of
from dashboard.runs.table import RunTable
from mlcore import NetworkConfig, Split, TrainingConfig
from mlcore.language import _

_log = logging.getLogger(__name__)


class RunStarter:
    """Starts runs; takes the service's lock itself, but not while a worker writes a first checkpoint.

    Parameters
    ----------
    changed : Condition
        The service's lock.
    runs : RunTable
    scheduler : Scheduler
    shelf : Shelf
    memory : RunMemory
    absence : Absence
        Says which runs make room on a full disk.
    estimates : Estimates
    models : RunModels
        Has the snapshots.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        changed: threading.Condition,
        runs: RunTable,
        scheduler: Scheduler,
        shelf: Shelf,
        memory: RunMemory,
        absence: Absence,
        estimates: Estimates,
        models: RunModels,
        clock: Callable[[], float],
    ) -> None:
        self._changed, self._runs, self._scheduler, self._shelf = changed, runs, scheduler, shelf
        self._memory, self._absence, self._estimates, self._models = memory, absence, estimates, models
        self._clock = clock

    def start(
        self,
        owner: str,
        split: Split,
        network: NetworkConfig,
        training: TrainingConfig,
        place: Place,
        link: Mapping[str, str | None] | None,
        until: int | None,
    ) -> str:
        """Return what `RunService.start` promises."""
        demand = demand_of(split, network, training)
        refuse_too_slow(demand)
        with self._changed:
            claim = self._runs.claims.get(owner)
            if claim is None:
                self._runs.refuse_too_many(owner, place)
                self._runs.make_room(owner, place)
            self._runs.refuse_when_closed()
            run_id = self._runs.new_id()
            self._memory.take(run_id, demand)
            try:
                stored, folder = self._make_files(run_id, split, demand.disk)
            except RunError:
                self._memory.give_back(run_id)
                raise
            spec = RunSpec(run_id, folder, stored, network, training, until=until)
            facts = DataFacts.of(split)
            run = Run(owner, spec, facts, demand, training, self._clock(), place, link=link or {})
            run.sessions = set() if claim is None else {*claim.sessions}
            run.question = self._estimates.question(split, network, training)
            self._estimates.learn(self._runs.values())
            run.seconds_promised = self._estimates.promise(run.question, training, split)
            self._begin(run)
        return run_id

    def fork(
        self,
        run_id: str,
        owner: str,
        step: int,
        network: NetworkConfig,
        training: TrainingConfig,
        place: Place,
    ) -> str:
        """Return what `RunService.fork` promises."""
        with self._changed:
            parent = self._runs.owned(run_id, owner)
            source, stored = self._models.snapshot_file(parent, step), parent.spec.split
            demand = demand_of(worker.open_split(stored), network, training)
            refuse_too_slow(demand)
            self._runs.refuse_too_many(owner, place)
            new_id, folder = self._runs.new_id(), None
            self._memory.take(new_id, demand)
            self._shelf.data.share(stored)
        try:
            folder = self._shelf.data.make_folder(new_id, demand.disk)
            spec = RunSpec(new_id, str(folder), stored, network, training)
            forked = answer_of(self._ask_to_fork(spec, source, step))
            with self._changed:
                self._runs.refuse_too_many(owner, place)
                self._runs.make_room(owner, place)
                run = _forked(parent, spec, forked)
                run.demand, run.place, run.left_at = demand, place, self._clock()
                self._begin(run)
        except BaseException as error:
            self._memory.give_back(new_id)
            self._shelf.data.release(stored)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise _not_written(error) from error
            raise
        return new_id

    def _begin(self, run: Run) -> None:
        """Take in a new run, and let it have its turns."""
        run.started, run.number = time.time(), self._runs.next_number(run.owner)
        self._runs.add(run)
        self._shelf.keep(run)
        self._runs.bound_shelf(run.owner)
        self._scheduler.compute(run)

    def _make_files(self, run_id: str, split: Split, room: int) -> tuple[StoredSplit, str]:
        """Write the files; where the disk is full, runs whose owner has left make room."""
        try:
            while True:
                try:
                    return self._shelf.make_files(run_id, split, room)
                except OSError as error:
                    left = [] if self._shelf.archive is not None else self._absence.left()
                    if error.errno != errno.ENOSPC or not left:
                        raise
                    self._runs.delete(left[0])
        except OSError as error:
            raise _not_written(error) from error

    def _ask_to_fork(self, spec: RunSpec, source: Path, step: int) -> "Future[Any]":
        with self._changed:
            return self._scheduler.ask(worker.fork_run, spec, source, step)


def _not_written(error: OSError) -> NotWritten:
    """Return the sentence that a run's files could not be written."""
    _log.warning("The files of a run could not be written: %s", error)
    return NotWritten(_(NOT_WRITTEN).format(reason=reason_of(error)))


def _forked(parent: Run, spec: RunSpec, forked: Forked) -> Run:
    """Return the run that continues its parent from where a worker has written its first checkpoint."""
    progress = forked.report.progress
    return Run(
        parent.owner,
        replace(spec, training=forked.training, changes=(Change(progress.step),)),
        parent.data,
        parent.demand,
        forked.training,
        parent.left_at,
        records=list(forked.report.records),
        progress=progress,
        seconds_trained=parent.seconds_until(progress.images_seen),
        fork=Fork(parent.run_id, progress.step, progress.epoch, forked.before),
    )
