"""A run service of two workers, its clock, and a small split, for the tests of `dashboard.runs`."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from dashboard.runs import worker
from dashboard.runs.archive import Archive, ArchiveLimits
from dashboard.runs.limits import Limits
from dashboard.runs.service import RunService
from mlcore import (
    Split,
    load_dataset,
    split_dataset,
)
from tests.dashboard.runs.in_threads import Clock, CountingExecutor, MakeService


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The run of each turn that was handed out, in order."""
    handed_out: list[str] = []
    monkeypatch.setattr(CountingExecutor, "turns", handed_out, raising=False)
    return handed_out


@pytest.fixture
def clock() -> "Clock":
    return Clock()


@pytest.fixture
def service(turns: list[str], clock: Clock) -> Iterator[RunService]:
    """A service of two workers, which cleans up only when told to.

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


@pytest.fixture(scope="session")
def split() -> Split:
    return split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=640)


@pytest.fixture
def new_service(tmp_path: Path) -> Iterator[MakeService]:
    """Makes a service on the same folder each time; the one before must have been closed."""
    with ExitStack() as stack:

        def make(limits: Limits | None = None, archive_limits: ArchiveLimits | None = None) -> RunService:
            for run_id in list(worker.workspace().runs):  # a worker that is a thread outlives its service
                worker.drop(run_id)
            service = RunService(
                1,
                limits,
                archive=Archive(tmp_path, archive_limits),
                turn_seconds=0,
                make_executor=lambda: ThreadPoolExecutor(1),
                clean_up_every=None,
            )
            stack.callback(service.close)
            return service

        yield make
