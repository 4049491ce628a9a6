"""Images with a model's answers, a page of them at a time.

The Evaluate page shows them for a cell of the confusion matrix and for the most confident mistakes.
"""

import streamlit as st

from dashboard.ui.formats import percent
from dashboard.ui.messages import SHORT_NAME
from dashboard.ui.pictures import Picture, grid
from mlcore import Dataset, Evaluation
from mlcore.arrays import IndexArray
from mlcore.language import _
from mlcore.quote import quoted

IMAGES_A_PAGE = 60
SIZE = 56


def show_answers(evaluation: Evaluation, images: Dataset, positions: IndexArray, key: str) -> None:
    """Show the images at these positions; below them, where there are many, the choice of the page."""
    place = st.container()
    n_pages = -(-len(positions) // IMAGES_A_PAGE)
    number = st.pagination(n_pages, key=key) if n_pages > 1 else 1
    first = (number - 1) * IMAGES_A_PAGE
    with place:
        grid(answer_pictures(evaluation, images, positions[first : first + IMAGES_A_PAGE]), SIZE)


@st.fragment
def show_mistakes(evaluation: Evaluation, images: Dataset) -> None:
    """Show the images that were guessed wrong, those first that the model was most sure of."""
    if evaluation.wrong:
        st.write(_("True class → predicted class, with the model's confidence."))
        show_answers(evaluation, images, evaluation.mistakes, key="mistakes_page")
    else:
        st.write(_("The model made no mistakes on these images."))


def answer_pictures(evaluation: Evaluation, images: Dataset, positions: IndexArray) -> list[Picture]:
    """Return these images, each with its true class, the guess, and how sure the model was of it."""
    pictures = []
    for position, image in zip(positions, images.take(positions).images, strict=True):
        true = quoted(evaluation.class_names[evaluation.labels[position]])
        guessed = quoted(evaluation.class_names[evaluation.guesses[position]])
        sure = percent(float(evaluation.confidence[position]))
        alt = _("Image {number:,}: a {true}, classified as {guessed}, {sure} sure")
        if true == guessed:
            alt = _("Image {number:,}: a {true}, classified correctly, {sure} sure")
        words = alt.format(number=position + 1, true=true, guessed=guessed, sure=sure)
        pair = f"{quoted(true, SHORT_NAME)} → {quoted(guessed, SHORT_NAME)}"
        pictures.append(Picture(image, words, f"{pair}\n{sure}"))
    return pictures
