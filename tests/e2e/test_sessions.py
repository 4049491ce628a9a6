"""Which visitors are there, which have left, and whose a run is, on a real server with real connections.

These are the tests of `dashboard.server.presence` and `dashboard.run_service` in a browser.
"""

from pathlib import Path

from tests.e2e.server import ROOT, AppServer
from tests.e2e.wire import CLEAR_CACHE, Tab, new_cookie, open_tab
from tests.waiting import wait_until

APP = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import streamlit as st
from dashboard.server import presence
from dashboard.server.presence import session_id
from dashboard.server.server import server

presence.PATIENCE = 0.0  # with no connection, a session has gone at the next look
file = Path({notes!r}, st.query_params["name"])
if not file.exists():
    file.write_text("here")
    server().presence.on_gone(session_id(), lambda: file.write_text("gone"))
"""


def test_a_session_is_there_while_it_is_connected_and_gone_when_it_is_not(tmp_path: Path) -> None:
    app, notes = tmp_path / "app.py", tmp_path / "notes"
    notes.mkdir()
    app.write_text(APP.format(root=str(ROOT), notes=str(notes)), encoding="utf-8")
    with AppServer(app) as server, open_tab(server.address) as stays:
        stays.run(stays.page.open("", "name=stays"))
        with open_tab(server.address) as leaves:
            leaves.run(leaves.page.open("", "name=leaves"))
            assert [(notes / name).read_text() for name in ("stays", "leaves")] == ["here", "here"]
        wait_until(lambda: (notes / "leaves").read_text() == "gone")
        assert [(notes / name).read_text() for name in ("stays", "leaves")] == ["here", "gone"]


def start_run(tab: Tab) -> list[str]:
    """Start a run of many hours; return what the page complains of."""
    tab.run(tab.page.open(""))
    tab.run(tab.page.go_to("network"))
    tab.run(tab.page.fill("Epochs", 10_000))
    tab.run(tab.page.go_to("train"))
    tab.run(tab.page.press("Start"))
    return [alert.body for alert in tab.page.elements("alert")]


def test_who_sends_no_cookie_and_forgets_all_gets_no_further_places(fresh_server: AppServer) -> None:
    with open_tab(fresh_server.address) as greedy, open_tab(fresh_server.address) as other:
        for _run in range(3):
            assert start_run(greedy) == []
            greedy.socket.send(CLEAR_CACHE)  # and with it this session's own state, its secret too
        assert "You have 3 active runs" in " ".join(start_run(greedy))
        assert start_run(other) == []


def test_a_browser_without_cookies_is_told_what_a_reload_costs(server: AppServer) -> None:
    told = []
    for cookie in (None, new_cookie(server.address)):
        with open_tab(server.address, cookie) as tab:
            tab.run(tab.page.open("train"))
            told.append(any("blocks cookies" in text.body for text in tab.page.elements("markdown")))
    assert told == [True, False]


ADDRESS = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from dashboard.run_service import visitors_place

st.markdown(visitors_place().address or "unknown")
"""


def test_a_visitors_address_is_the_one_that_the_proxy_tells(tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    app.write_text(ADDRESS.format(root=str(ROOT)), encoding="utf-8")
    found = []
    with AppServer(app) as server:
        # The last one is the proxy's own word; what stands before it is what the client wrote.
        for headers in (
            {},
            {"X-Forwarded-For": "203.0.113.7"},
            {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"},
        ):
            with open_tab(server.address, headers=headers) as tab:
                tab.run(tab.page.open(""))
                found += [text.body for text in tab.page.elements("markdown")]
    assert found == ["unknown", "203.0.113.7", "203.0.113.7"]
