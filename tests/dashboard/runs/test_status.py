"""What everybody may see of a run, and its history."""

from typing import Any

import pytest

from dashboard.runs.service import RunService
from dashboard.runs.status import LIVE, STATE_LABELS, History
from mlcore import (
    Split,
)
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL
from tests.waiting import wait_until


def test_a_status_does_not_tell_who_owns_the_run(service: RunService, split: Split) -> None:
    run_id = service.start("ada's secret", split, SMALL, ENDLESS)
    assert "secret" not in repr(service.status(run_id))


def test_a_history_can_be_read_from_where_one_stopped(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    read: list[Any] = []

    def read_on() -> bool:
        live = service.status(run_id).live
        read.extend(service.status(run_id).history[len(read) :])
        return not live

    wait_until(read_on)
    status = service.status(run_id)
    assert tuple(read) == tuple(status.history)
    assert len(status.history) > 3


def test_a_status_keeps_its_history_while_the_run_goes_on(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: len(service.status(run_id).history) > 2)
    early = service.status(run_id).history
    length, records = len(early), tuple(early)
    wait_until(lambda: len(service.status(run_id).history) > length + 5)
    assert (len(early), tuple(early)) == (length, records)
    assert early[-1] == records[-1]


def test_a_history_is_a_sequence_like_any_other() -> None:
    records: list[Any] = list("abcde")
    history = History(records)
    records.append("later")
    assert list(history) == list("abcde")
    assert history[1:4] == ("b", "c", "d")
    assert history[-1] == "e"
    assert history == tuple("abcde")
    with pytest.raises(IndexError):
        history[5]


def test_every_state_has_a_name(service: RunService, split: Split) -> None:
    assert set(STATE_LABELS) > LIVE
