"""The known bugs: what often goes wrong in a network written by hand, to be switched on and studied.

`TrainingRun` takes those of the first notebooks as its `gradient_hook`; `walk_through_step` and
`check_gradients` take any of them, and the Inside page shows how the check finds them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlcore.arrays import Array
from mlcore.config import TrainingConfig
from mlcore.language import N_
from mlcore.network.layers import Activation
from mlcore.network.network import Network

GradientHook = Callable[[Network, int], None]
"""Is given a network and the size of the batch, and may change ``network.gradients``."""

LARGE = 1e5
"""What the last layer is multiplied by, so that its logits are as large as unscaled pixels make them."""


def _nothing(network: Network) -> None:
    """Leave the network as it is."""


@dataclass(frozen=True)
class KnownBug:
    """One bug that can be switched on.

    Attributes
    ----------
    label, help : str
        Its name on a form, and a sentence about what it does.
    plant : callable
        ``plant(network)`` puts it into a network, a copy of the one that is studied.
    settings : mapping
        Settings of `TrainingConfig` that put it into the gradients.
    """

    label: str
    help: str
    plant: Callable[[Network], None] = _nothing
    settings: Mapping[str, Any] = field(default_factory=dict)

    def training(self, config: TrainingConfig) -> TrainingConfig:
        """Return a config whose training has it."""
        return dataclasses.replace(config, **self.settings)


def known_bug_hook(config: TrainingConfig) -> GradientHook | None:
    """Return what puts the bugs that a config asks for into the gradients; None when it asks for none.

    Another divisor is no harm: all steps are longer or shorter, as with another learning rate. One sum for
    all biases of a layer is wrong: they all move alike, and those of a softmax layer, whose gradients p - y
    add up to 0, do not move at all.
    """
    if config.bias_gradient == "exact" and config.gradient_divisor is None:
        return None

    def change_gradients(network: Network, images: int) -> None:
        if config.gradient_divisor is not None:
            network.gradients *= images / config.gradient_divisor
        if config.bias_gradient == "summed":
            for layer in network.layers:
                if "biases" in layer.gradients:
                    layer.gradients["biases"][...] = layer.gradients["biases"].sum()

    return change_gradients


def _forget_masks(network: Network) -> None:
    for layer in network.layers:
        if isinstance(layer, Activation):
            layer.activation = dataclasses.replace(
                layer.activation, slope="1", multiply_by_slope=_pass_everything
            )


def _pass_everything(d: Array, a: Array) -> None:
    """f'(z) = 1, whatever z was"""


def _forget_shift(network: Network) -> None:
    for values in network.layers[-1].parameters.values():
        values *= LARGE
    network.loss = dataclasses.replace(network.loss, activate=_softmax_without_shift)


def _softmax_without_shift(z: Array) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)


KNOWN_BUGS: dict[str, KnownBug] = {
    "summed_biases": KnownBug(
        N_("Bias gradients summed to one number"),
        N_(
            "All biases of a layer then move alike, and those of a softmax layer, whose gradients add up to "
            "0, do not move at all."
        ),
        settings={"bias_gradient": "summed"},
    ),
    "divisor": KnownBug(
        N_("Divided by 60,000 instead of the batch size"),
        N_("Every step is shorter by the same factor, as with a lower learning rate: slow, but not wrong."),
        settings={"gradient_divisor": 60_000},
    ),
    "no_mask": KnownBug(
        N_("The slope of the activation forgotten"),
        N_("Neurons that ReLU switched off learn as if they had been on."),
        plant=_forget_masks,
    ),
    "no_shift": KnownBug(
        N_("Softmax without the shift, on large logits"),
        N_(
            "e^z is more than the number format holds as soon as a logit is above 88 (float32) or 709 "
            "(float64): every gradient becomes nan. Here the weights of the last layer are 100,000 times "
            "as large as they are."
        ),
        plant=_forget_shift,
    ),
}
