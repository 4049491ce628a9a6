"""What a search can vary: every setting, within the bounds of its field."""

import numpy as np
import pytest

from mlcore import NetworkConfig, SettingError, TrainingConfig
from mlcore.search.same_run import plain_values
from mlcore.search.space import (
    Dimension,
    idle_settings,
    is_range,
    searchable,
    settings_with,
    usual_dimension,
)

PLACES = (0.0, 0.3, 0.5, 0.999, 1.0)


@pytest.mark.parametrize("name", searchable())
def test_what_is_usually_tried_of_a_setting_makes_valid_settings(name: str) -> None:
    dimension = usual_dimension(name, NetworkConfig(), TrainingConfig())
    for value in (*dimension.levels(4), *(dimension.at(place) for place in PLACES)):
        network, training = settings_with(NetworkConfig(), TrainingConfig(), {name: value})
        assert getattr(network if hasattr(network, name) else training, name) == value


def test_a_range_over_several_sizes_of_number_is_drawn_evenly_in_its_logarithm() -> None:
    rates = [Dimension("learning_rate", 1e-5, 1e-1).at(place) for place in np.linspace(0, 1, 5)]
    assert rates == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    shares = [Dimension("dropout", 0.0, 0.8).at(place) for place in np.linspace(0, 1, 5)]
    assert shares == [0.0, 0.2, 0.4, 0.6, 0.8]


def test_a_fraction_is_rounded_so_that_it_can_be_typed_again() -> None:
    assert Dimension("learning_rate", 1e-4, 1e-2).at(0.123) == 0.000176


@pytest.mark.parametrize(
    ("name", "low", "high", "values", "message"),
    [
        ("learning_rate", 0.1, 0.01, (), "must lie above"),
        ("learning_rate", 0.01, 1000.0, (), "out of bounds"),
        ("activation", None, None, ("relu",), "at least two"),
        ("activation", None, None, ("relu", "magic"), "not known"),
        ("hidden_sizes", None, None, ((8,), (0,)), "out of bounds"),
    ],
)
def test_a_range_or_a_list_that_cannot_be_is_refused_with_a_sentence(
    name: str, low: float | None, high: float | None, values: tuple[object, ...], message: str
) -> None:
    with pytest.raises(SettingError, match=message):
        Dimension(name, low, high, values)


def test_the_length_of_training_and_what_only_measures_cannot_be_varied() -> None:
    assert not {"epochs", "iterations", "evaluate_every"} & set(searchable())
    assert is_range("dropout")


@pytest.mark.parametrize("name", [name for name, about in searchable().items() if about.idle is not None])
def test_a_setting_that_can_be_without_effect_is_left_out_until_another_one_gives_it_one(name: str) -> None:
    bare = NetworkConfig(hidden_sizes=()), TrainingConfig()
    value = usual_dimension(name, *bare)
    needed = {
        "momentum": Dimension("optimizer", values=("adam", "nesterov")),
        "warmup": Dimension("schedule", values=("constant", "cosine")),
        "kernel_size": Dimension("filters", values=((), (4,))),
        "activation": Dimension("filters", values=((), (4,))),
        "dropout": Dimension("hidden_sizes", values=((), (16,))),
    }[name]
    rate = Dimension("learning_rate", 1e-4, 1e-2)
    assert "No effect" in idle_settings([rate, value], *bare)[name]
    assert idle_settings([rate, value, needed], *bare) == {}
    without, with_it = ({name: value.at(1.0), needed.name: other} for other in needed.values)
    assert plain_values(*bare, without, 100) == {needed.name: needed.values[0]}
    assert plain_values(*bare, with_it, 100) == with_it
