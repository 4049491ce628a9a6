"""The questions that the Evaluate page answers about a model and its labelled images, one at a time.

`pages/evaluate.py` shows the choice and what was chosen. A new question is one function and one row.
"""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.evaluate.compare import show_models
from dashboard.evaluate.confusions import show_confusions
from dashboard.evaluate.court import show_court
from dashboard.evaluate.gallery import show_gallery
from dashboard.evaluate.judged import Judged
from dashboard.evaluate.lives import show_lives
from dashboard.evaluate.more_images import show_learning_curve
from dashboard.evaluate.robust import show_robustness
from dashboard.evaluate.slices import show_slices
from dashboard.evaluate.sure import show_threshold
from dashboard.evaluate.tables import show_calibration, show_classes
from dashboard.evaluate.teachers import show_teachers
from dashboard.ui.choices import choose_by_address
from dashboard.ui.glossary import meaning
from mlcore.language import N_, _


@dataclass(frozen=True)
class Look:
    """One question: its name, in English, and what shows the answer."""

    title: str
    show: Callable[[Judged], None]


def show_mistakes(judged: Judged) -> None:
    """Show what is confused with what, the images, the scores of each class, and how far to trust them."""
    evaluation = judged.evaluation
    st.header(_("Confusion matrix"), help=meaning("confusion_matrix"))
    show_confusions(judged)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.header(_("Images"), help=meaning("confidence"))
        show_gallery(judged)
    with right:
        st.header(_("Scores by class"), help=meaning("recall", "precision", "f1"))
        show_classes(evaluation)
        with st.expander(_("Calibration")):
            show_calibration(evaluation)
        st.header(_("Answer only when sure"), help=meaning("coverage"))
        show_threshold(evaluation)


LOOKS = {
    "mistakes": Look(N_("Mistakes"), show_mistakes),
    "slices": Look(N_("Slices"), show_slices),
    "models": Look(N_("Other models"), show_models),
    "robustness": Look(N_("Robustness"), show_robustness),
    "labels": Look(N_("Labels"), show_court),
    "lives": Look(N_("Easy and hard"), show_lives),
    "more": Look(N_("More images"), show_learning_curve),
    "teachers": Look(N_("Who taught it that?"), show_teachers),
}
"""What can be asked, by what stands in the address."""


def show_look(judged: Judged) -> None:
    """Show the choice of a question, and the answer."""
    titles = {name: look.title for name, look in LOOKS.items()}
    LOOKS[choose_by_address(_("Look at"), titles, key="evaluate_look", parameter="look")].show(judged)
