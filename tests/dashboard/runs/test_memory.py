"""Runs take room in the server's budget of memory for as long as a worker keeps them."""

import pytest

from dashboard.budget import Budget
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    NetworkConfig,
    Split,
)
from mlcore.training.memory import memory_needed
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL, Clock, CountingExecutor
from tests.waiting import PATIENCE, wait_until


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


class Elsewhere(CountingExecutor):
    """A worker with a memory of its own."""

    def __init__(self, room: int | None) -> None:
        super().__init__()
        self.room = room


def test_each_worker_elsewhere_takes_the_runs_that_fit_into_its_own_memory(
    split: Split, turns: list[str]
) -> None:
    demand = memory_needed(SMALL, ENDLESS, (8, 8), 10, 640)
    rooms = iter([demand.needed, 2 * demand.needed])  # for one run, and for two
    service = RunService(
        2,
        turn_seconds=0,
        make_executor=lambda: Elsewhere(next(rooms)),
        memory_elsewhere=lambda: Budget(10**9),
        clean_up_every=None,
    )
    try:
        runs = [service.start(owner, split, SMALL, ENDLESS) for owner in ("ada", "bob", "eve")]
        held = [len(worker.runs) for worker in service._scheduler.workers]
        assert held == [1, 2]
        wide = NetworkConfig(hidden_sizes=(512,))
        with pytest.raises(RunError, match=r"no worker of the cluster has more than \d+ MB left"):
            service.start("dan", split, wide, ENDLESS)
        with pytest.raises(RunError, match="no worker of the cluster"):
            service.start("dan", split, SMALL, ENDLESS)
        service.delete(runs[0], "ada")
        wait_until(lambda: not service._scheduler.workers[0].runs)
        service.start("dan", split, SMALL, ENDLESS)
        assert [len(worker.runs) for worker in service._scheduler.workers] == [1, 2]
    finally:
        service.close()


def test_a_worker_elsewhere_without_a_limit_takes_any_run(split: Split, turns: list[str]) -> None:
    service = RunService(
        1,
        turn_seconds=0,
        make_executor=lambda: Elsewhere(None),
        memory_elsewhere=lambda: Budget(None),
        clean_up_every=None,
    )
    try:
        run_id = service.start("ada", split, NetworkConfig(hidden_sizes=(512,)), SHORT)
        wait_until(lambda: service.status(run_id).state == "finished")
    finally:
        service.close()
