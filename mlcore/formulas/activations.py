"""The activation functions: what each neuron does to its weighted sum, and the slope for the way back.

The layer `Activation` applies them. Each works in place on arrays that the layer owns, and gives its slope
from its own output, so that only the output has to be kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mlcore.arrays import Array
from mlcore.language import N_

LEAK = 0.01  # slope of the leaky ReLU below zero (Maas et al., 2013)


@dataclass(frozen=True)
class ActivationFunction:
    """One activation function f with its derivative written through its output a = f(z).

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    formula, slope : str
        The definition of f(z), and f'(z) written through a = f(z).
    apply : callable
        ``apply(z)`` replaces the values of z, any shape, by f(z), in place.
    multiply_by_slope : callable
        ``multiply_by_slope(d, a)`` multiplies d in place by f'(z), computed from a = f(z).
    """

    label: str
    help: str
    formula: str
    slope: str
    apply: Callable[[Array], None]
    multiply_by_slope: Callable[[Array, Array], None]


def _identity(z: Array) -> None:
    """f(z) = z"""


def _identity_slope(d: Array, a: Array) -> None:
    """f'(z) = 1"""


def _relu(z: Array) -> None:
    np.maximum(z, _zeros(z.shape, z.strides, z.dtype), out=z)


@lru_cache(maxsize=64)
def _zeros(shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype[np.floating]) -> Array:
    """Return zeros in the order in memory that such strides tell of.

    The larger of two arrays is found four times as fast as that of an array and a number (128×128 float32:
    2.7 µs, 12.5 µs), as long as both lie in memory in the same order.
    """
    outermost_first = sorted(range(len(shape)), key=lambda axis: -strides[axis])
    zeros: Array = np.zeros([shape[axis] for axis in outermost_first], dtype)
    return zeros.transpose(np.argsort(outermost_first))


def _relu_slope(d: Array, a: Array) -> None:
    # f'(z) = 1 where a > 0, else 0 (at z = 0 we take 0, as everybody does)
    np.multiply(d, a > 0, out=d)


def _leaky_relu(z: Array) -> None:
    np.maximum(z, LEAK * z, out=z)


def _leaky_relu_slope(d: Array, a: Array) -> None:
    np.multiply(d, LEAK, out=d, where=a <= 0)


def sigmoid(z: Array) -> None:
    """Replace z in place by σ(z) = 1 / (1 + e^-z) = (1 + tanh(z/2)) / 2, which cannot overflow."""
    z *= 0.5
    np.tanh(z, out=z)
    z += 1
    z *= 0.5


def _sigmoid_slope(d: Array, a: Array) -> None:
    # σ'(z) = a (1 - a)
    d *= a
    d *= 1 - a


def _tanh(z: Array) -> None:
    np.tanh(z, out=z)


def _tanh_slope(d: Array, a: Array) -> None:
    # tanh'(z) = 1 - a²
    d *= 1 - a * a


def _softplus(z: Array) -> None:
    # log(1 + e^z) = max(z, 0) + log(1 + e^-|z|), which cannot overflow
    np.logaddexp(z, 0, out=z)


def _softplus_slope(d: Array, a: Array) -> None:
    # f'(z) = σ(z) = 1 - e^-a
    d *= -np.expm1(-a)


ACTIVATIONS: dict[str, ActivationFunction] = {
    "relu": ActivationFunction(
        N_("ReLU"),
        N_(
            "Keeps positive sums and sets the rest to zero: fast, and the usual choice (Nair & Hinton, 2010)."
        ),
        "max(0, z)",
        "1 where a > 0, else 0",
        _relu,
        _relu_slope,
    ),
    "leaky_relu": ActivationFunction(
        N_("Leaky ReLU"),
        N_("Like ReLU, but keeps a hundredth of a negative sum, so that no neuron dies."),
        "max(0.01 z, z)",
        "1 where a > 0, else 0.01",
        _leaky_relu,
        _leaky_relu_slope,
    ),
    "tanh": ActivationFunction(
        N_("tanh"),
        N_("Maps every sum to between -1 and 1: smooth, but slow to learn once it saturates."),
        "tanh z",
        "1 - a²",
        _tanh,
        _tanh_slope,
    ),
    "sigmoid": ActivationFunction(
        N_("Sigmoid"),
        N_("Maps every sum to between 0 and 1: the classic of the first networks, and the slowest to learn."),
        "1 / (1 + e^-z)",
        "a (1 - a)",
        sigmoid,
        _sigmoid_slope,
    ),
    "softplus": ActivationFunction(
        N_("Softplus"),
        N_("A ReLU with a round corner: smooth everywhere, a little slower."),
        "log(1 + e^z)",
        "1 - e^-a",
        _softplus,
        _softplus_slope,
    ),
    "identity": ActivationFunction(
        N_("Identity"),
        N_(
            "Changes nothing: all layers collapse into one linear map, which shows why a network "
            "needs a nonlinearity."
        ),
        "z",
        "1",
        _identity,
        _identity_slope,
    ),
}
