"""The optimizers: how the gradient becomes a step of the parameters.

Training calls one after each batch. All parameters are one flat vector, so each rule is written once, in
place, without a loop over layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, zeros_on_lines
from mlcore.language import N_

# Moments smaller than this are set to zero now and then: arithmetic with such tiny (denormal) numbers is
# many times slower, and they no longer move any weight.
NEGLIGIBLE = 1e-30
SWEEP_EVERY = 200  # steps


class Optimizer:
    """Gradient descent, and the base of the other rules: parameters ← parameters - rate · gradient.

    Parameters
    ----------
    n_parameters : int
        Length of the flat vectors of parameters and gradients.
    dtype : numpy dtype
        Their type.
    momentum : float
        Part of the last step that is kept (momentum, Nesterov); the others ignore it.
    weight_decay : float
        Shrinks the weights directly (AdamW); the others ignore it, their gradient holds it already.
    """

    n_moments = 0
    decays_weights_itself = False

    def __init__(
        self,
        n_parameters: int,
        dtype: np.dtype[np.floating],
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments: Array = zeros_on_lines((self.n_moments, n_parameters), dtype)
        self._work: Array = zeros_on_lines((n_parameters,), dtype)

    def step(
        self, parameters: Array, gradients: Array, rate: float, decayed: NDArray[np.bool_] | None = None
    ) -> None:
        """Move ``parameters`` in place by one step.

        Parameters
        ----------
        parameters : float array (n_parameters,)
        gradients : float array (n_parameters,)
            May be used up: most rules compute the step in this array, which the processor has at hand.
        rate : float
            The learning rate.
        decayed : bool array (n_parameters,), optional
            True for weights, False for biases.
        """
        self.steps += 1
        self._move(parameters, gradients, rate)
        if self.n_moments and self.steps % SWEEP_EVERY == 0:
            self.moments[np.abs(self.moments) < NEGLIGIBLE] = 0

    def _move(self, parameters: Array, gradients: Array, rate: float) -> None:
        gradients *= rate
        parameters -= gradients

    def like(self, moments: Array) -> Self:
        """Return an optimizer with the same settings and as many steps, and a copy of these moments.

        ``moments`` has the shape (n_moments, n_parameters); the number of parameters may be another one.
        """
        settings = {"momentum": self.momentum, "weight_decay": self.weight_decay}
        other = type(self)(moments.shape[1], moments.dtype, **settings)
        other.moments[...], other.steps = moments, self.steps
        return other

    def memory(self) -> dict[str, Array]:
        """Return what it remembers of earlier steps, by the symbols of its formula, each (n_parameters,)."""
        return {}


class Momentum(Optimizer):
    """v ← μ v + g;  parameters ← parameters - rate · v (Polyak, 1964; Sutskever et al., 2013)."""

    n_moments = 1

    def _move(self, parameters: Array, gradients: Array, rate: float) -> None:
        v = self.moments[0]
        v *= self.momentum
        v += gradients
        step = np.multiply(v, rate, out=gradients)
        parameters -= step

    def memory(self) -> dict[str, Array]:
        """The velocity v."""
        return {"v": self.moments[0].copy()}


class Nesterov(Momentum):
    """v ← μ v + g;  parameters ← parameters - rate · (g + μ v) (Nesterov, 1983)."""

    def _move(self, parameters: Array, gradients: Array, rate: float) -> None:
        v, work = self.moments[0], self._work
        v *= self.momentum
        v += gradients
        np.multiply(v, self.momentum, out=work)
        gradients += work
        gradients *= rate
        parameters -= gradients


class RMSProp(Optimizer):
    """s ← ρ s + (1 - ρ) g²;  parameters ← parameters - rate · g / (√s + ε) (Tieleman & Hinton, 2012)."""

    n_moments = 1
    rho = 0.99
    epsilon = 1e-8

    def _move(self, parameters: Array, gradients: Array, rate: float) -> None:
        s, work = self.moments[0], self._work
        s *= self.rho
        np.multiply(gradients, gradients, out=work)
        work *= 1 - self.rho
        s += work
        np.sqrt(s, out=work)
        work += self.epsilon
        gradients /= work
        gradients *= rate
        parameters -= gradients

    def memory(self) -> dict[str, Array]:
        """The mean squared gradient s."""
        return {"s": self.moments[0].copy()}


class Adam(Optimizer):
    """Adam (Kingma & Ba, 2015): the step is the mean gradient over the root of the mean squared gradient.

    m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;
    parameters ← parameters - rate · m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).

    What is kept is m / (1 - β₁) and v / (1 - β₂): the same rule, two passes over the arrays fewer.
    """

    n_moments = 2
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def _move(self, parameters: Array, gradients: Array, rate: float) -> None:
        m, v = self.moments
        m *= self.beta1
        m += gradients
        v *= self.beta2
        work = np.multiply(gradients, gradients, gradients)
        v += work
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        mean = (1 - self.beta1) / (1 - self.beta1**self.steps)
        np.sqrt(v, work)
        work += self.epsilon / root
        np.divide(m, work, work)
        work *= rate * mean / root
        parameters -= work

    def memory(self) -> dict[str, Array]:
        """The mean gradient m and the mean squared gradient v."""
        m, v = self.moments
        return {"m": (1 - self.beta1) * m, "v": (1 - self.beta2) * v}


class AdamW(Adam):
    """Adam, and besides it: weights ← weights - rate · λ · weights (Loshchilov & Hutter, 2019)."""

    decays_weights_itself = True

    def step(
        self, parameters: Array, gradients: Array, rate: float, decayed: NDArray[np.bool_] | None = None
    ) -> None:
        """Shrink the weights, then move as Adam does."""
        if self.weight_decay and decayed is not None:
            np.multiply(parameters, 1 - rate * self.weight_decay, out=parameters, where=decayed)
        super().step(parameters, gradients, rate, decayed)


@dataclass(frozen=True)
class OptimizerEntry:
    """One row of `OPTIMIZERS`.

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    formula : str
        The rule, for one parameter w with gradient g and learning rate η.
    make : type
        The class.
    good_rate : float
        A learning rate that works with it.
    """

    label: str
    help: str
    formula: str
    make: type[Optimizer]
    good_rate: float


OPTIMIZERS: dict[str, OptimizerEntry] = {
    "adam": OptimizerEntry(
        N_("Adam"),
        N_("Adapts the step size of each weight: works almost everywhere."),
        "m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  w ← w - η m̂ / (√v̂ + ε)",
        Adam,
        0.001,
    ),
    "gradient_descent": OptimizerEntry(
        N_("Gradient descent"),
        N_("The plain rule: a small step against the gradient."),
        "w ← w - η g",
        Optimizer,
        0.1,
    ),
    "momentum": OptimizerEntry(
        N_("Momentum"),
        N_("Keeps moving in the direction of the last steps."),
        "v ← μ v + g;  w ← w - η v",
        Momentum,
        0.05,
    ),
    "nesterov": OptimizerEntry(
        N_("Nesterov momentum"),
        N_("Momentum that looks one step ahead: a little steadier."),
        "v ← μ v + g;  w ← w - η (g + μ v)",
        Nesterov,
        0.05,
    ),
    "rmsprop": OptimizerEntry(
        N_("RMSProp"),
        N_("Divides each step by the usual size of its gradient."),
        "s ← ρ s + (1 - ρ) g²;  w ← w - η g / (√s + ε)",
        RMSProp,
        0.001,
    ),
    "adamw": OptimizerEntry(
        N_("AdamW"),
        N_("Adam with weight decay that acts on the weights directly."),
        "w ← w - η λ w;  then as Adam",
        AdamW,
        0.001,
    ),
}
