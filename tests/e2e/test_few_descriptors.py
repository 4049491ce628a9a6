"""A server without a free descriptor: new visitors are refused at once, all others continue.

`dashboard.server.hosting`, `dashboard.ui.look` and the event loop in requirements.txt see to that.
"""

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import CANVAS, PATIENCE, SEVEN

DESCRIPTORS = 256
CONNECTIONS = 2 * DESCRIPTORS


class PoorServer(AppServer):
    """The app in a process that may have few files and connections open."""

    def command(self) -> list[str]:
        return ["sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh", *super().command()]


@pytest.fixture
def poor_server() -> Iterator[PoorServer]:
    with PoorServer() as server:
        yield server


def test_a_flood_of_connections_is_turned_away_and_a_drawing_is_still_answered(
    poor_server: PoorServer, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(server=poor_server)
    visitor.open("/draw", "Draw a digit")
    visitor.draw(SEVEN, text="% sure")
    visitor.reload("Draw a digit")
    expect(visitor.main.locator(CANVAS)).to_be_visible()
    visitor.page.wait_for_load_state("networkidle")  # what a page still loads, the flood would keep from it
    with ExitStack() as held:
        flood = [held.enter_context(connection(poor_server)) for _ in range(CONNECTIONS)]
        ended, _, _ = select.select(flood, [], [], PATIENCE)
        assert ended, "Nobody was turned away."
        visitor.draw(SEVEN, text="% sure")
    log = poor_server.log()
    assert len(log) < 10_000, f"The flood wrote {len(log)} bytes, first:\n{log[:2000]}"
    new_visitor(server=poor_server).open("/draw", "Draw a digit")


def connection(server: AppServer) -> socket.socket:
    """Return a connection to the server over which nothing is sent."""
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
