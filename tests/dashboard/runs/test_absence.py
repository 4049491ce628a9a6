"""What becomes of runs whose owner has left: they are stopped, kept for a while, and go."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.runs import worker
from dashboard.runs.archive import KEEP_VARIABLE
from dashboard.runs.limits import Limits
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    Split,
)
from tests.dashboard.runs.in_threads import (
    ENDLESS,
    SHORT,
    SMALL,
    Clock,
    CountingExecutor,
    ended,
    folder_of,
    train_on,
)
from tests.waiting import wait_until


def left_behind(service: RunService, split: Split, owner: str) -> str:
    """Leave a run behind that has ended."""
    run_id = service.start(owner, split, SMALL, SHORT)
    service.heartbeat(f"tab of {owner}", owner)
    ended(service, run_id)
    wait_until(lambda: run_id not in worker.workspace().runs)
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
    wait_until(lambda: run_id not in worker.workspace().runs)
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
    wait_until(lambda: not list(folder_of(service).iterdir()) and run_id not in worker.workspace().runs)


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
    wait_until(lambda: run_id not in worker.workspace().runs)  # on disk only


def test_a_worker_without_runs_ends(split: Split, turns: list[str]) -> None:
    service = RunService(
        1, Limits(idle_seconds=0), make_executor=CountingExecutor, turn_seconds=0.01, clean_up_every=None
    )
    try:
        ended(service, service.start("ada", split, SMALL, SHORT))
        worker = service._scheduler.workers[0]
        wait_until(lambda: not worker.runs and not worker.jobs)
        assert worker.executor is not None
        service.clean_up()
        assert worker.executor is None
        assert ended(service, service.start("ada", split, SMALL, SHORT)).state == "finished"
    finally:
        service.close()


def test_all_runs_of_somebody_present_stay(service: RunService, split: Split, clock: Clock) -> None:
    first, second = (service.start("ada", split, SMALL, SHORT) for _run in range(2))
    service.heartbeat("reloaded tab", "ada")
    clock.now += 100_000
    service.clean_up()
    assert service.status(first).progress.step >= 0 <= service.status(second).progress.step
