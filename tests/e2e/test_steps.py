"""The watch for errors in every browser test, tried on planted errors.

These are the tests of `steps`: a test that reports no errors means something only when errors would be
found.
"""

from typing import Literal

import pytest

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
