"""Network: choose a recipe or set every hyperparameter, see the network drawn, and how long it will take.

It stands between the Split and the run on the path: what is set here is what Train trains.
"""

import streamlit as st

from dashboard.estimate import expected_seconds
from dashboard.navigation import guard, page
from dashboard.network.picture import example_of, network_svg, show_network_picture
from dashboard.network.settings import (
    good_rate,
    is_changed,
    set_network,
    set_training,
    use_good_rate,
    use_recipe,
)
from dashboard.session import Session, get_session
from dashboard.ui.config_form import Form, chosen_value, control_key
from dashboard.ui.formats import duration
from dashboard.ui.messages import friendly_errors
from dashboard.ui.wording import length_words
from mlcore import OPTIMIZERS, RECIPES, network_summary
from mlcore.language import _
from mlcore.recipes.recipe import RecipeCard

CHANGED = ""  # the choice of a recipe that the visitor has changed


def choose_recipe(session: Session) -> None:
    """Show the recipes; the address can name one, and says which is in use."""
    wanted = st.query_params.get("recipe")
    if wanted in RECIPES and wanted != session.recipe:
        use_recipe(session, wanted)
    changed = is_changed(session)
    name_in_address(session, changed)
    labels = {name: _(recipe.label) for name, recipe in RECIPES.items()}
    if changed:
        labels[CHANGED] = _("{recipe}, changed by you").format(recipe=labels[session.recipe])
    st.selectbox(
        _("Recipe"),
        list(labels),
        format_func=labels.__getitem__,
        key=control_key("recipe", CHANGED if changed else session.recipe),
        on_change=lambda: take_recipe(session, chosen_value("recipe")),
        filter_mode=None,
    )
    recipe = RECIPES[session.recipe]
    st.caption(_(recipe.help))
    if recipe.card is not None:
        tell_story(recipe.card)
    if recipe.split is not None:
        st.caption(_("It brings its own data and split; another recipe takes the split away again."))


def take_recipe(session: Session, name: str) -> None:
    """Use the recipe that was chosen, and let the address say so; one's own changes are no recipe."""
    if name in RECIPES:
        use_recipe(session, name)
        name_in_address(session, changed=False)


def tell_story(card: RecipeCard) -> None:
    """Tell what a recipe does, what is wrong with it and how good it gets."""
    with st.expander(_("About this recipe")):
        st.markdown(_(card.does))
        if card.wrong:
            st.markdown(f"**{_('Wrong')}:** {_(card.wrong)}")
        st.markdown(f"**{_('Reaches')}:** {_(card.reaches)}")


def name_in_address(session: Session, changed: bool) -> None:
    """Let the address say which recipe is in use, so that it can be sent to others."""
    if changed or session.recipe == next(iter(RECIPES)):
        st.query_params.pop("recipe", None)
    elif st.query_params.get("recipe") != session.recipe:
        st.query_params["recipe"] = session.recipe


def show_settings(session: Session) -> None:
    """Show the controls of network and training."""
    network = Form(lambda: session.network_config, lambda *change: set_network(session, *change), "network")
    training = Form(
        lambda: session.training_config, lambda *change: set_training(session, *change), "training"
    )
    st.subheader(_("The network"))
    network.show(_("More about the network"))
    st.subheader(_("The training"))
    say_in_short(session)
    training.show(_("More about the training"))


def say_in_short(session: Session) -> None:
    """Say which rate suits the optimizer, and when training ends: always in one place, so nothing moves."""
    rate = good_rate(session)
    text = _("{optimizer} mostly works with a learning rate near {rate:g}. Training ends after {length}.")
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
    label, help_ = (
        _("Training takes about"),
        _("Estimated from the size of the network and the speed of this server."),
    )
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
