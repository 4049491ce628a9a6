"""Network: choose a recipe or set every hyperparameter, see the network drawn, and how long it will take.

It stands between the Split and the run on the path: what is set here is what Train trains.
"""

import streamlit as st

from dashboard.controls import Form
from dashboard.estimate import expected_seconds
from dashboard.formats import duration
from dashboard.messages import friendly_errors
from dashboard.navigation import guard, page
from dashboard.network_picture import example_of, network_svg, show_network_picture
from dashboard.network_settings import (
    offered_rate,
    recipe_of,
    set_network,
    set_training,
    use_good_rate,
    use_recipe,
)
from dashboard.session import Session, get_session
from dashboard.train_words import dataset_words, length_words
from mlcore import OPTIMIZERS, RECIPES, Recipe, network_summary
from mlcore.language import _

OWN = ""  # the choice of no recipe


def choose_recipe(session: Session) -> None:
    """Show the recipes; the address can name one, and says which is in use."""
    wanted = st.query_params.get("recipe")
    if wanted in RECIPES and "recipe_choice" not in st.session_state:
        use_recipe(session, wanted)
    current = recipe_of(session) or OWN
    st.session_state["recipe_choice"] = current
    name_in_address(current)
    st.selectbox(
        _("Recipe"),
        [*RECIPES, *([OWN] if current == OWN else [])],
        format_func=lambda name: _(RECIPES[name].label) if name else _("Your own settings"),
        key="recipe_choice",
        on_change=lambda: use_recipe(session, st.session_state["recipe_choice"]),
        filter_mode=None,
    )
    recipe = RECIPES.get(current)
    st.caption(_(recipe.help) if recipe else _("A recipe sets everything below; change what you like."))
    if recipe is not None:
        tell_more(session, recipe)


def tell_more(session: Session, recipe: Recipe) -> None:
    """Tell a recipe's story, and that it came with data of its own."""
    if recipe.card is not None:
        with st.expander(_("What it does, what is wrong with it, how good it gets")):
            st.markdown(_(recipe.card.does))
            if recipe.card.wrong:
                st.markdown(f"**{_('Wrong')}:** {_(recipe.card.wrong)}")
            st.markdown(f"**{_('Reaches')}:** {_(recipe.card.reaches)}")
    if recipe.split is not None:
        text = _(
            "It brings its data and split: {dataset}, {train:,} training images, {dev:,} in the dev set."
        )
        dataset, split = dataset_words(session.dataset.name), session.split
        st.caption(text.format(dataset=dataset, train=len(split.train), dev=len(split.dev)))


def name_in_address(recipe: str) -> None:
    """Let the address say which recipe is in use, so that it can be sent to others."""
    if recipe in ("", next(iter(RECIPES))):
        st.query_params.pop("recipe", None)
    elif st.query_params.get("recipe") != recipe:
        st.query_params["recipe"] = recipe


def show_settings(session: Session) -> None:
    """Show the controls of network and training."""
    network = Form(lambda: session.network_config, lambda *change: set_network(session, *change), "network")
    training = Form(
        lambda: session.training_config, lambda *change: set_training(session, *change), "training"
    )
    st.subheader(_("The network"))
    network.show(_("More about the network"))
    st.subheader(_("The training"))
    if session.training_config.iterations is not None:
        text = _("It ends after {length}, as set below under “More”: the epochs do not count.")
        st.caption(text.format(length=length_words(session.training_config)))
    offer_rate(session)
    training.show(_("More about the training"))


def offer_rate(session: Session) -> None:
    """Offer the rate that suits the optimizer, when the one that was chosen hardly can."""
    rate = offered_rate(session)
    if rate is not None:
        optimizer = _(OPTIMIZERS[session.training_config.optimizer].label)
        text = _("{optimizer} mostly works with a learning rate near {rate:g}.")
        st.info(text.format(optimizer=optimizer, rate=rate), icon=":material/lightbulb:")
        st.button(_("Use {rate:g}").format(rate=rate), on_click=use_good_rate, args=(session,))


def show_network(session: Session) -> None:
    """Show the network as a picture, and how much it has to learn."""
    dataset, config = session.dataset, session.network_config
    layers = network_summary(config, dataset.image_shape, len(dataset.class_names))
    show_network_picture(network_svg(config, layers, dataset.class_names, example_of(dataset)))
    with st.grid(2, min_column_width=130):
        st.metric(_("Parameters"), f"{sum(layer.parameters for layer in layers):,}")
        show_time(session)


@st.fragment(parallel=True)
def show_time(session: Session) -> None:
    """Show how long the training will take; the rest of the page need not wait for it."""
    place = st.empty()
    label, help_ = _("Training takes about"), _("Tried out on this server just now.")
    place.metric(label, "…", help=help_)
    with friendly_errors():
        place.metric(label, duration(expected_seconds(session)), help=help_)


guard(__file__)
st.title(_("Network"))
st.write(_("How the network is built, and how it will learn."))
session = get_session()
with friendly_errors():
    with st.container(width=640, gap="xsmall"):
        choose_recipe(session)
    settings, picture = st.columns([3, 2], gap="large")
    with settings, friendly_errors():
        show_settings(session)
    with picture, st.container(key="network_picture"), friendly_errors():
        show_network(session)
        with st.container(key="primary_link"):
            st.page_link(page("train"), label=_("Train it"))
