"""Convolution, max-pooling and flattening give what naive loops give, and their gradients are the slopes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    ACTIVATIONS,
    INITIALIZERS,
    NetworkConfig,
    Preparation,
    SettingError,
    TrainingConfig,
    TrainingRun,
    load_dataset,
    network_summary,
    split_dataset,
    train,
)
from mlcore.network.convolution import Conv2d, Flatten, MaxPool2d
from mlcore.network.layers import Layer
from mlcore.network.network import Network
from mlcore.study.gradient_check import check_gradients

SHAPES = st.tuples(st.integers(5, 9), st.integers(5, 9), st.integers(1, 3))


def made(layer: Layer, batch: int, seed: int = 0) -> Layer:
    """Give a layer parameters and room, as a network would, in float64."""
    for name, shape in layer.parameter_shapes.items():
        layer.parameters[name], layer.gradients[name] = np.zeros(shape), np.zeros(shape)
    layer.allocate(batch, np.dtype(np.float64))
    layer.initialize(INITIALIZERS["uniform"], np.random.default_rng(seed))
    return layer


def convolved_naively(layer: Conv2d, images: np.ndarray) -> np.ndarray:
    weights, biases, k = layer.parameters["weights"], layer.parameters["biases"], layer.kernel_size
    result = np.zeros((len(images), *layer.output_shape))
    for n, y, x, f in np.ndindex(result.shape):
        window = images[n, y : y + k, x : x + k]  # (k, k, channels)
        result[n, y, x, f] = biases[f] + sum(
            weights[f, c, i, j] * window[i, j, c] for i, j, c in np.ndindex(window.shape)
        )
    return result


def slope(layer: Layer, inputs: np.ndarray, values: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Return the gradient of Σ d · outputs with respect to values, by central differences."""
    result = np.empty(values.shape)
    for place in np.ndindex(values.shape):
        kept = values[place]
        sums = []
        for moved in (kept + 1e-5, kept - 1e-5):
            values[place] = moved
            sums.append(float((layer.forward(inputs.copy()) * d).sum()))
        values[place] = kept
        result[place] = (sums[0] - sums[1]) / 2e-5
    return result


# ---- convolution -------------------------------------------------------------------------------------------


def test_a_convolution_worked_by_hand() -> None:
    layer = made(Conv2d((3, 3, 1), filters=1, kernel_size=2), batch=1)
    layer.parameters["weights"][0, 0] = [[1, 2], [3, 4]]
    layer.parameters["biases"][0] = 10
    image = np.array([[1.0, 0, 2], [0, 1, 0], [3, 0, 1]]).reshape(1, 3, 3, 1)
    # upper left window [[1, 0], [0, 1]]: 1·1 + 2·0 + 3·0 + 4·1 + 10 = 15
    # upper right [[0, 2], [1, 0]]: 2·2 + 3·1 + 10 = 17;  lower left [[0, 1], [3, 0]]: 2·1 + 3·3 + 10 = 21
    # lower right [[1, 0], [0, 1]]: 15
    assert layer.forward(image)[0, :, :, 0].tolist() == [[15, 17], [21, 15]]


def test_its_gradients_worked_by_hand() -> None:
    layer = made(Conv2d((3, 3, 1), filters=1, kernel_size=2), batch=1)
    layer.parameters["weights"][0, 0] = [[1, 2], [3, 4]]
    image = np.arange(9.0).reshape(1, 3, 3, 1)
    layer.forward(image)
    d = np.zeros((1, 2, 2, 1))
    d[0, 0, 1, 0] = 2.0  # only the upper right output matters; its window is [[1, 2], [4, 5]]
    input_gradient = layer.backward(d)
    assert layer.gradients["weights"][0, 0].tolist() == [[2, 4], [8, 10]]  # 2 · window
    assert layer.gradients["biases"].tolist() == [2]
    assert input_gradient[0, :, :, 0].tolist() == [[0, 2, 4], [0, 6, 8], [0, 0, 0]]  # 2 · W, in its place


@given(SHAPES, st.integers(1, 3), st.sampled_from([3, 5]), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=30)
def test_a_convolution_equals_a_naive_loop(
    shape: tuple[int, int, int], filters: int, k: int, batch: int, seed: int
) -> None:
    layer = made(Conv2d(shape, filters, k), batch=4, seed=seed)
    images = np.random.default_rng(seed).normal(size=(batch, *shape))
    np.testing.assert_allclose(layer.forward(images), convolved_naively(layer, images), atol=1e-12)


@given(SHAPES, st.integers(1, 3), st.sampled_from([3, 5]), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=10)
def test_the_gradients_of_a_convolution_are_its_slopes(
    shape: tuple[int, int, int], filters: int, k: int, batch: int, seed: int
) -> None:
    layer = made(Conv2d(shape, filters, k), batch=4, seed=seed)
    generator = np.random.default_rng(seed)
    images = generator.normal(size=(batch, *shape))
    d = generator.normal(size=layer.forward(images).shape)
    layer.forward(images)
    found = layer.backward(d.copy()).copy()
    np.testing.assert_allclose(found, slope(layer, images, images, d), rtol=1e-6, atol=1e-8)
    for name, values in layer.parameters.items():
        expected = slope(layer, images, values, d)
        np.testing.assert_allclose(layer.gradients[name], expected, rtol=1e-6, atol=1e-8)


def test_gradients_of_a_second_batch_take_the_place_of_those_of_the_first() -> None:
    layer = made(Conv2d((5, 5, 2), 3, 3), batch=2)
    images = np.random.default_rng(0).normal(size=(2, 5, 5, 2))
    d = np.ones((2, *layer.output_shape))
    layer.forward(images)
    layer.backward(d.copy())
    once = {name: values.copy() for name, values in layer.gradients.items()}
    layer.backward(d.copy())
    for name, values in layer.gradients.items():
        np.testing.assert_array_equal(values, once[name])


def test_a_smaller_batch_after_a_larger_one_is_not_mixed_up_with_it() -> None:
    layer = made(Conv2d((6, 6, 2), 3, 3), batch=5)
    images = np.random.default_rng(0).normal(size=(5, 6, 6, 2))
    layer.forward(images)
    np.testing.assert_allclose(layer.forward(images[:2]), convolved_naively(layer, images[:2]), atol=1e-12)


# ---- max-pooling and flattening ----------------------------------------------------------------------------


@given(SHAPES, st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=30)
def test_a_pooled_value_is_the_largest_of_its_square(
    shape: tuple[int, int, int], batch: int, seed: int
) -> None:
    layer = made(MaxPool2d(shape), batch=4)
    images = np.random.default_rng(seed).normal(size=(batch, *shape))
    found = layer.forward(images)
    for n, y, x, c in np.ndindex(found.shape):
        assert found[n, y, x, c] == images[n, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, c].max()


@given(SHAPES, st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=10)
def test_the_gradient_of_pooling_is_its_slope(shape: tuple[int, int, int], batch: int, seed: int) -> None:
    layer = made(MaxPool2d(shape), batch=4)
    generator = np.random.default_rng(seed)
    # No two values are so near each other that the small changes of the slope exchange the largest.
    images = generator.permutation(np.arange(batch * np.prod(shape)) / 100).reshape(batch, *shape)
    d = generator.normal(size=layer.forward(images).shape)
    found = layer.backward(d.copy()).copy()
    np.testing.assert_allclose(found, slope(layer, images, images, d), rtol=1e-6, atol=1e-8)


def test_of_equal_values_the_first_alone_gets_the_gradient() -> None:
    layer = made(MaxPool2d((2, 2, 1)), batch=1)
    layer.forward(np.ones((1, 2, 2, 1)))
    assert layer.backward(np.full((1, 1, 1, 1), 5.0))[0, :, :, 0].tolist() == [[5, 0], [0, 0]]


def test_the_gradient_finds_the_largest_value_in_every_corner() -> None:
    for place in itertools.product((0, 1), repeat=2):
        image = np.zeros((1, 2, 2, 1))
        image[0, *place, 0] = 1
        layer = made(MaxPool2d((2, 2, 1)), batch=1)
        layer.forward(image)
        np.testing.assert_array_equal(layer.backward(np.ones((1, 1, 1, 1))), image)


def test_flattening_goes_by_rows_columns_and_channels_and_back() -> None:
    layer = made(Flatten((2, 3, 2)), batch=3)
    images = np.arange(24.0).reshape(2, 2, 3, 2)
    row = layer.forward(images)
    np.testing.assert_array_equal(row, images.reshape(2, 12))
    np.testing.assert_array_equal(layer.backward(row.copy()), images)


# ---- in a network ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_no_activation_ever_falls_so_that_it_may_follow_the_maximum(activation: str) -> None:
    values = np.linspace(-20, 20, 1001)
    ACTIVATIONS[activation].apply(values)
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize(("filters", "kernel_size"), [((3,), 3), ((2, 3), 3), ((4,), 5)])
def test_the_gradient_of_a_convolutional_network_is_the_slope_of_its_cost(
    filters: tuple[int, ...], kernel_size: int
) -> None:
    config = NetworkConfig(filters=filters, kernel_size=kernel_size, hidden_sizes=(5,), activation="tanh")
    network = Network(config, Preparation((11, 12)), n_classes=3, seed=1)
    generator = np.random.default_rng(2)
    images, labels = generator.integers(0, 256, (6, 11, 12), np.uint8), generator.integers(0, 3, 6)
    table = check_gradients(network, images, labels, weight_decay=0.01, per_array=40)
    assert table.agrees, table


def test_the_summary_shows_the_shapes() -> None:
    config = NetworkConfig(filters=(8, 16), hidden_sizes=())
    shapes = [(line.kind, line.output_shape) for line in network_summary(config, (28, 28), 10)]
    assert shapes == [
        ("input", (28, 28, 1)),
        ("convolution", (24, 24, 8)),
        ("max-pool", (12, 12, 8)),
        ("activation", (12, 12, 8)),
        ("convolution", (8, 8, 16)),
        ("max-pool", (4, 4, 16)),
        ("activation", (4, 4, 16)),
        ("flatten", (256,)),
        ("linear", (10,)),
    ]


@given(st.integers(4, 40), st.integers(4, 40), st.integers(1, 5), st.sampled_from([3, 5]))
def test_images_either_fit_or_are_refused_with_a_sentence(height: int, width: int, n: int, k: int) -> None:
    config = NetworkConfig(filters=(2,) * n, kernel_size=k)
    left = min(height, width)
    for _convolution in range(n):
        left = (left - k + 1) // 2
    if left >= 1:
        assert all(min(line.output_shape) >= 1 for line in network_summary(config, (height, width), 10))
    else:
        with pytest.raises(SettingError, match=f"{height}×{width}"):
            network_summary(config, (height, width), 10)


def test_small_images_are_refused_when_the_network_is_built() -> None:
    with pytest.raises(SettingError, match="8×8 pixels are too small for 2 convolutions"):
        Network(NetworkConfig(filters=(4, 4)), Preparation((8, 8)), 10)
    network_summary(NetworkConfig(filters=(4,)), (8, 8), 10)


def test_convolution_and_dropped_pixels_do_not_go_together() -> None:
    with pytest.raises(SettingError, match="whole images"):
        NetworkConfig(filters=(4,), drop_rare_pixels=0.0)


def test_a_window_has_an_odd_side() -> None:
    with pytest.raises(SettingError, match="Kernel size"):
        NetworkConfig(kernel_size=4)


def test_a_convolutional_network_learns_the_small_digits() -> None:
    run = TrainingRun(
        NetworkConfig(filters=(8,), kernel_size=3, hidden_sizes=(32,)),
        TrainingConfig(epochs=6, batch_size=32, learning_rate=0.005),
    )
    for _record in train(run, split_dataset(load_dataset("digits-8x8"), 300)):
        pass
    assert run.best is not None
    assert run.best.dev_accuracy > 0.95
    model = run.model()
    images = load_dataset("digits-8x8").images[:500]
    assert model.predict_probabilities(images).shape == (500, 10)
