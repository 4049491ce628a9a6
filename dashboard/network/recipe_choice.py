"""The list of recipes, and the description of the one in use.

The Network page shows it first.
"""

import streamlit as st

from dashboard.link import link_of, take_parameters
from dashboard.recipe import changed_labels, is_changed, take_back, use_recipe
from dashboard.session import UPLOADED, Session
from dashboard.settings_link import Parameters
from dashboard.ui.config_form import chosen_value, control_key
from mlcore import RECIPES, SHIPPED_DATASETS, SplitSettings
from mlcore.language import _
from mlcore.recipes.recipe import RecipeCard

MOST_NAMED = 5
"""Settings that a sentence names."""

_REPLACED = "replaced_by_recipe"

CHANGED = ""  # the choice of a recipe that the visitor has changed


def choose_recipe(session: Session) -> None:
    """Show the recipes, and what is to be known of the one in use."""
    changed = is_changed(session)
    labels = {name: _(recipe.label) for name, recipe in RECIPES.items()}
    if changed:
        labels[CHANGED] = _("{recipe} (modified)").format(recipe=labels[session.recipe])
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
    if recipe.dataset is not None and recipe.split is not None:
        st.caption(what_it_brings(session, recipe.dataset, recipe.split))
    if not changed:
        offer_replaced(session)


def what_it_brings(session: Session, dataset: str, split: SplitSettings) -> str:
    """Return what a recipe with data and split of its own changed of them, and what it left as it was."""
    made_for, dev = _(SHIPPED_DATASETS[dataset].title), f"{split.dev_size:,}"
    before, train = session.before_recipe, f"{len(session.split.train):,}"
    if session.dataset_key != UPLOADED and (before is None or session.data_choice != session.with_recipe):
        text = _("This recipe is made for {made_for} with {dev} images in the dev set.")
    elif session.dataset_key != UPLOADED and before is not None and before.key != dataset:
        text = _(
            "This recipe brings {made_for} and its own split: {train} training images, {dev} in the dev set. "
            "{before} and your split come back with another recipe."
        )
        return text.format(
            made_for=made_for, dev=dev, train=train, before=_(SHIPPED_DATASETS[before.key].title)
        )
    elif session.dataset_key != UPLOADED:
        text = _(
            "This recipe brings its own split of {made_for}: {train} training images, {dev} in the dev set. "
            "Your split comes back with another recipe."
        )
    elif session.split_settings == split:
        text = _(
            "This recipe is made for {made_for}. Your own data set stays, split as in the recipe: {dev} "
            "images are the dev set."
        )
    else:
        text = _(
            "This recipe is made for {made_for} with {dev} images in the dev set. Your own data set and its "
            "split stay."
        )
    return text.format(made_for=made_for, dev=dev, train=train)


def take_recipe(session: Session, name: str) -> None:
    """Use the recipe that was chosen, and keep what it replaces; one's own changes are no recipe."""
    if name in RECIPES:
        labels, link = changed_labels(session), link_of(session)
        use_recipe(session, name)
        st.session_state[_REPLACED] = (name, labels, link) if labels else None


def offer_replaced(session: Session) -> None:
    """Say which settings of the visitor's own the recipe has replaced, and offer them again."""
    name, labels, link = st.session_state.get(_REPLACED) or ("", [], {})
    if name != session.recipe or not labels:
        return
    some = ", ".join(labels[:MOST_NAMED])
    text = _("It replaced your own settings: {settings}.")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(text.format(settings=f"{some} …" if len(labels) > MOST_NAMED else some))
        st.button(
            _("Take them back"),
            key="take_back",
            type="tertiary",
            on_click=take_settings_back,
            args=(session, link),
        )


def take_settings_back(session: Session, link: Parameters) -> None:
    """Use the settings again that a recipe has replaced, with the data and the split of then."""
    take_back(session)
    take_parameters(session, link)
    st.session_state[_REPLACED] = None


def tell_story(card: RecipeCard) -> None:
    """Tell what a recipe does, what is wrong with it and how good it gets."""
    with st.expander(_("About this recipe")):
        st.markdown(_(card.does))
        if card.wrong:
            st.markdown(f"**{_('Wrong')}:** {_(card.wrong)}")
        st.markdown(f"**{_('Reaches')}:** {_(card.reaches)}")
