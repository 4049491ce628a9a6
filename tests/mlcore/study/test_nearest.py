"""The nearest training images: those whose outputs of the last hidden layer point the same way."""

from typing import Any

import numpy as np
import pytest

from mlcore import Model, Network, NetworkConfig, Preparation, nearest_images, neighbourhood
from mlcore.study import nearest
from mlcore.study.contributions import layer_outputs
from mlcore.study.nearest import outputs_of_last_hidden_layer
from tests.mlcore.small import SHAPE, finish, small_run, small_split, stripes


def model_of(network: Network) -> Model:
    return Model(network.config, network.preparation, ("a", "b", "c"), network.parameters)


def small_model(shape: tuple[int, int] = SHAPE, **config: Any) -> Model:
    settings = NetworkConfig(**{"hidden_sizes": (7, 5)} | config)
    return model_of(Network(settings, Preparation(shape), 3, seed=0))


@pytest.mark.parametrize(
    "config",
    [{}, {"activation": "tanh"}, {"filters": (4,), "kernel_size": 3}, {"hidden_sizes": (6,)}],
    ids=str,
)
def test_the_outputs_are_those_of_the_layer_before_the_last(config: dict[str, Any]) -> None:
    model, images = small_model((12, 11), **config), stripes(70, shape=(12, 11)).images
    expected = [layer_outputs(model, image)[-2].values.ravel() for image in images]
    np.testing.assert_allclose(outputs_of_last_hidden_layer(model, images), expected, rtol=1e-4, atol=1e-6)


def test_an_image_that_was_learned_is_nearest_to_itself_whatever_the_network() -> None:
    data = stripes(30)
    for config in ({}, {"hidden_sizes": ()}, {"precision": "float64"}, {"activation": "tanh"}):
        model = small_model(**config)
        known = neighbourhood(model, data)
        found = nearest_images(model, known, data.images[17], count=3)
        assert found.positions[0] == 17, config
        assert found.similarities[0] == pytest.approx(1, abs=1e-5)
        assert list(found.similarities) == sorted(found.similarities, reverse=True)


def test_the_angle_between_two_outputs_counts_and_not_their_length() -> None:
    # One neuron a pixel, weight 1: the output of the hidden layer is the image itself, divided by 255.
    network = Network(NetworkConfig(hidden_sizes=(2,), activation="identity"), Preparation((1, 2)), 3, seed=0)
    network.layers[0].parameters["weights"][...] = np.eye(2)
    network.layers[0].parameters["biases"][...] = 0
    data = stripes(3, shape=(1, 2))
    images = np.array([[[0, 10]], [[200, 200]], [[30, 0]]], np.uint8)
    known = neighbourhood(model_of(network), type(data)(images, [0, 1, 2], ("a", "b", "c"), "three"))
    found = nearest_images(model_of(network), known, np.array([[40, 30]], np.uint8))
    # (4, 3) / 5 against (1, 1) / √2, (1, 0) and (0, 1): 7 / (5 √2), 4 / 5 and 3 / 5.
    assert found.positions.tolist() == [1, 2, 0]
    np.testing.assert_allclose(found.similarities, [7 / (5 * np.sqrt(2)), 0.8, 0.6], rtol=1e-5)


def test_positions_are_those_in_a_part_of_a_data_set() -> None:
    part, model = stripes(40).take(np.arange(39, 9, -1)), small_model()
    found = nearest_images(model, neighbourhood(model, part), part.images[4], count=1)
    assert found.positions.tolist() == [4]


def test_a_large_data_set_is_thinned_to_as_many_of_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "MOST_IMAGES", 12)
    data, model = stripes(60), small_model()
    known = neighbourhood(model, data)
    assert np.bincount(data.labels[known.positions]).tolist() == [4, 4, 4]


def test_a_wide_layer_and_a_large_network_are_given_fewer_images(monkeypatch: pytest.MonkeyPatch) -> None:
    data, model = stripes(60), small_model()
    monkeypatch.setattr(nearest, "MOST_BYTES", 12 * 4 * 5)  # five outputs of four bytes each
    assert len(neighbourhood(model, data).positions) == 12
    monkeypatch.setattr(nearest, "MOST_MULTIPLY_ADDS", 6 * model.multiply_adds)
    assert len(neighbourhood(model, data).positions) == 6


def test_an_image_to_which_no_neuron_answers_is_like_no_other() -> None:
    model = small_model()
    parameters = model.parameters.copy()
    parameters[...] = 0
    silent = Model(model.network_config, model.preparation, model.class_names, parameters)
    found = nearest_images(silent, neighbourhood(silent, stripes(9)), stripes(1).images[0])
    assert found.similarities.tolist() == [0] * 9


def test_a_trained_network_finds_images_of_the_class_that_it_answers() -> None:
    split, run = small_split(90, 20), small_run(epochs=40)
    finish(run, split)
    model = run.model()
    known = neighbourhood(model, split.train)
    nearest_labels = [
        split.train.labels[nearest_images(model, known, image, count=1).positions[0]]
        for image in split.dev.images
    ]
    assert (nearest_labels == model.predict(split.dev.images)).mean() >= 0.9
