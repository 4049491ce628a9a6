"""Draw: a digit drawn, uploaded or photographed, and what the chosen model takes it for.

A visitor can come here first: a model ships with the app.
"""

import streamlit as st

from dashboard.draw.answer_card import show_answer
from dashboard.draw.drawing import SIZE
from dashboard.draw.input import choose_pen, take_image
from dashboard.models.choice import chosen_model
from dashboard.models.picker import bring_model, choose_model
from dashboard.navigation import guard
from dashboard.session import Session, get_session
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

WIDTHS = (SIZE, 430, 280)  # pixels: canvas, answer and settings; side by side from tablets and desktops on


@st.fragment
def show_page(session: Session) -> None:
    """Show all of the page below its title; after a stroke, only this runs again."""
    with st.container(key="draw_work", horizontal=True):
        place, answer, settings = (st.container(width=width) for width in WIDTHS)
    with answer, friendly_errors():  # whatever the model does, the choice of another one stays
        model = chosen_model(session)
        with place:
            image, hint = take_image(session, model)
        show_answer(model, image, hint)
    with settings, friendly_errors():
        choose_model(session, "draw_model")
        bring_model(session, "draw_model")
        choose_pen(session)


guard(__file__)
st.title(_("Draw a digit"))
show_page(get_session())
