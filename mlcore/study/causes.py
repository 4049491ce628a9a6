"""Settings that keep a network from learning, each with a sentence and the change that helps.

The doctor blames them when it sees a poor run; the pages name the likely cause when a network has learned
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.formulas.optimizers import OPTIMIZERS
from mlcore.language import _
from mlcore.settings import settings_of

FAR_OFF = 10
"""Times the optimizer's good rate from which on a rate is blamed."""

MANY_SIGMOIDS = 4
"""Sigmoid layers from which on they are blamed. After three epochs of 5,000 images, three layers of 32
neurons reach 54 %, four 27 %, and eight give one answer to everything; sixteen of tanh reach 84 %."""

STRONG_DROPOUT = 0.5
STRONG_DECAY = 0.01


@dataclass(frozen=True)
class Cause:
    """Why a network learned nothing, or hardly anything.

    Attributes
    ----------
    seen : str
        What is wrong, without a full stop; empty when nothing is known.
    remedy : str
        What to try, as a sentence.
    network, training : mapping
        The settings that would change, and their new values.
    """

    seen: str
    remedy: str
    network: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Both, for a person."""
        return f"{self.seen}. {self.remedy}" if self.seen else self.remedy


def likely_cause(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause:
    """Return the most probable reason why a network with these settings learned nothing.

    What stops every network comes first, what stops some of them last.

    >>> likely_cause(NetworkConfig(initialization="zeros"), TrainingConfig(), 1000).words[:28]
    'All weights started at zero,'
    """
    causes = (find(network, training, n_train) for find in CAUSES.values())
    return next((cause for cause in causes if cause is not None), unknown_cause(training))


def unknown_cause(training: TrainingConfig) -> Cause:
    """Return what to try when no setting stands out."""
    remedy = _("Try a lower learning rate, more epochs, or another initialisation.")
    return Cause("", remedy, training={"learning_rate": gentler_rate(training)})


def gentler_rate(training: TrainingConfig) -> float:
    """Return a tenth of the learning rate, or the good rate of the optimizer where that is lower still.

    >>> [gentler_rate(TrainingConfig(learning_rate=rate)) for rate in (3, 0.002, 2e-6)]  # Adam: 0.001
    [0.001, 0.0002, 1e-06]
    """
    tenth = float(f"{training.learning_rate / 10:.2g}")
    least = settings_of(TrainingConfig)["learning_rate"].minimum or 0.0
    return max(least, min(tenth, OPTIMIZERS[training.optimizer].good_rate))


def hidden_layers(network: NetworkConfig) -> int:
    """Return how many hidden layers there are, convolutions included."""
    return len(network.hidden_sizes) + len(network.filters)


def _zeros(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    if network.initialization != "zeros" or not hidden_layers(network):
        return None
    return Cause(
        _("All weights started at zero, so that all neurons of a layer stay alike"),
        _("Draw the first weights at random."),
        network={"initialization": "he"},
    )


def _unscaled(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    if network.scaling != "none" or network.standardize:
        return None
    return Cause(
        _("The pixels, up to 255, are not scaled, so that the first steps are far too long"),
        _("Divide them by 255."),
        network={"scaling": "255"},
    )


def _summed_biases(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    if training.bias_gradient == "exact":
        return None
    return Cause(
        _("The gradients of a layer's biases are summed to one number, as in the first notebooks"),
        _("Use the exact ones."),
        training={"bias_gradient": "exact"},
    )


def _wrong_divisor(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    divisor, images = training.gradient_divisor, training.images_per_step(n_train)
    if divisor is None or 1 / FAR_OFF < divisor / images < FAR_OFF:
        return None
    seen = _(
        "Gradients are divided by {divisor:,} instead of the {images:,} images of a step, which makes the "
        "steps {times:.3g} times as long"
    )
    return Cause(
        seen.format(divisor=divisor, images=images, times=images / divisor),
        _("Divide by the images of the step."),
        training={"gradient_divisor": None},
    )


def _high_rate(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    rate, optimizer = training.learning_rate, OPTIMIZERS[training.optimizer]
    if rate < FAR_OFF * optimizer.good_rate:
        return None
    seen = _("The learning rate {rate:g} is {times:,.0f} times what usually works with {optimizer}")
    return _about_rate(seen, training, rate / optimizer.good_rate)


def _low_rate(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    rate, optimizer = training.learning_rate, OPTIMIZERS[training.optimizer]
    if rate > optimizer.good_rate / FAR_OFF:
        return None
    seen = _(
        "The learning rate {rate:g} is {times:,.0f} times lower than what usually works with {optimizer}"
    )
    return _about_rate(seen, training, optimizer.good_rate / rate)


def _about_rate(seen: str, training: TrainingConfig, times: float) -> Cause:
    optimizer = OPTIMIZERS[training.optimizer]
    return Cause(
        seen.format(rate=training.learning_rate, times=times, optimizer=_(optimizer.label)),
        _("Try {good:g}.").format(good=optimizer.good_rate),
        training={"learning_rate": optimizer.good_rate},
    )


def _deep_sigmoids(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    layers = hidden_layers(network)
    if network.activation != "sigmoid" or layers < MANY_SIGMOIDS:
        return None
    return Cause(
        _("Hardly any gradient passes through {n} sigmoid layers").format(n=layers),
        _("Use ReLU."),
        network={"activation": "relu"},
    )


def _strong_decay(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    decay = training.cost_decay
    if decay < STRONG_DECAY:
        return None
    less = float(f"{decay / 100:.2g}")
    return Cause(
        _("L2 with λ = {decay:g} pulls the weights to zero faster than they learn").format(decay=decay),
        _("Try {less:g}.").format(less=less),
        training={"weight_decay": less},
    )


def _strong_dropout(network: NetworkConfig, training: TrainingConfig, n_train: int) -> Cause | None:
    if network.dropout < STRONG_DROPOUT or not network.hidden_sizes:
        return None
    seen = _("Dropout switches {share:.0f} % of the hidden neurons off in each step")
    return Cause(seen.format(share=100 * network.dropout), _("Try 0.2."), network={"dropout": 0.2})


CAUSES: Mapping[str, Callable[[NetworkConfig, TrainingConfig, int], Cause | None]] = {
    "zeros": _zeros,
    "unscaled": _unscaled,
    "summed_biases": _summed_biases,
    "wrong_divisor": _wrong_divisor,
    "high_rate": _high_rate,
    "low_rate": _low_rate,
    "deep_sigmoids": _deep_sigmoids,
    "strong_decay": _strong_decay,
    "strong_dropout": _strong_dropout,
}
"""Each is given the settings and the number of training images, and returns a cause where it is one."""
