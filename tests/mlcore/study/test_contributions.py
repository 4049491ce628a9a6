"""What adds up to a logit: pixels and biases leave nothing over, and a blank pixel adds nothing."""

from typing import Any

import numpy as np
import pytest

from mlcore import Network, NetworkConfig, contributions, fit_preparation, layer_outputs
from mlcore.study.contributions import carriers
from mlcore.study.inside import twin_of
from tests.mlcore.small import CLASSES, small_network, stripes

IMAGES = stripes(12, shape=(12, 11)).images
EXACT: list[dict[str, Any]] = [
    {},
    {"hidden_sizes": ()},
    {"activation": "leaky_relu"},
    {"activation": "identity"},
    {"dropout": 0.5},
    {"filters": (4,), "kernel_size": 3},
    {"filters": (4, 5), "kernel_size": 3, "hidden_sizes": (6,)},
    {"precision": "float32"},
    {"loss": "squared_error"},
]
PREPARED: list[dict[str, Any]] = [{"standardize": True}, {"pooling": 2}, {"drop_rare_pixels": 0.3}]


def with_biases(network: Network) -> Network:
    """Give every parameter a value: in a network that was just born, the biases are 0."""
    network.parameters[...] += np.random.default_rng(1).normal(0, 0.2, network.parameter_count)
    return network


def logits(network: Network, image: np.ndarray) -> np.ndarray:
    return network.logits(network.preparation.compact(image[None]))[0]


@pytest.mark.parametrize("config", EXACT, ids=str)
def test_pixels_and_biases_add_up_to_the_logit(config: dict[str, Any]) -> None:
    network = with_biases(small_network(shape=(12, 11), **config))
    for image in IMAGES[:3]:
        for of_class in range(CLASSES):
            found = contributions(network, image, of_class)
            assert found.method == "exact"
            assert found.logit == pytest.approx(float(logits(network, image)[of_class]), abs=1e-4)
            assert found.total == pytest.approx(found.logit, abs=1e-9)


@pytest.mark.parametrize("prepared", PREPARED, ids=str)
def test_it_adds_up_however_the_pixels_are_prepared(prepared: dict[str, Any]) -> None:
    preparation = fit_preparation(IMAGES, **prepared)
    network = Network(NetworkConfig(hidden_sizes=(5,), precision="float64"), preparation, CLASSES, 0, 4)
    found = contributions(with_biases(network), IMAGES[0], 1)
    assert found.pixels.shape == preparation.pooled_shape
    assert found.residual == pytest.approx(0, abs=1e-9)


def test_a_pixel_without_ink_adds_nothing_and_a_blank_image_is_bias_alone() -> None:
    image = IMAGES[0].copy()
    image[:, :4] = 0
    preparation = fit_preparation(IMAGES, standardize=True)
    network = Network(NetworkConfig(hidden_sizes=(5,), precision="float64"), preparation, CLASSES, 0, 4)
    assert not contributions(network, image, 0).pixels[:, :4].any()
    blank = contributions(network, np.zeros_like(image), 0)
    assert not blank.pixels.any()
    assert sum(amount for _name, amount in blank.biases) == pytest.approx(blank.logit)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus"])
def test_other_activations_leave_a_little_over_and_say_how_much(activation: str) -> None:
    network = with_biases(small_network(shape=(12, 11), activation=activation))
    found = contributions(network, IMAGES[0], 2)
    assert found.method == "integrated"
    assert 0 < abs(found.residual) < 1e-3
    assert found.total + found.residual == pytest.approx(found.logit)


def test_one_pixel_and_one_neuron_by_hand() -> None:
    # One pixel of full ink, x = 1: z1 = 1·2 + 0.5, a = 2.5, logit 0 = 2.5·3 - 1 = 6.5.
    # The pixel adds 1·2·3 = 6, the bias of the neuron 0.5·3 = 1.5, that of the class -1.
    network = small_network(shape=(1, 1), hidden_sizes=(1,))
    first, last = network.layers[0].parameters, network.layers[-1].parameters
    first["weights"][...], first["biases"][...] = 2, 0.5
    last["weights"][...], last["biases"][...] = 3, -1
    found = contributions(network, np.full((1, 1), 255, np.uint8), 0)
    assert found.logit == pytest.approx(6.5)
    assert found.pixels.tolist() == [[pytest.approx(6)]]
    assert dict(found.biases) == {
        "blank image": 0,
        "biases of linear 1": pytest.approx(1.5),
        "biases of linear 2": -1,
    }


@pytest.mark.parametrize("config", EXACT, ids=str)
def test_what_carries_the_answer_is_the_logit_without_its_bias(config: dict[str, Any]) -> None:
    network = with_biases(small_network(shape=(12, 11), **config))
    bias = network.layers[-1].parameters["biases"][1]
    expected = float(logits(network, IMAGES[0])[1] - bias)
    assert carriers(network, IMAGES[0], 1).sum() == pytest.approx(expected, abs=1e-4)


def test_the_outputs_of_all_layers_end_with_the_logits_and_keep_their_values() -> None:
    network = small_network(shape=(12, 11), filters=(4,), kernel_size=3, hidden_sizes=(6,))
    found = layer_outputs(network, IMAGES[0])
    assert [output.layer for output in found] == [summary.name for summary in network.layer_summaries()[1:]]
    shapes = [output.values.shape for output in found]
    assert shapes == [layer.output_shape for layer in network.layers]
    np.testing.assert_allclose(found[-1].values, logits(network, IMAGES[0]))
    sums, active = (output.values for output in found if output.layer in ("linear 1", "activation 2"))
    np.testing.assert_array_equal(active, np.maximum(sums, 0))  # not overwritten by the activation


def test_the_network_itself_is_not_touched() -> None:
    network = small_network(shape=(12, 11))
    before = network.parameters.copy(), network.gradients.copy()
    contributions(network, IMAGES[0], 0)
    np.testing.assert_array_equal(network.parameters, before[0])
    np.testing.assert_array_equal(network.gradients, before[1])
    assert not network.layers[0].needs_input_gradient
    assert twin_of(network, 1).layers[0].needs_input_gradient
