"""The mistakes of the first notebooks, to be switched on so that one can see what they do.

They stand between the backward pass and the optimizer on the path, where they spoil the gradient when asked.
"""

from mlcore.config import TrainingConfig
from mlcore.network.network import Network


def distort_gradients(network: Network, config: TrainingConfig, images: int) -> None:
    """Change ``network.gradients``, the right ones for a step of so many images, as the config says.

    Another divisor is no harm: all steps are longer or shorter, as with another learning rate. One sum for
    all biases of a layer is wrong: they all move alike, and those of a softmax layer, whose gradients p - y
    add up to 0, do not move at all.
    """
    if config.gradient_divisor is not None:
        network.gradients *= images / config.gradient_divisor
    if config.bias_gradient == "summed":
        for layer in network.layers:
            if "biases" in layer.gradients:
                layer.gradients["biases"][...] = layer.gradients["biases"].sum()
