"""The content policy of `deploy/nginx.conf` in a browser: every page works under it, nothing foreign loads.

docs/how-to/host.md promises it. A relay of a few lines, not a proxy, adds the policy to the app's pages.
"""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from dashboard.navigation import PAGES
from tests.e2e.conftest import NewVisitor
from tests.e2e.server import AppServer
from tests.e2e.steps import SEVEN, Visitor
from tests.house import ROOT

POLICY = re.findall(
    r'add_header Content-Security-Policy "([^"]+)" always;',
    (ROOT / "deploy" / "nginx.conf").read_text("utf-8"),
)[0]
HTML = b"content-type: text/html; charset=utf-8\r\n"


class Relay(socketserver.ThreadingTCPServer):
    """Passes all bytes between browsers and the app, and adds the policy to every HTML page's headers."""

    daemon_threads = True

    def __init__(self, app: AppServer) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.app = app
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Connection(socketserver.BaseRequestHandler):
    """One connection of a browser."""

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.app.port)) as app:
            asking = threading.Thread(target=pass_on, args=(self.request, app), daemon=True)
            asking.start()
            pass_on(app, self.request, (HTML, HTML + f"content-security-policy: {POLICY}\r\n".encode()))
            asking.join()


def pass_on(source: socket.socket, target: socket.socket, change: tuple[bytes, bytes] = (b"", b"")) -> None:
    """Send on what comes, until either side has closed."""
    try:
        while chunk := source.recv(1 << 16):
            target.sendall(chunk.replace(*change) if change[0] else chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, target):
            end.close()


@pytest.fixture
def guarded_visitor(server: AppServer, new_visitor: NewVisitor) -> Iterator[Visitor]:
    """A visitor whose browser is told the policy with every page."""
    with Relay(server) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        visitor = new_visitor(server=relay)
        yield visitor
        relay.shutdown()


def test_no_page_breaks_a_rule_of_the_policy(guarded_visitor: Visitor) -> None:
    guarded_visitor.open("/")
    for page in PAGES:
        guarded_visitor.go_to(page.title)
        assert guarded_visitor.problems == []  # each rule that is broken adds one


def test_a_drawing_is_answered_under_the_policy_and_no_foreign_picture_is_loaded(
    guarded_visitor: Visitor,
) -> None:
    guarded_visitor.open("/draw", "Draw a digit")
    guarded_visitor.draw(SEVEN, text="% sure")
    assert guarded_visitor.problems == []
    guarded_visitor.expect_problem("violates the following Content Security Policy")
    guarded_visitor.expect_problem("request to another server: https://elsewhere.example")
    with guarded_visitor.page.expect_console_message(lambda message: "img-src" in message.text):
        guarded_visitor.page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/x'}))"
        )
