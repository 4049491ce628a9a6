"""Studies: computed in turns beside the runs, once for all who ask the same, and ended when nobody waits."""

import threading
from collections.abc import Generator

import pytest

from dashboard.budget import Budget
from dashboard.runs import studies as rules
from dashboard.runs.service import RunService
from dashboard.runs.status import NoMemoryNow, RunError
from dashboard.runs.studies import StudyStatus
from dashboard.runs.study_turn import compute_study
from dashboard.runs.worker import workspace
from mlcore import Split
from mlcore.errors import DatasetError
from tests.dashboard.runs.in_threads import ENDLESS, SMALL, Clock, CountingExecutor, train_on
from tests.waiting import wait_until

begun: list[int] = []
gate = threading.Event()


def squares(n: int) -> Generator[float, None, list[int]]:
    begun.append(n)
    found = []
    for i in range(n):
        found.append(i * i)
        yield (i + 1) / n
    return found


def endless() -> Generator[float, None, None]:
    begun.append(0)
    while True:
        gate.wait(0.01)
        yield 0.25


def refused() -> Generator[float, None, None]:
    yield 0.5
    raise DatasetError("These images are all blank.")


@pytest.fixture(autouse=True)
def fresh() -> None:
    begun.clear()
    workspace().studies.clear()  # of services that were closed while they computed


def result(service: RunService, key: str) -> StudyStatus:
    def ended() -> bool:
        status = service.studies.status(key)
        return status is None or not status.live

    wait_until(ended)
    status = service.studies.status(key)
    assert status is not None
    return status


def test_a_study_is_computed_once_for_all_who_ask_the_same(service: RunService) -> None:
    service.studies.begin("squares", "ada", squares, 5)
    assert result(service, "squares") == StudyStatus("finished", 1.0, [0, 1, 4, 9, 16])
    service.studies.begin("squares", "ben", squares, 5)
    assert result(service, "squares").state == "finished"
    assert begun == [5]
    assert service.studies.status("cubes") is None


def test_a_study_goes_on_beside_a_run(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.studies.begin("squares", "ada", squares, 2000)
    assert len(result(service, "squares").result) == 2000
    train_on(service, run_id)


def test_what_is_wrong_with_the_question_is_said_and_can_be_asked_again(service: RunService) -> None:
    service.studies.begin("refused", "ada", refused)
    assert result(service, "refused") == StudyStatus("failed", message="These images are all blank.")
    service.studies.begin("refused", "ada", squares, 2)
    assert result(service, "refused").result == [0, 1]


def test_a_cancelled_study_ends_in_its_worker_but_not_for_others_who_wait(
    service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "TURN_SECONDS", 0.0)
    service.studies.begin("endless", "ada", endless)
    service.studies.begin("endless", "ben", endless)
    wait_until(lambda: begun)
    service.studies.cancel("endless", "eve")
    service.studies.cancel("endless", "ada")
    status = service.studies.status("endless")
    assert status is not None
    assert status.live
    service.studies.cancel("endless", "ben")
    assert service.studies.status("endless") is None
    wait_until(lambda: not workspace().studies)
    assert begun == [0]


def test_a_worker_that_forgot_a_study_is_sent_it_once_more(
    service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "TURN_SECONDS", 0.0)
    service.studies.begin("endless", "ada", endless)
    wait_until(lambda: begun)
    workspace().studies.clear()
    wait_until(lambda: len(begun) == 2)
    assert compute_study("never heard of", 0.1).unknown


def test_there_is_a_limit_for_one_visitor_and_for_all(
    service: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST", rules.MOST_OF_ONE + 1)
    for number in range(rules.MOST_OF_ONE):
        service.studies.begin(number, "ada", endless)
    with pytest.raises(RunError, match="Several of your studies"):
        service.studies.begin("one more", "ada", endless)
    service.studies.begin("another", "ben", endless)
    with pytest.raises(RunError, match="Many visitors"):
        service.studies.begin("one more", "cleo", endless)
    states = [service.studies.status(number) for number in range(rules.MOST_OF_ONE)]
    assert [status and status.state for status in states] == ["running", "running", "waiting"]
    service.forget("ada")
    wait_until(lambda: len(begun) == 3)
    assert [service.studies.status(number) for number in range(rules.MOST_OF_ONE)] == [None] * 3


def test_a_study_that_nobody_looks_at_ends_and_old_results_go(
    service: RunService, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "KEPT", 1)
    for n in (2, 3):
        service.studies.begin(n, "ada", squares, n)
        assert result(service, n).state == "finished"  # type: ignore[arg-type]
    service.studies.begin("endless", "ada", endless)
    clock.now += rules.UNSEEN_SECONDS + 1
    service.clean_up()
    known = [service.studies.status(key) is not None for key in (2, 3, "endless")]
    assert known == [False, True, False]


def test_a_study_takes_memory_until_it_is_done() -> None:
    budget = Budget(10_000_000)
    service = RunService(1, budget=budget, make_executor=CountingExecutor, clean_up_every=None)
    before = budget.taken
    try:
        with pytest.raises(NoMemoryNow, match="10 MB left"):
            service.studies.begin("much", "ada", endless, memory=20_000_000)
        service.studies.begin("endless", "ada", endless, memory=5_000_000)
        assert budget.taken - before >= 5_000_000
        service.studies.cancel("endless", "ada")
        assert budget.taken == before
    finally:
        service.close()
