"""Who is there and who has gone, on a real server with real connections.

It stands behind `dashboard.presence`.
"""

from pathlib import Path

from tests.e2e.server import ROOT, AppServer
from tests.e2e.wire import open_tab
from tests.waiting import wait_until

APP = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import streamlit as st
from dashboard import presence
from dashboard.presence import session_id
from dashboard.server import server

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
