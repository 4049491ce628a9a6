"""What the run service promises of snapshots, and of runs that are forked from them.

These are tests of `dashboard.runs.snapshots` and of `RunService.fork`. Workers are threads here.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.runs import snapshots, worker
from dashboard.runs.limits import Limits
from dashboard.runs.protocol import RunSpec
from dashboard.runs.service import RunService
from dashboard.runs.snapshots import SnapshotFile, snapshot_files, snapshot_path, surplus
from dashboard.runs.status import RunError, RunStatus
from dashboard.runs.store import DataStore
from mlcore import (
    EpochMetrics,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from mlcore.training import progress
from tests.dashboard.runs.in_threads import MakeService, at_rest
from tests.waiting import wait_until

SMALL = NetworkConfig(hidden_sizes=(16,))
SHORT = TrainingConfig(batch_size=32, epochs=4)  # 20 steps an epoch
ENDLESS = TrainingConfig(batch_size=16, epochs=10_000)


@pytest.fixture
def service(new_service: MakeService) -> RunService:
    return new_service()


def bare(split: Split, training: TrainingConfig, steps: int | None = None) -> TrainingRun:
    """Train without any service, measured as it measures."""
    run = TrainingRun(SMALL, training)
    run.evaluates_early = True
    for _record in train(run, split, steps):
        pass
    return run


def evaluations(status: RunStatus) -> list[EpochMetrics]:
    return [record for record in status.history if isinstance(record, EpochMetrics)]


# ---- snapshots ---------------------------------------------------------------------------------------------


def test_the_moments_of_a_run_are_kept_with_the_weights_it_had_then(
    service: RunService, split: Split
) -> None:
    run_id = service.start("ann", split, SMALL, SHORT)
    status = at_rest(service, run_id)
    kept = service.snapshots(run_id)
    assert [moment.step for moment in kept] == [record.step for record in evaluations(status)]
    assert [moment.epoch for moment in kept] == [record.epoch for record in evaluations(status)]
    assert all(moment.size > 0 for moment in kept)
    for moment in kept:
        model = service.snapshot_model(run_id, moment.step)
        assert np.array_equal(model.parameters, bare(split, SHORT, moment.step).network.parameters)


def test_a_moment_that_is_not_kept_is_told_in_a_sentence(service: RunService, split: Split) -> None:
    run_id = service.start("ann", split, SMALL, SHORT)
    at_rest(service, run_id)
    with pytest.raises(RunError, match="no longer kept"):
        service.snapshot_model(run_id, 7)
    with pytest.raises(RunError, match="no longer kept"):
        service.fork(run_id, "ann", 7, SMALL, SHORT)


def test_however_long_a_run_a_bounded_number_is_kept_and_the_first_lie_closest(
    service: RunService, split: Split, tmp_path: Path
) -> None:
    run_id = service.start("ann", split, SMALL, replace(ENDLESS, evaluate_every=1))
    wait_until(lambda: service.status(run_id).progress.step > 150)
    service.stop(run_id, "ann")
    at_rest(service, run_id)
    steps = [file.step for file in snapshot_files(tmp_path / "runs" / run_id)]
    assert len(steps) == snapshots.MOST
    assert steps[:3] == [0, 1, 2]
    gaps = np.diff(steps)
    assert gaps[-1] > 10
    assert gaps[: len(gaps) // 2].sum() < gaps[len(gaps) // 2 :].sum()


def test_a_short_run_is_kept_within_its_first_epoch_too_whenever_its_steps_have_doubled(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "REPORT_IMAGES", 32)  # a record of batches after each step
    run_id = service.start("ann", split, SMALL, replace(SHORT, epochs=2))
    at_rest(service, run_id)
    kept = [moment.step for moment in service.snapshots(run_id)]
    assert kept == [0, 1, 2, 4, 8, 16, 20, 40]
    child = service.fork(run_id, "ann", 8, SMALL, replace(SHORT, epochs=2))
    at_rest(service, child)
    assert service.model(child).parameters.tobytes() == service.model(run_id).parameters.tobytes()


def test_snapshots_take_no_more_than_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST_BYTES", 1000)
    kept = [SnapshotFile(step, step, Path("any"), 300) for step in (0, 10, 20, 40, 80)]
    assert [file.step for file in surplus(kept)] == [20, 40]


def test_a_course_that_was_left_leaves_no_snapshots(split: Split) -> None:
    with closing(DataStore()) as store:
        spec = RunSpec("a", str(store.make_folder("a")), store.keep_split(split), SMALL, SHORT)
        worker.train_slice(spec, seconds=60, max_steps=20)
        worker.save(spec, put_away=True)
        for step in (30, 40):
            snapshot_path(Path(spec.folder), step, step).write_bytes(b"")
        worker.save(spec, put_away=True)
        assert max(file.step for file in snapshot_files(Path(spec.folder))) <= 20
    worker.drop("a")


# ---- forks -------------------------------------------------------------------------------------------------


def test_a_fork_with_nothing_changed_ends_with_its_parents_weights(service: RunService, split: Split) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    expected = at_rest(service, parent)
    for step in (0, 40):
        child = service.fork(parent, "ann", step, SMALL, SHORT)
        status = at_rest(service, child)
        assert evaluations(status) == evaluations(expected)
        assert service.model(child).parameters.tobytes() == service.model(parent).parameters.tobytes()
        assert service.model(child, best=True).parameters.tobytes() == (
            service.model(parent, best=True).parameters.tobytes()
        )


def test_a_fork_of_a_run_that_trains_leaves_it_alone(service: RunService, split: Split) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    wait_until(lambda: bool(service.snapshots(parent)))
    child = service.fork(parent, "ann", 0, SMALL, replace(SHORT, learning_rate=0.01))
    both = at_rest(service, parent), at_rest(service, child)
    assert [status.progress.step for status in both] == [80, 80]
    alone = bare(split, SHORT).network.parameters
    assert np.array_equal(service.model(parent).parameters, alone)
    assert not np.array_equal(service.model(child).parameters, alone)


def test_a_fork_knows_its_parent_what_was_changed_and_all_that_came_before(
    service: RunService, split: Split
) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    before = at_rest(service, parent)
    child = service.fork(parent, "ann", 40, SMALL, replace(SHORT, batch_size=16))
    status = at_rest(service, child)
    assert status.fork is not None
    assert (status.fork.run_id, status.fork.step, status.fork.epoch) == (parent, 80, 2)
    assert status.fork.before == {"batch_size": 32}
    common = [(record.epoch, record.dev_loss) for record in evaluations(before) if record.epoch <= 2]
    assert [(record.epoch, record.dev_loss) for record in evaluations(status)][: len(common)] == common
    assert status.progress.epoch == 4
    assert status.number == 2
    assert status.seconds_trained > 0
    assert service.status(parent).fork is None


def test_a_fork_outlives_a_restart_and_goes_on_to_the_same_weights(
    new_service: MakeService, split: Split
) -> None:
    service = new_service()
    parent = service.start("ann", split, SMALL, SHORT)
    at_rest(service, parent)
    child = service.fork(parent, "ann", 40, SMALL, replace(SHORT, learning_rate=0.01))
    service.close()
    service = new_service()
    status = service.status(child)
    assert status.fork is not None
    assert status.fork.before == {"learning_rate": 0.001}
    if status.live:
        service.resume(child, "ann")
    at_rest(service, child)
    again = service.fork(parent, "ann", 40, SMALL, replace(SHORT, learning_rate=0.01))
    at_rest(service, again)
    assert service.model(child).parameters.tobytes() == service.model(again).parameters.tobytes()


def test_a_fork_can_be_changed_and_forked_like_any_run(service: RunService, split: Split) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    at_rest(service, parent)
    child = service.fork(parent, "ann", 40, SMALL, replace(SHORT, learning_rate=0.01))
    at_rest(service, child)
    service.go_on(child, "ann", more_epochs=1)
    assert at_rest(service, child).progress.epoch == 5
    first = service.snapshots(child)[0]
    assert first.step == 40
    model = service.snapshot_model(child, 40)
    grandchild = service.fork(child, "ann", 40, model.network_config, model.training_config)
    assert at_rest(service, grandchild).progress.epoch == 4


def test_only_the_owner_forks_a_run(service: RunService, split: Split) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    at_rest(service, parent)
    with pytest.raises(RunError, match="only its owner"):
        service.fork(parent, "bob", 40, SMALL, SHORT)


def test_a_fork_that_cannot_be_made_leaves_nothing_behind(
    service: RunService, split: Split, tmp_path: Path
) -> None:
    parent = service.start("ann", split, SMALL, SHORT)
    at_rest(service, parent)
    wait_until(lambda: not service._memory._rooms)
    with pytest.raises(RunError, match="“Seed” cannot be changed on the way"):
        service.fork(parent, "ann", 40, SMALL, replace(SHORT, seed=3))
    assert [folder.name for folder in (tmp_path / "runs").iterdir()] == [parent]
    assert not service._memory._rooms
    assert len(service.list_runs("ann")) == 1


def test_a_fork_needs_a_place_like_any_run(new_service: MakeService, split: Split) -> None:
    service = new_service(Limits(live_per_owner=1))
    parent = service.start("ann", split, SMALL, ENDLESS)
    wait_until(lambda: bool(service.snapshots(parent)))
    with pytest.raises(RunError, match="1 active run"):
        service.fork(parent, "ann", 0, SMALL, ENDLESS)


def test_where_nothing_is_kept_a_fork_keeps_the_data_that_it_shares(split: Split) -> None:
    service = RunService(1, turn_seconds=0, make_executor=lambda: ThreadPoolExecutor(1), clean_up_every=None)
    try:
        parent = service.start("ann", split, SMALL, SHORT)
        at_rest(service, parent)
        child = service.fork(parent, "ann", 40, SMALL, SHORT)
        service.delete(parent, "ann")
        assert at_rest(service, child).progress.epoch == 4
        assert len(service.split(child).train) == 640
    finally:
        service.close()
