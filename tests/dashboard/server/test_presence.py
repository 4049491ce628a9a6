"""Which sessions are there: one that is connected stays for hours, one that has left is reported once.

These are the tests of `dashboard.server.presence`.
"""

import gc
import threading

import pytest

from dashboard.server.presence import COLLECT_EVERY, PATIENCE, Presence
from tests import waiting


class Visit:
    """A presence with a clock and connections that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connected: set[str] = set()
        self.gone: list[str] = []
        self.collections: list[float] = []
        self.presence = Presence(
            self.gone.append,
            connected=self.connected.__contains__,
            clock=lambda: self.now,
            look_every=None,
        )

    def wait(self, seconds: float) -> None:
        """Let time go by, with a look now and then."""
        for _part in range(10):
            self.now += seconds / 10
            self.presence.look()


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Visit:
    """A visitor called "anna" who has just come; no garbage is collected, only when is written down."""
    visit = Visit()
    monkeypatch.setattr(gc, "collect", lambda: visit.collections.append(visit.now))
    visit.connected.add("anna")
    visit.presence.heartbeat("anna")
    return visit


def test_who_reads_a_page_for_an_hour_is_still_there(visit: Visit) -> None:
    visit.wait(3600)
    assert visit.gone == []


def test_who_has_left_is_told_of_once_and_only_when_streamlit_has_forgotten_the_session(visit: Visit) -> None:
    visit.wait(3600)
    visit.connected.clear()
    visit.wait(120)
    assert visit.gone == []
    visit.wait(PATIENCE)
    visit.wait(PATIENCE)
    assert visit.gone == ["anna"]


def test_who_comes_back_in_time_has_never_left(visit: Visit) -> None:
    visit.connected.clear()
    visit.wait(100)
    visit.connected.add("anna")
    visit.wait(3600)
    assert visit.gone == []


def test_what_waits_for_a_session_is_called_once_and_for_no_other(visit: Visit) -> None:
    called: list[str] = []
    visit.connected.add("ben")
    visit.presence.on_gone("anna", lambda: called.append("anna"))
    visit.presence.on_gone("ben", lambda: called.append("ben"))
    visit.connected.discard("anna")
    visit.wait(2 * PATIENCE)
    visit.wait(2 * PATIENCE)
    assert called == ["anna"]


def test_a_cleaning_that_fails_keeps_no_other_from_its_turn(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []
    visit.presence.on_gone("anna", lambda: 1 / 0)
    visit.presence.on_gone("anna", lambda: called.append("the next"))
    visit.connected.clear()
    visit.wait(2 * PATIENCE)
    assert called == ["the next"]
    assert "could not be cleaned up" in caplog.text


def test_garbage_is_collected_once_a_minute_so_that_what_a_visitor_replaced_is_gone(visit: Visit) -> None:
    for _minute in range(3):
        visit.wait(COLLECT_EVERY)
    assert visit.collections == [COLLECT_EVERY, 2 * COLLECT_EVERY, 3 * COLLECT_EVERY]


def test_the_janitor_looks_by_itself() -> None:
    told = threading.Event()
    times = iter(range(0, 100_000, 1000))
    presence = Presence(
        lambda session: told.set(),
        connected=lambda session: False,
        clock=lambda: next(times),
        look_every=0.001,
    )
    presence.heartbeat("anna")
    assert told.wait(waiting.PATIENCE)
    presence.close()
