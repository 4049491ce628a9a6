"""A run service whose workers are threads, so that a test can look inside.

The tests of `dashboard.runs` use it; what needs real processes is in `test_processes`.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from dashboard.runs import worker
from dashboard.runs.service import RunService
from dashboard.runs.status import RunStatus
from mlcore import (
    EpochMetrics,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from tests.waiting import wait_until

MakeService = Callable[..., RunService]
"""Makes a service on the same folder each time."""

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


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


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


def folder_of(service: RunService) -> Path:
    return service.store.folder


def at_rest(service: RunService, run_id: str) -> RunStatus:
    """Wait until a run has ended and was put away, and return its status."""
    wait_until(lambda: not service.status(run_id).live and service._runs[run_id].is_put_away)
    return service.status(run_id)
