"""Which run the Train page shows: the one in the address, this session's, or another of the visitor's own.

It also says how long a run is kept, and lets its owner delete it.
"""

from datetime import datetime, timedelta

import streamlit as st

from dashboard.address import from_address, to_address
from dashboard.browser import visitors_zone
from dashboard.link import link_of, use_link
from dashboard.run_service import find_run, get_run_service, run_owner, watch_run
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError, RunStatus
from dashboard.session import Session
from dashboard.ui.config_form import chosen_value, control_key
from dashboard.ui.copy_link import copy_link
from dashboard.ui.formats import moment
from dashboard.ui.messages import show_message
from dashboard.ui.qr_code import offer_qr_code
from dashboard.ui.wording import run_name, run_words
from mlcore.language import N_, _

IN_USE = N_("These settings are in use.")
OF_A_FORK = N_("A fork continues another run: its settings alone cannot reproduce it.")


def current_run(session: Session) -> RunStatus | None:
    """Return the run to show: the address's, else this session's, else the visitor's newest."""
    session.run_id = from_address("run") or session.run_id
    run_id = find_run(session)
    if run_id is None:
        return None
    try:
        status = watch_run(run_id)
    except RunError as error:
        show_message("info", str(error))
        session.run_id = None
        to_address(run=None)
        return None
    to_address(run=run_id)
    return status


def choose_run(session: Session) -> None:
    """Let the visitor go from one of several runs to another, and back from somebody else's."""
    runs = get_run_service().runs_of(run_owner())
    # Names that stay as they are: the list finds what was chosen by its name, which must still be there then.
    names = {status.run_id: f"{run_name(status)}: {run_words(status)}" for status in runs}
    if session.run_id not in names:
        names = {str(session.run_id): _("The run you are watching"), **names}
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
    session.run_id = run_id
    to_address(run=run_id)


def how_long_it_stays(status: RunStatus) -> str:
    """Say where the run is found again, and until when."""
    service = get_run_service()
    stays = _("Anyone with this link can watch.") + " " + _kept_until(service, status.run_id)
    if not status.live:
        return stays
    text = _(
        "Training continues while you visit other pages, and for {n} minutes after its owner has left; "
        "then it is stopped."
    )
    return f"{text.format(n=round(service.limits.grace_seconds / 60))} {stays}"


def _kept_until(service: RunService, run_id: str) -> str:
    seconds, now = service.seconds_kept(run_id), visitors_time()
    if seconds is None:
        return _(
            "The run is kept, over a restart of the server too, until its owner deletes it or newer runs "
            "need the room."
        )
    until = moment(now + timedelta(seconds=seconds), now)
    if service.outlives_restart:
        return _("The run is kept until {until} at least, unless newer runs need the room.").format(
            until=until
        )
    text = _(
        "The run is kept until {until} at least, unless newer runs on this server need the room or it "
        "restarts."
    )
    return text.format(until=until)


def visitors_time() -> datetime:
    """Return the time on the visitor's clock, as far as the browser says how far it is from Greenwich's."""
    return datetime.now().astimezone(visitors_zone())


def offer_its_settings(session: Session, status: RunStatus) -> None:
    """Offer the link to the run, and the settings that it was started with."""
    are_in_use = status.link == link_of(session)
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        st.button(
            _("Use these settings"),
            key=f"settings {status.run_id}",
            icon=":material/tune:",
            disabled=not status.link or are_in_use,
            help=_(IN_USE) if are_in_use else _(OF_A_FORK) if status.fork else None,
            on_click=use_link,
            args=(session, status.link),
        )
        offer_qr_code({"run": status.run_id}, f"qr_code {status.run_id}")
        copy_link({"run": status.run_id}, f"link {status.run_id}")


def offer_to_delete(session: Session, status: RunStatus) -> None:
    """Let the owner remove a run that has ended, once asked twice."""
    with st.expander(_("Delete this run"), icon=":material/delete:", key=f"delete {status.run_id}"):
        st.write(_("This deletes its curves and its model. Files that you have downloaded are not affected."))
        if st.button(_("Delete permanently"), icon=":material/delete_forever:"):
            get_run_service().delete(status.run_id, run_owner())
            session.run_id = None
            to_address(run=None)
            st.rerun()
