"""The server ends when it is told to (SIGTERM), in order, whoever is still there.

No browser is needed: what a visitor's tab sends is sent here over its connection.
"""

import socket
from contextlib import ExitStack

from tests.e2e.server import AppServer
from tests.e2e.wire import open_tab

HALF_A_REQUEST = (
    b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nhalf"
)


def test_a_server_that_is_told_to_end_does_so_in_order_while_tabs_are_open_and_files_on_their_way() -> None:
    with AppServer() as server, ExitStack() as tabs:
        for page in ("draw", "data", "train"):
            tab = tabs.enter_context(open_tab(server.address))
            tab.run(tab.page.open(page))
        sender = tabs.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        sender.sendall(HALF_A_REQUEST)
        assert server.stop() == []
        assert server.process.returncode == 0
        assert "Traceback" not in server.log()
