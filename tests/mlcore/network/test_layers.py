"""Every layer in the table keeps the contract: right gradients, any batch that fits, no trace of the last.

A new layer is covered once it stands in `LAYERS`: it is made from the types of its constructor's arguments.
"""

import inspect
from typing import Any, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import ACTIVATIONS, INITIALIZERS
from mlcore.formulas.activations import ActivationFunction
from mlcore.network.convolution import Conv2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear, Shape
from mlcore.network.network import LAYERS
from tests.mlcore.small import relative_error, slopes

BATCH = 5
IMAGE = (7, 6, 2)  # uneven, odd and flat, so that sides cannot be mistaken for one another

every_layer = pytest.mark.parametrize("kind", LAYERS)


def make(kind: str, *, needs_input_gradient: bool = True, batch: int = BATCH) -> Layer:
    """A layer of this kind in float64, ready for `batch` images, with random parameters."""
    layer_class = LAYERS[kind]
    hints = get_type_hints(layer_class.__init__)
    numbers = iter((4, 3, 2, 5))
    examples: dict[Any, Any] = {Shape: IMAGE, float: 0.4, ActivationFunction: ACTIVATIONS["tanh"]}
    arguments = {
        name: next(numbers) if hints[name] is int else examples[hints[name]]
        for name, parameter in inspect.signature(layer_class).parameters.items()
        if parameter.default is inspect.Parameter.empty
    }
    layer = layer_class(**arguments)
    layer.needs_input_gradient = needs_input_gradient
    generator = np.random.default_rng(0)
    for name, shape in layer.parameter_shapes.items():
        layer.parameters[name] = generator.normal(0, 1, shape)
        layer.gradients[name] = np.full(shape, np.nan)
    layer.allocate(batch, np.dtype(np.float64))
    return layer


def some_inputs(layer: Layer, n: int = BATCH, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (n, *layer.input_shape))


def forward(layer: Layer, x: np.ndarray) -> np.ndarray:
    """The outputs while training, for inputs that are not overwritten; dropout draws the same each time."""
    return layer.forward(x.copy(), training=True, generator=np.random.default_rng(7)).copy()


def backward(layer: Layer, x: np.ndarray, d: np.ndarray) -> np.ndarray:
    forward(layer, x)
    return layer.backward(d.copy()).copy()


@every_layer
def test_gradients_are_the_slopes_of_the_outputs(kind: str) -> None:
    layer = make(kind)
    x = some_inputs(layer)
    d = np.random.default_rng(2).normal(0, 1, (BATCH, *layer.output_shape))

    def cost() -> float:
        return float((forward(layer, x) * d).sum())

    gradient = backward(layer, x, d)
    analytic = {name: values.copy() for name, values in layer.gradients.items()}
    assert relative_error(gradient, slopes(cost, x)) < 1e-6
    for name, values in layer.parameters.items():
        assert relative_error(analytic[name], slopes(cost, values)) < 1e-6


def test_the_check_of_gradients_notices_a_planted_error() -> None:
    layer = make("linear")
    x, d = some_inputs(layer), np.random.default_rng(2).normal(0, 1, (BATCH, *layer.output_shape))
    backward(layer, x, d)
    wrong = layer.gradients["weights"] * (1 + 1e-5)
    numeric = slopes(lambda: float((forward(layer, x) * d).sum()), layer.parameters["weights"])
    assert relative_error(wrong, numeric) > 1e-6


@every_layer
def test_shapes_are_as_announced(kind: str) -> None:
    layer = make(kind)
    x = some_inputs(layer)
    assert forward(layer, x).shape == (BATCH, *layer.output_shape)
    assert backward(layer, x, np.ones((BATCH, *layer.output_shape))).shape == x.shape
    assert {name: g.shape for name, g in layer.gradients.items()} == layer.parameter_shapes


@every_layer
def test_a_small_batch_after_a_large_one_sees_nothing_of_it(kind: str) -> None:
    used, fresh = make(kind), make(kind)
    large, small = some_inputs(used, BATCH, seed=3), some_inputs(used, 2, seed=4)
    backward(used, large, np.ones((BATCH, *used.output_shape)))
    d = np.ones((2, *used.output_shape))
    np.testing.assert_array_equal(forward(used, small), forward(fresh, small))
    np.testing.assert_array_equal(backward(used, small, d), backward(fresh, small, d))
    for name in used.gradients:
        np.testing.assert_array_equal(used.gradients[name], fresh.gradients[name])


@every_layer
def test_gradients_of_two_parts_add_up_to_those_of_the_whole(kind: str) -> None:
    whole, parts = make(kind), make(kind)
    x, d = some_inputs(whole), np.random.default_rng(2).normal(0, 1, (BATCH, *whole.output_shape))
    backward(whole, x, d)
    backward(parts, x[:2], d[:2])
    first = {name: gradient.copy() for name, gradient in parts.gradients.items()}
    backward(parts, x[2:], d[2:])
    for name in whole.gradients:
        total = first[name] + parts.gradients[name]
        np.testing.assert_allclose(total, whole.gradients[name], rtol=1e-12, atol=1e-12)


@every_layer
def test_the_first_layer_may_leave_out_the_gradient_of_the_pixels(kind: str) -> None:
    first, inner = make(kind, needs_input_gradient=False), make(kind)
    x, d = some_inputs(first), np.random.default_rng(2).normal(0, 1, (BATCH, *first.output_shape))
    backward(first, x, d)
    backward(inner, x, d)
    for name in inner.gradients:
        np.testing.assert_array_equal(first.gradients[name], inner.gradients[name])


@every_layer
def test_answers_do_not_depend_on_chance_and_training_alone_draws(kind: str) -> None:
    layer = make(kind)
    x = some_inputs(layer)
    np.testing.assert_array_equal(layer.forward(x.copy()).copy(), layer.forward(x.copy()).copy())


@every_layer
def test_a_layer_fills_all_its_parameters_from_the_generator(kind: str) -> None:
    one, same = make(kind), make(kind)
    for layer in (one, same):
        for values in layer.parameters.values():
            values[...] = np.nan
        layer.initialize(INITIALIZERS["uniform"], np.random.default_rng(3))
    for name, values in one.parameters.items():
        assert np.isfinite(values).all()
        assert values.std() > 0
        np.testing.assert_array_equal(values, same.parameters[name])


@every_layer
def test_a_layer_states_its_formulas(kind: str) -> None:
    layer = make(kind)
    formulas = layer.formulas("x", "z₁", "₁")
    assert set(formulas) == {"output", "input", *layer.parameter_shapes}
    assert formulas["output"].startswith("z₁ = ")
    assert formulas["input"].startswith("∂x = ")
    assert layer.kind == kind
    assert layer.symbol != Layer.symbol


def test_symbols_of_layers_that_share_a_subscript_differ() -> None:
    symbols = [layer.symbol for layer in LAYERS.values() if not make(layer.kind).parameter_shapes]
    assert len(set(symbols)) == len(symbols)


def test_a_bare_layer_passes_everything_on() -> None:
    layer, x = Layer((3,)), np.ones((2, 3))
    layer.initialize(INITIALIZERS["he"], np.random.default_rng(0))
    layer.allocate(2, np.dtype(np.float64))
    assert layer.forward(x) is x
    assert layer.backward(x) is x
    assert layer.formulas("x", "h₁", "₁") == {"output": "h₁ = x", "input": "∂x = ∂h₁"}
    assert layer.output_shape == (3,)


# By hand


def linear(weights: list[list[float]], biases: list[float]) -> Linear:
    layer = Linear(len(weights), len(biases))
    layer.parameters = {"weights": np.array(weights), "biases": np.array(biases)}
    layer.gradients = {name: np.zeros_like(values) for name, values in layer.parameters.items()}
    layer.allocate(4, np.dtype(np.float64))
    return layer


def test_linear_by_hand() -> None:
    layer = linear([[1.0, 2.0], [3.0, 4.0]], [0.5, -0.5])
    # (1, 2) W + b = (1·1 + 2·3 + 0.5, 1·2 + 2·4 - 0.5)
    np.testing.assert_array_equal(layer.forward(np.array([[1.0, 2.0]])), [[7.5, 9.5]])
    # d = (1, -1): ∂x = d Wᵀ = (1·1 - 1·2, 1·3 - 1·4); ∂W = xᵀ d; ∂b = d
    np.testing.assert_array_equal(layer.backward(np.array([[1.0, -1.0]])), [[-1, -1]])
    np.testing.assert_array_equal(layer.gradients["weights"], [[1, -1], [2, -2]])
    np.testing.assert_array_equal(layer.gradients["biases"], [1, -1])


def test_the_factor_of_the_first_layer_is_the_same_as_scaled_inputs() -> None:
    x, d = np.random.default_rng(0).normal(0, 1, (2, 4, 3))
    weights = np.random.default_rng(1).normal(0, 1, (3, 3)).tolist()
    plain, folded = linear(weights, [1.0, 2.0, 3.0]), linear(weights, [1.0, 2.0, 3.0])
    folded.input_scale = 1 / 255
    np.testing.assert_allclose(folded.forward(x), plain.forward(x / 255), rtol=1e-13)
    np.testing.assert_allclose(folded.backward(d.copy()), plain.backward(d.copy()) / 255, rtol=1e-13)
    for name in plain.gradients:
        np.testing.assert_allclose(folded.gradients[name], plain.gradients[name], rtol=1e-13)


def test_an_activation_works_in_place() -> None:
    layer = Activation((3,), ACTIVATIONS["relu"])
    z = np.array([[-1.0, 0.0, 2.0]])
    assert layer.forward(z) is z
    np.testing.assert_array_equal(z, [[0, 0, 2]])
    np.testing.assert_array_equal(layer.backward(np.array([[5.0, 5.0, 5.0]])), [[0, 0, 5]])


# Dropout


def dropout(rate: float, n: int, width: int) -> Dropout:
    layer = Dropout((width,), rate)
    layer.allocate(n, np.dtype(np.float64))
    return layer


@given(st.floats(0.05, 0.9), st.integers(0, 2**32))
def test_dropout_silences_its_part_and_keeps_the_mean(rate: float, seed: int) -> None:
    n = 40_000
    out = dropout(rate, 1, n).forward(np.ones((1, n)), training=True, generator=np.random.default_rng(seed))
    # Each value is 0, or 1 / (1 - rate). Six standard deviations of a mean of n coins are allowed.
    six_sigma = 6 * np.sqrt(rate * (1 - rate) / n)
    assert np.mean(out == 0) == pytest.approx(rate, abs=six_sigma)
    assert out.mean() == pytest.approx(1, abs=six_sigma / (1 - rate))
    np.testing.assert_allclose(out[out > 0], 1 / (1 - rate))


def test_dropout_silences_the_same_values_on_the_way_back() -> None:
    layer = dropout(0.5, 3, 50)
    out = layer.forward(np.ones((3, 50)), training=True, generator=np.random.default_rng(0)).copy()
    np.testing.assert_array_equal(layer.backward(np.ones((3, 50))), out)


def test_dropout_cannot_train_without_a_generator() -> None:
    with pytest.raises(ValueError, match="pass a generator"):
        dropout(0.5, 3, 50).forward(np.ones((3, 50)), training=True)


def test_dropout_draws_another_mask_each_time() -> None:
    layer, generator = dropout(0.5, 3, 50), np.random.default_rng(0)
    first = layer.forward(np.ones((3, 50)), training=True, generator=generator).copy()
    assert (layer.forward(np.ones((3, 50)), training=True, generator=generator) != first).any()


def test_dropout_does_nothing_when_the_network_answers() -> None:
    layer = dropout(0.5, 3, 50)
    x, d = np.random.default_rng(0).normal(0, 1, (2, 3, 50))
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(d.copy()), d)


@every_layer
@pytest.mark.parametrize("needs_input_gradient", [False, True])
def test_a_layer_says_how_much_room_it_makes_for_an_image(kind: str, needs_input_gradient: bool) -> None:
    def room(batch: int) -> int:
        layer = make(kind, needs_input_gradient=needs_input_gradient)
        layer.allocate(batch, np.dtype("float32"))
        return sum(values.size for values in vars(layer).values() if isinstance(values, np.ndarray))

    layer = make(kind, needs_input_gradient=needs_input_gradient)
    assert room(3) - room(2) == layer.values_per_image


def test_what_an_answer_costs_is_counted_by_hand() -> None:
    assert Linear(7, 5).multiply_adds == 35
    # 7 × 6 places of a window of 3 × 3 pixels of 3 channels, for 4 filters
    assert Conv2d((9, 8, 3), 4, 3).multiply_adds == 7 * 6 * 3 * 3 * 3 * 4
