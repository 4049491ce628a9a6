"""What happens inside a worker process: runs are loaded, trained for a moment at a time, saved, and put away.

The scheduler sends these calls; the module knows mlcore and NumPy only. A worker can continue any run from
its spec alone, so that nothing is lost for good when a worker ends.
"""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from dashboard.runs.files import Files, LocalFiles
from dashboard.runs.protocol import Forked, Report, RunSpec
from dashboard.runs.second_process import SecondProcessPolicy, has_many_cores, takes_halves
from dashboard.runs.snapshots import (
    MOST_BYTES,
    SnapshotFile,
    is_due,
    snapshot_path,
    snapshots_among,
    surplus,
)
from dashboard.runs.status import Progress, RunError
from dashboard.runs.store import NOT_WRITTEN, StoredDataset, StoredSplit, reason_of
from mlcore import (
    Dataset,
    EpochMetrics,
    Model,
    ModelFileError,
    NetworkConfig,
    Record,
    Split,
    TrainingConfig,
    TrainingDiverged,
    TrainingRun,
    fork,
    load_model,
    save_model,
    settings_of,
    train,
)
from mlcore.datasets.blank import LitPixels
from mlcore.errors import SecondProcessError
from mlcore.language import N_, _
from mlcore.training.batches import MICRO_BATCH_PRODUCTS
from mlcore.training.second_process import SecondProcess

_log = logging.getLogger(__name__)

NICENESS = 10
"""Added to the worker's: a drawing is answered by the web process, which must not wait for training."""

SAVING_SHARE = 0.02
"""The fraction of a worker's time that checkpoints may take, measured as it goes."""

LEAST_SECONDS_BETWEEN_SAVES = 2.0

SECONDS_AFTER_A_FAILED_SAVE = 5.0
"""Until it is tried again: a full disk may have room by then."""

SECONDS_BETWEEN_LOOKS = 0.02
"""Between two checks, within a turn, whether the run must stop."""

SCORE_SECONDS = 1.0
"""Of scoring a model at once; runs have their turns in between."""

NOT_KEPT = N_("This snapshot is no longer kept. Choose another one.")

TRIAL_IMAGES = 1024
"""Images in a step of a trial, at most: mlcore takes larger batches apart into as many anyway."""


@dataclass
class _Held:
    """A run at hand."""

    run: TrainingRun
    split: Split
    saved_step: int | None = None
    saved_records: int | None = None
    saved_best: EpochMetrics | None = None
    snapshots: list[SnapshotFile] = field(default_factory=list)
    unsaved: str = ""
    next_save: float = field(default_factory=time.monotonic)
    second_process: SecondProcessPolicy = field(init=False)

    def __post_init__(self) -> None:
        """Give the run its own policy about a second process."""
        self.second_process = SecondProcessPolicy(self.run, self.split)


@dataclass
class Workspace:
    """What a worker has at hand.

    A process of this machine has one. A worker of a cluster has one for each server that uses it, so that
    what belongs to a server goes when the server goes.

    Attributes
    ----------
    files : Files
    runs : dict
        The runs in memory, by their ids.
    wholes, parts : WeakValueDictionary
        The data sets that these runs share.
    studies : dict
        The studies that are under way, by their ids.
    """

    files: Files
    runs: dict[str, _Held] = field(default_factory=dict)
    wholes: "WeakValueDictionary[tuple[object, ...], Dataset]" = field(default_factory=WeakValueDictionary)
    parts: "WeakValueDictionary[StoredDataset, Dataset]" = field(default_factory=WeakValueDictionary)
    studies: dict[str, Generator[float, None, Any]] = field(default_factory=dict)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have what is called in this block work with this workspace."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    def clear(self) -> None:
        """Free all memory."""
        with self.in_use():
            for run_id in list(self.runs):
                drop(run_id)
            self.studies.clear()


_current: ContextVar[Workspace] = ContextVar("workspace", default=Workspace(LocalFiles()))  # noqa: B039
"""Shared on purpose where none was set: a process has one workspace, whatever thread it works in."""


def workspace() -> Workspace:
    """Return what the calling thread works with."""
    return _current.get()


def begin_worker(parent: int, niceness: int = NICENESS) -> None:
    """Set a fresh worker process up: lower its priority and let it end when its parent does.

    Ctrl-C in the terminal is left to the parent, which ends its workers, and so is SIGTERM, which a service
    manager sends to all processes at once: the parent has the runs saved first. A second process inherits
    that. loky collects garbage each second; freezing what was imported keeps that from walking through all of
    it.
    """
    gc.freeze()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(niceness)
    threading.Thread(target=_end_with_parent, args=(parent,), name="end-with-parent", daemon=True).start()


def _end_with_parent(parent: int) -> None:
    """Wait until the parent is gone, however that came, and end this process at once."""
    if sys.platform == "win32":
        import _winapi

        handle = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, parent)
        _winapi.WaitForSingleObject(handle, _winapi.INFINITE)
    else:
        while os.getppid() == parent:
            time.sleep(0.5)
    os._exit(1)


# ---- what the service asks for ---------------------------------------------------------------------------


class _Turn:
    """Says when a turn is over: when its time is up, or the run must stop."""

    def __init__(self, spec: RunSpec, seconds: float) -> None:
        self._files, self._hold = workspace().files, spec.hold
        self.begin = self._next_look = time.perf_counter()
        self._end = self.begin + seconds
        self.is_held = self._files.is_held(self._hold)

    def is_over(self) -> bool:
        """Cheap enough to be asked after every step; asks now and then whether to stop."""
        now = time.perf_counter()
        if now >= self._next_look:
            self.is_held = self._files.is_held(self._hold)
            self._next_look = now + SECONDS_BETWEEN_LOOKS
        return self.is_held or now >= self._end


def train_slice(spec: RunSpec, seconds: float, max_steps: int | None = None, alone: bool = False) -> Report:
    """Train for about ``seconds`` or until it must stop, for ``max_steps``, or to the end.

    A turn may end within a step, after any micro-batch: the next one continues it. When the run is
    ``alone``, no other one trains, and a second process may take half of the work.
    """
    held, records_before = _take_up(spec)
    run, turn, diverged = held.run, _Turn(spec, seconds), ""
    known, images = len(run.history), run.images_seen
    if turn.is_held:
        return _report(held, known, records_before)
    if spec.until is not None:
        max_steps = max(0, spec.until - run.step)
    held.second_process.prepare_turn(alone)
    try:
        for record in train(run, held.split, max_steps, turn.is_over):
            _keep_snapshot(held, spec, is_measured=isinstance(record, EpochMetrics))
            if _is_time_to_save(held, record):
                _save(held, spec)
            if turn.is_over():
                break
    except TrainingDiverged as error:
        diverged = str(error)
    except MemoryError:
        drop(spec.run_id)
        raise
    except SecondProcessError:  # it is gone in the middle of a step: back to the checkpoint, alone
        drop(spec.run_id)
        held, records_before = _take_up(spec)
        held.second_process.give_up()
        return _report(held, len(held.run.history), records_before)
    spent = time.perf_counter() - turn.begin
    finished = run.is_done and not diverged
    if finished or diverged:
        held.second_process.end()
    else:
        held.second_process.note_turn(run.images_seen - images, spent)
    if finished:
        _save(held, spec)
    report = _report(held, known, records_before, spent, finished, diverged)
    return replace(report, is_far_enough=spec.until is not None and run.has_reached(spec.until))


def save(spec: RunSpec, put_away: bool) -> Report:
    """Write a checkpoint of the run; with ``put_away`` also free the memory that it takes.

    What could not be written stays in memory. A step that is under way is begun once more by who takes the
    run up again.
    """
    held, records_before = _take_up(spec)
    known = len(held.run.history)
    held.second_process.end()
    if put_away:
        held.run.leave_step()
    _save(held, spec)
    if put_away and not held.unsaved:
        drop(spec.run_id)
    return _report(held, known, records_before)


def fork_run(spec: RunSpec, source: Path, step: int) -> Forked:
    """Write the first checkpoint of a new run: another one's at this step, with the new run's settings.

    Raises
    ------
    RunError
        When there is no checkpoint of this step in the file any more, or the new one cannot be written.
    """
    files = workspace().files
    files.need([*spec.split.paths, str(source)])
    try:
        model = load_model(files.model(source) or source)
    except ModelFileError as error:
        raise RunError(_(NOT_KEPT)) from error
    if model.card.get("step") != step:  # the newest checkpoint was replaced since
        raise RunError(_(NOT_KEPT))
    run, split = fork(model, spec.network, spec.training), open_split(spec.split)
    run.build(split)
    held = _Held(run, split)
    _keep_snapshot(held, spec, is_measured=False)
    _save(held, spec)
    if held.unsaved:
        raise RunError(_(NOT_WRITTEN).format(reason=held.unsaved))
    return Forked(_report(held, 0, None), run.training_config, _values_before(model, spec))


def _values_before(model: Model, spec: RunSpec) -> dict[str, Any]:
    """Return the settings of a model that a run from it has changed, each with its value."""
    pairs = ((model.network_config, spec.network), (model.training_config, spec.training))
    return {
        name: getattr(before, name)
        for before, after in pairs
        for name in settings_of(before)
        if getattr(before, name) != getattr(after, name)
    }


def drop(run_id: str) -> None:
    """Free the memory that a run takes, without saving it."""
    held = workspace().runs.pop(run_id, None)
    if held is not None:
        held.second_process.end()
        held.run.leave_step()  # a step under way and its run hold each other, and the images with them


def score(file: Path, stored: StoredDataset, start: int, seconds: float = SCORE_SECONDS) -> tuple[int, int]:
    """Return how many images the model in a file reads right, from one on, and how far that got.

    It is over after about ``seconds``, or with the last image.
    """
    files = workspace().files
    files.need([str(file), *stored.paths])
    model, dataset = load_model(files.model(file) or file), _open_dataset(stored)
    block = max(1, min(1024, MICRO_BATCH_PRODUCTS // model.multiply_adds))
    rest, right, begin = dataset.take(slice(start, None)), 0, time.perf_counter()
    for part, images in rest.blocks(block):
        guesses = model.probabilities_of(images).argmax(axis=1)
        right += int(np.count_nonzero(guesses == rest.labels[part]))
        if time.perf_counter() - begin >= seconds:
            return right, start + part.stop
    return right, len(dataset)


def trial(
    network: NetworkConfig,
    training: TrainingConfig,
    image_shape: tuple[int, int],
    n_classes: int,
    alone: bool = False,
    seconds: float = 0.2,
) -> float:
    """Return how many seconds this worker needs to train on one image, measured on random images.

    When it is ``alone``, with a second process too, if that is faster: a run would have it.
    """
    n = min(training.batch_size or TRIAL_IMAGES, TRIAL_IMAGES)
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (4 * n, *image_shape), np.uint8)
    labels = np.resize(np.arange(n_classes), 4 * n)
    dataset = Dataset(images, labels, [str(k) for k in range(n_classes)], "trial")
    split = Split(dataset, dataset.take(slice(0, 1)))
    endless = replace(training, batch_size=n, iterations=1_000_000, evaluate_every=1_000_000, train_sample=1)
    run = TrainingRun(network, replace(endless, learning_rate=1e-6))
    run.build(split)
    run.in_halves = takes_halves(run, has_many_cores())
    times = [_timed_image(run, split, seconds)]
    if alone and run.in_halves:
        with suppress(OSError, SecondProcessError), SecondProcess() as second:
            second.attach(run, split)
            times.append(_timed_image(run, split, seconds))
    return min(times)


def _timed_image(run: TrainingRun, split: Split, seconds: float) -> float:
    n = run.batch_size
    first = _timed_steps(run, split, 1)  # touches all memory for the first time
    if first > seconds:
        return first / n
    steps = max(1, int(seconds / _timed_steps(run, split, 1)))
    return _timed_steps(run, split, steps) / (steps * n)


def _timed_steps(run: TrainingRun, split: Split, steps: int) -> float:
    begin = time.perf_counter()
    for _record in train(run, split, steps):
        pass
    return time.perf_counter() - begin


# ---- how it is done --------------------------------------------------------------------------------------


def _take_up(spec: RunSpec) -> tuple[_Held, int | None]:
    """Return the run with all changes made, and how many records it has when it was not at hand."""
    runs = workspace().runs
    held = runs.get(spec.run_id)
    records_before = None
    if held is None:
        held = _open_run(spec)
        runs[spec.run_id] = held
        records_before = len(held.run.history)
    for change in spec.changes[held.run.changes :]:
        held.run.change(
            learning_rate=change.learning_rate, iterations=change.iterations, from_step=change.from_step
        )
    return held, records_before


def _open_run(spec: RunSpec) -> _Held:
    files = workspace().files
    files.need([*spec.split.paths, str(spec.checkpoint), spec.folder])
    split, checkpoint = open_split(spec.split), files.model(spec.checkpoint)
    snapshots = snapshots_among(Path(spec.folder), files.folder(Path(spec.folder)))
    if checkpoint is None:
        run = TrainingRun(spec.network, spec.training)
        run.build(split)
        run.in_halves, run.evaluates_early = takes_halves(run, spec.many_cores), True
        return _Held(run, split, snapshots=snapshots)
    run = TrainingRun.from_model(load_model(checkpoint))
    run.build(split)
    run.evaluates_early = True
    held = _Held(
        run,
        split,
        saved_step=run.step,
        saved_records=len(run.history),
        saved_best=run.best,
        snapshots=snapshots,
    )
    # of a course that the run has left, as it continues from an earlier step
    _discard(held, [file for file in snapshots if file.step > run.step])
    return held


def open_split(stored: StoredSplit) -> Split:
    """Return a split whose pixels are mapped from the store's file, or were sent."""
    return Split(_open_dataset(stored.train), _open_dataset(stored.dev), stored.settings)


def _open_dataset(stored: StoredDataset) -> Dataset:
    """Return a data set whose pixels are mapped from the file; runs on the same data share it."""
    parts = workspace().parts
    dataset = parts.get(stored)
    if dataset is None:
        dataset = _open_whole(stored)
        if stored.rows is not None:
            dataset = dataset.take(workspace().files.array(stored.rows, mapped=False))
        parts[stored] = dataset
    return dataset


def _open_whole(stored: StoredDataset) -> Dataset:
    key = (stored.pixels, stored.lit, stored.name)
    files, wholes = workspace().files, workspace().wholes
    whole = wholes.get(key)
    if whole is None:
        labels, names, lit = files.array(stored.labels, mapped=False), stored.class_names, None
        if stored.lit is not None:
            rows, columns = stored.lit
            lit = LitPixels(files.array(columns, mapped=False), files.array(rows))
        whole = Dataset(files.array(stored.pixels), labels, names, stored.name, lit=lit)
        wholes[key] = whole
    return whole


def _is_time_to_save(held: _Held, record: Record) -> bool:
    """Whether this is a measurement, the last checkpoint is old enough, and this one is worth keeping.

    A network that is worse than before the first step is about to diverge: the checkpoint before that stays,
    so that a visitor can continue from there with a lower learning rate.
    """
    if not isinstance(record, EpochMetrics) or not record.step or time.monotonic() < held.next_save:
        return False
    first = held.run.history[0]
    return isinstance(first, EpochMetrics) and record.train_loss <= first.train_loss


def _save(held: _Held, spec: RunSpec) -> None:
    """Write a checkpoint when there is a newer one, and the best model when there is a better one.

    When that fails the run continues all the same: the checkpoint before is still there, and the next may
    succeed.
    """
    files = workspace().files
    is_there = files.has(spec.checkpoint) and files.has(spec.best_model)
    if is_there and (held.saved_step, held.saved_records) == (held.run.step, len(held.run.history)):
        return
    begin = time.monotonic()
    try:
        _write_files(held, spec, is_there)
    except OSError as error:
        if not held.unsaved:
            _log.warning("A checkpoint could not be written; it is tried again: %s", error)
        held.unsaved = reason_of(error)
        held.next_save = time.monotonic() + SECONDS_AFTER_A_FAILED_SAVE
        return
    held.saved_step, held.saved_records = held.run.step, len(held.run.history)
    held.saved_best, held.unsaved = held.run.best, ""
    cost = time.monotonic() - begin
    held.next_save = time.monotonic() + max(LEAST_SECONDS_BETWEEN_SAVES, cost / SAVING_SHARE)


def _keep_snapshot(held: _Held, spec: RunSpec, *, is_measured: bool) -> None:
    """Keep this moment of the run, if it is wanted and there is room; of the last one, the checkpoint does.

    Where a measurement is due, it comes first. It is no loss when the snapshot cannot be written: the
    checkpoint tells about a full disk.
    """
    run = held.run
    if run.is_done or not run.has_reached(run.step) or not is_due(held.snapshots, run.step, is_measured):
        return
    each = run.network.parameters.nbytes
    size = 3 * each + run.optimizer.moments.nbytes + run.order.positions.nbytes
    if 2 * size > MOST_BYTES:
        return
    path = snapshot_path(Path(spec.folder), run.step, run.images_seen)
    with suppress(OSError):
        written = _write_model(path, run.model(resumable=True))
        held.snapshots.append(SnapshotFile(run.step, run.images_seen, path, written))
        _discard(held, surplus(held.snapshots))


def _discard(held: _Held, snapshots: list[SnapshotFile]) -> None:
    for file in snapshots:
        held.snapshots.remove(file)
        workspace().files.remove(file.path)


def _write_files(held: _Held, spec: RunSpec, is_there: bool) -> None:
    has_best = held.run.best is not None and held.run.best.step > 0
    if held.run.best != held.saved_best or not (has_best and is_there):
        _write_model(spec.best_model, held.run.model(best=has_best))
    _write_model(spec.checkpoint, held.run.model(resumable=True))


def _write_model(path: Path, model: Model) -> int:
    return workspace().files.write(path, lambda stream: save_model(model, stream))


def _report(
    held: _Held,
    known: int,
    records_before: int | None,
    seconds: float = 0.0,
    finished: bool = False,
    diverged: str = "",
) -> Report:
    run = held.run
    so_far = (run.step, run.epoch, run.images_seen, run.best, held.saved_step, held.unsaved)
    progress = Progress(*so_far, run.learning_rate)
    records = tuple(run.history[known:])
    measured = {record.step for record in records if isinstance(record, EpochMetrics)}
    health = tuple(health for health in run.health if health.step in measured)
    return Report(progress, records, records_before, seconds, finished, diverged, health=health)
