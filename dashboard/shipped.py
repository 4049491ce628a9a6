"""The data sets and models that ship with the app, loaded once and shared by all visitors.

Session, Home and the choice of a model read them. What a visitor uploads is kept in that visitor's
`Session`.
"""

from pathlib import Path

import streamlit as st

from mlcore import Dataset, Model, Split, SplitSettings, load_dataset, load_model

MODELS = Path(__file__).resolve().parent.parent / "models"


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
