"""What every look inside a network shares: a copy that can be worked with, and pixels put in their places.

The other modules of this folder use it.
"""

import numpy as np

from mlcore.arrays import Array
from mlcore.images.preparation import Preparation
from mlcore.model import Model
from mlcore.network.network import Network


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


def over_pixels(values: Array, preparation: Preparation) -> Array:
    """Return numbers for the inputs of a network, (n, features), where their pixels are, (n, height, width).

    A pixel that the network does not read has a 0.
    """
    height, width = preparation.pooled_shape
    pictures = np.zeros((len(values), height * width), values.dtype)
    pictures[:, slice(None) if preparation.kept is None else preparation.kept] = values
    return pictures.reshape(-1, height, width)
