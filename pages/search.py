"""Search: many settings are tried, hopeless ones stopped early, and the best ones used.

A search belongs to the server, not to this page: it continues when nobody watches.
"""

import streamlit as st

from dashboard.link import follow_address, tell_address
from dashboard.navigation import guard
from dashboard.remembered import remember_settings
from dashboard.run_service import get_searches, heartbeat, run_owner
from dashboard.search.board import offer_start, show_board
from dashboard.search.form import say_data, show_form
from dashboard.session import Session, get_session
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

LOOK_EVERY = 1.0  # seconds between two looks at a running search


def show_search(session: Session, was_live: bool) -> None:
    """Show how the visitor's search stands."""
    with friendly_errors():
        status = get_searches().newest(run_owner())
        if status is None:
            return
        if was_live and not status.live:
            st.rerun()  # from now on nothing moves
        tell_address(session)  # the best settings may just have been taken over
        show_board(session, status)


guard(__file__)
st.title(_("Search"))
session = get_session()
with friendly_errors():
    heartbeat()
    follow_address(session)
    remember_settings(session)
    status = get_searches().newest(run_owner())
    if status is not None:
        st.fragment(show_search, run_every=LOOK_EVERY if status.live else None)(session, status.live)
        st.header(_("Another search"))
    say_data(session)
    show_form(session)  # also while a search runs: a control that comes back may come back empty
    offer_start(session, status)
