"""What stands behind an answer: the preparation of a drawing, and the training images that are like it.

The Draw page shows both below the bars, on request.
"""

import streamlit as st

from dashboard.draw.answer import Answer
from dashboard.draw.film import show_film
from dashboard.draw.input import is_drawing
from dashboard.models.nearest import neighbours_in_words, neighbours_of, pictures_of
from dashboard.session import Session
from dashboard.ui.pictures import grid
from mlcore import Model
from mlcore.language import _


def show_explanations(session: Session, model: Model, answer: Answer | None) -> None:
    """Offer to show what stands behind the answer, and show it."""
    if is_drawing():
        show_film(session, model)
    show_neighbours(session, model, answer)


def show_neighbours(session: Session, model: Model, answer: Answer | None) -> None:
    """Show the training images nearest to the one that was answered, when the visitor asks for them."""
    is_wanted = st.toggle(
        _("Show the nearest training images"),
        key="draw_neighbours",
        persist_state="session",
        help=_(
            "How sure the network is only compares its classes with each other. It does not say "
            "whether your drawing looks like anything that the network has seen. Here are the "
            "training images most like it."
        ),
    )
    if not is_wanted:
        return
    if answer is None:
        st.caption(_("Draw a digit first."))
        return
    with st.spinner(_("Searching the training images …")):
        neighbours = neighbours_of(session, model, answer.seen)
    if neighbours is None:
        st.caption(_("The images that this network learned from are not on this server."))
        return
    grid(pictures_of(neighbours), 48)
    st.caption(neighbours_in_words(neighbours))
