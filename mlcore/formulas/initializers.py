"""The initializers: how the weights and biases start.

`Network` calls them once, before training. Every initializer fills arrays from a generator that it is
given, always drawing in float64, so that one seed means one network in either precision.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.language import N_

Draw = Callable[[np.random.Generator, tuple[int, ...], int, int], NDArray[np.float64]]


@dataclass(frozen=True)
class Initializer:
    """One way to start.

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    weights, biases : callable
        ``weights(generator, shape, fan_in, fan_out)`` returns float64 values of that shape; fan_in and
        fan_out are the numbers of inputs and outputs of one neuron.
    """

    label: str
    help: str
    weights: Draw
    biases: Draw


def _zeros(
    generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    return np.zeros(shape)


def _he(
    generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    # W ~ N(0, 2 / fan_in)
    return generator.normal(0.0, math.sqrt(2 / fan_in), shape)


def _xavier(
    generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    # W ~ U(-r, r), r = √(6 / (fan_in + fan_out))
    r = math.sqrt(6 / (fan_in + fan_out))
    return generator.uniform(-r, r, shape)


def _lecun(
    generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
) -> NDArray[np.float64]:
    # W ~ N(0, 1 / fan_in)
    return generator.normal(0.0, math.sqrt(1 / fan_in), shape)


def _uniform(low: float, high: float) -> Draw:
    def draw(
        generator: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int
    ) -> NDArray[np.float64]:
        return generator.uniform(low, high, shape)

    return draw


INITIALIZERS: dict[str, Initializer] = {
    "he": Initializer(
        N_("He"),
        N_("Normal, variance 2 / inputs: keeps the signal's size through ReLU layers (He et al., 2015)."),
        _he,
        _zeros,
    ),
    "xavier": Initializer(
        N_("Xavier (Glorot)"),
        N_(
            "Uniform, balanced between inputs and outputs: made for tanh and sigmoid (Glorot & Bengio, 2010)."
        ),
        _xavier,
        _zeros,
    ),
    "lecun": Initializer(
        N_("LeCun"),
        N_("Normal, variance 1 / inputs: the first rule of this kind (LeCun et al., 1998)."),
        _lecun,
        _zeros,
    ),
    "uniform": Initializer(
        N_("Uniform ±0.5"),
        N_(
            "Weights and biases uniform between -0.5 and 0.5, as in the first notebook; learning "
            "starts slowly."
        ),
        _uniform(-0.5, 0.5),
        _uniform(-0.5, 0.5),
    ),
    "uniform_positive": Initializer(
        N_("Uniform 0 to 1"),
        N_("All weights and biases positive: every neuron starts saturated, and learning is hard."),
        _uniform(0.0, 1.0),
        _uniform(0.0, 1.0),
    ),
    "zeros": Initializer(
        N_("Zeros"),
        N_("All neurons start the same and stay the same: try it once to see why nobody does."),
        _zeros,
        _zeros,
    ),
}
