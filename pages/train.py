"""Train: what will be trained, the run with its live curves, and what to do with it when it has ended.

A run belongs to the server, not to this page: it continues when nobody watches, and its link finds it again.
"""

import streamlit as st

from dashboard.link import follow_address, leave_address, offer_link
from dashboard.navigation import guard, offer_next
from dashboard.remembered import remember_settings
from dashboard.run_service import get_run_service, is_known_after_reload, run_owner
from dashboard.session import get_session
from dashboard.train.downloads import show_downloads
from dashboard.train.fork import offer_fork
from dashboard.train.outlook import show_outlook
from dashboard.train.panel import show_run
from dashboard.train.plan import offer_start
from dashboard.train.race import show_race
from dashboard.train.result import show_result
from dashboard.train.run_choice import (
    choose_run,
    current_run,
    how_long_it_stays,
    offer_its_settings,
    offer_to_delete,
)
from dashboard.ui.messages import friendly_errors, show_message
from mlcore.language import _

guard(__file__)
st.title(_("Train"))
session = get_session()
with friendly_errors():
    if not is_known_after_reload():
        st.caption(
            _("Your browser blocks cookies: if you reload the page, you can no longer control your runs.")
        )
    status = current_run(session)
    if status is None:
        follow_address(session)
        remember_settings(session)
        st.write(_("Watch the network learn. This is what will be trained:"))
        offer_start(session, None)
        offer_link(session)
        show_outlook(session)
    else:
        may_change = get_run_service().is_owner(status.run_id, run_owner())
        if may_change:
            follow_address(session)
            remember_settings(session)
        choose_run(session)
        if not may_change:
            leave_address()
            text = _("You are watching someone else's run. Only its owner can control it.")
            show_message("info", text, icon=":material/visibility:")
        show_run(status, may_change)
        if not status.live:
            show_result(session, status, may_change)
        if may_change:
            show_race(status)
        st.caption(how_long_it_stays(status))
        offer_its_settings(session, status)
        # What has just been stopped is still being saved; a download waits for that.
        if status.state in ("paused", "stopped") or (
            not status.live and status.progress.saved_step is not None
        ):
            show_downloads(status, may_change)
        if may_change:
            offer_fork(session, status)
        if may_change and not status.live:
            offer_to_delete(session, status)
        if status.live:
            with st.expander(_("Train something else"), key=f"another than {status.run_id}"):
                offer_start(session, status)
        else:
            st.header(_("Train again"))
            offer_start(session, status)
    offer_next("train", bold=False)
