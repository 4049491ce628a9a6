"""Every activation has the slope that it claims, stays finite, and keeps its own law."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlcore import ACTIVATIONS
from mlcore.formulas.activations import sigmoid
from tests.mlcore.small import relative_error, slopes

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
CLASSIC = ["identity", "relu", "leaky_relu", "sigmoid", "tanh", "softplus"]
sums = arrays.arrays(np.float64, (3, 4), elements=st.floats(-50, 50))


def applied(name: str, z: np.ndarray) -> np.ndarray:
    a = z.copy()
    ACTIVATIONS[name].apply(a)
    return a


def slope(name: str, z: np.ndarray) -> np.ndarray:
    d = np.ones_like(z)
    ACTIVATIONS[name].multiply_by_slope(d, applied(name, z))
    return d


@every_activation
def test_the_slope_is_that_of_the_function(name: str) -> None:
    z = np.random.default_rng(0).normal(0, 2, 200)
    z = z[np.abs(z) > 1e-3]  # a kink at 0 has no slope
    numeric = slopes(lambda: float(applied(name, z).sum()), z)
    assert relative_error(slope(name, z), numeric) < 1e-6


@every_activation
def test_the_slope_multiplies_what_comes_back(name: str) -> None:
    z, d = np.random.default_rng(1).normal(0, 1, (2, 5, 4))
    expected = d * slope(name, z)
    ACTIVATIONS[name].multiply_by_slope(d, applied(name, z))
    np.testing.assert_allclose(d, expected, rtol=1e-14)


@pytest.mark.parametrize("name", CLASSIC)
@given(z=sums)
def test_an_activation_never_falls(name: str, z: np.ndarray) -> None:
    z = np.sort(z, axis=None)
    assert (np.diff(applied(name, z)) >= 0).all()


@every_activation
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_largest_sums_do_not_overflow(name: str, precision: str) -> None:
    z = np.array([-1e30, -1e4, -100, 0, 100, 1e4, 1e30], precision)
    assert np.isfinite(applied(name, z)).all()
    assert np.isfinite(slope(name, z)).all()
    assert applied(name, z).dtype == precision


def test_activations_by_hand() -> None:
    # e^-2 = 0.135335: σ(2) = 1/1.135335 = 0.880797; log(1 + e²) = log 8.389056 = 2.126928
    z = np.array([-2.0, 0.0, 2.0])
    np.testing.assert_allclose(applied("identity", z), [-2, 0, 2])
    np.testing.assert_allclose(applied("relu", z), [0, 0, 2])
    np.testing.assert_allclose(applied("leaky_relu", z), [-0.02, 0, 2])
    np.testing.assert_allclose(applied("sigmoid", z), [0.119203, 0.5, 0.880797], atol=1e-6)
    np.testing.assert_allclose(applied("tanh", z), [-0.964028, 0, 0.964028], atol=1e-6)
    np.testing.assert_allclose(applied("softplus", z), [0.126928, 0.693147, 2.126928], atol=1e-6)


@given(sums)
def test_the_sigmoid_and_its_mirror_image_sum_to_one(z: np.ndarray) -> None:
    there, back = z.copy(), -z
    sigmoid(there)
    sigmoid(back)
    np.testing.assert_allclose(there + back, 1, rtol=1e-15)
    assert ((there >= 0) & (there <= 1)).all()


@given(sums)
def test_the_sigmoid_is_its_definition(z: np.ndarray) -> None:
    there = z.copy()
    sigmoid(there)
    np.testing.assert_allclose(there, 1 / (1 + np.exp(-z)), atol=1e-15)


@every_activation
def test_every_activation_states_its_formula_and_its_slope(name: str) -> None:
    entry = ACTIVATIONS[name]
    assert all([entry.label, entry.help, entry.formula, entry.slope])


@pytest.mark.parametrize("name", CLASSIC)
def test_the_formulas_are_what_is_computed(name: str) -> None:
    # The words of the table, read as Python: "log(1 + e^z)" → log(1 + exp(z)).
    z = np.linspace(-3, 3, 13)
    entry, a = ACTIVATIONS[name], applied(name, z)
    names = {"max": np.maximum, "exp": np.exp, "log": np.log, "tanh": np.tanh, "z": z, "a": a}
    formula = entry.formula.replace("tanh z", "tanh(z)").replace("e^z", "exp(z)").replace("e^-z", "exp(-z)")
    np.testing.assert_allclose(a, eval(formula.replace("0.01 z", "0.01 * z"), names), atol=1e-12)
    words = entry.slope.replace("a²", "a**2").replace("a (1", "a * (1").replace("e^-a", "exp(-a)")
    if " where " in words:
        yes, condition, no = words.replace(" where ", "|").replace(", else ", "|").split("|")
        expected = np.where(eval(condition, names), float(yes), float(no))
    else:
        expected = np.broadcast_to(eval(words, names), z.shape)
    np.testing.assert_allclose(slope(name, z), expected, atol=1e-12)


def test_relu_is_right_in_every_order_in_memory() -> None:
    generator = np.random.default_rng(0)
    z = generator.standard_normal((2, 3, 4, 5), np.float32)
    expected = np.where(z > 0, z, 0)
    for axes in itertools.permutations(range(4)):
        ordered = np.ascontiguousarray(z.transpose(axes)).transpose(np.argsort(axes))
        assert ordered.shape == z.shape
        ACTIVATIONS["relu"].apply(ordered)
        np.testing.assert_array_equal(ordered, expected)
