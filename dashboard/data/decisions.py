"""What was decided about a data set, one line each, with a button that undoes it or does it again.

The Data page shows it above the samples, where the effect is seen.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard.server.server import server
from dashboard.session import ON_EVALUATE, Session
from dashboard.ui.messages import keeping_problem, plain, show_problem
from mlcore import Dataset, Decision
from mlcore.datasets.decision import DecisionKey
from mlcore.language import N_, _

UNDO: dict[DecisionKey, str] = {
    "stretch": N_("Do not stretch"),
    "invert": N_("Do not invert"),
    "turn": N_("Do not turn"),
    "name": N_("Keep the numbers"),
}
REDO: dict[DecisionKey, str] = {
    "stretch": N_("Stretch"),
    "invert": N_("Invert"),
    "turn": N_("Turn"),
    "name": N_("Use the characters"),
}


def show_decisions(session: Session) -> None:
    """Show what was decided about the data set in use, by its reader and on Evaluate; or nothing."""
    with st.container(gap="xsmall"):
        for decision in session.whole.decisions:
            _show_decision(session, decision)
        if session.new_labels:
            text = _("{n:,} images were relabelled on Evaluate.")
            words = text.format(n=len(session.new_labels))
            _show_change(words, _("Undo"), "new_labels", partial(session.relabel, {}))
        for reason, label in ON_EVALUATE.items():
            if reason in session.left_out:
                text = _("{label}: {n:,} left out on Evaluate.")
                words = text.format(label=_(label), n=len(session.left_out[reason]))
                _show_change(words, _("Put back"), reason, partial(session.put_back, reason))
    show_problem("decisions")


def _show_change(words: str, label: str, name: str, undo: Callable[[], None]) -> None:
    """Show what was changed on the Evaluate page, with the button that undoes it."""

    def click() -> None:
        with keeping_problem("decisions"):
            undo()

    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"decision_{name}"):
        with st.container(width="stretch"):
            st.markdown(words)
        st.button(label, icon=":material/undo:", key=f"undo_{name}", type="tertiary", on_click=click)


def _show_decision(session: Session, decision: Decision) -> None:
    key = decision.key
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"decision_{key}"):
        with st.container(width="stretch"):
            st.markdown(plain(words(decision)))
        if decision.can_be_undone:
            st.button(
                _(REDO[key]) if decision.is_undone else _(UNDO[key]),
                icon=":material/redo:" if decision.is_undone else ":material/undo:",
                key=f"change_{key}",
                type="tertiary",
                on_click=_change,
                args=(session, key, not decision.is_undone),
            )


def words(decision: Decision) -> str:
    """Return what a visitor reads about a decision, done or not.

    >>> words(Decision("turn", "They were turned.", 3, is_undone=True))
    'Undone: They were turned.'
    """
    if not decision.is_undone:
        return decision.sentence
    return decision.offer or _("Undone: {sentence}").format(sentence=decision.sentence)


def _change(session: Session, key: DecisionKey, is_undone: bool) -> None:
    with keeping_problem("decisions"):
        session.change_upload(partial(_changed, key=key, is_undone=is_undone))


def _changed(part: Dataset, key: DecisionKey, is_undone: bool) -> Dataset:
    """Return a part of the upload as it is then; a part about which that was not decided stays as it is."""
    if any(decision.key == key and decision.is_undone != is_undone for decision in part.decisions):
        return server().readings.change(part, key, is_undone=is_undone)
    return part
