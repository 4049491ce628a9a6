"""How runs are found by their ids, and which of them memory forgets."""

from contextlib import closing
from functools import partial

import pytest

from dashboard.runs.limits import Limits
from dashboard.runs.place import Place
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    Split,
)
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL, CountingExecutor, ended


def test_the_name_of_a_run_fits_the_keys_of_widgets(split: Split, turns: list[str]) -> None:
    """Streamlit refuses two underscores in a row; one random name in thirty had them."""
    limits = Limits(live_per_owner=99, live_per_address=99, live=99, kept_per_owner=99, kept_per_address=99)
    in_threads = partial(RunService, make_executor=CountingExecutor, clean_up_every=None)
    with closing(in_threads(1, limits, turn_seconds=0)) as service:
        names = [service.start("ada", split, SMALL, SHORT) for _ in range(40)]
    assert all(name.isalnum() and len(name) == 32 for name in names)


def test_of_a_run_that_is_not_there_it_is_said_why(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    service.delete(run_id, "ada")
    with pytest.raises(RunError, match="it was deleted, or has expired"):
        service.status(run_id)
    after_restart = RunService(1, clean_up_every=None)
    with pytest.raises(RunError, match="The server was restarted, and this run was not kept"):
        after_restart.status(run_id)
    after_restart.close()
    with pytest.raises(RunError, match="no such run"):
        service.status(run_id[:-1])


def test_the_oldest_ended_run_makes_room(service: RunService, split: Split) -> None:
    runs = []
    for _run in range(6):
        runs.append(service.start("ada", split, SMALL, SHORT))
        ended(service, runs[-1])
    assert [status.run_id for status in service.runs_of("ada")] == runs[:0:-1]


def test_the_oldest_ended_run_of_an_address_makes_room(service: RunService, split: Split) -> None:
    service.start("bob", split, SMALL, ENDLESS)
    for k in range(8):
        ended(
            service, service.start(f"secret {k}", split, SMALL, SHORT, place=Place(f"tab {k}", "203.0.113.7"))
        )
    assert [len(service.runs_of(f"secret {k}")) for k in range(8)] == [0, *[1] * 7]
    assert len(service.runs_of("bob")) == 1
