"""A changed network answers as the change says, and the given one stays as it was."""

import dataclasses
import io
from typing import Any

import numpy as np
import pytest

from mlcore import Model, NetworkConfig, Preparation, SettingError, load_model, save_model
from mlcore.study.contributions import layer_outputs
from mlcore.study.lab import (
    BITS,
    LabChanges,
    UnitChange,
    change_model,
    dequantise,
    hidden_units,
    left_weights,
    packed_bytes,
    quantise,
)
from tests.mlcore.small import small_network

SHAPE = (14, 13)
IMAGES = np.random.default_rng(5).integers(0, 256, (6, *SHAPE)).astype(np.uint8)
KINDS: dict[str, dict[str, Any]] = {
    "dense": {"hidden_sizes": (7, 5), "activation": "sigmoid"},
    "convolution": {"filters": (3, 4), "kernel_size": 3, "hidden_sizes": (5,), "activation": "tanh"},
    "convolution alone": {"filters": (3,), "kernel_size": 3, "hidden_sizes": ()},
}


def small_model(kind: str = "dense") -> Model:
    network = small_network(shape=SHAPE, **KINDS[kind])
    network.parameters += np.random.default_rng(1).normal(0, 0.1, network.parameter_count)
    return Model(network.config, Preparation(SHAPE), ("a", "b", "c"), network.parameters)


def logits(model: Model) -> np.ndarray:
    return np.array([layer_outputs(model, image)[-1].values for image in IMAGES])


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_change_the_parameters_are_the_same_to_the_last_bit(kind: str) -> None:
    model = small_model(kind)
    same = change_model(model, LabChanges())
    np.testing.assert_array_equal(same.parameters, model.parameters)
    assert same.fingerprint == model.fingerprint
    assert same is not model


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_unit_is_the_same_as_a_changed_output(kind: str) -> None:
    model = small_model(kind)
    for place in range(len(hidden_units(model))):
        changed = change_model(model, LabChanges((UnitChange(place, 1, factor=-0.5, shift=2.0),)))
        np.testing.assert_allclose(logits(changed), by_hand(model, place, 1, -0.5, 2.0), atol=1e-10)


def by_hand(model: Model, place: int, unit: int, factor: float, shift: float) -> np.ndarray:
    """Go forward layer by layer, and change the unit where the activation behind its layer has answered."""
    network = model.network.copy()
    behind = [k for k, layer in enumerate(network.layers) if layer.kind == "activation"][place]
    values = network.read(network.preparation.compact(IMAGES))
    for k, layer in enumerate(network.layers):
        values = layer.forward(values)
        if k == behind:
            values[..., unit] = factor * values[..., unit] + shift
    return values.copy()


def test_the_hidden_layers_are_told_with_their_units() -> None:
    units = hidden_units(small_model("convolution"))
    assert [(one.layer, one.count, one.are_filters) for one in units] == [
        ("convolution 1", 3, True),
        ("convolution 2", 4, True),
        ("linear 1", 5, False),
    ]


@pytest.mark.parametrize(("layer", "unit"), [(0, 7), (2, 0), (-1, 0), (0, -1)])
def test_a_unit_that_is_not_there_is_refused(layer: int, unit: int) -> None:
    with pytest.raises(SettingError, match="no unit"):
        change_model(small_model(), LabChanges((UnitChange(layer, unit),)))


@pytest.mark.parametrize("wrong", [{"bits": 3}, {"noise": -1.0}, {"pruned": 1.5}, {"temperature": 0.0}])
def test_changes_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        LabChanges(**wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_pruning_takes_the_smallest_weights_and_no_bias(kind: str) -> None:
    model = small_model(kind)
    weights = np.abs(model.parameters[model.network.decayed])
    changed = change_model(model, LabChanges(pruned=0.3))
    left = changed.parameters[model.network.decayed]
    cut = round(0.3 * len(weights))
    assert left_weights(changed) == len(weights) - cut
    assert weights[left == 0].max() < weights[left != 0].min()
    biases = ~model.network.decayed
    np.testing.assert_array_equal(changed.parameters[biases], model.parameters[biases])


@pytest.mark.parametrize("bits", [8, 4, 1])
def test_a_quantised_model_is_the_model_of_its_dequantised_codes(bits: int) -> None:
    model = small_model()
    changed = change_model(model, LabChanges(bits=bits))
    for layer, before in zip(changed.network.layers, model.network.layers, strict=True):
        if layer.parameter_shapes:
            codes, scales = quantise(before.parameters["weights"].T, bits)
            assert np.abs(codes).max() <= max(1, 2 ** (bits - 1) - 1)
            np.testing.assert_array_equal(layer.parameters["weights"].T, dequantise(codes, scales))
            np.testing.assert_array_equal(layer.parameters["biases"], before.parameters["biases"])


def test_rounding_moves_a_weight_by_half_a_step_at_most() -> None:
    rows = np.random.default_rng(2).normal(size=(4, 50))
    for bits in (8, 4):
        codes, scales = quantise(rows, bits)
        assert (np.abs(dequantise(codes, scales) - rows) <= scales / 2 + 1e-12).all()


def test_one_bit_by_hand() -> None:
    # |w| of the first row: 1, 3, 2 and one 0 that stays; their mean is 2. The second row has no weight left.
    codes, scales = quantise(np.array([[1.0, -3.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]]), 1)
    assert codes.tolist() == [[1, -1, 0, 1], [0, 0, 0, 0]]
    assert scales.tolist() == [[2.0], [0.0]]


def test_the_temperature_divides_the_logits_and_leaves_the_answers() -> None:
    model = small_model()
    changed = change_model(model, LabChanges(temperature=4.0))
    np.testing.assert_allclose(logits(changed), logits(model) / 4, atol=1e-12)
    np.testing.assert_array_equal(changed.predict(IMAGES), model.predict(IMAGES))
    assert changed.predict_probabilities(IMAGES).max() < model.predict_probabilities(IMAGES).max()


def test_the_same_seed_gives_the_same_noise_and_another_one_other_noise() -> None:
    model = small_model()
    one, same, other = (change_model(model, LabChanges(noise=0.2, seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.parameters, same.parameters)
    assert (one.parameters != other.parameters).any()
    assert (one.parameters != model.parameters).sum() == model.network.decayed.sum()


def test_sizes_by_hand() -> None:
    # 3 pixels, 2 neurons, 2 classes: 6 + 4 weights, 2 + 2 biases, 4 neurons with a scale each.
    config = NetworkConfig(hidden_sizes=(2,))
    values = np.array([1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 0, 0], np.float32)
    model = Model(config, Preparation((1, 3)), ("a", "b"), values)
    assert packed_bytes(model, 32) == (10 + 4) * 4
    assert packed_bytes(model, 8) == 10 + (4 + 4) * 4
    assert packed_bytes(model, 1) == 2 + (4 + 4) * 4  # ten bits are two bytes
    few = change_model(model, LabChanges(pruned=0.7))
    assert left_weights(few) == 3
    assert packed_bytes(few, 8) == 5 + (4 + 4) * 4  # 10 bits say where, 24 what: 34 bits
    assert packed_bytes(few, 1) == 2 + (4 + 4) * 4  # 10 bits say where, 3 the signs


def test_the_given_model_stays_as_it_was_and_the_result_can_be_saved() -> None:
    model = small_model()
    before = model.fingerprint
    everything = LabChanges((UnitChange(1, 2),), 0.1, 7, 0.2, BITS[1], 2.0)
    changed = change_model(model, everything)
    assert model.fingerprint == before != changed.fingerprint
    file = io.BytesIO()
    save_model(changed, file)
    loaded = load_model(file.getvalue())
    assert loaded.fingerprint == changed.fingerprint
    assert loaded.card["changed"]["bits"] == dataclasses.asdict(everything)["bits"]
    assert "test_accuracy" not in loaded.card
