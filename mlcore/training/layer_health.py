"""How each layer of a network is while it trains: its weights, gradients, updates and dead neurons.

`TrainingRun` notes it with a measurement, from a step that is not taken: nothing of the training changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Labels
from mlcore.formulas.optimizers import Optimizer
from mlcore.network.layers import Activation, Layer
from mlcore.network.network import Network
from mlcore.training.known_bugs import GradientHook

PROBE_IMAGES = 256
"""Training images, at most, on which gradient and dead neurons are measured."""

SAMPLED_WEIGHTS = 2_000
"""Weights of a layer, at most, from which their distribution is taken."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

LEAST_SLOPE = 1e-3
"""A neuron whose activation is flatter than this for every image of the probe learns next to nothing."""

SPACING = 1.05
"""Times the step of the last note, from which on there is another: a run of any length has some hundreds."""


@dataclass(frozen=True)
class LayerHealth:
    """How one layer with weights is.

    Attributes
    ----------
    name : str
        Such as "linear 1".
    weights : tuple of float
        The `QUANTILES` of its weights, from low to high.
    gradient : float
        Root mean square of the gradient of the cost with respect to its weights.
    update : float
        The length of the next step of its weights, divided by the length of the weights themselves.
    dead : float
        Fraction of its neurons or filters that are flat for every image of the probe: of ReLU those that are
        always 0, of sigmoid those that are always near 0 or 1. nan where no activation follows.
    """

    name: str
    weights: tuple[float, ...]
    gradient: float
    update: float
    dead: float


@dataclass(frozen=True)
class NetworkHealth:
    """How a network is at the measurement of this step.

    Attributes
    ----------
    step : int
    epoch : float
    penalty : float
        What L2 adds to the losses of the measurement; 0 without it.
    layers : tuple of LayerHealth
        Those with weights.
    """

    step: int
    epoch: float
    penalty: float
    layers: tuple[LayerHealth, ...]

    def to_row(self) -> list[Any]:
        """Return it as a checkpoint keeps it: step, epoch, penalty, and a list for each layer.

        >>> layer = LayerHealth("linear 1", (-0.2, -0.1, 0.0, 0.1, 0.2), 0.01, 0.001, 0.25)
        >>> NetworkHealth(5, 1.0, 0.5, (layer,)).to_row()
        [5, 1.0, 0.5, ['linear 1', -0.2, -0.1, 0.0, 0.1, 0.2, 0.01, 0.001, 0.25]]
        """
        rows = [
            [layer.name, *layer.weights, layer.gradient, layer.update, layer.dead] for layer in self.layers
        ]
        return [self.step, self.epoch, self.penalty, *rows]

    @classmethod
    def from_row(cls, row: list[Any]) -> Self:
        """Return what `to_row` wrote.

        Raises
        ------
        ValueError
            When it is anything else.
        """
        step, epoch, penalty, *layers = row
        numbers = [step, epoch, penalty, *(value for _name, *values in layers for value in values)]
        is_known = all(type(value) in (int, float) for value in numbers) and type(step) is int and step >= 0
        width = 1 + len(QUANTILES) + 3
        if not is_known or not all(len(layer) == width and type(layer[0]) is str for layer in layers):
            raise ValueError("no health")
        return cls(
            step,
            epoch,
            penalty,
            tuple(LayerHealth(name, tuple(rest[:-3]), *rest[-3:]) for name, *rest in layers),
        )


def is_worth_noting(step: int, noted: list[NetworkHealth]) -> bool:
    """Return whether this step is far enough from the last note, as a fraction of how far the run is.

    >>> at = NetworkHealth(100, 1.0, 0.0, ())
    >>> is_worth_noting(0, []), is_worth_noting(104, [at]), is_worth_noting(105, [at])
    (True, False, True)
    """
    return not noted or step >= max(noted[-1].step + 1, SPACING * noted[-1].step)


def layer_healths(
    network: Network,
    optimizer: Optimizer,
    compact: NDArray[Any],
    labels: Labels,
    shares: Array,
    *,
    rate: float,
    cost_decay: float = 0.0,
    hook: GradientHook | None = None,
) -> tuple[LayerHealth, ...]:
    """Return how the layers are, by a step on these images that is not taken.

    The network's `gradients` are overwritten, as by every step; parameters and optimizer stay.

    Parameters
    ----------
    network : Network
    optimizer : Optimizer
    compact : array (batch, features)
        At most `micro_batch` images in compact form.
    labels : int array (batch,)
    shares : float array (batch, 1)
        What each image's loss is multiplied by.
    rate, cost_decay : float
        The learning rate of the next step, and the λ of the cost.
    hook : callable, optional
        The known bugs of the run's settings.
    """
    values, dead, last = network.read(compact), {}, ""
    names = [summary.name for summary in network.layer_summaries()[1:]]
    for name, layer in zip(names, network.layers, strict=True):
        values = layer.forward(values)
        last = name if layer.parameters else last
        if isinstance(layer, Activation):
            dead[last] = _flat_fraction(layer, values)
    network.loss.activate(values)
    network.loss.to_gradient(values, labels)
    values *= shares
    network.backward(values)
    if hook is not None:
        hook(network, len(labels))
    if cost_decay:
        network.add_penalty_gradient(cost_decay)
    return tuple(
        _health(name, layer, start, optimizer, rate, dead.get(name, math.nan))
        for name, layer, start in _with_weights(network, names)
    )


def _flat_fraction(layer: Activation, outputs: Array) -> float:
    """Return which fraction of the neurons, along the last axis, is flat for all images at all places."""
    slopes = np.ones_like(outputs)
    layer.activation.multiply_by_slope(slopes, outputs)
    steepest = np.abs(slopes).reshape(-1, slopes.shape[-1]).max(axis=0)
    return float((steepest < LEAST_SLOPE).mean())


def _with_weights(network: Network, names: list[str]) -> Iterator[tuple[str, Layer, int]]:
    """Yield each layer with weights, its name, and where they begin among all parameters."""
    start = 0
    for name, layer in zip(names, network.layers, strict=True):
        for key, values in layer.parameters.items():
            if key == "weights":
                yield name, layer, start
            start += values.size


def _health(
    name: str, layer: Layer, start: int, optimizer: Optimizer, rate: float, dead: float
) -> LayerHealth:
    weights, gradient = (arrays["weights"].ravel() for arrays in (layer.parameters, layer.gradients))
    moved = weights.copy()
    part = slice(start, start + weights.size)
    optimizer.like(optimizer.moments[:, part]).step(
        moved, gradient.copy(), rate, np.ones(weights.size, np.bool_)
    )
    moved -= weights
    some = weights[:: -(-weights.size // SAMPLED_WEIGHTS)]
    size = _length(weights)
    return LayerHealth(
        name,
        tuple(np.quantile(some, QUANTILES).tolist()),
        _length(gradient) / math.sqrt(weights.size),
        _length(moved) / size if size else math.nan,
        dead,
    )


def _length(values: Array) -> float:
    return float(np.linalg.norm(values))
