"""A run service of two workers, its clock, and a small split, for the tests of `dashboard.runs`."""

from collections.abc import Iterator

import pytest

from dashboard.runs.limits import Limits
from dashboard.runs.service import RunService
from mlcore import (
    Split,
    load_dataset,
    split_dataset,
)
from tests.dashboard.runs.in_threads import Clock, CountingExecutor


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
