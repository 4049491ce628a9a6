"""What the run service promises about states, owners, turns, limits and cleaning up.

These are the tests of `dashboard.runs.service`. Workers are threads here, so that a test can look inside;
what needs real processes is in `test_processes`.
"""

import errno
import shutil
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard.budget import Budget, bytes_available
from dashboard.runs import worker
from dashboard.runs.archive import KEEP_VARIABLE
from dashboard.runs.limits import Limits
from dashboard.runs.place import Place
from dashboard.runs.protocol import Change, RunSpec
from dashboard.runs.scheduler import TURNS_AHEAD
from dashboard.runs.service import RunService
from dashboard.runs.status import LIVE, STATE_LABELS, History, RunError, RunStatus
from dashboard.runs.store import DataStore, reason_of, remove_left_behind
from dashboard.runs.trials import BEGIN_SECONDS
from dashboard.runs.worker import open_split
from mlcore import (
    Dataset,
    EpochMetrics,
    Model,
    NetworkConfig,
    SettingError,
    Split,
    TrainingConfig,
    TrainingRun,
    load_dataset,
    split_dataset,
    train,
)
from mlcore.training.memory import memory_needed
from tests.waiting import PATIENCE, wait_until

SMALL = NetworkConfig(hidden_sizes=(16,))
ENDLESS = TrainingConfig(batch_size=16, epochs=10_000)  # always stopped: it never comes to its end
SHORT = TrainingConfig(batch_size=32, epochs=3)


class CountingExecutor(ThreadPoolExecutor):
    """One worker as a thread, which writes down whose turn it was."""

    turns: list[str]

    def __init__(self) -> None:
        super().__init__(max_workers=1)

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> "Future[Any]":
        if function is worker.train_slice:
            self.turns.append(arguments[0].run_id)
        return super().submit(function, *arguments, **named)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The run of each turn that was handed out, in order."""
    handed_out: list[str] = []
    monkeypatch.setattr(CountingExecutor, "turns", handed_out, raising=False)
    return handed_out


@pytest.fixture
def clock() -> "Clock":
    return Clock()


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service(turns: list[str], clock: Clock) -> Iterator[RunService]:
    """A service of two workers, which tidies up only when told to.

    A turn ends with its first record, on a fast machine as on a slow one.
    """
    limits = Limits(
        live_per_owner=3, live_per_address=6, live=8, kept_per_owner=5, kept_per_address=7, grace_seconds=600
    )
    made = RunService(
        2, limits, turn_seconds=0, make_executor=CountingExecutor, clock=clock, clean_up_every=None
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def split() -> Split:
    return split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=640)


def in_one_moment(service: RunService) -> AbstractContextManager[object]:
    """Hold the service's lock: what is asked of it in here comes before any further turn is handed out."""
    return service._changed


def ended(service: RunService, run_id: str) -> RunStatus:
    """Wait until a run has ended and return its status."""
    wait_until(lambda: not service.status(run_id).live)
    return service.status(run_id)


def train_on(service: RunService, run_id: str) -> None:
    """Wait until a run has taken further steps."""
    step = service.status(run_id).progress.step
    wait_until(lambda: service.status(run_id).progress.step > step)


def bare(
    split: Split, training: TrainingConfig, network: NetworkConfig = SMALL, steps: int | None = None
) -> TrainingRun:
    """Train without any service, to the end or for a number of steps; measured as it measures."""
    run = TrainingRun(network, training)
    run.evaluates_early = True
    for _record in train(run, split, steps):
        pass
    return run


def is_saved(status: RunStatus) -> bool:
    """Whether the newest checkpoint is of the last step."""
    return status.progress.saved_step == status.progress.step


def epochs(status: RunStatus) -> list[EpochMetrics]:
    return [record for record in status.history if isinstance(record, EpochMetrics)]


# ---- training --------------------------------------------------------------------------------------------


def test_a_run_does_what_the_bare_loop_does_to_the_last_bit(service: RunService, split: Split) -> None:
    status = ended(service, run_id := service.start("ada", split, SMALL, SHORT))
    alone = bare(split, SHORT)
    assert status.state == "finished"
    assert (status.progress.step, status.total_steps, status.fraction_done) == (60, 60, 1.0)
    assert np.array_equal(service.model(run_id).parameters, alone.model().parameters)
    assert epochs(status) == [record for record in alone.history if isinstance(record, EpochMetrics)]
    assert status.progress.best == alone.best


def test_the_name_of_a_run_fits_the_keys_of_widgets(split: Split) -> None:
    """Streamlit refuses two underscores in a row; one random name in thirty had them."""
    limits = Limits(live_per_owner=99, live_per_address=99, live=99, kept_per_owner=99, kept_per_address=99)
    with closing(RunService(1, limits, turn_seconds=0, clean_up_every=None)) as service:
        names = [service.start("ada", split, SMALL, SHORT) for _ in range(40)]
    assert all(name.isalnum() and len(name) == 32 for name in names)


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
    wait_until(lambda: run_id in worker._held and service.status(run_id).progress.saved_step is not None)
    clock.now += 61
    service.clean_up()
    wait_until(lambda: run_id not in worker._held)
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


def test_a_run_that_was_stopped_gets_no_further_turn(
    service: RunService, split: Split, turns: list[str]
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).state == "running")
    with in_one_moment(service):
        handed_out = len(turns)
        service.stop(run_id, "ada", PATIENCE)
    status = service.status(run_id)
    assert status.state == "stopped"
    service.model(run_id)
    assert len(turns) == handed_out
    assert service.status(run_id).progress.step == status.progress.step


def test_a_run_that_shall_rest_does_not_wait_for_the_end_of_its_turn(split: Split, turns: list[str]) -> None:
    service = RunService(1, turn_seconds=1e9, make_executor=CountingExecutor, clean_up_every=None)
    try:
        run_id = service.start("ada", split, SMALL, ENDLESS)
        service.pause(run_id, "ada", PATIENCE)
        assert service.status(run_id).state == "paused"
        service.resume(run_id, "ada")
        service.stop(run_id, "ada", PATIENCE)
        assert service.status(run_id).state == "stopped"
    finally:
        service.close()


WHOLE = TrainingConfig(batch_size=None, epochs=10_000)  # a step looks at all images


@pytest.fixture
def small_micro_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a step of `WHOLE` take as many turns of no time as it has micro-batches: ninety."""
    monkeypatch.setattr("mlcore.training.batches.FULL_MICRO_BATCH", 7)


@pytest.mark.usefixtures("small_micro_batches")
def test_a_run_of_long_steps_takes_no_more_turns_than_others(split: Split, turns: list[str]) -> None:
    service = RunService(1, turn_seconds=0, make_executor=CountingExecutor, clean_up_every=None)
    try:
        slow = service.start("eve", split, SMALL, WHOLE)
        quick = service.start("ada", split, SMALL, SHORT)
        assert ended(service, quick).state == "finished"
        last = len(turns) - turns[::-1].index(quick)
        counts = Counter(turns[:last])
        assert counts[slow] <= counts[quick] + 2 * TURNS_AHEAD
        assert counts[quick] > 60  # within its steps too
    finally:
        service.close()


@pytest.mark.usefixtures("small_micro_batches")
def test_pausing_stepping_and_stopping_within_long_steps_changes_no_bit(
    split: Split, turns: list[str]
) -> None:
    service = RunService(1, turn_seconds=0, make_executor=CountingExecutor, clean_up_every=None)
    try:
        run_id = service.start("ada", split, SMALL, WHOLE)
        for _pause in range(3):
            wait_until(lambda: service.status(run_id).state == "running")
            service.pause(run_id, "ada", PATIENCE)
            step = service.status(run_id).progress.step
            service.step(run_id, "ada", PATIENCE)
            wait_until(lambda step=step: service.status(run_id).progress.step == step + 1)
            service.resume(run_id, "ada")
        service.stop(run_id, "ada", PATIENCE)
        model = service.model(run_id)
        assert model.card["step"] == service.status(run_id).progress.step
        alone = bare(split, WHOLE, steps=model.card["step"])
        assert np.array_equal(model.parameters, alone.model().parameters)
    finally:
        service.close()


def test_the_model_of_a_stopped_run_is_the_one_where_it_stopped(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).progress.step > 0)
    service.stop(run_id, "ada", PATIENCE)
    assert service.model(run_id).card["step"] == service.status(run_id).progress.step


def test_thirty_runs_on_two_workers_get_their_turns_in_turn(split: Split, turns: list[str]) -> None:
    service = RunService(
        2, Limits(live=60), turn_seconds=0, make_executor=CountingExecutor, clean_up_every=None
    )
    try:
        runs = [service.start(f"pupil {k}", split, SMALL, ENDLESS) for k in range(30)]
        begun = len(turns)
        parts = runs[0::2], runs[1::2]  # those that share a worker
        wait_until(lambda: all(Counter(turns[begun:])[part[-1]] >= 10 for part in parts))
        counts = Counter(turns[begun:])
        for part in parts:
            shares = [counts[run_id] for run_id in part]
            assert max(shares) - min(shares) <= 1
    finally:
        service.close()


def test_a_model_can_be_used_while_the_run_goes_on(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    model = service.model(run_id)
    assert service.status(run_id).live
    assert model.predict(split.dev.images).shape == (200,)


def test_the_best_model_is_the_one_of_the_best_measurement(service: RunService, split: Split) -> None:
    jumpy = TrainingConfig(batch_size=32, epochs=8, learning_rate=0.05)
    status = ended(service, run_id := service.start("ada", split, SMALL, jumpy))
    assert status.progress.best is not None
    guesses = service.model(run_id, best=True).predict(split.dev.images)
    assert float(np.mean(guesses == split.dev.labels)) == pytest.approx(status.progress.best.dev_accuracy)


# ---- going on --------------------------------------------------------------------------------------------


def test_more_epochs_go_on_exactly_where_a_finished_run_ended(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    service.go_on(run_id, "ada", more_epochs=2)
    status = ended(service, run_id)
    assert (status.progress.step, status.total_steps, status.history_version) == (100, 100, 0)
    longer = bare(split, TrainingConfig(batch_size=32, epochs=5))
    assert np.array_equal(service.model(run_id).parameters, longer.model().parameters)


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


# ---- breaking off ----------------------------------------------------------------------------------------

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


# ---- who may ---------------------------------------------------------------------------------------------


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


def test_a_status_does_not_tell_who_owns_the_run(service: RunService, split: Split) -> None:
    run_id = service.start("ada's secret", split, SMALL, ENDLESS)
    assert "secret" not in repr(service.status(run_id))


def test_of_a_run_that_is_not_there_it_is_said_why(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.delete(run_id, "ada")
    with pytest.raises(RunError, match="it was deleted, or its time was over"):
        service.status(run_id)
    after_restart = RunService(1, clean_up_every=None)
    with pytest.raises(RunError, match="The server was restarted, and this run was not kept"):
        after_restart.status(run_id)
    after_restart.close()
    with pytest.raises(RunError, match="no such run"):
        service.status(run_id[:-1])


def test_one_visitor_cannot_take_all_places(service: RunService, split: Split) -> None:
    for _run in range(3):
        service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="You have 3 active runs"):
        service.start("ada", split, SMALL, ENDLESS)
    service.start("bob", split, SMALL, ENDLESS)


def test_a_session_that_calls_itself_another_owner_gets_no_further_places(
    service: RunService, split: Split
) -> None:
    for k in range(3):
        service.start(f"secret {k}", split, SMALL, ENDLESS, place=Place("one session"))
    with pytest.raises(RunError, match="You have 3 active runs"):
        service.start("secret 4", split, SMALL, ENDLESS, place=Place("one session"))
    service.start("secret 4", split, SMALL, ENDLESS, place=Place("another session"))


def test_one_address_cannot_take_all_places(service: RunService, split: Split) -> None:
    for k in range(6):
        service.start(f"pupil {k}", split, SMALL, ENDLESS, place=Place(f"tab {k}", "203.0.113.7"))
    with pytest.raises(RunError, match="6 active runs from your network's address"):
        service.start("ada", split, SMALL, ENDLESS, place=Place("tab", "203.0.113.7"))
    service.start("ada", split, SMALL, ENDLESS, place=Place("tab", "203.0.113.8"))
    service.start("bob", split, SMALL, ENDLESS)  # where no address is known, none is full


def test_a_full_server_says_so(service: RunService, split: Split) -> None:
    for k in range(8):
        service.start(f"pupil {k}", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="All 8 places"):
        service.start("ada", split, SMALL, ENDLESS)


def test_a_network_too_large_for_the_server_is_refused(split: Split) -> None:
    budget = Budget(50_000_000)
    service = RunService(1, budget=budget, make_executor=CountingExecutor, clean_up_every=None)
    try:
        with pytest.raises(RunError, match=r"takes about [\d,]+ MB"):
            service.start("ada", split, NetworkConfig(hidden_sizes=(2048, 2048)), SHORT)
        with pytest.raises(RunError, match=r"takes about [\d,]+ MB"):
            service.expect(split, NetworkConfig(hidden_sizes=(2048, 2048)), SHORT)
        assert budget.taken == 0
    finally:
        service.close()


def test_a_run_has_room_in_the_budget_for_as_long_as_a_worker_keeps_it(
    split: Split, clock: Clock, turns: list[str]
) -> None:
    budget = Budget(10**9)
    service = RunService(
        1, budget=budget, turn_seconds=0, make_executor=CountingExecutor, clock=clock, clean_up_every=None
    )
    try:
        demand = memory_needed(SMALL, ENDLESS, (8, 8), 10, 640)
        first = service.start("ada", split, SMALL, ENDLESS)
        assert budget.taken == demand.kept + demand.saving
        second = service.start("bob", split, SMALL, ENDLESS)
        assert budget.taken == 2 * demand.kept + demand.saving
        service.pause(first, "ada", PATIENCE)
        wait_until(lambda: service.status(first).progress.saved_step is not None)
        clock.now += 61
        service.clean_up()
        wait_until(lambda: budget.taken == demand.kept + demand.saving)
        service.resume(first, "ada")
        assert budget.taken == 2 * demand.kept + demand.saving
        service.stop(first, "ada", PATIENCE)
        service.delete(second, "bob")
        wait_until(lambda: budget.taken == 0)
        model = service.model(first)
        assert budget.taken == model.parameters.nbytes + model.work_bytes
    finally:
        service.close()
    del model
    assert budget.taken == 0


@pytest.mark.parametrize(
    ("n", "size", "what"), [(100, 160, "One image"), (16_000, 48, "One training step")], ids=["image", "step"]
)
def test_work_that_nobody_would_wait_for_is_refused(
    service: RunService, n: int, size: int, what: str
) -> None:
    images, labels = np.zeros((n, size, size), np.uint8), np.arange(n) % 2
    large = split_dataset(Dataset(images, labels, ("a", "b"), "large"), dev_size=10)
    network = NetworkConfig(filters=(256, 256), kernel_size=5)
    for ask in (service.expect, partial(service.start, "eve")):
        with pytest.raises(RunError, match=f"{what} would take"):
            ask(large, network, TrainingConfig(batch_size=None))
    assert service.runs_of("eve") == ()


def test_the_oldest_ended_run_makes_room(service: RunService, split: Split) -> None:
    runs = []
    for _run in range(6):
        runs.append(service.start("ada", split, SMALL, SHORT))
        ended(service, runs[-1])
    assert [status.run_id for status in service.runs_of("ada")] == runs[:0:-1]


def test_the_oldest_ended_run_of_an_address_makes_room(service: RunService, split: Split) -> None:
    service.start("bob", split, SMALL, ENDLESS)
    for k in range(8):
        ended(
            service, service.start(f"secret {k}", split, SMALL, SHORT, place=Place(f"tab {k}", "203.0.113.7"))
        )
    assert [len(service.runs_of(f"secret {k}")) for k in range(8)] == [0, *[1] * 7]
    assert len(service.runs_of("bob")) == 1


# ---- cleaning up -----------------------------------------------------------------------------------------


def folder_of(service: RunService) -> Path:
    return service.store.folder


def left_behind(service: RunService, split: Split, owner: str) -> str:
    """Leave a run behind that has ended."""
    run_id = service.start(owner, split, SMALL, SHORT)
    service.heartbeat(f"tab of {owner}", owner)
    ended(service, run_id)
    wait_until(lambda: run_id not in worker._held)
    service.leave(f"tab of {owner}")
    return run_id


def are_kept(service: RunService, *run_ids: str) -> list[bool]:
    return [run_id in service._runs for run_id in run_ids]


def test_a_run_is_stopped_some_minutes_after_its_owner_has_left_and_can_be_continued(
    service: RunService, split: Split, clock: Clock
) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.heartbeat("tab 1", "ada")
    service.heartbeat("tab 2", "ada")
    service.heartbeat("another browser", "eve")
    service.leave("tab 1")
    clock.now += 10_000
    service.clean_up()
    assert service.status(run_id).live  # one tab is still there
    service.leave("tab 2")
    clock.now += 599
    service.clean_up()
    assert service.status(run_id).live
    clock.now += 1
    service.clean_up()
    assert ended(service, run_id).state == "stopped"
    wait_until(lambda: run_id not in worker._held)
    service.heartbeat("the next day", "ada")
    service.go_on(run_id, "ada")
    train_on(service, run_id)


def test_a_run_that_has_ended_is_kept_until_the_day_after_and_goes_with_all_its_files(
    service: RunService, split: Split, clock: Clock
) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    service.heartbeat("tab", "ada")
    ended(service, run_id)
    clock.now += 5000
    assert service.seconds_kept(run_id) == 36 * 3600  # however long its owner stays
    service.leave("tab")
    clock.now += 36 * 3600 - 1
    service.clean_up()
    assert service.seconds_kept(run_id) == 1
    assert service.model(run_id).parameter_count
    clock.now += 1
    service.clean_up()
    with pytest.raises(RunError, match="no longer exists"):
        service.status(run_id)
    wait_until(lambda: not list(folder_of(service).iterdir()) and run_id not in worker._held)


def test_when_too_many_are_left_behind_those_go_first_whose_owner_left_first(
    service: RunService, split: Split, clock: Clock
) -> None:
    owners = ("ada", "bob", "cleo")
    runs = []
    for owner in owners:
        runs.append(left_behind(service, split, owner))
        clock.now += 1
    service.heartbeat("tab", "ada")  # who is there loses nothing
    service.limits = replace(service.limits, left=1)
    service.clean_up()
    assert are_kept(service, *runs) == [True, False, True]


@pytest.mark.parametrize("bound", ["left_bytes", "left_records"])
def test_what_is_left_behind_is_bounded_by_its_size(
    service: RunService, split: Split, clock: Clock, bound: str
) -> None:
    first = left_behind(service, split, "ada")
    files = service._runs[first].files()
    both = {"left_bytes": sum(file.stat().st_size for file in files)}
    both["left_records"] = len(service.status(first).history)
    clock.now += 1
    second = left_behind(service, split, "bob")
    service.limits = replace(service.limits, **{bound: both[bound]})
    service.clean_up()
    assert are_kept(service, first, second) == [False, True]


def test_a_full_disk_lets_a_new_run_take_the_place_of_one_left_behind(
    service: RunService, split: Split, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = left_behind(service, split, "ada")
    clock.now += 1
    stays = left_behind(service, split, "bob")
    make_folder = service.store.make_folder

    def full_until_one_has_gone(name: str, room: int = 0) -> Path:
        if gone in service._runs:
            raise OSError(errno.ENOSPC, "No space left on device")
        return make_folder(name, room)

    monkeypatch.setattr(service.store, "make_folder", full_until_one_has_gone)
    new = service.start("cleo", split, SMALL, SHORT)
    assert are_kept(service, gone, stays, new) == [False, True, True]
    assert ended(service, new).state == "finished"


def test_another_error_of_the_disk_costs_nobody_a_run(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays = left_behind(service, split, "ada")

    def refuse(name: str, room: int = 0) -> Path:
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(service.store, "make_folder", refuse)
    with pytest.raises(RunError, match="Permission denied"):
        service.start("cleo", split, SMALL, SHORT)
    assert are_kept(service, stays) == [True]


@pytest.mark.parametrize(("setting", "hours"), [("", 36), ("2.5", 2.5), ("0", 0)])
def test_the_server_says_for_how_many_hours_runs_are_kept(
    setting: str, hours: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEP_VARIABLE, setting)
    assert Limits.of_environment() == Limits(keep_seconds=3600 * hours)


def test_coming_back_in_time_keeps_a_run(service: RunService, split: Split, clock: Clock) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.heartbeat("tab", "ada")
    service.leave("tab")
    clock.now += 500
    service.heartbeat("reloaded tab", "ada")
    clock.now += 10_000
    service.clean_up()
    assert service.status(run_id).live


def test_a_finished_run_of_somebody_present_stays(service: RunService, split: Split, clock: Clock) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    service.heartbeat("tab", "ada")
    ended(service, run_id)
    clock.now += 100_000
    service.clean_up()
    assert service.status(run_id).state == "finished"
    wait_until(lambda: run_id not in worker._held)  # on disk only


def test_data_stay_until_no_run_needs_them(service: RunService, split: Split) -> None:
    first = service.start("ada", split, SMALL, SHORT)
    second = service.start("bob", split, SMALL, SHORT)
    assert len(list(folder_of(service).glob("pixels-*.npy"))) == 1
    ended(service, first)
    service.delete(first, "ada")
    assert ended(service, second).state == "finished"
    service.delete(second, "bob")
    wait_until(lambda: not list(folder_of(service).iterdir()))


def test_a_closed_service_leaves_no_folder(split: Split, turns: list[str]) -> None:
    service = RunService(1, make_executor=CountingExecutor)
    service.start("ada", split, SMALL, ENDLESS)
    folder = folder_of(service)
    service.close()
    assert not folder.exists()
    with pytest.raises(RunError, match="shut down"):
        service.start("ada", split, SMALL, ENDLESS)


def test_a_worker_without_runs_ends(split: Split, turns: list[str]) -> None:
    service = RunService(
        1, Limits(idle_seconds=0), make_executor=CountingExecutor, turn_seconds=0.01, clean_up_every=None
    )
    try:
        ended(service, service.start("ada", split, SMALL, SHORT))
        slot = service._scheduler.slots[0]
        wait_until(lambda: not slot.runs and not slot.jobs)
        assert slot.executor is not None
        service.clean_up()
        assert slot.executor is None
        assert ended(service, service.start("ada", split, SMALL, SHORT)).state == "finished"
    finally:
        service.close()


# ---- testing, measuring, history -------------------------------------------------------------------------


def test_the_test_accuracy_is_computed_once_and_kept(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_set = load_dataset("digits-8x8").take(slice(1000, 1400))
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    accuracy = service.test(run_id, "ada", test_set)
    guesses = service.model(run_id, best=True).predict(test_set.images)
    assert accuracy == float(np.mean(guesses == test_set.labels))
    monkeypatch.setattr(worker, "score", None)
    assert service.test(run_id, "ada", test_set) == accuracy == service.status(run_id).test_accuracy


def test_a_run_that_has_trained_on_has_to_be_tested_again(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    service.test(run_id, "ada", split.dev)
    service.go_on(run_id, "ada", more_epochs=1)
    ended(service, run_id)
    assert service.status(run_id).test_accuracy is None


def test_the_test_comes_last(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="comes last"):
        service.test(run_id, "ada", split.dev)


def test_the_time_of_an_image_is_measured_once_for_settings_that_take_as_long(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = service.expect(split, SMALL, TrainingConfig(epochs=3))
    assert seconds > BEGIN_SECONDS
    monkeypatch.setattr(worker, "trial", worker.drop)  # which fails: it is not made for such arguments
    assert service.expect(split, SMALL, TrainingConfig(learning_rate=0.5, epochs=3, seed=4)) == seconds
    # Another batch would take another trial. That comes later; until then it is estimated.
    assert service.expect(split, SMALL, TrainingConfig(batch_size=7)) > BEGIN_SECONDS


def test_what_a_run_took_is_what_the_next_alike_is_expected_to_take(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.runs.service.LEAST_TO_LEARN", 0.0)
    monkeypatch.setattr(worker, "trial", worker.drop)  # which fails: nothing is tried out
    first = service.start("ada", split, SMALL, SHORT)
    assert service.status(first).seconds_promised is None
    took = ended(service, first).seconds_trained
    wait_until(lambda: service._scheduler.rests)  # its last turn, which had nothing left to do, has come back
    expected = service.expect(split, SMALL, SHORT)
    assert expected == pytest.approx(BEGIN_SECONDS + took)
    second = service.start("ada", split, SMALL, SHORT)
    assert service.status(second).seconds_promised == pytest.approx(expected)
    ended(service, second)
    service.go_on(second, "ada", more_epochs=1)
    assert service.status(second).seconds_promised is None


@pytest.mark.parametrize("batch_size", [1, 100, None])
def test_a_trial_works_for_any_batch(service: RunService, split: Split, batch_size: int | None) -> None:
    network = NetworkConfig(hidden_sizes=(), pooling=2, standardize=True)
    assert service.expect(split, network, TrainingConfig(batch_size=batch_size)) > 0


def test_a_history_can_be_read_from_where_one_stopped(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    read: list[Any] = []

    def read_on() -> bool:
        live = service.status(run_id).live
        read.extend(service.status(run_id).history[len(read) :])
        return not live

    wait_until(read_on)
    status = service.status(run_id)
    assert tuple(read) == tuple(status.history)
    assert len(status.history) > 3


def test_a_status_keeps_its_history_while_the_run_goes_on(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: len(service.status(run_id).history) > 2)
    early = service.status(run_id).history
    length, records = len(early), tuple(early)
    wait_until(lambda: len(service.status(run_id).history) > length + 5)
    assert (len(early), tuple(early)) == (length, records)
    assert early[-1] == records[-1]


def test_a_history_is_a_sequence_like_any_other() -> None:
    records: list[Any] = list("abcde")
    history = History(records)
    records.append("later")
    assert list(history) == list("abcde")
    assert history[1:4] == ("b", "c", "d")
    assert history[-1] == "e"
    assert history == tuple("abcde")
    with pytest.raises(IndexError):
        history[5]


def test_every_state_has_a_name(service: RunService, split: Split) -> None:
    assert set(STATE_LABELS) > LIVE


def test_a_network_needs_more_memory_when_it_is_larger() -> None:
    def needed(*sizes: int) -> int:
        return memory_needed(NetworkConfig(hidden_sizes=sizes), TrainingConfig(), (28, 28), 10, 59_000).kept

    assert needed(16) < needed(128) < needed(2048) < needed(2048, 2048)
    available = bytes_available()
    assert available is None or available > 0


NEEDS = [
    (NetworkConfig(hidden_sizes=(512, 512)), TrainingConfig(batch_size=128), 1000),
    (NetworkConfig(hidden_sizes=(1024, 1024, 1024)), TrainingConfig(batch_size=None), 1200),
    (NetworkConfig(filters=(16, 32)), TrainingConfig(batch_size=64), 200),
    (NetworkConfig(filters=(64, 64)), TrainingConfig(batch_size=None), 200),
    (NetworkConfig(hidden_sizes=(8,), pooling=2, standardize=True), TrainingConfig(batch_size=100), 20_000),
    (NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=None), 40_000),
    (NetworkConfig(hidden_sizes=(256,), precision="float64", dropout=0.2), TrainingConfig(), 1000),
]


@pytest.mark.parametrize(("network", "training", "n"), NEEDS, ids=str)
@pytest.mark.parametrize("in_halves", [False, True])
def test_a_run_takes_about_as_much_memory_as_was_counted(
    network: NetworkConfig, training: TrainingConfig, n: int, in_halves: bool
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (n + 10, 28, 28), np.uint8)
    dataset = Dataset(images, np.arange(n + 10) % 10, tuple("0123456789"), "random")
    split = Split(dataset.take(range(n)), dataset.take(range(n, n + 10)))
    tracemalloc.start()
    try:
        run = TrainingRun(network, training, in_halves=in_halves)
        list(train(run, split, max_steps=2))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    counted = memory_needed(network, training, (28, 28), 10, n).kept
    assert 0.75 * peak < counted < 2.5 * peak


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


def test_a_run_that_was_stopped_before_a_measurement_answers_with_what_it_has_learnt(
    service: RunService, split: Split
) -> None:
    unmeasured = TrainingConfig(batch_size=16, epochs=10_000, evaluate_every=1_000_000)
    run_id = service.start("ada", split, SMALL, unmeasured)
    wait_until(lambda: service.status(run_id).progress.step > 400)
    service.stop(run_id, "ada", patience=PATIENCE)
    status = service.status(run_id)
    assert status.progress.best is not None
    assert status.progress.best.step == 0
    assert service.model(run_id, best=True).card["step"] == status.progress.step
    assert service.test(run_id, "ada", split.dev) > 0.5


def test_the_test_is_of_the_best_weights(service: RunService, split: Split) -> None:
    jumpy = TrainingConfig(batch_size=32, epochs=8, learning_rate=0.05)
    status = ended(service, run_id := service.start("ada", split, SMALL, jumpy))
    assert status.progress.best is not None
    assert service.test(run_id, "ada", split.dev) == pytest.approx(status.progress.best.dev_accuracy)


def test_all_runs_of_somebody_present_stay(service: RunService, split: Split, clock: Clock) -> None:
    first, second = (service.start("ada", split, SMALL, SHORT) for _run in range(2))
    service.heartbeat("reloaded tab", "ada")
    clock.now += 100_000
    service.clean_up()
    assert service.status(first).progress.step >= 0 <= service.status(second).progress.step


def test_a_folder_that_was_cleaned_away_is_made_anew(service: RunService, split: Split) -> None:
    first = service.start("ada", split, SMALL, SHORT)
    ended(service, first)
    service.delete(first, "ada")
    wait_until(lambda: not list(folder_of(service).iterdir()))
    folder_of(service).rmdir()
    assert ended(service, service.start("ada", split, SMALL, SHORT)).state == "finished"


def test_a_run_goes_on_when_its_checkpoints_cannot_be_written_and_is_saved_later(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: Model, path: Path) -> None:
        Path(path).write_bytes(b"the beginning")
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
    wait_until(lambda: run_id not in worker._held)


def test_a_stopped_run_that_could_not_be_saved_is_kept_until_it_is(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(model: Model, path: Path) -> None:
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


def test_a_folder_that_a_worker_has_made_again_is_taken_over(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DataStore()
    try:
        run = store.make_folder("run")
        shutil.rmtree(store.folder)
        rename = Path.rename

        def late(new: Path, folder: Path) -> Path:
            run.mkdir(parents=True)  # as a worker does that saves its run just now
            monkeypatch.setattr(Path, "rename", rename)
            return new.rename(folder)

        monkeypatch.setattr(Path, "rename", late)
        store.mend()
        assert run.is_dir()
        assert store.folder.stat().st_mode & 0o077 == 0
        store.make_folder("another run")
    finally:
        store.close()
    assert not run.parent.exists()


def test_a_folder_that_a_worker_made_again_unnoticed_is_held_like_the_first() -> None:
    store = DataStore()
    try:
        run = store.make_folder("run")
        shutil.rmtree(store.folder)
        run.mkdir(parents=True)
        store.mend()
        assert store.folder.stat().st_mode & 0o077 == 0
        remove_left_behind(store.folder.parent)  # as the next server does at its start
        assert run.is_dir()
    finally:
        store.close()


def test_data_that_were_taken_away_come_back(tmp_path: Path, split: Split) -> None:
    store = DataStore()
    try:
        stored = store.keep_split(split)
        shutil.rmtree(store.folder)
        store.mend()
        assert np.array_equal(np.load(stored.train.pixels), split.train.base.images)
        assert np.array_equal(np.load(str(stored.dev.rows)), split.dev.rows)
        Path(stored.train.labels).unlink()
        store.mend()
        assert np.array_equal(np.load(stored.train.labels), split.train.base.labels)
        assert store.folder.stat().st_mode & 0o077 == 0
    finally:
        store.close()
    assert not store._maps


def test_workers_map_one_file_without_the_pixels_that_are_blank_everywhere() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8)
    images[:, 0] = 0
    framed = Dataset(images, np.arange(60) % 3, ("a", "b", "c"), "framed")
    store = DataStore()
    try:
        stored = store.keep_split(Split(framed.take(range(50)), framed.take(range(50, 60))))
        opened = open_split(stored)
        assert opened.train.base is opened.dev.base
        lit = opened.train.lit
        assert lit is not None
        assert isinstance(lit.rows, np.memmap)
        np.testing.assert_array_equal(lit.rows, images.reshape(60, 64)[:, 8:])
        only_asked = store.keep_dataset(framed)
        assert only_asked.lit is None
        store.release(only_asked)
        store.release(stored)
        assert list(store.folder.iterdir()) == []
    finally:
        store.close()


def test_the_store_takes_no_more_than_its_share_of_the_disk(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = split.train.base.images.nbytes
    monkeypatch.setattr("dashboard.runs.store.shutil.disk_usage", lambda path: SimpleNamespace(free=room))
    store = DataStore(share=0.5)
    try:
        with pytest.raises(OSError, match="MB are left") as refused:
            store.keep_split(split)
        assert "about 1 MB on disk" in reason_of(refused.value)
        with pytest.raises(OSError, match="MB are left"):
            store.make_folder("a run", room)
        assert list(store.folder.iterdir()) == []
    finally:
        store.close()


def test_folders_of_a_server_that_was_killed_go_with_the_next_start_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = DataStore()
    mine = store.folder
    try:
        for name in ("digit-lab-left", "foreign"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "pixels.npy").write_bytes(b"pixels")
        remove_left_behind(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, "foreign"}
    finally:
        store.close()


def test_a_full_disk_is_told_and_leaves_nothing_behind(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, array: np.ndarray) -> None:
        if "rows" in path:
            raise OSError(28, "No space left on device")
        write(path, array)

    write = np.save
    monkeypatch.setattr("dashboard.runs.store.np.save", full)
    with pytest.raises(RunError, match="No space left on device"):
        service.start("ada", split, SMALL, SHORT)
    assert not list(folder_of(service).iterdir())
    assert service.runs_of("ada") == ()
