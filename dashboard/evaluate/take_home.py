"""The files of an evaluation: a report to read without the app, and tables for other programs.

The Evaluate page offers them below each of its looks.
"""

import streamlit as st

from dashboard.evaluate.files import (
    calibration_csv,
    classes_csv,
    confusions_csv,
    coverage_csv,
    predictions_csv,
)
from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.question import judged_in_words
from dashboard.evaluate.report import evaluation_report
from dashboard.evaluate.several import Answerer
from dashboard.evaluate.sure import THRESHOLDS
from dashboard.models.choice import chosen_key, model_labels
from dashboard.models.judged import Judged
from mlcore.language import _


def show_files(judged: Judged, name: str) -> None:
    """Offer the report, and each table as CSV; ``name`` is the key of the images."""
    found, session = judged.evaluation, judged.session
    label = model_labels(session)[chosen_key(session)]
    words = judged_in_words(session, judged.model, name)
    slices = [one for one in session.slices if one.is_of(judged.images)]
    with st.expander(_("Report and tables to take home")):
        st.download_button(
            _("Report (.html)"),
            lambda: evaluation_report(words, judged.images, Answerer(label, found), slices),
            "evaluation.html",
            "text/html",
            on_click="ignore",
            icon=":material/summarize:",
            key="take_evaluation.html",
        )
        st.caption(
            _("One page with everything below. Its charts stay interactive without an internet connection.")
        )
        with st.container(horizontal=True):
            for title, make, file in (
                (_("Answers (.csv)"), lambda: predictions_csv({label: found}), "answers.csv"),
                (_("Confusions (.csv)"), lambda: confusions_csv(found), "confusions.csv"),
                (_("Classes (.csv)"), lambda: classes_csv(found), "classes.csv"),
                (_("Calibration (.csv)"), lambda: calibration_csv(found), "calibration.csv"),
                (_("Coverage (.csv)"), lambda: coverage_csv(found, THRESHOLDS), "coverage.csv"),
            ):
                offer_csv(title, make, file)
