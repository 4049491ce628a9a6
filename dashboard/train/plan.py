"""What will be trained: data, network, training, and how long it will take; and the buttons that start it.

The Train page shows it before the first run and below a run.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.estimate import show_time
from dashboard.navigation import page
from dashboard.runs.status import RunStatus
from dashboard.session import Session
from dashboard.starting import start_run
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, plain, show_problem
from dashboard.ui.wording import cleaned_words, dataset_words, network_words, training_words
from mlcore import network_summary
from mlcore.language import _


def show_plan(session: Session) -> None:
    """Show the three things that a training is made of, each with the way to change it."""
    dataset, split = session.dataset, session.split
    layers = network_summary(session.network_config, dataset.image_shape, len(dataset.class_names))
    data, network, training = st.columns(3)
    with data, st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{_('Data')}**", help=meaning("training_set", "dev_set"))
        text = _("{name}: {train:,} training images, {dev:,} in the dev set{changes}")
        name, changes = plain(dataset_words(dataset.name)), cleaned_words(split.relabelled, split.left_out)
        st.markdown(text.format(name=name, train=len(split.train), dev=len(split.dev), changes=changes))
        st.page_link(page("data"), label=_("Change the data"))
    with network, st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{_('Network')}**", help=meaning("neuron", "activation", "parameters"))
        text = _("{network}; {n:,} parameters")
        n_parameters = sum(layer.parameters for layer in layers)
        st.markdown(text.format(network=network_words(session.network_config), n=n_parameters))
        st.page_link(page("network"), label=_("Change the network"))
    with training, st.container(border=True, height="stretch", gap="xsmall", key="plan_training"):
        st.markdown(f"**{_('Training')}**", help=meaning("optimizer", "learning_rate", "batch", "epoch"))
        st.markdown(training_words(session.training_config))
        with st.container(key="plan_time"):
            show_time(session, show_sentence)


def show_sentence(place: DeltaGenerator, time: str) -> None:
    """Say in a sentence how long the training will take."""
    place.caption(_("Takes {time} on this server at its current load.").format(time=time))


def start(session: Session, shown: RunStatus | None, instead_of: RunStatus | None = None) -> None:
    """Start what is planned; what prevents it is said on the page.

    A second click on a button that started a run already does nothing.
    """
    if session.run_id != (shown.run_id if shown else None):
        return
    with keeping_problem("start"):
        start_run(session, instead_of)


def offer_start(session: Session, status: RunStatus | None) -> None:
    """Show what would be trained now, and start it: alone, beside a run that is still live, or instead."""
    show_plan(session)
    if status is None or not status.live:
        st.button(
            _("Start"),
            icon=":material/play_arrow:",
            type="primary" if status is None else "secondary",  # after a run, its mistakes come first
            on_click=start,
            args=(session, status),
        )
    else:
        with st.container(horizontal=True, gap="small"):
            st.button(_("Stop this run and start"), on_click=start, args=(session, status, status))
            st.button(_("Start in parallel"), on_click=start, args=(session, status))
    show_problem("start")
