"""What a changed setting changes with it: a recipe fills the form, an optimizer sets a good learning rate.

The controls of the Network page call it. A value that the visitor chose by hand is not overridden.
"""

from dataclasses import replace

from dashboard.session import UPLOADED, Session, can_split
from mlcore import OPTIMIZERS, RECIPES, NetworkConfig, SplitSettings, TrainingConfig


def is_changed(session: Session) -> bool:
    """Return whether anything is other than the recipe said; one's own data set is no change."""
    recipe = RECIPES[session.recipe]
    return (
        (recipe.network, recipe.training) != (session.network_config, session.training_config)
        or (recipe.dataset is not None and session.dataset_key not in (recipe.dataset, UPLOADED))
        or (recipe.split is not None and recipe.split != session.split_settings)
    )


def use_recipe(session: Session, name: str) -> None:
    """Set everything as a recipe says; some come with their own data and split.

    The visitor's own data set stays, split as in the recipe where that is possible and the file brought no
    dev set. A recipe's split goes with it; one that the visitor has set stays, unless the recipe has its own.
    """
    session.recipe, recipe = name, RECIPES[name]
    session.network_config, session.training_config = recipe.network, recipe.training
    session.rate_is_chosen = False
    if recipe.dataset is not None and session.dataset_key != UPLOADED:
        session.use_dataset(recipe.dataset)
    if recipe.split is not None and session.given_split is None and can_split(session.dataset, recipe.split):
        session.split_settings = recipe.split
    elif session.split_settings in [recipe.split for recipe in RECIPES.values()]:
        session.split_settings = session.given_split or SplitSettings().fitted_to(len(session.dataset))


def set_network(session: Session, name: str, config: NetworkConfig) -> None:
    """Take a change of the field ``name`` of the network."""
    session.network_config = config


def set_training(session: Session, name: str, config: TrainingConfig) -> None:
    """Take a change of the field ``name`` of the training.

    Rates that suit one optimizer make another blow up or stand still: a new optimizer comes with its own,
    unless the visitor has chosen a rate.
    """
    session.training_config = config
    if name == "learning_rate":
        session.rate_is_chosen = True
    elif name == "optimizer" and not session.rate_is_chosen:
        use_good_rate(session)


def good_rate(session: Session) -> float:
    """Return a learning rate that works with the optimizer."""
    return OPTIMIZERS[session.training_config.optimizer].good_rate


def use_good_rate(session: Session) -> None:
    """Set a learning rate that works with the optimizer."""
    session.training_config = replace(session.training_config, learning_rate=good_rate(session))
    session.rate_is_chosen = False


def weigh_classes(session: Session) -> None:
    """Give each class the same weight in the loss, however many images it has."""
    session.training_config = replace(session.training_config, class_weights="balanced")
