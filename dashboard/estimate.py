"""How long a training will take, as the run service expects it, in words that promise no more than is known.

The pages Network and Train show it before a run is started, and Train beside its progress.
"""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.run_service import get_run_service
from dashboard.session import Session
from dashboard.ui.formats import duration
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

A_FEW = 9.5
"""Seconds below which they are not counted: a worker that has to be started takes one of them."""


@st.fragment(parallel=True)
def show_time(session: Session, show: Callable[[DeltaGenerator, str], object]) -> None:
    """Show how long the training that is set up will take; the rest of the page need not wait for it.

    ``show(place, time)`` puts a time into its place: "…" at first, and then the expected one.
    """
    place = st.empty()
    show(place, "…")
    with friendly_errors():
        show(place, about(expected_seconds(session)))


def expected_seconds(session: Session) -> float:
    """Return about how long the training that is set up will take, tried out only where that is quick."""
    return get_run_service().expect(session.split, session.network_config, session.training_config)


def about(seconds: float) -> str:
    """Return an expected time as one says it.

    >>> about(0.04), about(8), about(75)
    ('a few seconds', 'a few seconds', 'about 1 min 15 s')
    """
    if seconds < A_FEW:
        return _("a few seconds")
    return _("about {time}").format(time=duration(seconds))
