"""What a worker does with a run: its checkpoints, its changes, and what it cannot do."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from dashboard.runs import worker
from dashboard.runs.protocol import Change, RunSpec
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from dashboard.runs.store import DataStore
from mlcore import (
    Model,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL, bare, ended, folder_of, is_saved
from tests.waiting import PATIENCE, wait_until


def test_a_checkpoint_between_the_last_step_and_its_measurement_is_not_the_last(
    tmp_path: Path, split: Split
) -> None:
    store = DataStore()
    spec = RunSpec("a", str(tmp_path), store.keep_split(split), SMALL, SHORT)
    try:
        records = 0
        finished = False
        while not finished:
            report = worker.train_slice(spec, seconds=0)  # one record a turn
            records, finished = records + len(report.records), report.finished
            worker.save(spec, put_away=False)
        assert worker.save(spec, put_away=True).progress.best == report.progress.best
        assert worker.save(spec, put_away=True).records_before == records
    finally:
        worker.drop("a")
        store.close()


def test_each_change_is_made_once_even_by_a_worker_that_takes_the_run_up_from_disk(
    tmp_path: Path, split: Split
) -> None:
    store = DataStore()
    falling = TrainingConfig(batch_size=32, epochs=3, schedule="linear", warmup=0.0)
    spec = RunSpec("a", str(tmp_path), store.keep_split(split), SMALL, falling)
    alone = TrainingRun(SMALL, falling)
    list(train(alone, split, 20))
    try:
        worker.train_slice(spec, seconds=60, max_steps=20)
        for change in (Change(20, learning_rate=0.005), Change(30, iterations=100)):
            spec = replace(spec, changes=(*spec.changes, change))
            alone.change(learning_rate=change.learning_rate, iterations=change.iterations)
            list(train(alone, split, 10))
            report = worker.train_slice(spec, seconds=60, max_steps=10)
            assert report.progress.learning_rate == alone.learning_rate < 0.005
            worker.save(spec, put_away=True)
    finally:
        worker.drop("a")
        store.close()


def test_a_run_without_memory_fails_with_a_sentence_and_leaves_the_others_alone(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = service.start("bob", split, SMALL, ENDLESS)

    def no_memory(*arguments: Any) -> Iterator[Any]:
        if arguments[0].training_config == SHORT:
            raise MemoryError
        return train(*arguments)

    monkeypatch.setattr(worker, "train", no_memory)
    status = ended(service, run_id := service.start("ada", split, SMALL, SHORT))
    assert status.state == "failed"
    assert "not enough memory" in status.message
    assert service.status(other).live
    with pytest.raises(RunError, match="no model"):
        service.model(run_id)


def test_a_run_goes_on_when_its_checkpoints_cannot_be_written_and_is_saved_later(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: Model, stream: BinaryIO) -> None:
        stream.write(b"the beginning")
        raise OSError("17 requested and 0 written")  # as NumPy says it: without a number

    with monkeypatch.context() as patch:
        patch.setattr(worker, "save_model", full)
        run_id = service.start("ada", split, SMALL, SHORT)
        status = ended(service, run_id)
        assert (status.state, status.message, status.progress.saved_step) == ("finished", "", None)
        assert "17 requested and 0 written" in status.warning
        with pytest.raises(RunError, match="no model"):
            service.model(run_id)
        assert list((folder_of(service) / run_id).iterdir()) == []
    service.clean_up()
    wait_until(lambda: service.status(run_id).progress.saved_step == 60)
    assert service.status(run_id).warning == ""
    assert np.array_equal(service.model(run_id).parameters, bare(split, SHORT).model().parameters)
    wait_until(lambda: run_id not in worker.workspace().runs)


def test_a_stopped_run_that_could_not_be_saved_is_kept_until_it_is(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: Model, stream: BinaryIO) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(worker, "save_model", full)
        run_id = service.start("ada", split, SMALL, ENDLESS)
        wait_until(lambda: service.status(run_id).progress.step > 0)
        service.stop(run_id, "ada", PATIENCE)
        wait_until(lambda: "No space left" in service.status(run_id).warning)
    assert service.model(run_id).card["step"] == service.status(run_id).progress.step


def test_a_run_whose_files_were_taken_away_loses_a_checkpoint_only(
    service: RunService, split: Split, tmp_path: Path
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).progress.saved_step is not None)
    service.pause(run_id, "ada", PATIENCE)
    wait_until(lambda: is_saved(service.status(run_id)))
    folder_of(service).rename(tmp_path / "taken away")
    service.resume(run_id, "ada")
    service.pause(run_id, "ada", PATIENCE)
    wait_until(lambda: (folder_of(service) / run_id / "run.npz").exists())
    step = service.status(run_id).progress.step
    model = service.model(run_id)
    assert model.card["step"] == step
    assert np.array_equal(model.parameters, bare(split, ENDLESS, steps=step).model().parameters)
    service.resume(run_id, "ada")
    assert ended(service, service.start("bob", split, SMALL, SHORT)).state == "finished"
    assert service.status(run_id).live
