"""The questions that the Evaluate page answers about a model and its labelled images, one at a time.

`pages/evaluate.py` shows the choice and what was chosen. A new question is one function and one row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.evaluate.compare import show_models
from dashboard.evaluate.confusions import most_confused_in_words, show_confusions
from dashboard.evaluate.court import show_court
from dashboard.evaluate.gallery import show_gallery
from dashboard.evaluate.lives import show_lives
from dashboard.evaluate.more_images import show_learning_curve
from dashboard.evaluate.robust import show_robustness
from dashboard.evaluate.slices import show_slices
from dashboard.evaluate.sure import show_threshold
from dashboard.evaluate.tables import show_calibration, show_classes
from dashboard.evaluate.teachers import show_teachers
from dashboard.models.judged import Judged
from dashboard.ui.choices import choose_view
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain
from mlcore.language import N_, _


@dataclass(frozen=True)
class Look:
    """One question, in English, and what shows the answer.

    Attributes
    ----------
    title : str
        What the choice of questions calls it.
    question : str
    show : callable
    terms : tuple of str
        Of the glossary, which explain the question.
    """

    title: str
    question: str
    show: Callable[[Judged], None]
    terms: tuple[str, ...] = ()


def show_mistakes(judged: Judged) -> None:
    """Show what is confused with what, the images, and the scores of each class."""
    st.write(plain(most_confused_in_words(judged.evaluation)))
    show_confusions(judged)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader(_("Images"), help=meaning("confidence"))
        show_gallery(judged)
    with right:
        st.subheader(_("Scores by class"), help=meaning("recall", "precision", "f1"))
        show_classes(judged.evaluation)


def show_confidence(judged: Judged) -> None:
    """Show what is gained by answering only when sure, and how often confidence is right."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(_("Answer only when sure"), help=meaning("coverage"))
        show_threshold(judged.evaluation)
    with right:
        st.subheader(_("Calibration"), help=meaning("calibration_error"))
        show_calibration(judged.evaluation)


LOOKS = {
    "mistakes": Look(
        N_("Mistakes"), N_("Which images does it get wrong?"), show_mistakes, ("confusion_matrix",)
    ),
    "confidence": Look(
        N_("Confidence"), N_("How far can you trust its confidence?"), show_confidence, ("confidence",)
    ),
    "slices": Look(
        N_("Slices"), N_("How good is it on the images that matter to you?"), show_slices, ("slice",)
    ),
    "models": Look(
        N_("Other models"), N_("Is another model better on these images?"), show_models, ("mcnemar",)
    ),
    "robustness": Look(
        N_("Robustness"), N_("How much may an image change?"), show_robustness, ("robustness",)
    ),
    "labels": Look(
        N_("Labels"), N_("Which training images may have a wrong label?"), show_court, ("label_court",)
    ),
    "lives": Look(
        N_("Easy and hard"), N_("Which training images are hard to learn?"), show_lives, ("image_life",)
    ),
    "more": Look(N_("More images"), N_("Would more training images help?"), show_learning_curve),
    "teachers": Look(
        N_("Who taught it that?"),
        N_("Which training images taught it an answer?"),
        show_teachers,
        ("influence",),
    ),
}
"""What can be asked, by what stands in the address."""


def show_look(judged: Judged) -> None:
    """Show the choice of a question, the question, and the answer."""
    titles = {name: look.title for name, look in LOOKS.items()}
    look = LOOKS[choose_view(_("Look at"), titles, key="evaluate_look", parameter="look")]
    st.header(_(look.question), help=meaning(*look.terms) if look.terms else None)
    look.show(judged)
