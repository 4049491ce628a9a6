"""The weights of a network as pictures: what each neuron or filter of the first layer looks for in an image.

It takes a trained model or a network. The Inside page shows the pictures, and
`docs/explanation/notebooks.md` how to draw them elsewhere.
"""

from dataclasses import dataclass

from mlcore.arrays import Array
from mlcore.model import Model
from mlcore.network.network import Network
from mlcore.study.inside import network_of, over_pixels


@dataclass(frozen=True)
class WeightPictures:
    """What a network has learned, as pictures.

    Attributes
    ----------
    hidden : float array (neurons, height, width)
        The weights of each neuron of the first layer, where its pixels are; 0 where a pixel is not read. Of a
        convolution, the kernel of each filter.
    biases : float array (neurons,)
        Of the same neurons or filters.
    output : float array (classes, neurons)
        The weights of the last layer.
    output_biases : float array (classes,)
    limit : float
        Colours that go from -limit to limit show all networks of this kind on one scale.
    """

    hidden: Array
    biases: Array
    output: Array
    output_biases: Array
    limit: float = 8.0


def weight_pictures(learner: Model | Network) -> WeightPictures:
    """Return the weights of the first and of the last layer as pictures.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(10,)), Preparation((8, 8)), n_classes=3, seed=0)
    >>> pictures = weight_pictures(network)
    >>> pictures.hidden.shape, pictures.output.shape
    ((10, 8, 8), (3, 10))
    """
    network = network_of(learner)
    first, last = network.layers[0].parameters, network.layers[-1].parameters
    weights = first["weights"]
    hidden = weights[:, 0] if network.config.filters else over_pixels(weights.T, network.preparation)
    return WeightPictures(
        hidden.copy(), first["biases"].copy(), last["weights"].T.copy(), last["biases"].copy()
    )
