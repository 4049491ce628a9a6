"""What the run service promises of runs that outlive it: found again, continued to the same bits, private.

These are tests of `dashboard.runs.service` with an archive, `shelf` and `kept`. A server that was killed is
a service whose archive is taken from under it, or, in the last part, a process that gets SIGKILL.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from dashboard.runs import worker
from dashboard.runs.archive import ArchiveError, ArchiveLimits
from dashboard.runs.kept import INTERRUPTED
from dashboard.runs.limits import Limits
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from tests.dashboard.runs.in_threads import MakeService, at_rest
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]
SMALL = NetworkConfig(hidden_sizes=(16,))
SHORT = TrainingConfig(batch_size=32, epochs=3)
ENDLESS = TrainingConfig(batch_size=16, epochs=10_000)


def bare(split: Split, training: TrainingConfig) -> TrainingRun:
    """Train without any service; measured as it measures."""
    run = TrainingRun(SMALL, training)
    run.evaluates_early = True
    for _record in train(run, split):
        pass
    return run


def test_a_run_that_has_ended_is_the_same_after_a_restart(new_service: MakeService, split: Split) -> None:
    service = new_service()
    before = at_rest(
        service, run_id := service.start("ada", split, SMALL, SHORT, link={"recipe": "standard"})
    )
    parameters = service.model(run_id, best=True).parameters
    accuracy = service.test(run_id, "ada", split.dev)
    service.describe(run_id, "ada", name=" My first ", note="a note", star=True)
    service.close()
    after = new_service()
    status = after.status(run_id)
    assert status.history == before.history
    assert (status.state, status.progress, status.data) == ("finished", before.progress, before.data)
    assert (status.network, status.training, status.link) == (SMALL, SHORT, {"recipe": "standard"})
    assert (status.test_accuracy, status.name) == (accuracy, "My first")
    assert status.seconds_trained == before.seconds_trained
    assert len(status.health) == 5  # one of them early in the first epoch
    assert repr(status.health) == repr(before.health)
    assert np.array_equal(after.model(run_id, best=True).parameters, parameters)
    (kept,) = after.list_runs("ada")
    assert (kept.name, kept.note, kept.star, kept.best) == ("My first", "a note", True, before.progress.best)
    assert kept.curve[-1] == before.history[-1].dev_accuracy  # type: ignore[union-attr]
    assert after.split(run_id).dev.fingerprint == split.dev.fingerprint


def test_a_run_that_has_ended_trains_on_after_a_restart(new_service: MakeService, split: Split) -> None:
    service = new_service()
    at_rest(service, run_id := service.start("ada", split, SMALL, SHORT))
    service.close()
    after = new_service()
    after.go_on(run_id, "ada", more_epochs=2)
    status = at_rest(after, run_id)
    assert (status.state, status.progress.epoch) == ("finished", 5.0)


def test_a_run_that_was_interrupted_is_offered_and_ends_with_the_same_bits(
    new_service: MakeService, split: Split
) -> None:
    long = TrainingConfig(batch_size=16, epochs=12, patience=50)
    service = new_service()
    run_id = service.start("ada", split, SMALL, long)
    wait_until(lambda: service.status(run_id).progress.saved_step)
    service.close()
    after = new_service()
    (status,) = after.runs_of("ada")
    assert (status.run_id, status.state, status.message) == (run_id, "paused", INTERRUPTED)
    assert status.progress.step == status.progress.saved_step
    after.resume(run_id, "ada")
    status = at_rest(after, run_id)
    alone = bare(split, long)
    assert status.state == "finished"
    assert status.message == ""
    assert np.array_equal(after.model(run_id).parameters, alone.model().parameters)
    assert [record.step for record in status.history] == [record.step for record in alone.history]
    assert repr(status.health) == repr(tuple(alone.health))  # nan is no equal of itself


def test_a_server_that_is_told_to_end_saves_the_runs_that_train_where_they_are(
    new_service: MakeService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LEAST_SECONDS_BETWEEN_SAVES", 3600.0)  # no other checkpoint comes between
    long = TrainingConfig(batch_size=16, epochs=12)
    service = new_service()
    run_id = service.start("ada", split, SMALL, long)
    wait_until(lambda: service.status(run_id).progress.epoch > 2)
    step = service.status(run_id).progress.step
    service.close()
    after = new_service()
    (status,) = after.runs_of("ada")
    assert (status.state, status.message) == ("paused", INTERRUPTED)
    assert status.progress.step >= step
    after.resume(run_id, "ada")
    at_rest(after, run_id)
    assert np.array_equal(after.model(run_id).parameters, bare(split, long).model().parameters)


def test_a_run_that_was_interrupted_before_it_was_first_saved_begins_again(
    new_service: MakeService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = new_service()
    monkeypatch.setattr("dashboard.runs.worker._save", lambda *arguments: None)
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).progress.step)
    service.close()
    monkeypatch.undo()
    status = new_service().status(run_id)
    assert (status.state, status.progress.step, len(status.history)) == ("paused", 0, 0)


def test_a_run_that_had_ended_before_its_row_said_so_has_ended(
    new_service: MakeService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server was killed between the last snapshot and the row."""
    service = new_service()
    run_id = service.start("ada", split, SMALL, SHORT)
    with monkeypatch.context() as patch:
        patch.setattr(service._shelf, "keep", lambda run: None)
        at_rest(service, run_id)
    service.close()
    status = new_service().status(run_id)
    assert (status.state, status.progress.step) == ("finished", 60)


def test_memory_holds_a_few_runs_and_the_list_all(new_service: MakeService, split: Split) -> None:
    service = new_service(Limits(kept_per_owner=2))
    run_ids = []
    for _run in range(4):
        run_ids.append(service.start("ada", split, SMALL, SHORT))
        at_rest(service, run_ids[-1])
    assert len(service._runs) == 2
    assert [kept.run_id for kept in service.list_runs("ada")] == run_ids[::-1]
    assert [kept.number for kept in service.list_runs("ada")] == [4, 3, 2, 1]
    assert service.status(run_ids[0]).state == "finished"
    assert len(service._runs) == 2


def test_above_the_bounds_of_the_archive_the_oldest_run_goes(new_service: MakeService, split: Split) -> None:
    service = new_service(archive_limits=ArchiveLimits(runs_per_owner=2))
    run_ids = []
    for _run in range(3):
        run_ids.append(service.start("ada", split, SMALL, SHORT))
        at_rest(service, run_ids[-1])
    assert [kept.run_id for kept in service.list_runs("ada")] == run_ids[:0:-1]
    with pytest.raises(RunError, match="no longer exists"):
        service.status(run_ids[0])


def test_nobody_lists_changes_deletes_or_brings_back_anothers_runs(
    new_service: MakeService, split: Split
) -> None:
    service = new_service()
    at_rest(service, run_id := service.start("ada", split, SMALL, SHORT))
    service.close()
    after = new_service()
    assert after.list_runs("eve") == []
    assert after.runs_of("eve") == ()
    assert after.usage("eve") == (0, 0)
    for attempt in (
        lambda: after.describe(run_id, "eve", name="mine"),
        lambda: after.delete(run_id, "eve"),
        lambda: after.go_on(run_id, "eve", more_epochs=1),
        lambda: after.stop(run_id, "eve"),
        lambda: after.test(run_id, "eve", split.dev),
    ):
        with pytest.raises(RunError, match="only its owner"):
            attempt()
    after.forget("eve")
    after.delete(run_id, "ada")
    with pytest.raises(RunError, match="can no longer be brought back"):
        after.bring_back(run_id, "eve")
    with pytest.raises(RunError, match="no longer exists"):
        after.status(run_id)
    after.bring_back(run_id, "ada")
    assert after.status(run_id).state == "finished"


def test_forgetting_a_visitor_deletes_all_their_runs_and_files(
    new_service: MakeService, split: Split, tmp_path: Path
) -> None:
    service = new_service()
    at_rest(service, service.start("ada", split, SMALL, SHORT))
    running = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(running).state == "running")
    service.forget("ada")
    assert service.list_runs("ada") == []
    wait_until(lambda: not [*(tmp_path / "runs").iterdir()])
    service.close()
    assert new_service().list_runs("ada") == []


def test_what_cannot_be_written_is_said_and_written_later(
    new_service: MakeService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = new_service()
    archive = service._shelf.archive
    assert archive is not None
    run_id = service.start("ada", split, SMALL, SHORT)
    with monkeypatch.context() as patch:

        def full(row: object) -> None:
            raise ArchiveError("the disk is full")

        patch.setattr(archive, "put", full)
        at_rest(service, run_id)
        assert service.keeping_note == "the disk is full"
        service.clean_up()
        assert service.status(run_id).state == "finished"
    service.clean_up()
    assert service.keeping_note == ""
    service.close()
    assert new_service().status(run_id).state == "finished"


def test_while_the_archive_cannot_be_read_the_runs_in_memory_are_there(
    new_service: MakeService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = new_service()
    at_rest(service, run_id := service.start("ada", split, SMALL, SHORT))
    archive = service._shelf.archive
    assert archive is not None
    with monkeypatch.context() as patch:

        def unreadable(*arguments: object) -> None:
            raise ArchiveError("it cannot be read")

        for name in ("rows_of", "newest"):
            patch.setattr(archive, name, unreadable)
        assert [status.run_id for status in service.runs_of("ada")] == [run_id]
        assert [kept.run_id for kept in service.list_runs("ada")] == [run_id]
        assert service.keeping_note == "it cannot be read"
    assert service.runs_of("ada")
    assert service.keeping_note == ""


def test_without_an_archive_the_service_says_why_and_runs_end_with_it(split: Split) -> None:
    service = RunService(
        1, why_not_kept="no room", make_executor=lambda: ThreadPoolExecutor(1), clean_up_every=None
    )
    at_rest(service, run_id := service.start("ada", split, SMALL, SHORT))
    assert (service.outlives_restart, service.keeping_note) == (False, "no room")
    assert [kept.run_id for kept in service.list_runs("ada")] == [run_id]
    service.close()


TRAINS = """
import sys, time
from pathlib import Path
from dashboard.runs.archive import Archive
from dashboard.runs.service import RunService
from mlcore import NetworkConfig, TrainingConfig, load_dataset, split_dataset

split = split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=640)
small = NetworkConfig(hidden_sizes=(16,))
service = RunService(1, archive=Archive(Path(sys.argv[1])), turn_seconds=0.05)
short = service.start("ada", split, small, TrainingConfig(batch_size=32, epochs=3))
while service.status(short).live:
    time.sleep(0.01)
long = service.start("ada", split, small, TrainingConfig(batch_size=16, epochs=60))
while service.status(long).progress.saved_step is None:
    time.sleep(0.01)
print(short, long, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_killed_server_loses_no_finished_run_and_the_other_ends_with_the_same_weights(
    new_service: MakeService, split: Split, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", TRAINS, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        short, long = server.stdout.readline().split()
        os.kill(server.pid, signal.SIGKILL)
    service = new_service()
    assert [kept.run_id for kept in service.list_runs("ada")] == [long, short]
    assert service.status(short).state == "finished"
    assert np.array_equal(service.model(short).parameters, bare(split, SHORT).model().parameters)
    assert service.status(long).state in ("paused", "finished")  # a quick machine may have ended it
    service.resume(long, "ada")
    wait_until(lambda: service.status(long).state == "finished")
    alone = bare(split, TrainingConfig(batch_size=16, epochs=60))
    assert np.array_equal(service.model(long).parameters, alone.model().parameters)
