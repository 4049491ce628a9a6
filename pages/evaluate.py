"""Evaluate: how often a model is right, which classes it confuses, and the images behind every number.

A visitor comes here from a trained run, or with a model file.
"""

import streamlit as st

from dashboard.evaluate.closed import ask_to_open, closed_run, say_that_it_is_open
from dashboard.evaluate.looks import show_look
from dashboard.evaluate.own_images import show_own_images
from dashboard.evaluate.question import (
    OWN,
    choose_answerer,
    choose_images,
    labelled_images,
    say_what_is_judged,
    show_misfit,
    warn_of_known_images,
)
from dashboard.evaluate.tables import (
    show_accuracy,
    show_disputed,
    warn_of_one_answer,
)
from dashboard.evaluate.take_home import show_files
from dashboard.models.choice import chosen_key, chosen_model
from dashboard.models.evaluations import evaluate, misfit
from dashboard.models.judged import Judged
from dashboard.models.passport import show_passport
from dashboard.navigation import guard, offer_next
from dashboard.session import get_session
from dashboard.ui.messages import friendly_errors
from mlcore.language import _

guard(__file__)
st.title(_("Evaluate"))
session = get_session()
with friendly_errors():
    with st.container(key="question", horizontal=True, gap="medium"):
        choose_answerer(session)
        name = choose_images(session)
    model = chosen_model(session)
    say_what_is_judged(session, model, name)
    show_passport(session, model)
    if name == OWN:
        show_own_images(session, model)
    elif reason := misfit(model, images := labelled_images(session, name)):
        show_misfit(reason)
    elif closed := closed_run(session, chosen_key(session), images):
        ask_to_open(closed, images)
    else:
        with st.spinner(_("Evaluating the model on {n:,} images …").format(n=len(images))):
            evaluation = evaluate(model, images)
        show_accuracy(evaluation)
        show_disputed(evaluation, images)
        warn_of_one_answer(evaluation, model)
        say_that_it_is_open(session, chosen_key(session), images)
        warn_of_known_images(session, model, name)
        judged = Judged(session, model, images, evaluation)
        show_look(judged)
        show_files(judged, name)
    offer_next("evaluate")
