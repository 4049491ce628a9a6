"""The settings of network and training, and what follows from them: the parameters and the training time.

The Network page shows the form on the left, and the network with its figures on the right.
"""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.estimate import show_time
from dashboard.network.preview import show_augmentation, show_preparation
from dashboard.network.settings import (
    good_rate,
    set_network,
    set_training,
    use_good_rate,
    weigh_classes,
)
from dashboard.session import Session
from dashboard.ui.config_form import Form
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import plain
from dashboard.ui.network_picture import example_of, network_svg, show_network_picture
from dashboard.ui.wording import length_words
from mlcore import OPTIMIZERS, RECIPES, network_summary
from mlcore.config import AUGMENTATION
from mlcore.language import _
from mlcore.quote import quoted

UNEVEN = 3
"""Times the images of the rarest class that the commonest one has when weights are offered; in MNIST, 1.2."""


def show_settings(session: Session) -> None:
    """Show the controls of network and training."""
    network = Form(lambda: session.network_config, lambda *change: set_network(session, *change), "network")
    training = Form(
        lambda: session.training_config, lambda *change: set_training(session, *change), "training"
    )
    st.header(_("The network"), help=meaning("neuron", "activation", "dropout", "feature_map"))
    network.show(_("More network settings"), {"": partial(show_preparation, session)})
    st.header(
        _("The training"),
        help=meaning("epoch", "batch", "step", "gradient", "optimizer", "learning_rate", "l2"),
    )
    say_in_short(session)
    offer_class_weights(session)
    training.show(_("More training settings"), {AUGMENTATION: partial(show_augmentation, session)})


def say_in_short(session: Session) -> None:
    """Say which rate suits the optimizer, and when training ends: always in one place, so nothing moves."""
    rate = good_rate(session)
    text = _("A good learning rate for {optimizer} is about {rate:g}. Training ends after {length}.")
    if session.training_config.optimizer == RECIPES[session.recipe].training.optimizer:
        text = _(
            "This recipe uses {optimizer} with a learning rate of {rate:g}. Training ends after {length}."
        )
    optimizer = _(OPTIMIZERS[session.training_config.optimizer].label)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(text.format(optimizer=optimizer, rate=rate, length=length_words(session.training_config)))
        st.button(
            _("Use {rate:g}").format(rate=rate),
            key="use_rate",
            type="tertiary",
            disabled=session.training_config.learning_rate == rate,
            on_click=use_good_rate,
            args=(session,),
        )


def offer_class_weights(session: Session) -> None:
    """Offer to weigh the classes when some have far fewer images than others."""
    classes = zip(session.dataset.class_counts.tolist(), session.dataset.class_names, strict=True)
    by_size = sorted(pair for pair in classes if pair[0])
    (least, rare), (most, common) = by_size[0], by_size[-1]
    if session.training_config.class_weights != "none" or most < UNEVEN * least:
        return
    text = _("The classes are uneven: {common} has {most:,} images, {rare} only {least:,}.")
    text = text.format(common=quoted(common), most=most, rare=quoted(rare), least=least)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(plain(text))
        st.button(
            _("Give rare classes more weight"),
            key="weigh_classes",
            type="tertiary",
            on_click=weigh_classes,
            args=(session,),
        )


def show_network(session: Session) -> None:
    """Show the network as a picture, and how much it has to learn."""
    dataset, config = session.dataset, session.network_config
    layers = network_summary(config, dataset.image_shape, len(dataset.class_names))
    show_network_picture(network_svg(config, layers, dataset.class_names, example_of(dataset)))
    with st.container(key="figures_network"), st.grid(2, min_column_width=180):
        n_parameters = sum(layer.parameters for layer in layers)
        st.metric(_("Parameters"), f"{n_parameters:,}", help=meaning("parameters"))
        show_time(session, show_figure)


def show_figure(place: DeltaGenerator, time: str) -> None:
    """Show as a figure how long the training will take."""
    help_ = _("Estimated from the work to be done and the speed of the last runs on this server.")
    place.metric(_("Training takes"), time, help=help_)
