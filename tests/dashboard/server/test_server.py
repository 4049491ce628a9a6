"""What lasts as long as the process: one server, whatever is cleared, reloaded or asked for at once.

These are the tests of `dashboard.server.server`.
"""

import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

import dashboard
from dashboard.server import presence, server
from dashboard.server.server import Server
from dashboard.shipped import shipped_dataset


@pytest.fixture
def fresh() -> Iterator[None]:
    """A process that has no server yet; the one that a test makes is closed."""
    kept = vars(server._kept)
    before = kept.pop("server", None)
    yield
    made = kept.pop("server", None)
    if made is not None:
        made.close()
    if before is not None:
        kept["server"] = before


@pytest.mark.usefixtures("fresh")
def test_all_who_ask_at_once_get_the_same_server() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _number: server.server(), range(64)))
    assert len({id(made) for made in found}) == 1


@pytest.mark.usefixtures("fresh")
def test_clearing_the_caches_costs_shipped_data_and_nothing_else() -> None:
    made, data = server.server(), shipped_dataset("digits-8x8")
    st.cache_resource.clear()
    st.cache_data.clear()
    assert server.server() is made
    assert server.server().runs is made.runs
    assert shipped_dataset("digits-8x8") is not data
    assert shipped_dataset("digits-8x8").fingerprint == data.fingerprint


@pytest.mark.usefixtures("fresh")
def test_a_module_that_is_imported_again_finds_the_server_that_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = server.server()
    monkeypatch.setattr(dashboard.server, "server", server)  # which the new import replaces
    # as Streamlit does when a source file has changed
    monkeypatch.delitem(sys.modules, "dashboard.server.server")
    again = importlib.import_module("dashboard.server.server")
    assert again is not server
    assert again.server() is made


def test_a_server_can_be_closed_twice() -> None:
    made = Server()
    made.close()
    made.close()


def test_a_session_that_has_gone_leaves_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []
    monkeypatch.setattr(server.RunService, "leave", lambda service, session: left.append(session))
    monkeypatch.setattr(presence, "PATIENCE", -1.0)
    made = Server()
    made.presence.heartbeat("anna")
    made.presence._connected = lambda session: False
    made.presence.look()
    made.close()
    assert left == ["anna"]
