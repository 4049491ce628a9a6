"""A run service whose one worker is a thread, for pages that let a worker compute a study."""

from collections.abc import Iterator

import pytest

import dashboard.study
from dashboard.runs.service import RunService
from tests.dashboard.runs.in_threads import CountingExecutor


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunService]:
    made = RunService(1, make_executor=CountingExecutor, clean_up_every=None)
    monkeypatch.setattr(dashboard.study, "get_run_service", lambda: made)
    monkeypatch.setattr(dashboard.study, "heartbeat", lambda: None)
    monkeypatch.setattr(dashboard.study, "run_owner", lambda: "ada")
    yield made
    made.close()
