"""The server ends when it is told to (SIGTERM), in order, whoever is still there and whatever it is at.

No browser is needed: what a visitor's tab sends is sent here over its connection. Every other test with a
server asks for the same at its end.
"""

import socket
from contextlib import ExitStack
from pathlib import Path

import streamlit

from tests.e2e.server import AppServer
from tests.e2e.wire import open_tab
from tests.waiting import PATIENCE

HALF_A_REQUEST = (
    b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nhalf"
)
SCRIPTS = Path(streamlit.__file__).parent / "static" / "static" / "js"
LARGEST = max(SCRIPTS.iterdir(), key=lambda file: file.stat().st_size).name
"""Streamlit's largest file: the buffers of a connection do not hold it."""


def ask_and_do_not_read(deaf: socket.socket, server: AppServer) -> None:
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(PATIENCE)
    deaf.connect(("127.0.0.1", server.port))
    deaf.sendall(f"GET /static/js/{LARGEST} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert deaf.recv(12) == b"HTTP/1.1 200"


def test_a_server_that_is_told_to_end_does_so_in_order_whatever_its_clients_are_at(
    fresh_server: AppServer,
) -> None:
    with ExitStack() as clients:
        for page in ("draw", "data", "train"):
            tab = clients.enter_context(open_tab(fresh_server.address))
            tab.run(tab.page.open(page))
        sender = clients.enter_context(socket.create_connection(("127.0.0.1", fresh_server.port)))
        sender.sendall(HALF_A_REQUEST)
        ask_and_do_not_read(clients.enter_context(socket.socket()), fresh_server)
        for _time in range(20):  # pages are being made when the signal comes
            tab.socket.send(tab.page.open("data"))
        fresh_server.check_end()
