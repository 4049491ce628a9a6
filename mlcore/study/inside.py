"""What every look inside a network shares: a copy that can be worked with, and pixels put in their places.

The other modules of this folder use it.
"""

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float64Array
from mlcore.images.preparation import Preparation
from mlcore.model import Model
from mlcore.network.network import Network

BLOCK = 64
"""Images that go through a copy at once."""


def network_of(learner: Model | Network) -> Network:
    """Return the network of a model, or the network itself."""
    return learner.network if isinstance(learner, Model) else learner


def twin_of(learner: Model | Network, micro_batch: int, precision: str | None = None) -> Network:
    """Return a copy whose backward pass goes on to the pixels; training does not need their gradient."""
    twin = network_of(learner).copy(micro_batch=micro_batch, precision=precision)
    first = twin.layers[0]
    first.needs_input_gradient = True
    first.allocate(micro_batch, twin.dtype)
    return twin


def input_gradient(twin: Network, of_logits: Array) -> Float64Array:
    """Return the gradient of a weighed sum of logits by the inputs that went forward last, (n, features).

    Parameters
    ----------
    twin : Network
        As `twin_of` gives it; its parameters have their gradients, too, afterwards.
    of_logits : float array (n, classes)
        The weights of the sum for each image; overwritten.
    """
    gradient = of_logits
    for layer in reversed(twin.layers):
        gradient = layer.backward(gradient)
    return np.array(gradient.reshape(len(gradient), -1), np.float64)


def values_behind(
    learner: Model | Network, images: NDArray[np.uint8], layer: str | None = None
) -> NDArray[np.float32]:
    """Return what a layer makes of images, (n, values); without a layer, the pixels from 0 to 1.

    Parameters
    ----------
    learner : Model or Network
    images : uint8 array (n, height, width)
    layer : str, optional
        Its name, as in `Network.layer_summaries`.
    """
    if layer is None:
        return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    twin = network_of(learner).copy(micro_batch=BLOCK)
    names = [summary.name for summary in twin.layer_summaries()[1:]]
    blocks = []
    for start in range(0, len(images), BLOCK):
        values = twin.read(twin.preparation.compact(images[start : start + BLOCK]))
        for one in twin.layers[: names.index(layer) + 1]:
            values = one.forward(values)
        blocks.append(values.reshape(len(values), -1).astype(np.float32))
    return np.concatenate(blocks)


def over_pixels(values: Array, preparation: Preparation) -> Array:
    """Return numbers for the inputs of a network, (n, features), where their pixels are, (n, height, width).

    A pixel that the network does not read has a 0.
    """
    height, width = preparation.pooled_shape
    pictures = np.zeros((len(values), height * width), values.dtype)
    pictures[:, slice(None) if preparation.kept is None else preparation.kept] = values
    return pictures.reshape(-1, height, width)
