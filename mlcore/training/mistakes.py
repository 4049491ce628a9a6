"""The mistakes of the first notebooks, to be switched on so that one can see what they do.

`TrainingRun` takes them as its `gradient_hook`, which is called between the backward pass and the optimizer.
"""

from collections.abc import Callable

from mlcore.config import TrainingConfig
from mlcore.network.network import Network

GradientHook = Callable[[Network, int], None]
"""Is given a network and the size of the batch, and may change ``network.gradients``."""


def mistakes_of(config: TrainingConfig) -> GradientHook | None:
    """Return what makes the mistakes that a config asks for; None when it asks for none.

    Another divisor is no harm: all steps are longer or shorter, as with another learning rate. One sum for
    all biases of a layer is wrong: they all move alike, and those of a softmax layer, whose gradients p - y
    add up to 0, do not move at all.
    """
    if config.bias_gradient == "exact" and config.gradient_divisor is None:
        return None

    def make_mistakes(network: Network, images: int) -> None:
        if config.gradient_divisor is not None:
            network.gradients *= images / config.gradient_divisor
        if config.bias_gradient == "summed":
            for layer in network.layers:
                if "biases" in layer.gradients:
                    layer.gradients["biases"][...] = layer.gradients["biases"].sum()

    return make_mistakes
