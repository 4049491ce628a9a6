"""A log that a flood cannot fill, and as many descriptors as the system grants.

These are the tests of `dashboard.server.hosting`.
"""

import logging
import subprocess
import sys

import pytest

from dashboard.navigation import ROOT
from dashboard.server.hosting import MOST_KINDS, QUIET, Repeats, kind_of, quieten_log


class Clock:
    """Shows the time that a test has set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(message: object, *values: object, name: str = "asyncio") -> logging.LogRecord:
    error = sys.exc_info() if sys.exc_info()[0] else None
    return logging.LogRecord(name, logging.ERROR, "file.py", 1, message, values, error)


def test_a_record_is_written_once_a_minute_and_then_says_how_many_were_left_out() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    written = [repeats.filter(record("no descriptor for %s", number)) for number in range(1000)]
    assert written == [True] + [False] * 999
    clock.now += QUIET
    next_one = record("no descriptor for %s", 1000)
    assert repeats.filter(next_one)
    assert next_one.getMessage() == "no descriptor for 1000 [999 more like this were left out]"


def test_a_record_of_another_kind_is_written_at_once() -> None:
    repeats = Repeats(Clock())
    kinds = [record("one"), record("another"), record("one", name="uvicorn.error"), record(ValueError("one"))]
    assert [repeats.filter(one) for one in kinds] == [True, True, True, False]


def test_errors_from_two_places_are_of_two_kinds() -> None:
    kinds = set()
    try:
        int("x")
    except ValueError:
        kinds.add(kind_of(record("An error that was not foreseen")))
    try:
        int("x")
    except ValueError:
        kinds.add(kind_of(record("An error that was not foreseen")))
    assert len(kinds) == 2


def test_the_same_error_of_two_visitors_is_of_one_kind() -> None:
    kinds = []
    for _visitor in range(2):
        try:
            int("x")
        except ValueError:
            kinds.append(kind_of(record("An error that was not foreseen")))
    assert kinds[0] == kinds[1]


def test_words_that_differ_each_time_cannot_fill_the_log_either() -> None:
    repeats = Repeats(Clock())
    written = sum(repeats.filter(record(f"nonsense {number}")) for number in range(10 * MOST_KINDS))
    assert written == MOST_KINDS + 1


def test_old_kinds_make_room_for_new_ones() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    for number in range(10 * MOST_KINDS):
        clock.now += QUIET
        assert repeats.filter(record(f"rare {number}"))


def test_what_streamlit_and_asyncio_write_is_quietened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    last_resort, writer, collector = logging.StreamHandler(), logging.StreamHandler(), logging.NullHandler()
    logger = logging.getLogger("tests.of.hosting")
    monkeypatch.setattr(logging, "lastResort", last_resort)
    monkeypatch.setattr(logger, "handlers", [writer, collector])
    quieten_log()
    quieten_log()
    assert [len(handler.filters) for handler in (last_resort, writer, collector)] == [1, 1, 0]


@pytest.mark.parametrize(("granted", "used"), [("64:512", 512), ("64:200000", 65_536), ("300:300", 300)])
def test_the_server_takes_the_descriptors_that_it_may_have(granted: str, used: int) -> None:
    script = (
        "import resource, sys; soft, hard = map(int, sys.argv[1].split(':'));"
        "own = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard if hard <= own else own));"
        "from dashboard.server.hosting import raise_descriptor_limit as up; up();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], own)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, granted], cwd=ROOT, capture_output=True, text=True, check=True
    )
    soft, own = map(int, done.stdout.split())
    assert soft == min(used, own)
