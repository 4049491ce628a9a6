"""The list of recipes, and the description of the one in use.

The Network page shows it first.
"""

import streamlit as st

from dashboard.recipe import is_changed, use_recipe
from dashboard.session import UPLOADED, Session
from dashboard.ui.config_form import chosen_value, control_key
from mlcore import RECIPES, SHIPPED_DATASETS, SplitSettings
from mlcore.language import _
from mlcore.recipes.recipe import RecipeCard

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


def what_it_brings(session: Session, dataset: str, split: SplitSettings) -> str:
    """Return what a recipe with data and split of its own changed of them, and what it left as it was."""
    made_for, dev = _(SHIPPED_DATASETS[dataset].title), f"{split.dev_size:,}"
    if session.dataset_key != UPLOADED:
        text = _(
            "This recipe brings {made_for} and its own split, with {dev} images in the dev set. The split "
            "goes when you choose another recipe."
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
    return text.format(made_for=made_for, dev=dev)


def take_recipe(session: Session, name: str) -> None:
    """Use the recipe that was chosen; one's own changes are no recipe."""
    if name in RECIPES:
        use_recipe(session, name)


def tell_story(card: RecipeCard) -> None:
    """Tell what a recipe does, what is wrong with it and how good it gets."""
    with st.expander(_("About this recipe")):
        st.markdown(_(card.does))
        if card.wrong:
            st.markdown(f"**{_('Wrong')}:** {_(card.wrong)}")
        st.markdown(f"**{_('Reaches')}:** {_(card.reaches)}")
