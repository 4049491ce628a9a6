"""The models of runs: loaded for those who use them, kept for the next, and tested once.

The run service answers `model`, `snapshots` and `test` with it. A worker is asked only for what is on no disk
yet.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from dashboard.budget import Budget, NoRoom
from dashboard.runs import worker
from dashboard.runs.archive import size_of
from dashboard.runs.protocol import RunSpec
from dashboard.runs.run import Run
from dashboard.runs.scheduler import Scheduler, answer_of
from dashboard.runs.shelf import Shelf
from dashboard.runs.snapshots import Snapshot, snapshot_files
from dashboard.runs.status import RunError
from dashboard.runs.store import DataStore, StoredDataset
from dashboard.runs.table import RunTable
from mlcore import Dataset, Model, ModelFileError, load_model
from mlcore.language import N_, _

MODELS_KEPT = 8
NO_MODEL = N_("This run has no model: it ended before it was first saved.")


class RunModels:
    """Answers for the models of runs; takes the service's lock itself, but not while it waits for a worker.

    Parameters
    ----------
    changed : Condition
        The service's lock.
    runs : RunTable
    scheduler : Scheduler
    shelf : Shelf
        Is called with the result of a test.
    store : DataStore
        Where a test set lies for the workers.
    budget : Budget
        Models are kept while it has room.
    """

    def __init__(
        self,
        changed: threading.Condition,
        runs: RunTable,
        scheduler: Scheduler,
        shelf: Shelf,
        store: DataStore,
        budget: Budget,
    ) -> None:
        self._changed, self._runs, self._scheduler = changed, runs, scheduler
        self._shelf, self._store, self._budget = shelf, store, budget
        self._models: OrderedDict[tuple[str, int | None, bool], Model] = OrderedDict()

    def model(self, run_id: str, best: bool) -> Model:
        """Return what `RunService.model` promises."""
        with self._changed:
            reply = self._save(self._runs.find(run_id))
        if reply is not None:
            answer_of(reply)
        with self._changed:
            run = self._runs.find(run_id)
            self._refuse_unsaved(run)
            key = (run_id, run.progress.saved_step, best)
            model = self._models.get(key)
        if model is None:
            model = _load(run.spec, best)
            self._keep(key, model)
        return model

    def _save(self, run: Run) -> "Future[Any] | None":
        """Have its worker save a run of which no file will do; with the lock held."""
        return self._scheduler.save(run) if run.must_save else None

    def _refuse_unsaved(self, run: Run) -> None:
        if run.progress.saved_step is None:
            raise RunError(_(NO_MODEL))

    def _keep(self, key: tuple[str, int | None, bool], model: Model) -> None:
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

    # ---- moments that are past ---------------------------------------------------------------------------

    def snapshots(self, run_id: str) -> tuple[Snapshot, ...]:
        """Return what `RunService.snapshots` promises."""
        with self._changed:
            run = self._runs.find(run_id)
        progress = run.progress
        kept = {
            file.step: Snapshot(file.step, file.images_seen / run.data.n_train, file.size)
            for file in snapshot_files(Path(run.spec.folder))
        }
        if run.state not in ("queued", "running") and progress.saved_step == progress.step:
            kept[progress.step] = Snapshot(progress.step, progress.epoch, size_of(run.spec.checkpoint))
        return tuple(kept[step] for step in sorted(kept))

    def snapshot_model(self, run_id: str, step: int) -> Model:
        """Return what `RunService.snapshot_model` promises."""
        with self._changed:
            file = self.snapshot_file(self._runs.find(run_id), step)
        try:
            return load_model(file, with_state=False)
        except ModelFileError as error:
            raise RunError(_(worker.NOT_KEPT)) from error

    def snapshot_file(self, run: Run, step: int) -> Path:
        """Return the file of a moment of a run.

        Raises
        ------
        RunError
            When that moment is no longer kept.
        """
        kept = {file.step: file.path for file in snapshot_files(Path(run.spec.folder))}
        if run.progress.saved_step == step:
            kept[step] = run.spec.checkpoint
        if step not in kept:
            raise RunError(_(worker.NOT_KEPT))
        return kept[step]

    # ---- the test ----------------------------------------------------------------------------------------

    def test(self, run_id: str, owner: str, dataset: Dataset) -> float:
        """Return what `RunService.test` promises."""
        with self._changed:
            run = self._runs.owned(run_id, owner)
            if run.test_accuracy is not None:
                return run.test_accuracy
            if run.state in ("queued", "running"):
                raise RunError(_("The test comes last: wait until the run has finished, or pause it first."))
            reply = self._save(run)
        if reply is not None:
            answer_of(reply)
        with self._changed:
            self._refuse_unsaved(run)
            step = run.progress.step
            stored = self._store.keep_dataset(dataset)
        try:
            accuracy = self._score(run.spec.best_model, stored, len(dataset))
        finally:
            with self._changed:
                self._store.release(stored)
        with self._changed:
            if run.progress.step == step:
                run.test_accuracy = accuracy
                self._shelf.keep(run)
        return accuracy

    def _score(self, file: Path, stored: StoredDataset, images: int) -> float:
        """Return the accuracy of a model in a file, a second at a time: runs have their turns between."""
        right = done = 0
        while done < images:
            with self._changed:
                reply = self._scheduler.ask(worker.score, file, stored, done)
            more, done = answer_of(reply)
            right += more
        return right / images

    def forget(self, run_id: str) -> None:
        """Keep no models of a run any longer."""
        for key in [key for key in self._models if key[0] == run_id]:
            del self._models[key]

    def clear(self) -> None:
        """Keep no models any longer."""
        self._models.clear()


def _load(spec: RunSpec, best: bool) -> Model:
    try:
        model = load_model(spec.best_model if best else spec.checkpoint)
    except ModelFileError as error:
        raise RunError(_("The model of this run no longer exists.")) from error
    model.state = None  # what is needed to train on stays in the file
    return model
