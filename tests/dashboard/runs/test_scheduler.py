"""Who gets turns on the workers, and that no turn changes a bit."""

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from dashboard.runs.limits import Limits
from dashboard.runs.scheduler import TURNS_AHEAD
from dashboard.runs.service import RunService
from mlcore import (
    Split,
    TrainingConfig,
)
from tests.dashboard.runs.in_threads import (
    ENDLESS,
    SHORT,
    SMALL,
    CountingExecutor,
    bare,
    ended,
    in_one_moment,
)
from tests.waiting import PATIENCE, wait_until


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


@pytest.mark.parametrize(
    "words",
    [
        "cannot schedule new futures after shutdown",
        "cannot schedule new futures after interpreter shutdown",
        "can't register atexit after shutdown",
    ],
)
def test_a_process_that_ends_hands_out_no_turn_and_tells_of_no_error(
    split: Split, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Ending(ThreadPoolExecutor):
        def submit(self, *_arguments: object, **_named: object) -> "Future[Any]":
            raise RuntimeError(words)

    service = RunService(1, make_executor=lambda: Ending(1), clean_up_every=None)
    try:
        run_id = service.start("ada", split, SMALL, ENDLESS)
        assert service.status(run_id).state != "failed"
        assert caplog.text == ""
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
