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
