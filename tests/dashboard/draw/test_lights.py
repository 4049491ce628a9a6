"""The words of the panel that shows the network work, and what is said of a network that is too large for it.

These are the tests of `dashboard.draw.lights`; what it draws is tested in `tests/e2e/test_network_lights.py`.
"""

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.draw import live
from dashboard.draw.lights import JS, words
from tests.pages.visits import new_app


def test_the_script_uses_every_word_that_it_is_given_and_no_other() -> None:
    used = set(re.findall(r"\bwords\.(\w+)|\bdata\.(label)", JS))
    assert {one or other for one, other in used} == set(words())


def test_the_script_fills_in_all_that_stands_in_braces() -> None:
    filled = set(re.findall(r'replace\("\{(\w+)\}"', JS))
    assert filled == set(re.findall(r"\{(\w+)\}", " ".join(words().values())))


def test_a_network_too_large_for_a_browser_is_not_shown_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app().switch_page("pages/draw.py").run()
    too_large = "This network is too large to work in a browser: the server alone answers."
    assert too_large not in captions(app)
    monkeypatch.setattr(live, "MOST_PARAMETERS", 1)
    assert too_large in captions(app.run())


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]
