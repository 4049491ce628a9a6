"""What a recipe sets, and what it leaves as the visitor has it.

The Network page uses a recipe that was chosen there, and `dashboard.link` one that an address names.
"""

from dashboard.session import UPLOADED, Session, can_split
from dashboard.settings_link import Settings
from mlcore import RECIPES, SplitSettings, settings_of
from mlcore.language import _


def is_changed(session: Session) -> bool:
    """Return whether anything is other than the recipe said; one's own data set is no change."""
    recipe = RECIPES[session.recipe]
    return (
        (recipe.network, recipe.training) != (session.network_config, session.training_config)
        or (recipe.dataset is not None and session.dataset_key not in (recipe.dataset, UPLOADED))
        or (recipe.split is not None and recipe.split != session.split_settings)
    )


def use_recipe(session: Session, name: str) -> None:
    """Set everything as a recipe says; some come with their own data and split, and take them back with them.

    The visitor's own data set stays, split as in the recipe where that is possible and the file brought no
    dev set. A split that the visitor has set stays, unless the recipe has its own.
    """
    take_back(session)
    session.recipe, recipe = name, RECIPES[name]
    session.network_config, session.training_config = recipe.network, recipe.training
    session.rate_is_chosen = False
    before = session.data_choice
    if recipe.dataset is not None and session.dataset_key != UPLOADED:
        session.use_dataset(recipe.dataset)
    if recipe.split is not None and session.given_split is None and can_split(session.dataset, recipe.split):
        session.split_settings = recipe.split
    elif session.split_settings in [recipe.split for recipe in RECIPES.values()]:
        session.split_settings = session.given_split or SplitSettings().fitted_to(len(session.dataset))
    if recipe.split is not None and session.data_choice != before:
        session.before_recipe, session.with_recipe = before, session.data_choice


def take_back(session: Session) -> None:
    """Return to the data and the split before the recipe, unless the visitor has chosen others since."""
    before = session.before_recipe
    if before is not None and session.data_choice == session.with_recipe:
        session.return_to(before)
    session.before_recipe = session.with_recipe = None


def changed_labels(session: Session) -> list[str]:
    """Return what the settings of network and training are called that are other than the recipe said."""
    recipe = RECIPES[session.recipe]
    pairs = ((recipe.network, session.network_config), (recipe.training, session.training_config))
    return [
        _(about.label)
        for said, used in pairs
        for name, about in settings_of(used).items()
        if getattr(said, name) != getattr(used, name)
    ]


def usual_settings(session: Session, name: str) -> Settings:
    """Return what a recipe sets for the data set in use, when nothing else was chosen."""
    recipe, split = RECIPES[name], session.given_split
    if split is None and recipe.split is not None and can_split(session.dataset, recipe.split):
        split = recipe.split
    split = split or SplitSettings().fitted_to(len(session.dataset))
    return Settings(recipe.network, recipe.training, split)
