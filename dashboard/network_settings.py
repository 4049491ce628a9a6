"""What changing a setting brings with it: recipes fill the whole form, an optimizer brings a rate that suits.

It stands between the controls and the `Session` on the path. What a visitor chose by hand is not overridden.
"""

from dataclasses import replace

from dashboard.session import Session
from mlcore import OPTIMIZERS, RECIPES, NetworkConfig, TrainingConfig


def recipe_of(session: Session) -> str | None:
    """Return the recipe that the settings are, or None when they are the visitor's own."""
    for name, recipe in RECIPES.items():
        if (recipe.network, recipe.training) == (session.network_config, session.training_config):
            return name
    return None


def use_recipe(session: Session, name: str) -> None:
    """Set everything as a recipe says."""
    recipe = RECIPES[name]
    session.network_config, session.training_config = recipe.network, recipe.training
    session.rate_is_chosen = False


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


def offered_rate(session: Session) -> float | None:
    """Return the rate that suits the optimizer, when the visitor has chosen a very different one."""
    training = session.training_config
    good = OPTIMIZERS[training.optimizer].good_rate
    is_far = not good / 5 <= training.learning_rate <= good * 5
    return good if session.rate_is_chosen and is_far else None


def use_good_rate(session: Session) -> None:
    """Set a learning rate that works with the optimizer."""
    good_rate = OPTIMIZERS[session.training_config.optimizer].good_rate
    session.training_config = replace(session.training_config, learning_rate=good_rate)
    session.rate_is_chosen = False
