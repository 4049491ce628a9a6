"""The losses: how wrong the network's outputs are, and which way each output should move.

`Network` computes its gradients from them. Each loss brings its own output function (softmax or sigmoid),
because the two together have a simple gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from mlcore.arrays import Array, Labels
from mlcore.formulas.activations import sigmoid
from mlcore.language import N_

NARROW = 60.0  # e^-60 is still a full-precision float32

SMOOTHING = 0.1
"""The part of a smoothed target that is spread evenly over all classes (Szegedy et al., 2016)."""


@dataclass(frozen=True)
class Loss:
    """One loss with the output function that belongs to it.

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    formula, output, gradient : str
        The loss of one image; its outputs p from the logits z; its gradient with respect to z, with the
        target y.
    activate : callable
        ``activate(z)`` replaces the logits z, shape (batch, classes), in place by the outputs p.
    losses : callable
        ``losses(z, labels)`` returns the loss of each image, (batch,). It is computed from the logits: an
        output that was rounded to 0 has no logarithm.
    to_gradient : callable
        ``to_gradient(p, labels)`` replaces p in place by the gradient of their sum with respect to z.
    smoothing : float
        The part of the target that is spread evenly over all classes: 0 for a target that is 1 for the true
        class and 0 elsewhere.
    """

    label: str
    help: str
    formula: str
    output: str
    gradient: str
    activate: Callable[[Array], None]
    losses: Callable[[Array, Labels], Array]
    to_gradient: Callable[[Array, Labels], None]
    smoothing: float = 0.0

    @property
    def is_softmax(self) -> bool:
        """Whether the outputs of an image add up to 1; otherwise each class answers for itself."""
        return self.activate is softmax

    def targets(self, n: int, dtype: np.dtype[np.floating]) -> Array:
        """Return the targets y of n classes, (n, n): row k is that of class k. They belong to everybody."""
        return _targets(n, dtype, self.smoothing)


def softmax(z: Array) -> None:
    """Replace logits z, shape (batch, classes), in place by e^z / Σ e^z, row by row.

    The largest logit is subtracted first: it changes nothing and nothing overflows.

    >>> z = np.array([[1000.0, 1000.0], [0.0, np.log(3.0)]])
    >>> softmax(z)
    >>> z.round(2).tolist()
    [[0.5, 0.5], [0.25, 0.75]]
    """
    largest, smallest = np.maximum.reduce(z, None), np.minimum.reduce(z, None)
    # One number for all rows is faster, and does as well while no row is so far below it that e^z gets lost.
    z -= largest if largest - smallest < NARROW else _largest_of_rows(z)
    np.exp(z, out=z)
    z /= np.dot(z, _ones(z.shape[1], z.dtype))  # a product with ones is the fastest sum of rows


def _largest_of_rows(z: Array) -> Array:
    # Of columns that lie one after the other it is found eight times as fast (2,048 rows of 10: 11 µs, 89 µs)
    largest: Array = np.ascontiguousarray(z.T).max(axis=0)
    return largest[:, None]


@lru_cache(maxsize=16)
def _ones(n: int, dtype: np.dtype[np.floating]) -> Array:
    return np.ones((n, 1), dtype)


@lru_cache(maxsize=16)
def _targets(n: int, dtype: np.dtype[np.floating], smoothing: float) -> Array:
    # In row k stands the y of class k: 1 in column k, 0 elsewhere, if nothing is spread over all
    return ((1 - smoothing) * np.eye(n) + smoothing / n).astype(dtype)


def _subtract_targets(p: Array, labels: Labels, smoothing: float = 0.0) -> None:
    # p - y
    p -= _targets(p.shape[1], p.dtype, smoothing).take(labels, 0)


def _softmax_cross_entropy(z: Array, labels: Labels) -> Array:
    # -log p = log Σ e^z - z of the true class; with the largest logit subtracted nothing overflows, and no
    # probability that is too small to hold is needed
    below = z - _largest_of_rows(z)
    losses: Array = np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(labels)), labels]
    return losses


def _smoothed_cross_entropy(z: Array, labels: Labels) -> Array:
    # -Σ y log p = log Σ e^z - Σ y z, as the targets of an image add up to 1
    below = z - _largest_of_rows(z)
    y = _targets(z.shape[1], z.dtype, SMOOTHING).take(labels, 0)
    losses: Array = np.log(np.exp(below).sum(axis=1)) - (y * below).sum(axis=1)
    return losses


def _sigmoid_cross_entropy(z: Array, labels: Labels) -> Array:
    # -log p = log(1 + e^-z) for the true class, -log(1 - p) = log(1 + e^z) for each of the others
    against = z.copy()
    against[np.arange(len(labels)), labels] *= -1
    losses: Array = np.logaddexp(0, against).sum(axis=1)
    return losses


def _squared_error(z: Array, labels: Labels) -> Array:
    error = z.copy()
    sigmoid(error)
    _subtract_targets(error, labels)
    losses: Array = 0.5 * np.square(error).sum(axis=1)
    return losses


def _squared_error_gradient(p: Array, labels: Labels) -> None:
    # ∂/∂z ½ Σ (p - y)² = (p - y) p (1 - p)
    slope = p * (1 - p)
    _subtract_targets(p, labels)
    p *= slope


LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(
        N_("Softmax with cross-entropy"),
        N_("Negative logarithm of the probability of the true class: the usual choice."),
        "-Σ y log p",
        "e^z / Σ e^z",
        "p - y",
        softmax,
        _softmax_cross_entropy,
        _subtract_targets,
    ),
    "smoothed_cross_entropy": Loss(
        N_("Softmax with label smoothing"),
        N_(
            "The target of the true class is a little below 1, and the others share the rest: keeps the "
            "network from growing too sure of itself (Szegedy et al., 2016)."
        ),
        "-Σ y log p",
        "e^z / Σ e^z",
        "p - y",
        softmax,
        _smoothed_cross_entropy,
        partial(_subtract_targets, smoothing=SMOOTHING),
        SMOOTHING,
    ),
    "sigmoid_cross_entropy": Loss(
        N_("Sigmoid with cross-entropy"),
        N_("Each output decides yes or no for its own class, independently of the others."),
        "-Σ (y log p + (1 - y) log(1 - p))",
        "1 / (1 + e^-z)",
        "p - y",
        sigmoid,
        _sigmoid_cross_entropy,
        _subtract_targets,
    ),
    "squared_error": Loss(
        N_("Sigmoid with squared error"),
        N_("Half the squared distance to the target: the loss of the first networks, slow when very wrong."),
        "½ Σ (p - y)²",
        "1 / (1 + e^-z)",
        "(p - y) p (1 - p)",
        sigmoid,
        _squared_error,
        _squared_error_gradient,
    ),
}
