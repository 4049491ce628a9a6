"""Runs: all that a visitor has trained, found again, compared and put in order.

A visitor comes here to see which settings did best.
"""

import streamlit as st

from dashboard.navigation import guard
from dashboard.run_service import get_run_service, run_owner
from dashboard.runs_page.actions import ROW_BUTTONS, follow_opened, offer_to_delete, offer_undo, show_run
from dashboard.runs_page.comparison import show_comparison
from dashboard.runs_page.keeping import offer_to_forget, show_empty, show_keeping
from dashboard.runs_page.table import choose_runs, choose_view
from dashboard.session import Session, get_session
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

LOOK_EVERY = 2.0  # seconds between two looks at runs that train


def show_runs(session: Session, some_train: bool) -> None:
    """Show the table, and below it what belongs to the runs that are chosen."""
    with friendly_errors():
        follow_opened(session)
        offer_undo()
        runs = get_run_service().list_runs(run_owner())
        if some_train and not any(run.live for run in runs):
            st.rerun()  # from now on nothing moves
        show_keeping(len(runs))
        if not runs:
            show_empty()
            return
        choose_view(session)
        chosen = choose_runs(session, runs, ROW_BUTTONS)
        if not chosen:
            st.caption(_("Choose a run to name, use or delete it; choose several to compare them."))
        elif len(chosen) == 1:
            show_run(session, chosen[0])
        else:
            offer_to_delete(chosen)
            show_comparison(session, chosen)


guard(__file__)
st.title(_("Runs"))
session = get_session()
with friendly_errors():
    some_train = any(status.live for status in get_run_service().runs_of(run_owner()))
    st.fragment(show_runs, run_every=LOOK_EVERY if some_train else None)(session, some_train)
    offer_to_forget(session)
