"""The settings in the memory of the visitor's tab, for a server that was started again and knows none.

The pages Data, Network, Train and Search call `remember_settings`, once they have followed their address.
"""

from functools import partial
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard.link import parameters_of, take_parameters
from dashboard.session import Session
from dashboard.settings_link import Parameters
from dashboard.ui.tab_memory import remember_in_tab
from mlcore.quote import quoted

LONGEST_TEXT = 4000
"""Characters of the settings that a tab hands back; all of them changed take fewer."""

_ASKED = "asked_tab_for_settings"


def remember_settings(session: Session) -> None:
    """Let the tab remember the settings in use; a new session without any asks the tab for them, once."""
    may_ask = not st.session_state.get(_ASKED)
    st.session_state[_ASKED] = True
    text = as_text(parameters_of(session))
    remember_in_tab("settings", None if may_ask and not text else text, partial(take_back, session))


def as_text(parameters: Parameters) -> str:
    """Return the parameters of an address as a text; nothing when there are none.

    >>> as_text({"recipe": "deep", "data": None, "settings": "1~epochs-3"})
    'recipe=deep&settings=1~epochs-3'
    """
    return urlencode({name: value for name, value in parameters.items() if value})


def take_back(session: Session, text: str) -> None:
    """Use the settings that the tab remembers, unless some were chosen meanwhile."""
    if as_text(parameters_of(session)):
        return
    found = dict(parse_qsl(text[:LONGEST_TEXT]))
    file = found.pop("file", None)
    take_parameters(session, found)
    if file is not None:
        session.lost_upload = quoted(file)
