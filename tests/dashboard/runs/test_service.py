"""What the run service promises about states, owners, and training on.

These are the tests of `dashboard.runs.service`; its parts have their own.
"""

from collections.abc import Callable

import numpy as np
import pytest

from dashboard.runs import worker
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    EpochMetrics,
    NetworkConfig,
    SettingError,
    Split,
    TrainingConfig,
    load_dataset,
)
from tests.dashboard.runs.in_threads import (
    ENDLESS,
    SHORT,
    SMALL,
    Clock,
    CountingExecutor,
    bare,
    ended,
    epochs,
    folder_of,
    in_one_moment,
    train_on,
)
from tests.waiting import PATIENCE, wait_until


def test_a_run_does_what_the_bare_loop_does_to_the_last_bit(service: RunService, split: Split) -> None:
    status = ended(service, run_id := service.start("ada", split, SMALL, SHORT))
    alone = bare(split, SHORT)
    assert status.state == "finished"
    assert (status.progress.step, status.total_steps, status.fraction_done) == (60, 60, 1.0)
    assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)
    assert epochs(status) == [record for record in alone.history if isinstance(record, EpochMetrics)]
    assert status.progress.best == alone.best


def test_a_run_of_mapped_pixels_and_the_caller_see_the_same_images(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    mapped = service.split(run_id)
    assert mapped.train.fingerprint == split.train.fingerprint
    assert mapped.dev.fingerprint == split.dev.fingerprint


def test_pausing_and_going_on_changes_no_bit(service: RunService, split: Split) -> None:
    network = NetworkConfig(hidden_sizes=(16,), dropout=0.2)
    run_id = service.start("ada", split, network, ENDLESS)
    for _pause in range(5):
        train_on(service, run_id)
        service.pause(run_id, "ada", PATIENCE)
        assert service.status(run_id).state == "paused"
        service.resume(run_id, "ada")
    service.stop(run_id, "ada", PATIENCE)
    alone = bare(split, ENDLESS, network, service.status(run_id).progress.step)
    assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)


def test_a_paused_run_put_out_of_memory_goes_on_without_a_bit_changed(
    service: RunService, split: Split, clock: Clock
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.pause(run_id, "ada", PATIENCE)
    wait_until(
        lambda: run_id in worker.workspace().runs and service.status(run_id).progress.saved_step is not None
    )
    clock.now += 61
    service.clean_up()
    wait_until(lambda: run_id not in worker.workspace().runs)
    service.resume(run_id, "ada")
    train_on(service, run_id)
    service.stop(run_id, "ada", PATIENCE)
    status = service.status(run_id)
    assert status.history_version == 0
    alone = bare(split, ENDLESS, steps=status.progress.step)
    assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)


def test_a_step_of_a_paused_run_is_one_step(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.pause(run_id, "ada", PATIENCE)
    before = service.status(run_id).progress.step
    for count in (1, 2, 3):
        service.step(run_id, "ada", PATIENCE)
        status = service.status(run_id)
        assert (status.progress.step, status.state) == (before + count, "paused")


def test_a_run_that_trains_takes_no_single_step(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="Pause the run first"):
        service.step(run_id, "ada")


def test_more_epochs_go_on_exactly_where_a_finished_run_ended(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    service.go_on(run_id, "ada", more_epochs=2)
    status = ended(service, run_id)
    assert (status.progress.step, status.total_steps, status.history_version) == (100, 100, 0)
    longer = bare(split, TrainingConfig(batch_size=32, epochs=5))
    assert np.array_equal(service.model(run_id).parameters, longer.model().parameters)


def test_a_stopped_run_goes_on_to_its_planned_end(service: RunService, split: Split) -> None:
    training = TrainingConfig(batch_size=16, epochs=40)
    with in_one_moment(service):
        run_id = service.start("ada", split, SMALL, training)
        service.stop(run_id, "ada", PATIENCE)
    assert service.status(run_id).state == "stopped"
    service.go_on(run_id, "ada")
    assert ended(service, run_id).progress.step == 1600
    assert np.array_equal(service.model(run_id).parameters, bare(split, training).model().parameters)


def test_a_finished_run_has_to_be_told_for_how_long(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    with pytest.raises(RunError, match="how many more epochs"):
        service.go_on(run_id, "ada", learning_rate=0.01)


def test_the_learning_rate_changes_while_the_run_goes_on(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.go_on(run_id, "ada", learning_rate=0.0123)
    assert service.status(run_id).training.learning_rate == 0.0123
    wait_until(lambda: {record.learning_rate for record in service.status(run_id).history[-1:]} == {0.0123})
    assert service.status(run_id).live


def test_a_learning_rate_out_of_bounds_changes_nothing(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    with pytest.raises(SettingError, match="out of bounds"):
        service.go_on(run_id, "ada", learning_rate=1e9, more_epochs=1)
    status = service.status(run_id)
    assert (status.state, status.training, status.total_steps) == ("finished", SHORT, 60)


def test_two_extensions_of_a_live_run_add_up(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.go_on(run_id, "ada", more_epochs=3)
    service.go_on(run_id, "ada", more_epochs=4)
    assert service.status(run_id).total_steps == 40 * 10_007


BLOWS_UP = TrainingConfig(optimizer="gradient_descent", learning_rate=100.0, batch_size=32, epochs=50)


def blown_up(service: RunService, split: Split) -> str:
    run_id = service.start("ada", split, NetworkConfig(hidden_sizes=(32, 32), scaling="none"), BLOWS_UP)
    assert ended(service, run_id).state == "diverged"
    return run_id


def test_a_run_that_blows_up_says_why_and_what_to_try(service: RunService, split: Split) -> None:
    status = service.status(blown_up(service, split))
    assert "learning rate" in status.message
    assert "Traceback" not in status.message


def test_a_run_that_blew_up_goes_on_with_a_lower_rate(service: RunService, split: Split) -> None:
    run_id = blown_up(service, split)
    service.go_on(run_id, "ada", learning_rate=1e-5)
    status = ended(service, run_id)
    assert (status.state, status.message, status.progress.step) == ("finished", "", 1000)
    steps = [record.step for record in epochs(status)]
    assert steps == sorted(set(steps))  # what happened after the checkpoint was taken back
    noted = [health.step for health in status.health]
    assert noted == sorted(set(noted) & set(steps))


@pytest.mark.parametrize(
    "change",
    [
        lambda service, run_id: service.stop(run_id, "eve"),
        lambda service, run_id: service.pause(run_id, "eve"),
        lambda service, run_id: service.resume(run_id, "eve"),
        lambda service, run_id: service.step(run_id, "eve"),
        lambda service, run_id: service.go_on(run_id, "eve", more_epochs=1),
        lambda service, run_id: service.delete(run_id, "eve"),
        lambda service, run_id: service.test(run_id, "eve", load_dataset("digits-8x8")),
    ],
    ids=["stop", "pause", "resume", "step", "go_on", "delete", "test"],
)
def test_only_the_owner_changes_a_run(
    service: RunService, split: Split, change: Callable[[RunService, str], None]
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="only its owner can control it"):
        change(service, run_id)
    assert service.status(run_id).live


def test_whoever_has_the_id_may_watch_and_use_the_model(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    assert len(run_id) >= 20
    assert not service.is_owner(run_id, "eve")
    assert service.status(run_id).live
    assert service.model(run_id).class_names == split.train.class_names


def test_a_closed_service_leaves_no_folder(split: Split, turns: list[str]) -> None:
    service = RunService(1, make_executor=CountingExecutor)
    service.start("ada", split, SMALL, ENDLESS)
    folder = folder_of(service)
    service.close()
    assert not folder.exists()
    with pytest.raises(RunError, match="shut down"):
        service.start("ada", split, SMALL, ENDLESS)


def test_a_run_that_stopped_early_goes_on_to_its_planned_end(service: RunService, split: Split) -> None:
    impatient = TrainingConfig(batch_size=32, epochs=60, learning_rate=1e-6, patience=2)
    run_id = service.start("ada", split, SMALL, impatient)
    first = ended(service, run_id)
    assert first.progress.step < first.total_steps
    service.go_on(run_id, "ada", learning_rate=1e-5)
    second = ended(service, run_id)
    assert second.progress.step > first.progress.step
    service.go_on(run_id, "ada")  # nothing is changed: it goes on all the same
    assert ended(service, run_id).progress.step >= second.progress.step + 2 * 20
