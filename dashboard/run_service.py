"""The way from the pages to `dashboard.runs`, and who a visitor is to it.

Every page uses it. A run belongs to the browser that started it, so that it can be stopped after a reload;
another browser with the same link may watch.
"""

import binascii
import hashlib
import secrets
from ipaddress import IPv4Address, ip_address, ip_network

import streamlit as st

from dashboard.runs.place import Place
from dashboard.runs.service import RunService
from dashboard.runs.status import RunStatus
from dashboard.server.presence import session_id
from dashboard.server.server import server
from dashboard.session import Session

_COOKIE = "_streamlit_xsrf"
_OWNER = "run_owner"


def get_run_service() -> RunService:
    """Return the server's run service; it starts no process before the first run."""
    return server().runs


def run_owner() -> str:
    """Return the secret by which the run service knows this visitor again."""
    if _OWNER not in st.session_state:
        st.session_state[_OWNER] = _token_of_cookie() or secrets.token_hex(16)
    owner: str = st.session_state[_OWNER]
    return owner


def is_known_after_reload() -> bool:
    """Say whether this visitor's browser keeps the cookie by which `run_owner` knows it again."""
    return _token_of_cookie() is not None


def _token_of_cookie() -> str | None:
    return browser_token(st.context.cookies.get(_COOKIE, ""))


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


def browser_token(cookie: str) -> str | None:
    """Return what stays the same in Streamlit's XSRF cookie, hashed; None when it has another form.

    The cookie is ``2|mask|token xor mask|time`` in hexadecimal digits, with a new mask at each visit.

    >>> browser_token("2|00000000|abcd|1") == browser_token("2|01020304|aacf|1") is not None
    True
    >>> browser_token("")
    """
    try:
        _version, mask_digits, masked_digits, _time = cookie.strip('"').split("|")
        mask, masked = binascii.unhexlify(mask_digits), binascii.unhexlify(masked_digits)
        token = bytes(byte ^ mask[place % len(mask)] for place, byte in enumerate(masked))
    except (ValueError, ZeroDivisionError):
        return None
    return hashlib.sha256(token).hexdigest() if token else None
