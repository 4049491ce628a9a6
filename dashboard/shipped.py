"""The data sets and models that ship with the app, loaded once and shared by all visitors.

Session, Home and the choice of a model read them. What a visitor uploads is kept in that visitor's
`Session`.
"""

from pathlib import Path

import streamlit as st

from mlcore import Dataset, Model, Split, SplitSettings, load_dataset, load_model
from mlcore.refusal import Refusal, refusal_of

MODELS = Path(__file__).resolve().parent.parent / "models"
REFUSALS = MODELS / "refusals"
"""Beside a model that ships with the app, the small one that tells its classes from anything else."""


@st.cache_resource(show_spinner=False)
def shipped_dataset(name: str) -> Dataset:
    """Return a data set of `mlcore.SHIPPED_DATASETS`; its pixels are shared by all sessions."""
    return load_dataset(name)


@st.cache_resource(show_spinner=False, max_entries=16)
def shipped_split(name: str, settings: SplitSettings) -> Split:
    """Return the split of a shipped data set: two views, without a copy of its pixels."""
    return settings.split(shipped_dataset(name))


@st.cache_resource(show_spinner=False)
def shipped_model_names() -> tuple[str, ...]:
    """Return the names of the models in `models/`, the one for MNIST first."""
    names = (path.stem for path in MODELS.glob("*.npz"))
    return tuple(sorted(names, key=lambda name: (name != "mnist", name)))


@st.cache_resource(show_spinner=False)
def shipped_model(name: str) -> Model:
    """Return a model of `models/`, shared by all sessions."""
    return load_model(MODELS / f"{name}.npz")


def refusal_for(model: Model) -> Refusal | None:
    """Return what tells the classes of a shipped model from anything else; None for any other model."""
    for name in shipped_model_names():
        if model is shipped_model(name):
            return _shipped_refusal(name)
    return None


@st.cache_resource(show_spinner=False)
def _shipped_refusal(name: str) -> Refusal | None:
    path = REFUSALS / f"{name}.npz"
    return refusal_of(load_model(path)) if path.exists() else None
