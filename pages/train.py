"""Train: what will be trained, the run with its live curves, and what to do with it when it has ended.

It stands between the settings and the trained model on the path. A run belongs to the server, not to this
page: it goes on when nobody looks, and its address finds it again.
"""

import streamlit as st

from dashboard.navigation import guard
from dashboard.run_service import find_run, get_run_service, is_known_after_reload, run_owner, watch_run
from dashboard.runs.status import RunError, RunStatus
from dashboard.session import Session, get_session
from dashboard.train.downloads import show_downloads
from dashboard.train.panel import MOVING, show_run
from dashboard.train.plan import show_plan, start_run
from dashboard.train.result import show_result
from dashboard.ui.config_form import chosen_value, control_key
from dashboard.ui.messages import friendly_errors, show_error, show_message
from dashboard.ui.plotly_chart import prepare_charts
from dashboard.ui.wording import run_words
from mlcore.language import _


def current_run(session: Session) -> RunStatus | None:
    """Return the run to show: the address's, else this session's, else the visitor's newest."""
    session.run_id = st.query_params.get("run") or session.run_id
    run_id = find_run(session)
    if run_id is None:
        return None
    try:
        status = watch_run(run_id)
    except RunError as error:
        show_message("info", str(error))
        session.run_id = None
        st.query_params.pop("run", None)
        return None
    if st.query_params.get("run") != run_id:
        st.query_params["run"] = run_id
    return status


def choose_run(session: Session) -> None:
    """Let the visitor go from one of several runs to another, and back from somebody else's."""
    runs = get_run_service().runs_of(run_owner())
    # Names that stay as they are: the list finds what was chosen by its name, which must still be there then.
    names = {status.run_id: f"{len(runs) - n}: {run_words(status)}" for n, status in enumerate(runs)}
    if session.run_id not in names:
        names = {str(session.run_id): _("The run that you watch"), **names}
    if len(names) < 2:
        return
    st.selectbox(
        _("Your runs"),
        list(names),
        format_func=names.__getitem__,
        key=control_key("run", session.run_id),
        on_change=lambda: use_run(session, chosen_value("run")),
        filter_mode=None,
    )


def use_run(session: Session, run_id: str) -> None:
    """Show another run."""
    session.run_id = st.query_params["run"] = run_id


def start(session: Session, shown: RunStatus | None, instead_of: RunStatus | None = None) -> None:
    """Start what is planned; what stands in the way is told on the page.

    A second click on a button that started a run already does nothing.
    """
    if session.run_id != (shown.run_id if shown else None):
        return
    try:
        start_run(session, instead_of)
    except Exception as error:
        st.session_state["start_problem"] = error


def offer_start(session: Session, status: RunStatus | None) -> None:
    """Show what would be trained now, and start it: alone, beside a run that is still live, or instead."""
    show_plan(session)
    if status is None or not status.live:
        st.button(
            _("Start"), icon=":material/play_arrow:", type="primary", on_click=start, args=(session, status)
        )
    else:
        with st.container(horizontal=True, gap="small"):
            st.button(_("Stop this run and start"), on_click=start, args=(session, status, status))
            st.button(_("Start beside it"), on_click=start, args=(session, status))
    problem = st.session_state.pop("start_problem", None)
    if problem is not None:
        show_error(problem)


def how_long_it_stays(status: RunStatus) -> str:
    """Say where the run is found again, and until when."""
    minutes = round(get_run_service().limits.grace_seconds / 60)
    text = _(
        "Whoever has this address finds it and can watch, until {n} minutes after its owner has left the app."
    )
    stays = text.format(n=minutes)
    return f"{_('It goes on while you look elsewhere.')} {stays}" if status.state in MOVING else stays


def offer_to_delete(session: Session, status: RunStatus) -> None:
    """Let the owner remove a run that has ended, once asked twice."""
    with st.popover(_("Delete this run"), icon=":material/delete:", key=f"delete {status.run_id}"):
        st.write(_("Its curves and its model will be gone. What you have downloaded stays yours."))
        if st.button(_("Delete it for good"), icon=":material/delete_forever:"):
            get_run_service().delete(status.run_id, run_owner())
            session.run_id = None
            st.query_params.pop("run", None)
            st.rerun()


guard(__file__)
st.title(_("Train"))
session = get_session()
with friendly_errors():
    if not is_known_after_reload():
        st.caption(_("Your browser blocks cookies: if you reload the page, you lose control of your runs."))
    status = current_run(session)
    if status is None:
        st.write(_("Watch the network learn. This is what it will be:"))
        offer_start(session, None)
        prepare_charts()
    else:
        may_change = get_run_service().is_owner(status.run_id, run_owner())
        choose_run(session)
        if not may_change:
            text = _("You watch somebody else's run. Who started it can steer it.")
            show_message("info", text, icon=":material/visibility:")
        show_run(status.run_id, may_change)
        st.caption(how_long_it_stays(status))
        if not status.live:
            show_result(session, status, may_change)
        # What has just been stopped is still being saved; a download waits for that.
        if status.state in ("paused", "stopped") or (not status.live and status.model_step is not None):
            show_downloads(status)
        if may_change and not status.live:
            offer_to_delete(session, status)
        if status.live:
            with st.expander(_("Train something else"), key=f"another than {status.run_id}"):
                offer_start(session, status)
        else:
            st.subheader(_("Train again"))
            offer_start(session, status)
