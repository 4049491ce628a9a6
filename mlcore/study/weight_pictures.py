"""The weights of a network as pictures: what each neuron of the first layer looks for in an image.

It takes a trained model or a network. `docs/explanation/notebooks.md` shows how to draw the pictures.
"""

from dataclasses import dataclass

import numpy as np

from mlcore.arrays import Array
from mlcore.model import Model
from mlcore.network.network import Network


@dataclass(frozen=True)
class WeightPictures:
    """What a network has learned, as pictures.

    Attributes
    ----------
    hidden : float array (neurons, height, width)
        The weights of each neuron of the first layer, where its pixels are; 0 where a pixel is not read.
    output : float array (classes, neurons)
        The weights of the last layer.
    limit : float
        Colours that go from -limit to limit show all networks of this kind on one scale.
    """

    hidden: Array
    output: Array
    limit: float = 8.0


def weight_pictures(learner: Model | Network) -> WeightPictures:
    """Return the weights of the first and of the last layer as pictures.

    Raises
    ------
    ValueError
        When the first layer is a convolution, whose weights are no picture of an image.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(10,)), Preparation((8, 8)), n_classes=3, seed=0)
    >>> pictures = weight_pictures(network)
    >>> pictures.hidden.shape, pictures.output.shape
    ((10, 8, 8), (3, 10))
    """
    network = learner.network if isinstance(learner, Model) else learner
    if network.config.filters:
        raise ValueError("the first layer is a convolution")
    preparation = network.preparation
    height, width = preparation.pooled_shape
    first, last = network.layers[0].parameters["weights"], network.layers[-1].parameters["weights"]
    hidden = np.zeros((first.shape[1], height * width), first.dtype)
    hidden[:, slice(None) if preparation.kept is None else preparation.kept] = first.T
    return WeightPictures(hidden.reshape(-1, height, width), last.T.copy())
