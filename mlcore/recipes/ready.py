"""The recipes: named choices of data and hyperparameters, each good for something.

The Network page offers them, and `run_recipe` runs one in a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.shipped import load_dataset
from mlcore.datasets.split import Split, SplitSettings
from mlcore.errors import SettingError
from mlcore.language import N_, _
from mlcore.recipes.notebooks import NOTEBOOKS
from mlcore.recipes.recipe import Recipe, RecipeCard
from mlcore.training.records import Record
from mlcore.training.run import TrainingRun, train

RECIPES: dict[str, Recipe] = {
    "standard": Recipe(
        N_("Standard"),
        N_("One hidden layer, and a learning rate that rises and falls: 98 % on MNIST in a few seconds."),
        NetworkConfig(),
        TrainingConfig(learning_rate=0.008, epochs=5, schedule="one_cycle"),
    ),
    "softmax-regression": Recipe(
        N_("No hidden layer"),
        N_("Softmax regression: one image of weights for each digit, about 92 % on MNIST."),
        NetworkConfig(hidden_sizes=()),
        TrainingConfig(epochs=5, learning_rate=0.003),
    ),
    "deep": Recipe(
        N_("Deep, with dropout"),
        N_("Two wide layers, dropout and a cosine schedule: about 98.5 % on MNIST in a minute."),
        NetworkConfig(hidden_sizes=(512, 256), dropout=0.2),
        TrainingConfig(epochs=15, schedule="cosine", weight_decay=0.00001),
    ),
    "tenths-of-a-second": Recipe(
        N_("A few tenths of a second"),
        N_("98 % on MNIST's test images after a few tenths of a second of training."),
        NetworkConfig(hidden_sizes=(144,), loss="smoothed_cross_entropy", pooling=2, drop_rare_pixels=0.03),
        TrainingConfig(learning_rate=0.03, batch_size=256, epochs=3, schedule="one_cycle", train_sample=1000),
        "mnist",
        SplitSettings(),
        RecipeCard(
            N_(
                "The images are downsampled to 14×14; pixels that are blank in 97 % of the images or more"
                " are left out, so that 123 of 784 inputs remain. Three epochs of one cycle: the rate "
                "rises to where training would not converge, then falls to almost zero. Label smoothing "
                "spares a quarter of the neurons."
            ),
            "",
            N_(
                "98.02 % of the 10,000 test images, mean of ten seeds from 97.91 % to 98.16 % "
                "(benchmarks/recipes.py)."
            ),
        ),
    ),
    "one-percent": Recipe(
        N_("One per cent"),
        N_("99 % on MNIST's test images in a few seconds, without a convolution."),
        NetworkConfig(hidden_sizes=(384,), loss="smoothed_cross_entropy", pooling=2, drop_rare_pixels=0.01),
        TrainingConfig(
            learning_rate=0.015,
            batch_size=256,
            epochs=15,
            schedule="one_cycle",
            augment_shift=1.0,
            augment_rotation=9.0,
            augment_scale=0.12,
            augment_shear=0.12,
        ),
        "mnist",
        SplitSettings(),
        RecipeCard(
            N_(
                "One hidden layer on images of 14×14, without the pixels that are almost always blank. "
                "The images are shifted, rotated, stretched and slanted a little, differently in each of 15 "
                "epochs: the network never sees the same image twice, which prevents overfitting. Label "
                "smoothing spares a quarter of the epochs."
            ),
            "",
            N_("99.03 % of the 10,000 test images, mean of five seeds (benchmarks/recipes.py)."),
        ),
    ),
    "convolution": Recipe(
        N_("Convolution"),
        N_("Filters that slide over the image: 99.3 % on MNIST's test images in some ten seconds."),
        NetworkConfig(filters=(10, 20), kernel_size=5, hidden_sizes=(64,), loss="smoothed_cross_entropy"),
        TrainingConfig(
            learning_rate=0.008,
            batch_size=64,
            epochs=4,
            schedule="one_cycle",
            augment_shift=0.8,
            augment_rotation=6.0,
            augment_scale=0.08,
            augment_shear=0.08,
        ),
        "mnist",
        SplitSettings(),
        RecipeCard(
            N_(
                "10 filters of 5×5 pixels, then 20, the image halved after each, 64 hidden neurons; "
                "images changed a little each time, label smoothing. A filter finds its stroke anywhere in "
                "the image; a fully connected network has to learn it separately for every place."
            ),
            "",
            N_("99.34 % of the 10,000 test images, mean of nine trainings (benchmarks/recipes.py)."),
        ),
    ),
    "large-convolution": Recipe(
        N_("Large convolution"),
        N_("More filters, four times as many epochs: 99.5 % on MNIST's test images in some two minutes."),
        NetworkConfig(
            filters=(24, 48), kernel_size=5, hidden_sizes=(128,), loss="smoothed_cross_entropy", dropout=0.3
        ),
        TrainingConfig(
            learning_rate=0.003,
            batch_size=64,
            epochs=12,
            schedule="one_cycle",
            augment_shift=1.2,
            augment_rotation=10.0,
            augment_scale=0.1,
            augment_shear=0.1,
        ),
        "mnist",
        SplitSettings(),
        RecipeCard(
            N_(
                "24 filters of 5×5 pixels, then 48, 128 hidden neurons, of which three in ten are switched "
                "off in each step. The images are shifted, rotated, stretched and slanted a little, "
                "differently in each of 12 epochs. Both keep so many weights from overfitting, as does label "
                "smoothing."
            ),
            "",
            N_("99.53 % of the 10,000 test images with seed 0 (benchmarks/recipes.py)."),
        ),
    ),
    "sigmoid": Recipe(
        N_("The classic"),
        N_("Sigmoid neurons, squared error and mini-batches: a network of the 1980s, and how long it takes."),
        NetworkConfig(hidden_sizes=(30,), activation="sigmoid", initialization="lecun", loss="squared_error"),
        TrainingConfig(optimizer="gradient_descent", learning_rate=3.0, batch_size=10, epochs=5),
    ),
    **NOTEBOOKS,
}


def start_recipe(
    name: str, dataset: Dataset | None = None, seed: int | None = None
) -> tuple[TrainingRun, Split]:
    """Return a run and a split that are ready for `train`.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.
    dataset : Dataset, optional
        Other data than the recipe's own (MNIST, when it has none).
    seed : int, optional
        Another seed, for the split as well as for the training.

    Raises
    ------
    SettingError
        When there is no such recipe.
    DatasetError
        When its split asks for more images than there are.
    """
    if name not in RECIPES:
        message = _("There is no recipe {name!r}. Choose one of: {names}.")
        raise SettingError(message.format(name=name, names=", ".join(RECIPES)))
    recipe = RECIPES[name]
    training, split = recipe.training, recipe.split or SplitSettings()
    if seed is not None:
        training, split = replace(training, seed=seed), replace(split, seed=seed)
    if dataset is None:
        dataset = load_dataset(recipe.dataset or "mnist")
    return TrainingRun(recipe.network, training), split.split(dataset)


def run_recipe(name: str, dataset: Dataset | None = None, seed: int | None = None) -> Iterator[Record]:
    """Train by a recipe from first to last and yield what happens; parameters as for `start_recipe`.

    >>> first = next(run_recipe("pure-python"))
    >>> first.step, first.dev_accuracy < 0.2
    (0, True)
    """
    yield from train(*start_recipe(name, dataset, seed))
