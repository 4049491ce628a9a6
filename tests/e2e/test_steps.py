"""The watch for errors in every browser test, tried on planted errors.

These are the tests of `steps`: a test that reports no errors means something only when errors would be
found.
"""

import re
from pathlib import Path
from typing import Literal

import pytest

from tests.e2e import expecting
from tests.e2e.browser import VARIABLE, NoBrowser, find_browser
from tests.e2e.steps import Visitor


def heard(visitor: Visitor, event: Literal["console", "pageerror", "request"], script: str) -> list[str]:
    with visitor.page.expect_event(event):
        visitor.page.evaluate(script)
    problems, visitor.problems = visitor.problems, []
    return problems


def test_errors_of_console_and_scripts_and_foreign_requests_are_heard_unless_they_were_expected(
    visitor: Visitor,
) -> None:
    visitor.open("/")
    assert heard(visitor, "console", "console.error('planted')") == ["console: planted ()"]
    assert "planted" in heard(visitor, "pageerror", "setTimeout(() => { throw new Error('planted') })")[0]
    visitor.expect_problem("ERR_CONNECTION_REFUSED|ERR_UNSAFE_PORT")  # which the console says of the next one
    script = "fetch('http://127.0.0.1:9/x').catch(() => 0)"
    assert "request to another server" in heard(visitor, "request", script)[0]
    visitor.expect_problem("planted")
    assert heard(visitor, "console", "console.error('planted')") == []


def test_what_comes_late_is_waited_for_and_what_never_comes_is_told(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expecting, "GLANCE", 0.02)
    visitor.page.set_content("<p hidden>early</p>")
    text, moment = visitor.page.locator("p"), 100.0
    with pytest.raises(AssertionError, match="to be visible"):
        expecting.expect(text).to_be_visible(timeout=moment)
    with pytest.raises(AssertionError, match="Actual value: early"):
        expecting.expect(text).to_have_text("late", timeout=moment)
    visitor.page.evaluate("setTimeout(() => { document.querySelector('p').hidden = false; }, 200)")
    expecting.expect(text).to_be_visible()
    visitor.page.evaluate("setTimeout(() => { document.querySelector('p').innerText = 'late'; }, 200)")
    expecting.expect(text).to_have_text("late")
    assert text.inner_text() == "late"


def test_every_browser_test_looks_often() -> None:
    ways = re.compile(r"from playwright\.sync_api import [^\n]*(\([^)]*)?\bexpect\b")
    found = [file.name for file in Path(__file__).parent.glob("*.py") if ways.search(file.read_text("utf-8"))]
    assert found == ["expecting.py"]


class NoPlaywright:
    class chromium:
        executable_path = "/nowhere/chrome"


def test_without_a_browser_an_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoBrowser, match="playwright install"):
        find_browser(NoPlaywright)


def test_the_variable_that_names_a_browser_goes_before_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "python3")
    assert find_browser(NoPlaywright).endswith("python3")
    monkeypatch.setenv(VARIABLE, "no-such-program")
    with pytest.raises(NoBrowser, match="no-such-program"):
        find_browser(NoPlaywright)
