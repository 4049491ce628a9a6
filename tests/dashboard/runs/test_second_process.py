"""When a second process is started for a run, and when it goes.

These are the tests of `dashboard.runs.second_process`; the second process is simulated here.
"""

from typing import Any

import pytest

from dashboard.runs import second_process
from dashboard.runs.second_process import FIRST_WAIT, TURNS_TO_JUDGE, VARIABLE, SecondProcessPolicy
from mlcore import NetworkConfig, Split, TrainingConfig, TrainingRun, load_dataset, split_dataset
from mlcore.errors import SecondProcessError


class Pretended:
    """Stands for a second process."""

    started: list["Pretended"]

    def __init__(self) -> None:
        self.run: Any = None
        self.closed = False
        self.started.append(self)

    def attach(self, run: Any, split: Any) -> None:
        self.run = run
        run.second_process = self

    def close(self) -> None:
        self.closed = True
        if self.run is not None:
            self.run.second_process = None


class Case:
    """A run, its policy, and a clock that stands still unless told."""

    now = 0.0

    def __init__(self) -> None:
        self.split: Split = split_dataset(load_dataset("digits-8x8"), dev_size=200)
        self.run = TrainingRun(NetworkConfig(), TrainingConfig(), in_halves=True)
        self.run.build(self.split)
        self.policy = SecondProcessPolicy(self.run, self.split, lambda: self.now)

    def turns(self, n: int, speed: float, alone: bool = True) -> None:
        for _turn in range(n):
            self.policy.prepare_turn(alone)
            self.policy.note_turn(int(1000 * speed), 1000.0)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Pretended]:
    made: list[Pretended] = []
    monkeypatch.setattr(Pretended, "started", made, raising=False)
    monkeypatch.setattr(second_process, "SecondProcess", Pretended)
    return made


def test_a_second_process_that_helps_stays(started: list[Pretended]) -> None:
    case = Case()
    case.turns(TURNS_TO_JUDGE + 1, speed=100)
    assert len(started) == 1
    case.turns(3 * TURNS_TO_JUDGE, speed=150)
    assert case.run.second_process is not None
    assert not started[0].closed


def test_one_that_does_not_help_goes_and_is_tried_again_later_and_later(started: list[Pretended]) -> None:
    case = Case()
    case.turns(TURNS_TO_JUDGE + 1, speed=100)
    case.turns(TURNS_TO_JUDGE, speed=105)
    assert started[0].closed
    assert case.run.second_process is None
    case.turns(20, speed=100)
    assert len(started) == 1
    case.now = FIRST_WAIT
    case.turns(2 * TURNS_TO_JUDGE, speed=100)
    assert [one.closed for one in started] == [True, True]
    case.now = 2 * FIRST_WAIT
    case.turns(20, speed=100)
    assert len(started) == 2
    case.now = 3 * FIRST_WAIT
    case.turns(1, speed=100)
    assert len(started) == 3


def test_it_goes_as_soon_as_another_run_trains(started: list[Pretended]) -> None:
    case = Case()
    case.turns(TURNS_TO_JUDGE + 2, speed=100)
    case.turns(1, speed=100, alone=False)
    assert started[0].closed
    assert case.run.second_process is None


@pytest.mark.parametrize("use", ["never", "always"])
def test_it_can_be_forbidden_and_ordered(
    started: list[Pretended], monkeypatch: pytest.MonkeyPatch, use: str
) -> None:
    monkeypatch.setenv(VARIABLE, use)
    case = Case()
    case.turns(20, speed=100)
    assert (case.run.second_process is not None) == (use == "always")
    assert len(started) == (use == "always")


def test_without_room_for_it_the_run_goes_on_alone(
    started: list[Pretended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Pretended, run: Any, split: Any) -> None:
        raise SecondProcessError("no room")

    monkeypatch.setattr(Pretended, "attach", refuse)
    case = Case()
    case.turns(50, speed=100)
    assert [one.closed for one in started] == [True]


def test_it_is_not_started_where_memory_is_short(
    started: list[Pretended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_process, "bytes_available", lambda: 50_000_000)
    monkeypatch.setenv(VARIABLE, "always")
    case = Case()
    case.turns(50, speed=100)
    assert started == []
