"""Every initializer draws the size of weights that it promises, from the generator that it is given."""

import numpy as np
import pytest

from mlcore import INITIALIZERS
from tests.mlcore.small import small_network

FAN_IN, FAN_OUT = 300, 200
SHAPE = (FAN_IN, FAN_OUT)  # 60,000 draws: a variance is within 3 % of its mean, ten times over

VARIANCES = {
    "he": 2 / FAN_IN,
    "xavier": 2 / (FAN_IN + FAN_OUT),  # of U(-r, r) it is r²/3, and r² = 6 / (fan_in + fan_out)
    "lecun": 1 / FAN_IN,
    "uniform": 1 / 12,
    "uniform_positive": 1 / 12,
    "zeros": 0.0,
}
MEANS = {"uniform_positive": 0.5}

every_initializer = pytest.mark.parametrize("name", INITIALIZERS)


def draw(name: str, seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return INITIALIZERS[name].weights(np.random.default_rng(seed), shape, FAN_IN, FAN_OUT)


@every_initializer
def test_weights_have_the_shape_that_is_asked_for_and_a_seed_means_the_same_ones(name: str) -> None:
    weights = draw(name)
    assert weights.shape == SHAPE
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()
    np.testing.assert_array_equal(weights, draw(name))
    assert INITIALIZERS[name].biases(np.random.default_rng(0), (7,), FAN_IN, FAN_OUT).shape == (7,)


@pytest.mark.parametrize("name", VARIANCES)
def test_the_variance_is_the_one_of_the_paper(name: str) -> None:
    weights = draw(name)
    assert weights.var() == pytest.approx(VARIANCES[name], rel=0.03)
    assert weights.mean() == pytest.approx(MEANS.get(name, 0.0), abs=0.01)


def test_the_uniform_ones_stay_within_their_bounds() -> None:
    assert np.abs(draw("xavier")).max() <= np.sqrt(6 / (FAN_IN + FAN_OUT))
    assert np.abs(draw("uniform")).max() <= 0.5
    assert 0 <= draw("uniform_positive").min() <= draw("uniform_positive").max() < 1


def test_he_keeps_the_size_of_a_signal_through_ten_relu_layers_and_lecun_does_not() -> None:
    # Each ReLU halves the mean square, which He's factor 2 makes up for; without it 2^-10 = 0.001 is left.
    left = {}
    for name in ("he", "lecun"):
        network = small_network(hidden_sizes=(400,) * 10, initialization=name, seed=1)
        x = np.random.default_rng(0).normal(0, 1 / network.preparation.scale, (64, 30))
        values = x
        for layer in network.layers[:-1]:
            values = layer.forward(values)
        left[name] = float(np.mean(values**2))
    assert 0.3 < left["he"] < 3
    assert left["lecun"] < 0.01


def test_the_first_weights_do_not_depend_on_the_precision() -> None:
    double, single = small_network(seed=5), small_network(seed=5, precision="float32")
    np.testing.assert_array_equal(double.parameters.astype(np.float32), single.parameters)


@every_initializer
def test_each_network_is_born_from_its_seed_and_not_from_global_chance(name: str) -> None:
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same = small_network(seed=3, initialization=name), small_network(seed=3, initialization=name)
    np.testing.assert_array_equal(one.parameters, same.parameters)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
