"""What a browser had is there for its next session, within bounds, and for no other browser.

These are the tests of `dashboard.server.keeper`.
"""

from dataclasses import dataclass, replace
from typing import Self

import pytest

from dashboard.budget import Budget, NoRoom
from dashboard.server.keeper import VARIABLE, Keeper, KeepLimits

LIMITS = KeepLimits(minutes=10, browsers=3, most_bytes=100)


@dataclass
class Thing:
    """What a visitor has: a word, and so many bytes."""

    word: str
    bytes_brought: int = 0

    def continued(self) -> Self:
        return replace(self)

    def let_go(self) -> None:
        self.bytes_brought = 0

    def forget(self) -> None:
        self.word, self.bytes_brought = "", 0


class Visits:
    """A keeper with a clock and connections that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connected: set[str] = set()
        self.keeper: Keeper[Thing] = Keeper(self.connected.__contains__, LIMITS, lambda: self.now)

    def begin(self, browser: str, session: str, thing: Thing) -> Thing:
        """Let a session of this browser use this."""
        self.connected.add(session)
        self.keeper.note(browser, session, thing)
        return thing

    def leave(self, session: str) -> None:
        """Let a session go for good, a second after what happened last."""
        self.now += 1
        self.connected.discard(session)
        self.keeper.leave(session)

    def word(self, browser: str) -> str | None:
        """Return what a new session of this browser begins with."""
        found = self.keeper.take(browser)
        return None if found is None else found.word


def test_a_new_session_begins_with_what_its_browser_had_and_then_is_its_own() -> None:
    visits = Visits()
    first = visits.begin("anna", "1", Thing("first"))
    second = visits.keeper.take("anna")
    assert second == first
    assert second is not None
    second.word = "second"
    assert first.word == "first"


def test_what_one_browser_had_no_other_gets() -> None:
    visits = Visits()
    visits.begin("anna", "1", Thing("hers"))
    visits.begin("bert", "2", Thing("his"))
    visits.leave("1")
    assert visits.word("carl") is None
    assert visits.word("bert") == "his"
    assert visits.word("anna") == "hers"


def test_who_wants_to_be_forgotten_is_in_open_tabs_too_and_nobody_else_is() -> None:
    visits = Visits()
    open_tab = visits.begin("anna", "1", Thing("open"))
    visits.begin("anna", "2", Thing("left"))
    visits.begin("ben", "3", Thing("ben's"))
    visits.leave("2")
    visits.keeper.forget("anna")
    assert open_tab.word == ""
    assert visits.word("anna") is None
    assert visits.word("ben") == "ben's"


def test_a_new_tab_begins_with_what_was_used_last() -> None:
    visits = Visits()
    visits.begin("anna", "1", Thing("older"))
    visits.begin("anna", "2", Thing("newer"))
    assert visits.word("anna") == "newer"
    visits.begin("anna", "1", Thing("older, used again"))
    assert visits.word("anna") == "older, used again"


def test_a_tab_that_is_loaded_again_begins_with_its_own_and_not_with_that_of_another_tab() -> None:
    visits = Visits()
    visits.begin("anna", "1", Thing("reloaded"))
    visits.begin("anna", "2", Thing("the other tab's"))
    visits.connected.discard("1")
    assert visits.word("anna") == "reloaded"
    assert visits.word("anna") == "the other tab's"  # the lost one has come back, this is a third tab


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
def test_of_several_tabs_that_have_gone_the_one_used_last_is_kept(order: tuple[str, str]) -> None:
    visits = Visits()
    visits.begin("anna", "1", Thing("older"))
    visits.begin("anna", "2", Thing("newer"))
    for session in order:
        visits.leave(session)
    assert visits.word("anna") == "newer"
    assert visits.word("anna") is None


def test_who_has_left_is_forgotten_after_the_time_that_the_page_tells() -> None:
    visits = Visits()
    visits.begin("anna", "1", Thing("hers"))
    visits.now = 3600.0
    visits.keeper.look()
    visits.leave("1")
    visits.now += 599
    visits.keeper.look()
    assert visits.keeper.take("anna") is not None
    visits.begin("anna", "2", Thing("hers"))
    visits.leave("2")
    visits.now += 600
    visits.keeper.look()
    assert visits.keeper.take("anna") is None


def test_of_too_many_who_have_left_those_who_left_first_are_forgotten() -> None:
    visits = Visits()
    for number in range(5):
        visits.begin(f"visitor {number}", str(number), Thing(str(number)))
    for number in (3, 0, 1, 4, 2):
        visits.leave(str(number))
    assert [visits.word(f"visitor {number}") for number in range(5)] == [None, "1", "2", None, "4"]


def test_of_too_much_that_was_brought_what_was_left_first_goes_and_the_rest_of_it_stays() -> None:
    visits = Visits()
    for number in range(3):
        visits.begin(f"visitor {number}", str(number), Thing(str(number), 40))
    for number in (1, 2, 0):
        visits.leave(str(number))
    found = [visits.keeper.take(f"visitor {number}") for number in range(3)]
    assert found == [Thing("0", 40), Thing("1", 0), Thing("2", 40)]


def test_what_the_absent_brought_makes_room_before_anything_is_refused() -> None:
    visits, budget = Visits(), Budget(100, lambda: None)
    budget.give_up = visits.keeper.give_up
    rooms = {name: budget.reserve(30) for name in ("away long", "away", "here")}

    class Brought(Thing):
        def let_go(self) -> None:
            super().let_go()
            rooms[self.word].release()

    for name in rooms:
        visits.begin(name, name, Brought(name, 30))
    visits.leave("away long")
    visits.leave("away")
    budget.reserve(35)
    assert {name: room.amount for name, room in rooms.items()} == {"away long": 0, "away": 30, "here": 30}
    with pytest.raises(NoRoom):
        budget.reserve(80)  # more than the absent have: nothing is given up in vain
    assert rooms["away"].amount == 30
    budget.reserve(30)
    with pytest.raises(NoRoom):
        budget.reserve(30)
    assert rooms["here"].amount == 30


def test_a_setting_says_for_how_many_minutes_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "5")
    assert KeepLimits.of_environment().minutes == 5
    monkeypatch.setenv(VARIABLE, "")
    assert KeepLimits.of_environment() == KeepLimits()
