"""What is called the same run ends with the same weights; what is not, does not."""

from typing import Any

import numpy as np
import pytest

from mlcore import NetworkConfig, TrainingConfig, TrainingRun, train
from mlcore.search.same_run import Double, doubles, plain_values, plainest
from mlcore.search.space import Dimension, settings_with
from tests.mlcore.small import small_split

SPLIT = small_split()
N_TRAIN = len(SPLIT.train)
USUAL = NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=16, epochs=3, learning_rate=0.01)


def weights(values: dict[str, Any]) -> np.ndarray:
    """Return what a run with these settings ends with."""
    run = TrainingRun(*settings_with(*USUAL, values))
    for _record in train(run, SPLIT):
        pass
    assert run.network is not None
    return run.network.parameters.copy()


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        ({"optimizer": "adamw"}, {"optimizer": "adam"}),
        ({"optimizer": "momentum", "momentum": 0.0}, {"optimizer": "gradient_descent"}),
        ({"optimizer": "nesterov", "momentum": 0.0}, {"optimizer": "gradient_descent"}),
        ({"batch_size": 61}, {"batch_size": 60}),
        ({"batch_size": 1000}, {"batch_size": 60}),
        ({"sample_size": 60}, {"sample_size": None}),
        ({"patience": 4}, {"patience": None}),
        ({"optimizer": "adam", "momentum": 0.5}, {"optimizer": "adam"}),
    ],
)
def test_the_plainest_settings_train_the_same_run(values: dict[str, Any], plain: dict[str, Any]) -> None:
    assert plain_values(*USUAL, values, N_TRAIN) == plain
    np.testing.assert_array_equal(weights(values), weights(plain))


@pytest.mark.parametrize("scaling", ["maximum", "none"])
def test_what_is_standardised_has_lost_its_scale(scaling: str) -> None:
    exact = {"standardize": True, "precision": "float64"}
    assert plain_values(*USUAL, {**exact, "scaling": scaling}, N_TRAIN) == {**exact, "scaling": "255"}
    np.testing.assert_allclose(weights({**exact, "scaling": scaling}), weights(exact), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("values", "other"),
    [
        ({"optimizer": "adamw", "weight_decay": 0.1}, {"optimizer": "adam", "weight_decay": 0.1}),
        ({"optimizer": "nesterov", "momentum": 0.1}, {"optimizer": "gradient_descent"}),
        ({"optimizer": "momentum", "momentum": 0.1}, {"optimizer": "gradient_descent"}),
        ({"batch_size": 59}, {"batch_size": 60}),
        ({"sample_size": 59}, {"sample_size": None}),
        ({"standardize": True, "scaling": "levels"}, {"standardize": True}),
    ],
)
def test_settings_that_train_another_run_stay(values: dict[str, Any], other: dict[str, Any]) -> None:
    assert plain_values(*USUAL, values, N_TRAIN) == values
    assert np.abs(weights(values) - weights(other)).max() > 1e-5


def test_a_full_batch_and_usual_settings_stay_as_they_are() -> None:
    whole = settings_with(*USUAL, {"batch_size": None})
    assert plainest(*whole, N_TRAIN) == whole
    assert plainest(*USUAL, N_TRAIN) == USUAL


def test_a_setting_that_stays_keeps_what_another_one_gives_it() -> None:
    slow = settings_with(*USUAL, {"optimizer": "nesterov"})
    assert plain_values(*slow, {"momentum": 0.0}, N_TRAIN) == {"momentum": 0.0}  # 0.9 stays the plan's


def test_values_that_are_never_tried_on_their_own_are_named() -> None:
    sizes = Dimension("batch_size", 16, 256)
    optimizers = Dimension("optimizer", values=("adam", "adamw", "nesterov"))
    decay = Dimension("weight_decay", 0.0, 0.1)
    assert doubles((sizes, optimizers), *USUAL, N_TRAIN) == [
        Double("batch_size", 256, 60),
        Double("optimizer", "adamw", "adam"),
    ]
    assert doubles((optimizers, decay), *USUAL, N_TRAIN) == []
