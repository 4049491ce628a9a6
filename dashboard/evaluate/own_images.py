"""Images without labels that a visitor brings, answered by the chosen model: a table, and files to hand in.

The Evaluate page shows it in place of the scores.
"""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard.models.evaluations import answer, too_much
from dashboard.server.server import server
from dashboard.session import Session
from dashboard.ui.messages import plain, show_message, show_notes
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import data_uri
from dashboard.uploads import show_uploader
from mlcore import Answers, Model, UnlabelledImages, submission_with_probabilities
from mlcore.arrays import IndexArray
from mlcore.language import _
from mlcore.quote import quoted

ROWS_A_PAGE = 50
ROW_HEIGHT = 56  # CSS pixels
MOST_PROBABILITIES = 5_000_000
"""In one file: 35 MB of text."""


def show_own_images(session: Session, model: Model) -> None:
    """Show the uploader, and once images have come, what the model says of them."""
    show_uploader("own_images", session.images_tray, server().readings.read_images, partial(take, session))
    images = session.own_images
    if images is None:
        st.caption(
            _(
                "Drop images without labels here: a table such as Kaggle's test.csv, pictures, a .zip of "
                "them, an .npz file or IDX images. The model chosen above labels them; its answers can be "
                "downloaded."
            )
        )
    elif reason := too_much(model, len(images)):
        show_message("warning", reason)
    else:
        with st.spinner(_("Running the model on {n:,} images …").format(n=len(images))):
            answers = answer(model, images)
        show_answers_to(model, images, answers)


def take(session: Session, images: UnlabelledImages) -> None:
    """Keep what a visitor brought, in place of what was there before."""
    session.own_images = images


@st.fragment
def show_answers_to(model: Model, images: UnlabelledImages, answers: Answers) -> None:
    """Show a model's answers, the least sure first, and offer them as files."""
    st.header(plain(images.name), anchor=False)
    if notes := (*images.notes, *answers.notes):
        show_notes(notes)
    offer_files(model, images, answers)
    text = _("{n:,} images, the least certain first.")
    st.caption(text.format(n=len(answers)))
    place = st.container()
    shown = choose_page(len(answers), ROWS_A_PAGE, "own_images_page")
    with place:
        st.dataframe(
            table(images, answers, answers.least_sure[shown]),
            hide_index=True,
            row_height=ROW_HEIGHT,
            height="content",
            width="content",
            column_config={
                "picture": st.column_config.ImageColumn(_("Image"), width="small"),
                "name": st.column_config.TextColumn(_("Number or file")),
                "answer": st.column_config.TextColumn(_("Answer")),
                "probability": st.column_config.NumberColumn(_("Probability"), format="%.1f %%"),
            },
            alt=_("The model's answers to your images"),
        )


def table(images: UnlabelledImages, answers: Answers, positions: IndexArray) -> pd.DataFrame:
    """Return the answers to the images at these positions, a row for each."""
    return pd.DataFrame(
        {
            "picture": [data_uri(images.images[position]) for position in positions],
            "name": [quoted(answers.names[position]) for position in positions],
            "answer": [quoted(answers.class_names[answers.guesses[position]]) for position in positions],
            "probability": 100 * answers.confidence[positions],
        }
    )


def offer_files(model: Model, images: UnlabelledImages, answers: Answers) -> None:
    """Offer the answers as Kaggle wants them, and with the probability of each class."""
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            _("Download submission.csv"),
            answers.submission,
            file_name="submission.csv",
            mime="text/csv",
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            help=_("ImageId and Label of each image, in the order of the file, as Kaggle expects them."),
        )
        st.download_button(
            _("With probabilities"),
            partial(submission_with_probabilities, model, images),
            file_name="probabilities.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            disabled=len(answers) * len(answers.class_names) > MOST_PROBABILITIES,
            help=_("The same, with one more column for each class: its probability."),
        )
