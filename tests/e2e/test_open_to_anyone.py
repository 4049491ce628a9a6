"""What the server refuses to programs and to other sites: foreign origins, huge messages, unneeded addresses.

The settings in `.streamlit/config.toml` and `dashboard.server` see to that.
"""

import urllib.error
import urllib.request
from contextlib import suppress
from email.message import Message

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.e2e.server import AppServer
from tests.e2e.steps import PATIENCE, SEVEN, Visitor
from tests.e2e.test_uploads import begin, bring

FOREIGN = "https://elsewhere.example"
MEGABYTE = 1_000_000


def ask(server: AppServer, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    """Return the status, the headers and the body of an answer."""
    body = None if method == "GET" else b"{}"
    request = urllib.request.Request(server.address + path, data=body, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


def stream(server: AppServer) -> str:
    return server.address.replace("http", "ws") + "/_stcore/stream"


def test_the_app_says_that_it_is_healthy(server: AppServer) -> None:
    assert ask(server, "/_stcore/health")[::2] == (200, b"ok")


def test_a_foreign_site_may_not_read_what_the_server_says(server: AppServer) -> None:
    _, headers, _ = ask(server, "/_stcore/health", Origin=FOREIGN)
    assert headers["Access-Control-Allow-Origin"] is None


def test_a_foreign_site_opens_no_session(server: AppServer) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(stream(server), origin=FOREIGN):
        pass
    assert refused.value.response.status_code == 403


def test_a_file_without_the_token_of_a_page_is_refused(server: AppServer) -> None:
    assert ask(server, "/_stcore/upload_file/session/file", "PUT")[0] == 403


@pytest.mark.parametrize("size", [6, 30])
def test_a_huge_message_ends_its_connection(server: AppServer, size: int) -> None:
    with connect(stream(server), open_timeout=PATIENCE) as visitor:
        with suppress(ConnectionClosed):  # when the server has refused before all was sent
            visitor.send(bytes(size * MEGABYTE))
        with pytest.raises(ConnectionClosed) as ended:
            visitor.recv(timeout=PATIENCE)
        # "Message too big", unless the connection was gone before that could be read.
        assert ended.value.rcvd is None or ended.value.rcvd.code == 1009


def test_programs_get_no_session_without_a_browser(server: AppServer) -> None:
    status, _, said = ask(server, "/_stcore/agent/interact", "POST", **{"Content-Type": "application/json"})
    assert status >= 400, said


def test_no_file_of_the_app_is_served(server: AppServer) -> None:
    for path in ("/app/static/app.py", "/app.py", "/.streamlit/config.toml", "/static/../app.py"):
        assert b"[theme]" not in ask(server, path)[2]
        assert b"import streamlit" not in ask(server, path)[2]


def test_the_log_says_nothing_of_what_a_visitor_brings(server: AppServer, visitor: Visitor) -> None:
    begin(visitor)
    bring(visitor, {"grandmother.csv": b"label,pixel0\ngrandmother,1\n"})
    visitor.see("grandmother.csv")
    visitor.open("/draw?run=grandmother", "Draw a digit")
    visitor.draw(SEVEN, text="% sure")
    assert "grandmother" not in server.log()
    assert "GET " not in server.log()
