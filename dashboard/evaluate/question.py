"""Which model is evaluated on which images, and what a visitor should know when the two do not fit.

The Evaluate page shows these choices above the results.
"""

import streamlit as st

from dashboard.models.choice import chosen_key, model_labels
from dashboard.models.picker import bring_model, choose_model
from dashboard.navigation import page
from dashboard.run_service import watch_run
from dashboard.session import RUN_MODEL, Session
from dashboard.ui.choices import choose_by_address
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain, show_message
from dashboard.ui.wording import (
    dataset_words,
    moment,
    network_words,
    run_words,
    weights_words,
)
from mlcore import Dataset, EpochMetrics, Model
from mlcore.language import N_, _

OWN = "unlabelled"
SETS = {"dev": N_("Dev set"), "test": N_("Test set"), OWN: N_("Images without labels")}
"""The images that a model can be evaluated on, by what stands in the address."""


def choose_answerer(session: Session) -> None:
    """Show the choice of the model, the same as on Draw."""
    with st.container(width=340):
        choose_model(session, "evaluate_model")
        bring_model(session, "evaluate_model")


def choose_images(session: Session) -> str:
    """Show the choice between the sets that are there, and return its key; the address can make it too."""
    sets = {name: words for name, words in SETS.items() if name != "test" or session.test_set is not None}
    about = meaning("dev_set", "test_set")
    return choose_by_address(_("Images"), sets, key="evaluate_set", parameter="set", help=about)


def labelled_images(session: Session, name: str) -> Dataset:
    """Return the dev set or the test set."""
    test = session.test_set if name == "test" else None
    return session.split.dev if test is None else test


def say_what_is_judged(session: Session, model: Model, name: str) -> None:
    """Say which model is judged, with which weights, and by which images."""
    st.caption(plain(judged_in_words(session, model, name)))


def judged_in_words(session: Session, model: Model, name: str) -> str:
    """Return which model is judged, with which weights, and by which images."""
    parts = [_("Model: {model}.").format(model=model_words(session, model))]
    if name != OWN:
        text = _("Images: {set} of {dataset}, {n:,} images.")
        dataset = dataset_words(session.whole.name)
        images = labelled_images(session, name)
        parts.append(text.format(set=_(SETS[name]), dataset=dataset, n=len(images)))
    return " ".join(parts)


def model_words(session: Session, model: Model) -> str:
    """Return the model in use in a line: the settings of a run and its weights, or the card of a file."""
    key = chosen_key(session)
    if key == RUN_MODEL and session.run_id is not None:
        status = watch_run(session.run_id)
        words = _("{run}, with {weights}").format(run=run_words(status), weights=weights_words(status))
        measured = (record for record in status.history if isinstance(record, EpochMetrics))
        step = model.card.get("measured_at_step")
        record = next((record for record in measured if record.step == step and step), None)
        return words if record is None else f"{words} ({moment(status, record)})"
    name, network = model_labels(session)[key], network_words(model.network_config)
    n, dataset = model.card.get("train_size"), model.card.get("dataset")
    if type(n) is not int or not isinstance(dataset, str):
        return f"{name} · {network}"
    words = _("{name} · {network} · trained on {n:,} images of {dataset}")
    return words.format(name=name, network=network, n=n, dataset=dataset_words(dataset))


def show_misfit(reason: str) -> None:
    """Say why this model cannot be evaluated on these images, and lead to where either can be changed."""
    show_message("warning", reason)
    with st.container(horizontal=True):
        st.page_link(page("data"))
        st.page_link(page("train"))


def warn_of_known_images(session: Session, model: Model, name: str) -> None:
    """Say so when the model may have learned from the very images that it is evaluated on."""
    if name == "dev" and model.card.get("dev_fingerprint") != session.split.dev.fingerprint:
        show_message(
            "info",
            _(
                "This is not the dev set that the model was evaluated on during training. The model may "
                "have been trained on some of these images; the scores are then too high."
            ),
        )
