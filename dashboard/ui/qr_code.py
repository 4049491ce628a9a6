"""A link as a QR code, by which a phone opens it.

Train shows it beside the button that copies the link of a run. The code is made here, without the internet.
"""

from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from dashboard.ui.messages import html_text
from mlcore.language import _

SIDE = 232
"""CSS pixels: a phone reads it from an arm's length."""


@st.fragment  # a click on the menu closes it: as a part, it takes nobody back to this page
def offer_qr_code(parameters: dict[str, str], key: str) -> None:
    """Show a button behind which the link to this page with these parameters is, as a QR code."""
    about = st.popover(_("QR code"), icon=":material/qr_code_2:", key=key, on_change="rerun")
    if not about.open:
        return
    with about:
        address = link_to(st.context.url or "", parameters)
        st.html(qr_html(address))
        if is_this_computer(address):
            st.caption(
                _(
                    "This address works on this computer only. For a phone, open the app by the computer's "
                    "address in your network."
                )
            )


def link_to(page: str, parameters: dict[str, str]) -> str:
    """Return the address of a page with other parameters than it has.

    >>> link_to("https://lab.example/train?data=mnist#top", {"run": "0a1b"})
    'https://lab.example/train?run=0a1b'
    """
    scheme, host, path, _query, _fragment = urlsplit(page)
    return urlunsplit((scheme, host, path, urlencode(parameters), ""))


def qr_html(address: str) -> str:
    """Return a picture of the QR code, black on white in any theme: some phones read no other."""
    code = segno.make(address, error="m", micro=False)
    picture = code.svg_data_uri(border=4, omitsize=True, dark="#000", light="#fff")
    alt = html_text(_("QR code of {address}").format(address=address))
    return f'<img src="{picture}" alt="{alt}" width="{SIDE}" height="{SIDE}">'


def is_this_computer(address: str) -> bool:
    """Return whether an address means the computer on which it is opened.

    >>> is_this_computer("http://localhost:8501/train"), is_this_computer("http://[::1]:8501/")
    (True, True)
    >>> is_this_computer("http://192.168.1.20:8501/"), is_this_computer("https://lab.example/")
    (False, False)
    """
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
