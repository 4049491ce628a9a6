"""Named pairs of configs that are good for something, each with what to expect of it.

They stand beside the configs on the path: the Network page offers them, and a script starts from one.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.language import N_


@dataclass(frozen=True)
class Recipe:
    """A named choice of all hyperparameters.

    Attributes
    ----------
    label, help : str
        Name on a form and one line on what it is for.
    network, training : NetworkConfig, TrainingConfig
    dataset : str or None
        The shipped data set that it is made for; None fits any.
    """

    label: str
    help: str
    network: NetworkConfig
    training: TrainingConfig
    dataset: str | None = None


RECIPES: dict[str, Recipe] = {
    "standard": Recipe(
        N_("Standard"),
        N_("One hidden layer and Adam: about 97.5 % on MNIST in a few seconds."),
        NetworkConfig(),
        TrainingConfig(),
    ),
    "softmax-regression": Recipe(
        N_("No hidden layer"),
        N_("Softmax regression: one picture of weights a digit, about 92 % on MNIST."),
        NetworkConfig(hidden_sizes=()),
        TrainingConfig(epochs=5, learning_rate=0.003),
    ),
    "deep": Recipe(
        N_("Deep, with dropout"),
        N_("Two wide layers, dropout and a cosine schedule: about 98.5 % on MNIST in a minute."),
        NetworkConfig(hidden_sizes=(512, 256), dropout=0.2),
        TrainingConfig(epochs=15, schedule="cosine", weight_decay=0.00001),
    ),
    "gradient-descent": Recipe(
        N_("Plain gradient descent"),
        N_("Ten hidden neurons, all images in every step: how the first notebooks did it, about 85 %."),
        NetworkConfig(hidden_sizes=(10,), initialization="uniform"),
        TrainingConfig(optimizer="gradient_descent", learning_rate=0.1, batch_size=None, iterations=500),
    ),
    "sigmoid": Recipe(
        N_("The classic"),
        N_("Sigmoid neurons, squared error and mini-batches: a network of the 1980s, and how long it takes."),
        NetworkConfig(hidden_sizes=(30,), activation="sigmoid", initialization="lecun", loss="squared_error"),
        TrainingConfig(optimizer="gradient_descent", learning_rate=3.0, batch_size=10, epochs=5),
    ),
}
