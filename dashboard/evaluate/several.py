"""Several models, and their answers to the same images.

The looks "Other models" and "Slices" of the Evaluate page compare them.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard.evaluate.closed import closed_run
from dashboard.models.choice import chosen_key, labels_of_all, model_of
from dashboard.models.evaluations import evaluate, misfit
from dashboard.models.judged import Judged
from dashboard.ui.messages import friendly_errors, show_message
from mlcore import Evaluation
from mlcore.language import _

MOST = 4
"""Models beside the one that is chosen for the page: a table of more is not read."""


@dataclass(frozen=True)
class Answerer:
    """A model with its answers to the images of the page.

    Attributes
    ----------
    label : str
        What it is called; each has another.
    evaluation : Evaluation
    """

    label: str
    evaluation: Evaluation


def choose_answerers(judged: Judged) -> list[Answerer]:
    """Let the visitor choose more models, and return the answers of all: of the page's model first."""
    labels = labels_of_all(judged.session)
    first = chosen_key(judged.session)
    keys = st.multiselect(
        _("Compare with"),
        [key for key in labels if key != first],
        format_func=labels.__getitem__,
        max_selections=MOST,
        placeholder=_("Choose models"),
        key="compared_models",
        persist_state="session",
    )
    found = [Answerer(labels[first], judged.evaluation)]
    for chosen in keys:
        with friendly_errors():
            if closed_run(judged.session, chosen, judged.images) is not None:
                text = _("{name}: its test set is closed. Test this run on Train first.")
                show_message("info", text.format(name=labels[chosen]))
                continue
            model = model_of(judged.session, chosen)
            if reason := misfit(model, judged.images):
                show_message("info", f"{labels[chosen]}: {reason}")
            else:
                found.append(Answerer(labels[chosen], evaluate(model, judged.images)))
    return found
