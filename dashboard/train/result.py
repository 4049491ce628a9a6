"""The result of a run that has ended: why it ended, the test, and what to do next.

The Train page shows it below the curves.
"""

from typing import Literal

import streamlit as st

from dashboard.navigation import page
from dashboard.run_service import get_run_service, run_owner
from dashboard.runs.status import RunStatus
from dashboard.session import RUN_MODEL, Session
from dashboard.train.doctor import offer_remedy, outcome_of, show_advice
from dashboard.ui.formats import duration, percent
from dashboard.ui.messages import friendly_errors, show_message
from dashboard.ui.wording import moment, weights_words
from mlcore import Advice, Dataset, EpochMetrics
from mlcore.language import N_, _
from mlcore.study.causes import gentler_rate

NOT_YET = N_(
    "You stopped it in its first epoch: when it was evaluated, at {moment}, it had learned nothing yet. You "
    "can still try what it has learned since."
)

NOT_BEGUN = N_("You stopped it before its first step: it has learned nothing.")

NOT_MEASURED = N_("You stopped it before the first evaluation. You can still try what it has learned.")


def show_result(session: Session, status: RunStatus, may_change: bool) -> None:
    """Show how a run ended, and what to do next."""
    if status.state == "diverged":
        show_divergence(session, status)
    elif status.state == "failed":
        show_message("error", status.message)
    elif not status.progress.step:
        show_message("info", _(NOT_BEGUN))
        return
    elif not status.was_measured:
        show_message("info", _(NOT_MEASURED))
    elif status.learned_nothing and status.state == "stopped" and status.progress.epoch < 1:
        assert status.last_measured is not None
        show_message("info", _(NOT_YET).format(moment=moment(status, status.last_measured)))
    elif status.learned_nothing:
        show_nothing_learned(session, status)
    else:
        show_summary(session, status)
    if status.progress.saved_step is None and status.state in ("diverged", "failed"):
        return  # it broke off before it was first saved
    offer_next_step(session, status)
    if may_change:
        show_test(session, status)


def offer_next_step(session: Session, status: RunStatus) -> None:
    """Lead on to what the network gets wrong and, as boldly as it has learned something, to a drawing."""
    with st.container(horizontal=True, gap="small", key="run_ways"):
        bold: Literal["primary", "secondary"] = "secondary" if status.best is None else "primary"
        if st.button(_("See its mistakes"), icon=":material/fact_check:", type=bold):
            session.model_key = RUN_MODEL
            st.switch_page(page("evaluate"))
        if st.button(_("Draw a digit for it"), icon=":material/draw:"):
            session.model_key = RUN_MODEL
            st.switch_page(page("draw"))


def show_summary(session: Session, status: RunStatus) -> None:
    """Say in a sentence or two what came out; only what went well to its end is called a success."""
    best, found = status.best, outcome_of(status)
    assert best is not None
    text = _("Best at {moment}: {accuracy} dev accuracy, after {time} of training.")
    text = text.format(
        moment=moment(status, best),
        accuracy=percent(best.dev_accuracy),
        time=duration(status.seconds_trained),
    )
    if status.state == "stopped":
        text = _("You stopped it.") + " " + text
    elif status.progress.step < status.total_steps:
        since = sum(isinstance(record, EpochMetrics) and record.step > best.step for record in status.history)
        text += " " + _("It stopped early: the dev accuracy had not improved for {n} evaluations.").format(
            n=since
        )
    if found is not None:
        show_message("warning", f"{text} {found.words}")
        offer_remedy(session, status, found)
        return
    show_message("info" if status.state == "stopped" else "success", text)
    show_advice(session, status)


def show_nothing_learned(session: Session, status: RunStatus) -> None:
    """Say that the run was in vain, why that probably is, and lead to the settings."""
    found = outcome_of(status)
    if found is not None:
        show_message("warning", found.words)
        offer_remedy(session, status, found)


def show_divergence(session: Session, status: RunStatus) -> None:
    """Say why the run has blown up, and lead to the settings with a gentler rate."""
    show_message("error", status.message)
    rate = gentler_rate(status.training)
    offer_remedy(session, status, Advice("diverged", status.message, training={"learning_rate": rate}))


def show_test(session: Session, status: RunStatus) -> None:
    """Offer the test on images that nothing was ever tuned on, once; or show what came out."""
    test_set = test_set_of(session, status)
    if test_set is None:
        return
    if status.test_accuracy is not None:
        text = _("{accuracy} accuracy on the {n:,} test images, with {weights}.")
        show_message(
            "info",
            text.format(
                accuracy=percent(status.test_accuracy, 2), n=len(test_set), weights=weights_words(status)
            ),
            icon=":material/flag:",
        )
        return
    with st.container(gap="xsmall", key="run_test"):
        if st.button(
            _("Test on the {n:,} images").format(n=len(test_set)),
            key=f"test {status.run_id}",
            icon=":material/flag:",
        ):
            with friendly_errors():
                get_run_service().test(status.run_id, run_owner(), test_set)
                st.rerun()
        st.caption(
            _(
                "Do this once, when you have made all choices: settings chosen by the test images turn "
                "them into a second dev set, and nothing is left to show how well the network does on new"
                " images."
            )
        )


def test_set_of(session: Session, status: RunStatus) -> Dataset | None:
    """Return the test images that belong to a run's data, or None where there are none."""
    is_same_data = session.whole.fingerprint == status.data.fingerprint
    return session.test_set if is_same_data else None
