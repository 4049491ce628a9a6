"""How the server recognises a browser after a reload: by a hash of Streamlit's own cookie.

`run_service` tells from it whose a run is, and `session` what a visitor had before.
"""

import binascii
import hashlib
from datetime import timedelta, timezone

import streamlit as st

_COOKIE = "_streamlit_xsrf"


def known_browser() -> str | None:
    """Return the secret by which this visitor's browser is known again; None where it blocks cookies."""
    return browser_token(st.context.cookies.get(_COOKIE, ""))


def visitors_zone() -> timezone | None:
    """Return the visitor's distance from Greenwich, as far as the browser says it; None: the server's own."""
    minutes = st.context.timezone_offset
    if minutes is None or abs(minutes) >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes))


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
