"""The way from the pages to `dashboard.runs`, and who a visitor is to it.

Every page uses it. A run belongs to the browser that started it, so that it can be stopped after a reload;
another browser with the same link may watch.
"""

import secrets
from ipaddress import IPv4Address, ip_address, ip_network

import streamlit as st

from dashboard.browser import known_browser
from dashboard.runs.place import Place
from dashboard.runs.search import Searches
from dashboard.runs.service import RunService
from dashboard.runs.status import RunStatus
from dashboard.server.presence import session_id
from dashboard.server.server import server
from dashboard.session import Session

_OWNER = "run_owner"


def get_run_service() -> RunService:
    """Return the server's run service; it starts no process before the first run."""
    return server().runs


def get_searches() -> Searches:
    """Return the server's searches, whose runs the run service trains."""
    return server().searches


def run_owner() -> str:
    """Return the secret by which the run service knows this visitor again."""
    if _OWNER not in st.session_state:
        st.session_state[_OWNER] = known_browser() or secrets.token_hex(16)
    owner: str = st.session_state[_OWNER]
    return owner


def is_known_after_reload() -> bool:
    """Say whether this visitor's browser keeps the cookie by which `run_owner` knows it again."""
    return known_browser() is not None


def visitors_place() -> Place:
    """Return where this visitor comes from, as the server sees it; a cookie is the client's to choose."""
    return Place(session_id(), network_of(st.context.ip_address))


def network_of(address: str | None) -> str:
    """Return what one visitor shares with nobody far away: an IPv4 address, or 64 bits of an IPv6 address.

    The owner of one IPv6 address mostly has all that begin with the same 64 bits. Streamlit gives no address
    for this machine itself, which may be a proxy that does not say for whom it asks.

    >>> network_of("203.0.113.7"), network_of("2001:db8:1:2::3"), network_of("::ffff:203.0.113.7")
    ('203.0.113.7', '2001:db8:1:2::/64', '203.0.113.7')
    >>> network_of(None)
    ''
    """
    try:
        known = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(known, IPv4Address):
        return str(known)
    return str(known.ipv4_mapped or ip_network((known, 64), strict=False))


def watch_run(run_id: str) -> RunStatus:
    """Return how a run stands, and note that this session is there.

    Raises
    ------
    RunError
        When there is no such run (any more).
    """
    heartbeat()
    return get_run_service().status(run_id)


def heartbeat() -> None:
    """Note that this session is connected, on any page: runs outlive their owner by minutes only."""
    server().presence.heartbeat(session_id())
    get_run_service().heartbeat(session_id(), run_owner())


def find_run(session: Session) -> str | None:
    """Return the run of this session; after a reload, that is the visitor's newest."""
    if session.run_id is None:
        session.run_id = next((status.run_id for status in get_run_service().runs_of(run_owner())), None)
    return session.run_id
