"""What a changed setting changes with it: an optimizer sets a good learning rate.

The controls of the Network page call it. A value that the visitor chose by hand is not overridden.
"""

from dataclasses import replace

from dashboard.session import Session
from mlcore import OPTIMIZERS, RECIPES, NetworkConfig, TrainingConfig


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
    """Return a learning rate that works with the optimizer: the recipe's own, with the recipe's optimizer."""
    optimizer, recipe = session.training_config.optimizer, RECIPES[session.recipe].training
    return recipe.learning_rate if optimizer == recipe.optimizer else OPTIMIZERS[optimizer].good_rate


def use_good_rate(session: Session) -> None:
    """Set a learning rate that works with the optimizer."""
    session.training_config = replace(session.training_config, learning_rate=good_rate(session))
    session.rate_is_chosen = False


def weigh_classes(session: Session) -> None:
    """Give each class the same weight in the loss, however many images it has."""
    session.training_config = replace(session.training_config, class_weights="balanced")
