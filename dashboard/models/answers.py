"""Images with a model's answers, a page of them at a time; a press on one opens it.

The Evaluate page shows them for a cell, a slice and a filter, and Inside for what is picked on its map.
"""

import streamlit as st

from dashboard.models.judged import Judged
from dashboard.models.one_image import open_image
from dashboard.ui.formats import percent
from dashboard.ui.messages import SHORT_NAME
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import Picture, open_grid
from mlcore import Dataset, Evaluation
from mlcore.arrays import IndexArray
from mlcore.datasets.shipped import disputed_labels
from mlcore.language import _
from mlcore.quote import quoted

IMAGES_A_PAGE = 60
SIZE = 56


def show_answers(judged: Judged, positions: IndexArray, key: str) -> None:
    """Show the images at these positions; below them, where there are many, the choice of the page.

    Each is a button that opens it.
    """
    place = st.container()
    page = choose_page(len(positions), IMAGES_A_PAGE, key)
    shown = positions[page]
    with place:
        wanted = f"{key}_opened"
        open_grid(
            answer_pictures(judged.evaluation, judged.images, shown),
            lambda place: st.session_state.update({wanted: place}),
            key=f"{key}_grid",
            size=SIZE,
        )
        opened = st.session_state.pop(wanted, None)
        if opened is not None and opened < len(shown):
            open_image(judged, positions, page.start + opened)


def answer_pictures(evaluation: Evaluation, images: Dataset, positions: IndexArray) -> list[Picture]:
    """Return these images, each with its true class, the guess, and how sure the model was of it."""
    pictures, disputed = [], {*disputed_labels(images).tolist()}
    for position, image in zip(positions, images.take(positions).images, strict=True):
        true = quoted(evaluation.class_names[evaluation.labels[position]])
        guessed = quoted(evaluation.class_names[evaluation.guesses[position]])
        sure = percent(float(evaluation.confidence[position]))
        alt = _("Image {number:,}: a {true}, classified as {guessed}, {sure} sure")
        if true == guessed:
            alt = _("Image {number:,}: a {true}, classified correctly, {sure} sure")
        words = alt.format(number=position + 1, true=true, guessed=guessed, sure=sure)
        pair = f"{quoted(true, SHORT_NAME)} → {quoted(guessed, SHORT_NAME)}"
        caption = f"{pair}\n{sure}"
        if int(position) in disputed:
            words, caption = f"{words}; {_('label disputed')}", f"{caption}\n{_('disputed')}"
        pictures.append(Picture(image, words, caption))
    return pictures
