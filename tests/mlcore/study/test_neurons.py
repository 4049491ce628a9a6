"""What the neurons of the first layer do is what a forward pass by hand says."""

from typing import Any

import numpy as np
import pytest

from mlcore import study_neurons
from mlcore.study.neurons import BLOCK, MOST_KEPT
from tests.mlcore.small import CLASSES, small_network, stripes

DATA = stripes(2 * BLOCK + 7)


def first_activations(network: Any) -> np.ndarray:
    inputs = network.preparation(DATA.images, np.float64)
    layer = network.layers[0].parameters
    return np.maximum(inputs @ layer["weights"] + layer["biases"], 0)


def test_with_one_hidden_layer_the_effect_is_the_outgoing_weights() -> None:
    network = small_network(hidden_sizes=(7,))
    study = study_neurons(network, DATA)
    weights = network.layers[-1].parameters["weights"]
    np.testing.assert_allclose(study.effect, weights)
    apart = np.abs(weights - weights.mean(axis=1, keepdims=True)).mean(axis=1)
    np.testing.assert_allclose(study.importance, first_activations(network).mean(axis=0) * apart)


def test_the_strongest_images_are_those_with_the_largest_output() -> None:
    network = small_network(hidden_sizes=(7,))
    study = study_neurons(network, DATA)
    outputs = first_activations(network)
    order = np.argsort(-outputs, axis=0, kind="stable")[:MOST_KEPT].T
    assert study.strongest.shape == (7, MOST_KEPT)
    np.testing.assert_allclose(study.strength, np.take_along_axis(outputs.T, order, axis=1))
    excited = study.strength > 0  # images that do not excite it at all are all the same to it
    np.testing.assert_array_equal(study.strongest[excited], order[excited])


def test_with_more_layers_the_effect_is_the_mean_slope_of_the_logits() -> None:
    network = small_network(hidden_sizes=(6, 5))
    study = study_neurons(network, DATA)
    outputs, (second, last) = first_activations(network), (network.layers[k].parameters for k in (2, 4))
    on = outputs @ second["weights"] + second["biases"] > 0
    slopes = np.einsum("hi,ni,ic->hc", second["weights"], on.astype(float), last["weights"]) / len(DATA)
    np.testing.assert_allclose(study.effect, slopes)


def test_a_neuron_that_never_fires_has_no_importance() -> None:
    network = small_network(hidden_sizes=(4,))
    network.layers[0].parameters["biases"][2] = -1e6
    study = study_neurons(network, DATA)
    assert study.importance[2] == 0 < study.importance.max()


@pytest.mark.parametrize(
    ("config", "neurons"),
    [({"hidden_sizes": ()}, CLASSES), ({"filters": (4,), "kernel_size": 3}, 4), ({"activation": "tanh"}, 7)],
    ids=str,
)
def test_every_kind_of_first_layer_is_studied(config: dict[str, Any], neurons: int) -> None:
    study = study_neurons(small_network(**config), DATA)
    assert study.effect.shape == (neurons, CLASSES)
    assert np.isfinite(study.importance).all()
    assert study.importance.max() > 0
    assert (np.diff(study.strength, axis=1) <= 0).all()


def test_of_few_images_all_are_ranked() -> None:
    assert study_neurons(small_network(hidden_sizes=(2,)), DATA.take(slice(0, 5))).strongest.shape == (2, 5)
