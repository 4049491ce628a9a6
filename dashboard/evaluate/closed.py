"""The test set of a run stays closed until its owner opens it, once, when all choices are made.

The Evaluate page checks here before it runs the model of a run on test images.
"""

import streamlit as st

from dashboard.models.choice import run_of
from dashboard.run_service import get_run_service, run_owner, watch_run
from dashboard.runs.status import RunStatus
from dashboard.session import Session
from dashboard.ui.messages import keeping_problem, show_message, show_problem
from mlcore import Dataset
from mlcore.language import _

PLACE = "open_test_set"


def closed_run(session: Session, key: str, images: Dataset) -> RunStatus | None:
    """Return the run whose model this key names, where these images are its test set and still closed."""
    run_id, test_set = run_of(session, key), session.test_set
    if run_id is None or test_set is None or images.fingerprint != test_set.fingerprint:
        return None
    status = watch_run(run_id)
    is_its_own = status.data.fingerprint == session.whole.fingerprint
    return status if is_its_own and status.test_accuracy is None else None


def ask_to_open(status: RunStatus, test_set: Dataset) -> None:
    """Say what a test set is for, and let the owner of a run open it."""
    if not get_run_service().is_owner(status.run_id, run_owner()):
        show_message("info", _("The owner of this run has not opened its test set yet."))
        return
    st.write(
        _(
            "The test set of this run is closed. Open it once, when you have made all choices: settings "
            "chosen by the test images turn them into a second dev set, and nothing is left to show how well "
            "the network does on new images."
        )
    )
    st.button(
        _("Open the test set: {n:,} images").format(n=len(test_set)),
        icon=":material/flag:",
        key=PLACE,
        on_click=_open,
        args=(status.run_id, test_set),
    )
    show_problem(PLACE)


def _open(run_id: str, test_set: Dataset) -> None:
    with keeping_problem(PLACE):
        get_run_service().test(run_id, run_owner(), test_set)


def say_that_it_is_open(session: Session, key: str, images: Dataset) -> None:
    """Say so when a run's model is evaluated on its test set, which was opened."""
    test_set = session.test_set
    if run_of(session, key) is None or test_set is None or images.fingerprint != test_set.fingerprint:
        return
    st.caption(_("The test set of this run is open: choose no more settings by these images."))
