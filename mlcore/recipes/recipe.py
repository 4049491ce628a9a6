"""What a recipe is: a named choice of data, split and all hyperparameters, and what to expect of it.

The recipes themselves are in `ready.py` and `notebooks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import SplitSettings


@dataclass(frozen=True)
class RecipeCard:
    """A recipe's story in a few sentences (English; shown through `_`).

    Attributes
    ----------
    does : str
        What is done, and where it comes from.
    wrong : str
        What was wrong with it, or what it cannot do; empty when nothing is.
    reaches : str
        How good it gets, and how that was measured.
    """

    does: str
    wrong: str
    reaches: str


@dataclass(frozen=True)
class Recipe:
    """A named choice of all hyperparameters.

    Attributes
    ----------
    label, help : str
        Name on a form and one line on what it is for.
    network, training : NetworkConfig, TrainingConfig
    dataset : str or None
        The shipped data set that it is made for (a key of `SHIPPED_DATASETS`); None fits any.
    split : SplitSettings or None
        The split that it is made for; None fits any.
    card : RecipeCard or None
        More about it, where there is more to tell.
    """

    label: str
    help: str
    network: NetworkConfig
    training: TrainingConfig
    dataset: str | None = None
    split: SplitSettings | None = None
    card: RecipeCard | None = None
