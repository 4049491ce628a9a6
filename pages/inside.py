"""Inside: a network's weights as pictures, one image on its way through it, one training step, a lab bench.

A visitor comes here from Evaluate, to see how the answers come about.
"""

import streamlit as st

from dashboard.inside.follow import show_way
from dashboard.inside.lab import show_lab
from dashboard.inside.map import show_map
from dashboard.inside.question import choose_look, choose_network
from dashboard.inside.step import show_step
from dashboard.inside.time_travel import show_time_travel
from dashboard.inside.weights import show_weights
from dashboard.models.choice import chosen_model
from dashboard.navigation import guard, offer_next
from dashboard.session import Session, get_session
from dashboard.ui.messages import friendly_errors
from mlcore import Model
from mlcore.language import _

SHOW = {
    "weights": show_weights,
    "image": show_way,
    "step": show_step,
    "lab": show_lab,
    "time": show_time_travel,
    "map": show_map,
}


@st.fragment
def show_look(look: str, session: Session, model: Model) -> None:
    """Show one look; a choice made in it lets only this run again."""
    with friendly_errors():
        SHOW[look](session, model)


guard(__file__)
st.title(_("Inside"))
session = get_session()
with friendly_errors():
    with st.container(key="question", horizontal=True, gap="medium"):
        choose_network(session)
        look = choose_look()
    model = chosen_model(session)
    show_look(look, session, model)
offer_next("inside")
