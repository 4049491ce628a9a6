"""The pictures of a network's weights show each weight where its pixel is, or where in its kernel."""

import numpy as np

from mlcore import Network, NetworkConfig, Preparation, weight_pictures


def test_a_weight_picture_has_each_weight_at_its_pixel() -> None:
    kept = np.array([1, 2, 7])
    network = Network(NetworkConfig(hidden_sizes=(2,)), Preparation((2, 4), kept=kept), 3, seed=0)
    pictures = weight_pictures(network)
    weights = network.layers[0].parameters["weights"]
    np.testing.assert_array_equal(pictures.hidden[1].ravel()[kept], weights[:, 1])
    assert pictures.hidden[:, 0, 0].tolist() == [0, 0]
    np.testing.assert_array_equal(pictures.output, network.layers[-1].parameters["weights"].T)


def test_a_convolution_shows_the_kernel_of_each_filter() -> None:
    network = Network(NetworkConfig(filters=(2,), kernel_size=3), Preparation((8, 8)), 3, seed=0)
    pictures = weight_pictures(network)
    np.testing.assert_array_equal(pictures.hidden, network.layers[0].parameters["weights"][:, 0])
    assert pictures.biases.shape == (2,)
    assert pictures.output_biases.shape == (3,)
