"""Draw: a digit drawn, uploaded or photographed, what the chosen model takes it for, and some play.

A visitor can come here first: a model ships with the app.
"""

import streamlit as st

from dashboard.draw.answer import answer_of
from dashboard.draw.answer_card import show_bars, show_verdicts
from dashboard.draw.explained import show_explanations
from dashboard.draw.input import choose_pen, is_drawing, is_number, take_images
from dashboard.draw.lights import show_lights
from dashboard.draw.live import show_live
from dashboard.draw.number import show_number
from dashboard.draw.play import show_dare, show_past, show_way_on, take_note
from dashboard.draw.second import asked_models, choose_second
from dashboard.draw.teach import ask_label, show_hand
from dashboard.models.choice import chosen_model
from dashboard.models.picker import bring_model, choose_model
from dashboard.models.take_home import offer_model
from dashboard.navigation import guard
from dashboard.session import Session, get_session
from dashboard.shipped import refusal_for
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

# As a phone shows them, one below the other; style.css knows wider screens.
PARTS = ("verdict", "board", "play", "bars", "settings")


@st.fragment
def show_page(session: Session) -> None:
    """Show all of the page below its title; after a stroke, only this runs again."""
    with st.container(key="draw_work"):
        verdict, board, play, bars, settings = (st.container(key=f"draw_{part}") for part in PARTS)
    with verdict, friendly_errors():  # whatever the model does, the choice of another one stays
        asked = asked_models(session, alone=is_number())
        models = [one.model for one in asked]
        model = models[0]
        with board:
            given = take_images(session, models)
            if is_drawing():
                ask_label(session, model)
        answers = [answer_of(*pair, refusal_for(pair[0])) for pair in zip(models, given.images, strict=True)]
        answer = answers[0]
        if given.digits is not None:
            show_number(model, given.digits, given.hint, bars)
        else:
            show_verdicts(asked, answers, given.hint)
        take_note(session, answer if is_drawing() else None)
        with play:
            show_dare(session, model.class_names)
            show_way_on(session, answer)
            show_past(session)
        with bars:
            if is_drawing():
                show_lights(model)
            if given.digits is None:
                show_bars(asked, answers)
                show_explanations(session, model, answer)
        if is_drawing():
            show_live(session, model, answer, given.hint)
    with settings, friendly_errors():
        choose_model(session, "draw_model")
        offer_model(chosen_model(session))
        if not is_number():
            choose_second(session)
        bring_model(session, "draw_model")
        choose_pen(session)
    with friendly_errors():
        if is_drawing():
            show_hand(session, chosen_model(session))


guard(__file__)
st.title(_("Draw a digit"), help=meaning("confidence"))
show_page(get_session())
