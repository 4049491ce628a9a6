"""The run service: who may start, watch and change runs, how many there may be, and what is cleaned up when.

The pages call it, because the web process never trains. It knows no Streamlit; a notebook or a test can use
it too.
"""

import errno
import logging
import re
import secrets
import shutil
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from loky import cpu_count

from dashboard.budget import Budget, NoRoom
from dashboard.runs import worker
from dashboard.runs.archive import Archive, ArchiveError, ArchiveLimits, size_of
from dashboard.runs.executors import at_exit, end, loky_executor
from dashboard.runs.kept import KeptRun
from dashboard.runs.limits import Limits
from dashboard.runs.memory import RunMemory
from dashboard.runs.place import NOWHERE, Place
from dashboard.runs.protocol import RunSpec
from dashboard.runs.run import Run, Wanted
from dashboard.runs.scheduler import Scheduler
from dashboard.runs.shelf import Shelf
from dashboard.runs.status import DataFacts, RunError, RunStatus
from dashboard.runs.store import DataStore, StoredDataset, StoredSplit, reason_of
from dashboard.runs.trials import BEGIN_SECONDS, LEAST_TO_LEARN, Question, Trials, images_to_see
from mlcore import (
    Dataset,
    Model,
    ModelFileError,
    NetworkConfig,
    Split,
    TrainingConfig,
    load_model,
    settings_of,
)
from mlcore.language import N_, _
from mlcore.training.batches import MICRO_BATCH_PRODUCTS
from mlcore.training.memory import Demand, memory_needed

_log = logging.getLogger(__name__)

MODELS_KEPT = 8
MOST_IMAGE_PRODUCTS = 2 * MICRO_BATCH_PRODUCTS  # there and back: a second or two, with no break
MOST_STEP_PRODUCTS = 20_000_000_000_000  # about ten minutes
WATCH_EVERY = 1.0  # seconds between two looks whether all workers answer
LONGEST_ANSWER = 120.0  # seconds that a page waits for a worker
LONGEST_NAME, LONGEST_NOTE = 80, 2_000  # characters
NO_MODEL = N_("This run has no model: it ended before it was first saved.")


class RunService:
    """Owns all runs of a server; safe to use from any thread.

    Parameters
    ----------
    workers : int, optional
        Worker processes; one for each core, two at most, unless said otherwise.
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
    clock : callable
        Seconds, for what waits for minutes.
    clean_up_every : float or None
        Seconds between two looks for what has to go; None leaves calling `clean_up` to others.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        budget: Budget | None = None,
        archive: Archive | None = None,
        *,
        why_not_kept: str = "",
        turn_seconds: float = 0.15,
        make_executor: Callable[[], Executor] = loky_executor,
        clock: Callable[[], float] = time.monotonic,
        clean_up_every: float | None = 5.0,
    ) -> None:
        self.limits = limits or Limits()
        self._budget = budget or Budget.of_machine()
        self._clock = clock
        self._clean_up_every = clean_up_every
        self._changed = threading.Condition(threading.RLock())
        self._scheduler = Scheduler(
            self._changed,
            workers or min(2, cpu_count()),
            turn_seconds,
            make_executor,
            clock,
            self._remove,
            partial(at_exit, partial(_close, weakref.ref(self))),
            self._put_away,
        )
        self._memory = RunMemory(self._budget, len(self._scheduler.slots))
        self.store = DataStore()
        self._shelf = Shelf(archive, self.store, why_not_kept, clock)
        self._runs: dict[str, Run] = {}
        self._models: OrderedDict[tuple[str, int | None, bool], Model] = OrderedDict()
        self._trials = Trials(self._ask, _answer)
        self._mark = secrets.token_hex(4)  # begins the ids of this service's runs
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None
        self._shelf.recover()

    # ---- starting ----------------------------------------------------------------------------------------

    def start(
        self,
        owner: str,
        split: Split,
        network: NetworkConfig,
        training: TrainingConfig,
        place: Place = NOWHERE,
        link: Mapping[str, str | None] | None = None,
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

        Raises
        ------
        RunError
            When the visitor, or the server, has too many runs, or too little memory for this one.
        """
        train = split.train
        demand = memory_needed(network, training, train.image_shape, len(train.class_names), len(train))
        self._refuse_too_slow(demand)
        with self._changed:
            self._refuse_too_many(owner, place)
            number = self._next_number(owner)
            self._make_room(owner, place)
            # Letters and digits: the keys of widgets may hold no "__".
            run_id = self._mark + secrets.token_hex(12)
            self._memory.take(run_id, demand)
            try:
                stored, folder = self._make_files(run_id, split, demand.disk)
            except RunError:
                self._memory.give_back(run_id)
                raise
            spec = RunSpec(run_id, folder, stored, network, training)
            facts = DataFacts.of(split)
            run = Run(owner, spec, facts, demand, training, self._clock(), place, link=link or {})
            run.started, run.number = time.time(), number
            run.question = self._question(split, network, training)
            run.seconds_promised = self._promise(split, run.question, training)
            self._runs[run_id] = run
            self._shelf.keep(run)
            self._bound_shelf(owner)
            self._start_keeper()
            self._scheduler.compute(run)
        return run_id

    def _next_number(self, owner: str) -> int:
        """Return the number of an owner's next run."""
        newest = self.runs_of(owner)[:1]
        return 1 + newest[0].number if newest else 1

    def _make_files(self, run_id: str, split: Split, room: int) -> tuple[StoredSplit, str]:
        """Write the files; where the disk is full, runs whose owner has left make room."""
        try:
            while True:
                try:
                    return self._write_files(run_id, split, room)
                except OSError as error:
                    left = [] if self.outlives_restart else self._left()
                    if error.errno != errno.ENOSPC or not left:
                        raise
                    self._delete(left[0])
        except OSError as error:
            _log.warning("The files of a run could not be written: %s", error)
            message = _("The server could not write the files of this training ({reason}). Try again later.")
            raise RunError(message.format(reason=reason_of(error))) from error

    def _write_files(self, run_id: str, split: Split, room: int) -> tuple[StoredSplit, str]:
        stored = self._shelf.data.keep_split(split)
        try:
            return stored, str(self._shelf.data.make_folder(run_id, room))
        except OSError:
            self._shelf.data.release(stored)
            raise

    def _refuse_too_many(self, owner: str, place: Place) -> None:
        if self._closed.is_set():
            raise RunError(_("The server is being shut down."))
        live = [run for run in self._runs.values() if run.live]
        mine = sum(run.belongs_to(owner, place) for run in live)
        if mine >= self.limits.live_per_owner:
            message = _("You have {n} active runs. Stop one of them, or wait until it has finished.")
            raise RunError(message.format(n=mine))
        near = sum(run.place.shares_address(place) for run in live)
        if near >= self.limits.live_per_address:
            message = _(
                "There are {n} active runs from your network's address. Try again when some have finished."
            )
            raise RunError(message.format(n=near))
        if len(live) >= self.limits.live:
            message = _("All {n} places on this server are taken. Try again in a few minutes.")
            raise RunError(message.format(n=len(live)))

    def _refuse_too_slow(self, demand: Demand) -> None:
        """Refuse steps that nobody would wait for, and images of which one keeps a worker for seconds."""
        message = _(
            "One {what} would take {needed:,.0f} billion multiplications, and this server does {most:,.0f} "
            "billion at most. Try fewer filters, smaller hidden layers, smaller images, or a smaller batch."
        )
        for what, needed, most in (
            (_("image"), demand.products, MOST_IMAGE_PRODUCTS),
            (_("training step"), demand.step_products, MOST_STEP_PRODUCTS),
        ):
            if needed > most:
                raise RunError(message.format(what=what, needed=needed / 1e9, most=most / 1e9))

    def _make_room(self, owner: str, place: Place) -> None:
        """Let go of the oldest runs that have ended, of an owner and of an address that have their number."""
        mine = [run for run in self._runs.values() if run.belongs_to(owner, place)]
        self._let_go_of_oldest(mine, self.limits.kept_per_owner)
        near = [run for run in self._runs.values() if run.place.shares_address(place)]
        self._let_go_of_oldest(near, self.limits.kept_per_address)

    def _let_go_of_oldest(self, runs: list[Run], most: int) -> None:
        """Let go of as many of these runs as leaves room for one more; only such as have ended."""
        ended = [run for run in runs if not run.live]
        for run in ended[: max(0, len(runs) - most + 1)]:
            self._let_go(run)

    # ---- watching ----------------------------------------------------------------------------------------

    def status(self, run_id: str) -> RunStatus:
        """Return how a run stands; costs next to nothing, however long its history.

        Raises
        ------
        RunError
            When there is no such run (any more).
        """
        with self._changed:
            return self._run(run_id).status()

    def runs_of(self, owner: str) -> tuple[RunStatus, ...]:
        """Return the latest runs of an owner, as many as are kept in memory, the newest first."""
        with self._changed:
            # Not all that memory has room for: another one may be looked at besides.
            for run_id in reversed(self._shelf.newest(owner, max(1, self.limits.kept_per_owner - 2))):
                with suppress(RunError):  # of another version
                    self._run(run_id)
            mine = [run for run in reversed(self._runs.values()) if run.owner == owner]
            return tuple(run.status() for run in sorted(mine, key=lambda run: run.started, reverse=True))

    def list_runs(self, owner: str) -> list[KeptRun]:
        """Return all runs of an owner in short, the newest first; of an archive that cannot be read, none."""
        with self._changed:
            in_memory = [self._shelf.short_row_of(run) for run in self._runs.values() if run.owner == owner]
        return self._shelf.list_runs(owner, in_memory)  # without the lock: no turn waits for a long list

    def is_owner(self, run_id: str, owner: str) -> bool:
        """Return whether ``owner`` may change the run."""
        with self._changed:
            return self._run(run_id).owner == owner

    def split(self, run_id: str) -> Split:
        """Return the split that the run learns from, its pixels mapped from the store's file."""
        with self._changed:
            return worker.open_split(self._run(run_id).spec.split)

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
            run = self._owned(run_id, owner)
            if run.live and run.state != wanted:
                run.want(wanted, time.monotonic())
                self._scheduler.rest(run)
                self._changed.wait_for(lambda: run.state == wanted or not run.live, patience)

    def resume(self, run_id: str, owner: str) -> None:
        """Continue a paused run."""
        with self._changed:
            run = self._owned(run_id, owner)
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
            run = self._owned(run_id, owner)
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
            run = self._owned(run_id, owner)
            if not run.live:
                self._wait_for_worker(run)
                run = self._owned(run_id, owner)
                self._refuse_too_many(owner, run.place)
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

    def _wait_for_worker(self, run: Run, patience: float = 5.0) -> None:
        """Wait until what was handed out before a run ended has come back."""
        if not self._changed.wait_for(lambda: run.jobs == 0, patience):
            raise RunError(_("The last step of this run is still being computed. Try again in a moment."))

    def delete(self, run_id: str, owner: str) -> None:
        """Remove a run and all that belongs to it.

        Where runs are kept in an archive, one that had ended can be brought back for some minutes.
        """
        with self._changed:
            run = self._owned(run_id, owner)
            if not run.live and self._shelf.has(run):
                self._shelf.hide(run)
                self._drop(run)
            else:
                self._delete(run)

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
            run = self._owned(run_id, owner)
            run.name = run.name if name is None else name.strip()[:LONGEST_NAME]
            run.note = run.note if note is None else note.strip()[:LONGEST_NOTE]
            run.star = run.star if star is None else star
            self._shelf.keep(run)

    def forget(self, owner: str) -> None:
        """Delete all runs of an owner for good, those that train too."""
        with self._changed:
            for run in [run for run in self._runs.values() if run.owner == owner]:
                self._delete(run)
            self._shelf.remove_all_of(owner)

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
        with self._changed:
            run = self._run(run_id)
            reply = self._scheduler.save(run) if run.must_save else None
        if reply is not None:
            _answer(reply)
        with self._changed:
            run = self._run(run_id)
            if run.progress.saved_step is None:
                raise RunError(_(NO_MODEL))
            key = (run_id, run.progress.saved_step, best)
            model = self._models.get(key)
        if model is None:
            model = _load(run.spec, best)
            self._keep_model(key, model)
        return model

    def _keep_model(self, key: tuple[str, int | None, bool], model: Model) -> None:
        """Keep a model for the next who asks for it, if there is room."""
        with self._changed:
            try:
                room = self._budget.reserve(model.parameters.nbytes + model.work_bytes)
            except NoRoom:
                return
            room.until_gone(model)
            self._models[key] = model
            while len(self._models) > MODELS_KEPT:
                self._models.popitem(last=False)

    def test(self, run_id: str, owner: str, dataset: Dataset) -> float:
        """Return the best model's accuracy on a test set; it is kept until the run trains on.

        Raises
        ------
        RunError
            When the visitor is not the owner, or the run is still training.
        """
        with self._changed:
            run = self._owned(run_id, owner)
            if run.test_accuracy is not None:
                return run.test_accuracy
            if run.state in ("queued", "running"):
                raise RunError(_("The test comes last: wait until the run has finished, or pause it first."))
            reply = self._scheduler.save(run) if run.must_save else None
        if reply is not None:
            _answer(reply)
        with self._changed:
            if run.progress.saved_step is None:
                raise RunError(_(NO_MODEL))
            step = run.progress.step
            stored = self.store.keep_dataset(dataset)
        try:
            accuracy = self._score(run.spec.best_model, stored, len(dataset))
        finally:
            with self._changed:
                self.store.release(stored)
        with self._changed:
            if run.progress.step == step:
                run.test_accuracy = accuracy
                self._shelf.keep(run)
        return accuracy

    def _score(self, file: Path, stored: StoredDataset, images: int) -> float:
        """Return the accuracy of a model in a file, a second at a time: runs have their turns between."""
        right = done = 0
        while done < images:
            more, done = _answer(self._ask(worker.score, file, stored, done))
            right += more
        return right / images

    def expect(self, split: Split, network: NetworkConfig, training: TrainingConfig) -> float:
        """Return about how many seconds a run would take from its start to its end.

        What the last runs took is known; what is not is tried out on a worker where that is quick. Whether
        other runs train matters: it then has one core only, or a part of one.

        Raises
        ------
        RunError
            When the network is too large for this server, or the workers do not answer.
        """
        shape, n_classes = split.train.image_shape, len(split.train.class_names)
        self._refuse_too_slow(memory_needed(network, training, shape, n_classes, len(split.train)))
        with self._changed:
            self._start_keeper()
            self._learn()
            question = self._question(split, network, training)
            load = self._scheduler.load
        with self._memory.for_a_moment(question.demand.kept):
            seconds = self._trials.seconds(question)
        return _whole_run(seconds, training, split, load)

    def _question(self, split: Split, network: NetworkConfig, training: TrainingConfig) -> Question:
        shape, n_classes = split.train.image_shape, len(split.train.class_names)
        timed = _as_timed(training, len(split.train))
        return Question(network, timed, shape, n_classes, self._scheduler.rests)

    def _promise(self, split: Split, question: Question, training: TrainingConfig) -> float | None:
        """Return what `expect` would say now, as far as it is known without a trial."""
        self._learn()
        seconds = self._trials.guess(question)
        return None if seconds is None else _whole_run(seconds, training, split, self._scheduler.load)

    def _learn(self) -> None:
        """Learn from the runs that have ended how long an image takes."""
        for run in self._runs.values():
            self._learn_from(run)

    def _learn_from(self, run: Run) -> None:
        question, run.question = run.question, None if not run.live else run.question
        if run.live or question is None or not run.progress.step or run.seconds_trained < LEAST_TO_LEARN:
            return
        so_far = replace(run.training, iterations=run.progress.step)
        images = images_to_see(so_far, run.data.n_train, run.data.n_dev)
        self._trials.learn(question, run.seconds_trained / images)

    def _ask(self, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        with self._changed:
            return self._scheduler.ask(function, *arguments)

    # ---- sessions ----------------------------------------------------------------------------------------

    def heartbeat(self, session: str, owner: str) -> None:
        """Note that a session is connected: it keeps all runs of its owner, and nobody else's."""
        with self._changed:
            for run in self._runs.values():
                if run.owner == owner:
                    run.sessions.add(session)
            self._shelf.note_use(owner)

    def leave(self, session: str) -> None:
        """Note that a session has ended; runs whose owner has no other one are kept for a while."""
        with self._changed:
            for run in self._runs.values():
                if session in run.sessions:
                    run.sessions.discard(session)
                    run.left_at = self._clock()

    def seconds_kept(self, run_id: str) -> float | None:
        """Return how long a run stays from now on if its owner leaves now, or has left, and there is room.

        None means that no time bounds it.
        """
        with self._changed:
            absence = self._absence(self._run(run_id))
            archive = self._shelf.archive
            keep = self.limits.keep_seconds if archive is None else archive.limits.keep_seconds
            return None if keep is None else keep - absence

    def _absence(self, run: Run) -> float:
        """Return for how many seconds no session of a run's owner has been there."""
        return 0.0 if run.sessions else self._clock() - run.left_at

    def clean_up(self) -> None:
        """Stop and remove runs whose owner has left, and give back the memory of what rests."""
        with self._changed:
            for run in list(self._runs.values()):
                rests = self._clock() - run.rests_since >= self.limits.idle_seconds
                if run.live and self._absence(run) >= self.limits.grace_seconds:
                    self._stop(run)
                elif not run.live and self._absence(run) >= self.limits.keep_seconds:
                    self._let_go(run)
                elif rests or (run.waits_to_be_saved and run.jobs == 0):
                    self._scheduler.save(run, put_away=True)
            self._bound_left()
            self._shelf.keep_news(self._runs.values())
            self._drop_all(self._shelf.purge())
            self._scheduler.clean_up(self.limits.idle_seconds)
            with suppress(OSError):  # the disk is full: it is tried again
                self.store.mend()

    def _stop(self, run: Run) -> None:
        if run.state == "paused" and self._shelf.has(run):
            self._drop(run)  # it is found again as it rests
        elif run.wanted != "stopped":  # once: the worker has its time from then on
            run.want("stopped", time.monotonic())
            self._scheduler.rest(run)

    def _left(self) -> list[Run]:
        """Return the runs that have ended and whose owner has left; first those of who left first."""
        left = [run for run in self._runs.values() if not run.live and not run.sessions]
        return sorted(left, key=lambda run: run.left_at)

    def _bound_left(self) -> None:
        """Let go of what is more than may be kept for owners who have left."""
        files, n_bytes, n_records = set[Path](), 0, 0
        for number, run in enumerate(reversed(self._left()), start=1):
            new = run.files() - files
            files |= new
            n_bytes += sum(map(size_of, new))
            n_records += len(run.records)
            limits = self.limits
            if number > limits.left or n_bytes > limits.left_bytes or n_records > limits.left_records:
                self._let_go(run)

    def watch(self) -> None:
        """Replace workers that do not answer."""
        with self._changed:
            self._scheduler.watch(self.limits.answer_seconds, self.limits.job_seconds)

    def close(self) -> None:
        """End all workers within seconds and delete all files; the service cannot be used afterwards."""
        with self._changed:
            if self._closed.is_set():
                return
            self._closed.set()
            executors = self._scheduler.close()
            self._shelf.keep_news(self._runs.values())
            for run in self._runs.values():
                with suppress(OSError):  # its folder is gone
                    run.spec.hold.touch()
            self._runs.clear()
            self._models.clear()
            self._memory.close()
            self._changed.notify_all()
        end(executors)
        with self._changed:
            self.store.close()
            self._shelf.close()

    def _start_keeper(self) -> None:
        """Start the thread that cleans up; with the first job, so that an unused service has none."""
        if self._keeper is None and self._clean_up_every is not None:
            keep = partial(self._keep_clean, self._clean_up_every)
            self._keeper = threading.Thread(target=keep, name="runs-keeper", daemon=True)
            self._keeper.start()

    def _keep_clean(self, every: float) -> None:
        next_clean_up, failures = time.monotonic() + every, 0
        while not self._closed.wait(min(WATCH_EVERY, every)):
            try:
                self.watch()
                if time.monotonic() >= next_clean_up:
                    next_clean_up = time.monotonic() + every
                    self.clean_up()
                    failures = 0
            except Exception:
                failures += 1
                if failures == 1:  # once, and not each second for a week
                    _log.exception("Cleaning up failed; it is tried again until it succeeds")

    # ---- helpers, called with the lock held --------------------------------------------------------------

    def _find_again(self, run_id: str) -> Run | None:
        """Return a run that memory no longer holds; None when it is not on the shelf either."""
        run = self._shelf.find(run_id)
        if run is not None:
            self._make_room(run.owner, run.place)
            self._runs[run_id] = run
            self._start_keeper()
        return run

    def _bound_shelf(self, owner: str) -> None:
        """Forget runs that the shelf has no room for any more; those that are live stay."""
        spared = [run.run_id for run in self._runs.values() if run.live]
        self._drop_all(self._shelf.make_room(owner, spared))

    def _drop_all(self, run_ids: Iterable[str]) -> None:
        """Forget runs that the shelf has deleted."""
        for run_id in run_ids:
            if run_id in self._runs:
                self._drop(self._runs[run_id])

    def _put_away(self, run: Run) -> None:
        """Note that no worker keeps a run in its memory any more."""
        self._memory.give_back(run.run_id)
        self._shelf.keep(run)

    def _let_go(self, run: Run) -> None:
        """Forget a run that has ended and that nobody looks at; where runs are kept, it is found again."""
        if not self.outlives_restart:
            self._delete(run)
        elif self._shelf.has(run):
            self._drop(run)

    def _drop(self, run: Run) -> None:
        """Take a run out of memory."""
        self._learn_from(run)
        self._shelf.forget(run)
        del self._runs[run.run_id]
        for key in [key for key in self._models if key[0] == run.run_id]:
            del self._models[key]

    def _run(self, run_id: str) -> Run:
        run = self._runs.get(run_id) or self._find_again(run_id)
        if run is None:
            raise RunError(self._why_gone(run_id))
        return run

    def _why_gone(self, run_id: str) -> str:
        if not re.fullmatch("[0-9a-f]{32}", run_id):
            return _("There is no such run. Was the link copied in full?")
        if not self.outlives_restart and not run_id.startswith(self._mark):
            return _("The server was restarted, and this run was not kept.")
        return _("This run no longer exists: it was deleted, or its time was over.")

    def _owned(self, run_id: str, owner: str) -> Run:
        run = self._run(run_id)
        if run.owner != owner:
            raise RunError(_("You can watch this run, but only its owner can control it."))
        return run

    def _delete(self, run: Run) -> None:
        self._drop(run)
        run.want("deleted", time.monotonic())
        with suppress(ArchiveError):
            self._shelf.hide(run)
        self._scheduler.rest(run)

    def _remove(self, run: Run) -> None:
        """Delete what a run has on disk; the scheduler calls this when no worker is at it."""
        self._shelf.remove(run)
        shutil.rmtree(run.spec.folder, ignore_errors=True)
        self._shelf.data.release(run.spec.split)


def _close(service: "weakref.ref[RunService]") -> None:
    """Close a service, if it is still there."""
    made = service()
    if made is not None:
        made.close()


def _whole_run(an_image: float, training: TrainingConfig, split: Split, load: float) -> float:
    """Return the seconds of a run, by those of an image and by how many runs share a worker with it."""
    return BEGIN_SECONDS + load * an_image * images_to_see(training, len(split.train), len(split.dev))


def _as_timed(training: TrainingConfig, n_train: int) -> TrainingConfig:
    """Return the config with everything at its default that does not change how long an image takes."""
    usual = TrainingConfig()
    timeless = [name for name, about in settings_of(training).items() if not about.changes_step_time]
    return replace(
        training,
        batch_size=min(training.images_per_step(n_train), worker.TRIAL_IMAGES),
        weight_decay=float(training.weight_decay > 0),
        **{name: getattr(usual, name) for name in timeless},
    )


def _answer(reply: "Future[Any]") -> Any:
    """Wait for a worker's answer, without the lock."""
    try:
        return reply.result(LONGEST_ANSWER)
    except FutureTimeoutError:
        raise RunError(_("The workers are busy with long steps. Try again in a minute.")) from None


def _load(spec: RunSpec, best: bool) -> Model:
    try:
        model = load_model(spec.best_model if best else spec.checkpoint)
    except ModelFileError as error:
        raise RunError(_("The model of this run no longer exists.")) from error
    model.state = None  # what is needed to train on stays in the file
    return model
