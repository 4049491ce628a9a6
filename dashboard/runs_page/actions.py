"""What can be done with runs: open and use one, give it a name, a note and a star; delete and bring back.

The page Runs shows it below the table. Each act asks the run service, which knows whose a run is.
"""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from dashboard.navigation import page
from dashboard.run_service import get_run_service, run_owner
from dashboard.runs.kept import KeptRun
from dashboard.runs.service import LONGEST_NAME, LONGEST_NOTE
from dashboard.runs_page.table import RowButton
from dashboard.session import RUN_MODEL, Session
from dashboard.ui.messages import keeping_problem, plain, show_message, show_problem
from dashboard.ui.wording import run_name
from mlcore.language import N_, _

_DELETED = "deleted_runs"
_OPENED = "opened_run"


def note_opened(run: KeptRun) -> None:
    """Note which run is to be opened; `follow_opened` does it, because a callback cannot leave the page."""
    st.session_state[_OPENED] = run.run_id


def change_star(run: KeptRun) -> None:
    """Star a run, or take the star away."""
    describe(run.run_id, star=not run.star)


ROW_BUTTONS = {
    "open": RowButton(
        N_("Open"), N_("Shows the run on Train."), lambda run: ":material/open_in_new:", note_opened
    ),
    "star": RowButton(
        N_("Star"),
        N_("When there are too many runs, starred ones are deleted last."),
        lambda run: "★" if run.star else "☆",
        change_star,
    ),
    "delete": RowButton(
        N_("Delete"),
        N_("Deletes the run; that can be undone. A run that is still training has to be stopped first."),
        lambda run: None if run.live else ":material/delete:",
        lambda run: delete([run.run_id]),
    ),
}
"""What can be done with one run by a click in the table."""


def follow_opened(session: Session) -> None:
    """Go to Train with the run whose button was pressed."""
    run_id = st.session_state.pop(_OPENED, None)
    if run_id is not None:
        open_on_train(session, run_id)


def open_on_train(session: Session, run_id: str) -> None:
    """Show a run on Train."""
    session.run_id = run_id
    st.switch_page(page("train"))


def use_model_of(session: Session, run_id: str, name: str) -> None:
    """Let the network of a run answer, on the page of this name."""
    session.run_id, session.model_key = run_id, RUN_MODEL
    st.switch_page(page(name))


def show_run(session: Session, run: KeptRun) -> None:
    """Show what can be done with the one run that is chosen."""
    st.subheader(plain(run_name(run)), anchor=False)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="run_acts"):
        bold: Literal["primary", "secondary"] = "secondary" if run.state == "paused" else "primary"
        if run.state == "paused":
            st.button(
                _("Continue"),
                icon=":material/play_arrow:",
                on_click=resume,
                args=(run.run_id,),
                type="primary",
            )
        if st.button(_("Open on Train"), icon=":material/show_chart:", type=bold):
            open_on_train(session, run.run_id)
        if st.button(_("See its mistakes"), icon=":material/fact_check:", disabled=run.best is None):
            use_model_of(session, run.run_id, "evaluate")
        if st.button(_("Draw a digit for it"), icon=":material/draw:", disabled=run.best is None):
            use_model_of(session, run.run_id, "draw")
        offer_star(run)
        offer_to_delete([run])
    with st.container(key="run_words"):
        _text_field(run, "name", _("Name"), LONGEST_NAME)
        _text_field(run, "note", _("Note"), LONGEST_NOTE)
    show_problem("describe")


def _text_field(run: KeptRun, part: str, label: str, most: int) -> None:
    key = f"{part} of {run.run_id}"
    st.session_state[key] = getattr(run, part)
    st.text_input(
        label,
        key=key,
        max_chars=most,
        on_change=lambda: describe(run.run_id, **{part: st.session_state[key]}),
    )


def resume(run_id: str) -> None:
    """Continue a run that is paused, or that a restart of the server has interrupted."""
    with keeping_problem("describe"):
        get_run_service().resume(run_id, run_owner())


def offer_star(run: KeptRun) -> None:
    """Let the owner star a run, or take the star away."""
    st.button(
        _("Take the star away") if run.star else _("Star"),
        key=f"star {run.run_id}",
        icon=":material/star:",
        help=_("When there are too many runs, starred ones are deleted last."),
        on_click=describe,
        args=(run.run_id,),
        kwargs={"star": not run.star},
    )


def describe(run_id: str, name: str | None = None, note: str | None = None, star: bool | None = None) -> None:
    """Give a run of this visitor's a name, a note or a star."""
    with keeping_problem("describe"):
        get_run_service().describe(run_id, run_owner(), name=name, note=note, star=star)


def offer_to_delete(runs: Sequence[KeptRun]) -> None:
    """Let the owner delete runs that have ended; for some minutes, that can be undone."""
    live = any(run.live for run in runs)
    st.button(
        _("Delete") if len(runs) == 1 else _("Delete {n} runs").format(n=len(runs)),
        key="delete_runs",
        icon=":material/delete:",
        disabled=live,
        help=_("Stop the runs that are still training first, on Train.") if live else None,
        on_click=delete,
        args=([run.run_id for run in runs],),
    )


def delete(run_ids: list[str]) -> None:
    """Delete runs of this visitor's."""
    with keeping_problem("delete"):
        service, deleted = get_run_service(), []
        try:
            for run_id in run_ids:
                service.delete(run_id, run_owner())
                deleted.append(run_id)
        finally:
            st.session_state[_DELETED] = deleted


def offer_undo() -> None:
    """Say what was deleted last, and offer to undo it; where nothing is kept, it is gone for good."""
    show_problem("delete")
    deleted: list[str] = st.session_state.get(_DELETED, [])
    if not deleted:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="undo"):
        show_message("info", _("Deleted: {n}.").format(n=len(deleted)), icon=":material/delete:")
        if get_run_service().outlives_restart:
            st.button(_("Undo"), icon=":material/undo:", on_click=bring_back)


def bring_back() -> None:
    """Undo the last deletion."""
    with keeping_problem("delete"):
        for run_id in st.session_state.pop(_DELETED, []):
            get_run_service().bring_back(run_id, run_owner())
