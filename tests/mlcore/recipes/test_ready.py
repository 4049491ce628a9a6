"""Every recipe is one that can be cooked: it trains on its data, is explained, and can be taken home."""

import dataclasses
import io

import numpy as np
import pytest

from mlcore import (
    RECIPES,
    DatasetError,
    NetworkConfig,
    Split,
    TrainingRun,
    load_dataset,
    load_model,
    save_model,
    start_recipe,
    train,
)
from tests.mlcore.small import stripes

every_recipe = pytest.mark.parametrize("name", RECIPES)


def shape_of(name: str) -> tuple[int, int]:
    return (8, 8) if RECIPES[name].dataset == "digits-8x8" else (28, 28)


@every_recipe
def test_a_recipe_takes_steps_with_the_loss_it_should_have_and_its_model_can_be_saved(name: str) -> None:
    recipe = RECIPES[name]
    data = stripes(80, shape=shape_of(name), classes=10)
    run = TrainingRun(
        recipe.network, dataclasses.replace(recipe.training, iterations=3, evaluate_every=3, train_sample=20)
    )
    records = list(train(run, Split(data.take(slice(0, 60)), data.take(slice(60, None)))))
    assert run.step == 3
    assert np.isfinite(records[-1].train_loss)
    file = io.BytesIO()
    save_model(run.model(), file)
    again = load_model(file.getvalue())
    np.testing.assert_array_equal(
        again.predict_probabilities(data.images), run.model().predict_probabilities(data.images)
    )


@every_recipe
def test_a_recipe_says_what_it_is_for(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.label
    assert recipe.help.endswith(".")


def test_names_and_labels_are_told_apart() -> None:
    assert len({recipe.label for recipe in RECIPES.values()}) == len(RECIPES)
    assert all(name == name.lower() and " " not in name for name in RECIPES)


def test_the_standard_recipe_trains_the_default_network() -> None:
    assert RECIPES["standard"].network == NetworkConfig()


def test_a_data_set_without_images_is_not_taken_for_none() -> None:
    nobody = load_dataset("digits-8x8").take(slice(0, 0))
    with pytest.raises(DatasetError):
        start_recipe("standard", nobody)
