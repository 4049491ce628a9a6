"""The gradient checker: whether the gradient from the formulas is the true slope of the cost.

Notebooks and tests call `check_gradients`. Each parameter is moved a little to both sides, and the
difference of the two costs is compared with what `Network.backward` computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Float64Array
from mlcore.config import TrainingConfig
from mlcore.language import N_, _
from mlcore.network.network import Network
from mlcore.training.known_bugs import KnownBug, known_bug_hook
from mlcore.training.run import TrainingRun

# Half the distance between the two points of a difference: the error of the difference grows with its
# square, the error of rounding as it shrinks, and in float64 the two meet near here. The smaller ones are for
# kinks (ReLU, maximum): two points on different sides of a kink tell no slope, and closer ones seldom are.
STEPS = (1e-5, 1e-6, 1e-7)

VERDICTS = {
    "agrees": N_("agrees"),
    "factor": N_("off by a constant factor"),
    "wrong": N_("wrong"),
}


@dataclass(frozen=True)
class GradientRow:
    """The outcome for one array of parameters.

    Attributes
    ----------
    layer, parameter : str
        Such as "linear 1" and "weights".
    shape : tuple of int
        Of the array.
    positions : int array (checked,)
        Which of its values were moved, as positions in the flattened array.
    analytic, numeric : float64 arrays (checked,)
        Their gradients by the formulas, and by difference.
    error : float
        The largest difference between the two, divided by the largest gradient.
    factor : float
        The c for which analytic ≈ c · numeric fits best (nan when all numeric gradients are 0).
    verdict : {"agrees", "factor", "wrong"}
        A key of `VERDICTS`. A constant factor only makes the steps longer or shorter, as another learning
        rate would; in an array of one value, every error looks like one.
    """

    layer: str
    parameter: str
    shape: tuple[int, ...]
    positions: NDArray[np.intp]
    analytic: Float64Array
    numeric: Float64Array
    error: float
    factor: float
    verdict: str

    @property
    def sentence(self) -> str:
        """The verdict for a person to read, with the factor where there is one."""
        words = _(VERDICTS[self.verdict])
        return f"{words} ({self.factor:.6g})" if self.verdict == "factor" else words


@dataclass(frozen=True)
class GradientCheck:
    """The whole table, one row for each array of parameters; `print` shows it."""

    rows: tuple[GradientRow, ...]
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether every row does."""
        return all(row.verdict == "agrees" for row in self.rows)

    def __str__(self) -> str:
        lines = [f"{_('parameters'):24}{_('shape'):>16}{_('checked'):>9}{_('error'):>10}  {_('verdict')}"]
        for row in self.rows:
            name = f"{row.layer} {row.parameter}"
            shape = "×".join(str(side) for side in row.shape)
            lines.append(f"{name:24}{shape:>16}{len(row.positions):>9}{row.error:>10.1e}  {row.sentence}")
        return "\n".join(lines)


def check_gradients(
    network: Network | TrainingRun,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    *,
    weight_decay: float = 0.0,
    per_array: int | None = 100,
    tolerance: float = 1e-6,
    seed: int = 0,
    gradient: Callable[[Network], None] | None = None,
    bug: KnownBug | None = None,
) -> GradientCheck:
    """Compare the gradient of the mean cost of some images with its slope, found by moving each parameter.

    The numeric gradient is (C(w + h) - C(w - h)) / 2h, in float64 whatever the precision of the network, on a
    copy: the network itself is not touched. Dropout silences the same neurons every time.

    Parameters
    ----------
    network : Network or TrainingRun
        A run (once built) brings its own weight decay, class weights and `gradient_hook`, with a
        notebook's known bugs.
    images : uint8 array (n, height, width)
        A handful is enough.
    labels : int array (n,)
    weight_decay : float
        The λ of the cost's λ/2 Σ w².
    per_array : int or None
        How many values of each array of parameters to check: half of them those with the largest gradients,
        the rest at random; None checks all.
    tolerance : float
        The largest error that still agrees.
    seed : int
        For dropout and for the choice of parameters.
    gradient : callable, optional
        ``gradient(network)`` changes ``network.gradients`` before they are judged: a way to try what the
        checker says about a gradient that is wrong.
    bug : KnownBug, optional
        A bug of `KNOWN_BUGS` that the formulas are to have.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(3,)), Preparation((4, 4)), n_classes=2, seed=0)
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 4, 4), np.uint8)
    >>> labels = np.array([0, 1, 1, 0, 1])
    >>> check_gradients(network, images, labels).agrees
    True
    >>> def halve(network):
    ...     network.gradients *= 0.5
    >>> check_gradients(network, images, labels, gradient=halve).rows[0].sentence
    'off by a constant factor (0.5)'
    """
    hook, batch_size, weights = None, len(images), np.ones(len(images))
    if isinstance(network, TrainingRun):
        if network.class_weights is not None:
            weights = network.class_weights[labels].astype(np.float64)
        hook, batch_size, weight_decay = network.gradient_hook, network.batch_size, network.cost_decay
        network = network.network
    twin = network.copy(micro_batch=max(1, len(images)), precision="float64")
    if bug is not None:
        bug.plant(twin)
        hook = known_bug_hook(bug.training(TrainingConfig())) or hook
    compact = twin.preparation.compact(images)
    twin.learn_from(compact, labels, weights[:, None] / len(images), np.random.default_rng(seed))
    if hook is not None:
        hook(twin, batch_size)
    if weight_decay:
        twin.add_penalty_gradient(weight_decay)
    if gradient is not None:
        gradient(twin)
    cost = _cost(twin, twin.read(compact).copy(), labels, weights, weight_decay, seed)
    return GradientCheck(_compare(twin, cost, per_array, tolerance, seed), tolerance)


def _compare(
    network: Network, cost: Callable[[], float], per_array: int | None, tolerance: float, seed: int
) -> tuple[GradientRow, ...]:
    """Return a row for each array of a network's parameters: its gradients beside the slopes of the cost."""
    generator = np.random.default_rng(seed)
    rows = []
    for layer, summary in zip(network.layers, network.layer_summaries()[1:], strict=True):
        for name, values in layer.parameters.items():
            analytic = layer.gradients[name].ravel().astype(np.float64)
            positions = _choose(analytic, per_array, generator)
            analytic = analytic[positions]
            numeric = _slopes(cost, values.reshape(-1), positions, analytic, tolerance)
            verdict = _judge(analytic, numeric, tolerance, _rounding(cost(), STEPS[0]))
            rows.append(GradientRow(summary.name, name, values.shape, positions, analytic, numeric, *verdict))
    return tuple(rows)


def _cost(
    network: Network,
    inputs: NDArray[Any],
    labels: NDArray[np.integer],
    weights: Float64Array,
    weight_decay: float,
    seed: int,
) -> Callable[[], float]:
    """Return a function for the mean cost with the parameters as they are at the call."""

    def cost() -> float:
        logits = network.forward(inputs, training=True, generator=np.random.default_rng(seed))
        return float((network.loss.losses(logits, labels) * weights).mean()) + network.penalty(weight_decay)

    return cost


def _choose(analytic: Float64Array, count: int | None, generator: np.random.Generator) -> NDArray[np.intp]:
    """Return ``count`` positions: half those of the largest gradients, half at random; or all of them."""
    if count is None or count >= len(analytic):
        return np.arange(len(analytic))
    order = np.argsort(-np.abs(analytic), kind="stable")
    largest, rest = order[: count // 2], order[count // 2 :]
    return np.sort(np.concatenate([largest, generator.permutation(rest)[: count - count // 2]]))


def numeric_gradient(
    cost: Callable[[], float],
    values: NDArray[np.floating],
    positions: NDArray[np.intp],
    step: float = STEPS[0],
) -> Float64Array:
    """Return (C(w + h) - C(w - h)) / 2h for some values of a flat array that the cost reads.

    Each value is moved in place, and put back.

    >>> w = np.array([3.0, 4.0])
    >>> numeric_gradient(lambda: float(w @ w), w, np.arange(2)).round(6).tolist()
    [6.0, 8.0]
    """
    result = np.empty(len(positions))
    for index, position in enumerate(positions):
        kept = values[position]
        values[position] = kept + step
        above = cost()
        values[position] = kept - step
        result[index] = (above - cost()) / (2 * step)
        values[position] = kept
    return result


def _slopes(
    cost: Callable[[], float],
    values: NDArray[np.floating],
    positions: NDArray[np.intp],
    analytic: Float64Array,
    tolerance: float,
) -> Float64Array:
    """Return numeric gradients, looking again, more closely, where they disagree because of a kink.

    A wrong analytic gradient is not saved by that: without a kink all looks tell the same slope.
    """
    here = cost()
    numeric = numeric_gradient(cost, values, positions, STEPS[0])
    for step in STEPS[1:]:
        close = tolerance * _largest(analytic, numeric) + _rounding(here, step)
        doubtful = np.flatnonzero(np.abs(analytic - numeric) > close)
        finer = numeric_gradient(cost, values, positions[doubtful], step)
        kinked = np.abs(finer - numeric[doubtful]) > close
        numeric[doubtful[kinked]] = finer[kinked]
    close = tolerance * _largest(analytic, numeric) + _rounding(here, STEPS[0])
    for index in np.flatnonzero(np.abs(analytic - numeric) > close):
        low, high = sorted(_one_sided(cost, values, positions[index], side * STEPS[1]) for side in (-1, 1))
        near = 1e-4 * _largest(analytic, numeric)
        if high - low > 10 * near and low - near <= analytic[index] <= high + near:
            # The parameter stands on the kink itself (a ReLU whose sum is exactly 0, as in a network that was
            # just born): the slopes to both sides differ, and every number between them is as good.
            numeric[index] = analytic[index]
    return numeric


def _one_sided(
    cost: Callable[[], float], values: NDArray[np.floating], position: np.intp, step: float
) -> float:
    """Return the slope to the right (or, with a negative step, to the left) of where the value is."""
    kept, here = values[position], cost()
    values[position] = kept + step
    slope = (cost() - here) / step
    values[position] = kept
    return slope


def _rounding(cost: float, step: float) -> float:
    """Return how large an error of a difference quotient may be from rounding alone.

    A cost near 0 is the logarithm of a number near 1, which is rounded like 1.
    """
    return 4 * float(np.finfo(np.float64).eps) * max(1.0, abs(cost)) / step


def _largest(*arrays: Float64Array) -> float:
    return max(float(np.abs(array).max(initial=0.0)) for array in arrays)


def _judge(
    analytic: Float64Array, numeric: Float64Array, tolerance: float, rounding: float
) -> tuple[float, float, str]:
    """Return error, factor and verdict; an error that rounding can explain is none.

    >>> _judge(np.array([2.0, 4.0]), np.array([1.0, 2.0]), 1e-6, 0.0)
    (0.5, 2.0, 'factor')
    >>> _judge(np.array([1.0, 2.0]), np.array([2.0, 1.0]), 1e-6, 0.0)[2]
    'wrong'
    """
    scale = _largest(analytic, numeric)
    error = _largest(analytic - numeric) / scale if scale else 0.0
    square = float(numeric @ numeric)
    factor = float(analytic @ numeric) / square if square else float("nan")
    if error * scale <= tolerance * scale + rounding:
        return error, factor, "agrees"
    rest = _largest(analytic - factor * numeric)
    fits = factor != 0 and rest <= abs(factor) * (tolerance * _largest(numeric) + rounding)
    return error, factor, "factor" if fits else "wrong"
