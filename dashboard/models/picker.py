"""The controls for the model that answers: a list of models, and an uploader for a model file.

Draw and Evaluate show them.
"""

import streamlit as st

from dashboard.models.choice import chosen_key, model_labels, take_model_file
from dashboard.server.uploaded_files import opened
from dashboard.session import Session
from dashboard.ui.config_form import chosen_value, control_key
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, show_problem
from mlcore.language import _

LARGEST_MODEL = 150  # MB; eight layers of 2,048 neurons are 118


def choose_model(session: Session, key: str) -> None:
    """Let the visitor choose which model answers; the choice holds on every page."""
    labels = model_labels(session)
    st.selectbox(
        _("Model"),
        list(labels),
        format_func=labels.__getitem__,
        key=control_key(key, chosen_key(session)),
        on_change=lambda: use_model(session, chosen_value(key)),
        help=meaning("pretrained"),
    )


def use_model(session: Session, key: str) -> None:
    """Let another model answer; what is in no list changes nothing."""
    if key in model_labels(session):
        session.model_key = key


def bring_model(session: Session, key: str) -> None:
    """Let the visitor bring a model file, which then answers."""
    with st.expander(_("Use a model file")):
        st.file_uploader(
            _("A model file that was downloaded from the Train page"),
            "npz",
            max_upload_size=LARGEST_MODEL,
            key=f"{key}_file",
            on_change=_take_file,
            args=(session, key),
        )
        show_problem(f"{key}_file")


def _take_file(session: Session, key: str) -> None:
    """Let an uploaded model answer, or keep a sentence about why it cannot."""
    file = st.session_state[f"{key}_file"]
    with keeping_problem(f"{key}_file"):
        if file is not None:
            with opened(file) as stream:
                take_model_file(session, stream, file.name)
