"""Home: what this is, a network that answers while digits are drawn, and the way on.

A visitor sees it first. It loads no chart library, so that it opens quickly.
"""

import streamlit as st

from dashboard.home.moving_picture import show_moving_picture
from dashboard.home.showcase import showcase
from dashboard.navigation import guard, page
from dashboard.shipped import shipped_model, shipped_model_names
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.pictures import grid
from mlcore.language import N_, _

STEPS = {
    "data": N_("Choose digits to learn from, or bring your own."),
    "network": N_("Set the layers, the optimizer and every other hyperparameter."),
    "train": N_("Watch it learn, live. Pause, change a setting, continue."),
    "evaluate": N_("See which images it gets wrong, and why."),
    "inside": N_("Look at its weights, and follow one image."),
    "draw": N_("Draw a digit and see what the network reads."),
}


def show_welcome() -> None:
    """Say what this is and offer the two ways in."""
    st.title(_("Digit Lab"))
    st.container(key="lead").markdown(_("Teach a neural network to read handwriting, and watch it learn."))
    st.markdown(_("The network is written from scratch in NumPy, so you can inspect every step."))
    with st.container(horizontal=True):
        with st.container(key="primary_link", width="content"):
            st.page_link(page("draw"), label=_("Draw a digit"))
        with st.container(key="secondary_link", width="content"):
            st.page_link(page("data"), label=_("Train your own"), icon=":material/arrow_forward:")


def show_steps() -> None:
    """Show the way of the data, a page each."""
    st.header(_("From data to drawing"))
    with st.container(key="steps"):
        for column, (name, line) in zip(st.columns(len(STEPS)), STEPS.items(), strict=True):
            with column, st.container(border=True, height="stretch", gap=None):
                st.page_link(page(name))
                st.caption(_(line))


def show_model() -> None:
    """Show how well the shipped model reads, with a few of its answers."""
    name = shipped_model_names()[0]
    model = shipped_model(name)
    st.header(_("How well it reads"))
    with st.container(horizontal=True, key="figures_home"):
        st.metric(
            _("Accuracy on the test images"),
            percent(model.card["test_accuracy"]),
            help=meaning("accuracy", "test_set"),
        )
        if "drawing_accuracy" in model.card:
            st.metric(_("Accuracy on drawings"), percent(model.card["drawing_accuracy"]))
    about = _(
        "A network with {numbers:,} parameters, trained on {images:,} other images. Its first ten answers:"
    )
    st.caption(
        about.format(numbers=model.parameter_count, images=model.card["train_size"]),
        help=meaning("parameters"),
    )
    with st.container(key="showcase"):
        grid(showcase(name), size=88)


guard(__file__)
welcome, picture = st.container(key="hero").columns(2, gap="large", vertical_alignment="center")
with welcome:
    show_welcome()
with picture:
    show_moving_picture(shipped_model_names()[0])
show_steps()
show_model()
