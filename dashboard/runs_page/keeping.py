"""How runs are kept, and for how long; what to do while there are none; and the way to be forgotten.

The page Runs shows it around the table.
"""

import streamlit as st

from dashboard.browser import known_browser
from dashboard.navigation import page
from dashboard.run_service import get_run_service, get_searches, is_known_after_reload, run_owner
from dashboard.server.server import server
from dashboard.session import Session
from dashboard.ui.messages import keeping_problem, show_message, show_problem
from mlcore.language import _


def show_keeping(n: int) -> None:
    """Say where this many runs are kept, and until when; and what is wrong with that, if anything is."""
    service = get_run_service()
    if service.keeping_note:
        show_message("warning", service.keeping_note)
    if not is_known_after_reload():
        show_message(
            "warning", _("Your browser blocks cookies: if you reload the page, you no longer find your runs.")
        )
    _show_cluster()
    limits = service.archive_limits
    if limits is None:
        st.caption(_("Runs are kept until the server stops. Download what you want to keep."))
    elif n:
        text = _(
            "{n:,} of at most {most:,} runs, {size:,.0f} of {most_size:,.0f} MB. When there are more, the "
            "oldest are deleted, starred ones last. They survive a restart of the server, as long as its "
            "disk does: download what you want to keep for good."
        )
        _n, size = service.usage(run_owner())
        text = text.format(
            n=n, most=limits.runs_per_owner, size=size / 1e6, most_size=limits.bytes_per_owner / 1e6
        )
        st.caption(text)


def _show_cluster() -> None:
    """Say how many workers elsewhere runs have; the log says what is wrong with one, with its address."""
    cluster = server().cluster
    if cluster is None:
        return
    if cluster.size:
        st.caption(_("Runs train on a cluster of {n} workers.").format(n=cluster.size))
    else:
        show_message(
            "warning",
            _(
                "The cluster of this server cannot be used at the moment. Runs train on the server itself "
                "and may take longer."
            ),
        )


def show_empty() -> None:
    """Say what will stand here, and lead to the page where a run is started."""
    st.write(
        _(
            "There are no runs yet. Each training that you start is listed here with its settings and its "
            "result, so that you can find it again and compare it with others."
        )
    )
    with st.container(key="primary_link"):
        st.page_link(page("train"), label=_("Train a network"), icon=":material/show_chart:")


def offer_to_forget(session: Session) -> None:
    """Let a visitor delete all that the server has of them."""
    with st.expander(_("Forget me"), icon=":material/person_off:", key="forget"):
        st.write(
            _(
                "This deletes all your runs, including those still training, and the data, the model "
                "and the drawings that you brought. It cannot be undone. Files that you have "
                "downloaded are not affected."
            )
        )
        st.button(
            _("Delete everything"),
            icon=":material/delete_forever:",
            on_click=forget,
            args=(session,),
        )
        show_problem("forget")


def forget(session: Session) -> None:
    """Delete all that the server has of this visitor."""
    with keeping_problem("forget"):
        get_searches().forget(run_owner())
        get_run_service().forget(run_owner())
        browser = known_browser()
        if browser is not None:
            server().kept.forget(browser)
        session.forget()
