"""What is said of a network that is too large for the panel that would show it at work.

These are the tests of `dashboard.draw.lights`; the panel is tested in `tests/e2e/test_network_lights.py`.
"""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.draw import live
from tests.pages.visits import new_app


def test_a_network_too_large_for_a_browser_is_not_shown_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app().switch_page("pages/draw.py").run()
    too_large = "This network is too large to run in a browser, so only the server answers."
    assert too_large not in captions(app)
    monkeypatch.setattr(live, "MOST_PARAMETERS", 1)
    assert too_large in captions(app.run())


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]
