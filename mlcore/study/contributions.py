"""Why a network answers as it does: its way with one image, and what each pixel adds to a class's logit.

The Inside page shows both. Pixels and biases add up exactly to the logit wherever that is possible.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float64Array
from mlcore.language import N_, _
from mlcore.model import Model
from mlcore.network.network import Network
from mlcore.study.inside import input_gradient, network_of, over_pixels, twin_of

PIECEWISE_LINEAR = {"relu", "leaky_relu", "identity"}
"""Activations of which f(z) = f'(z) z, so that gradient times input leaves nothing over."""

METHODS = {
    "exact": N_("gradient × input, and gradient × bias"),
    "integrated": N_("integrated gradients"),
}

STEPS = 128
"""Points of the integral. On MNIST with tanh, the sum is then within 0.001 of the logit."""


@dataclass(frozen=True)
class Contributions:
    """What adds up to one logit.

    Attributes
    ----------
    logit : float
        What the network computes for the class.
    pixels : float64 array (height, width)
        What each pixel adds, against a blank image; positive for the class, negative against it.
    biases : tuple of (name, amount)
        What is there without any pixel: "blank image", and the biases of each layer.
    method : {"exact", "integrated"}
        A key of `METHODS`.
    """

    logit: float
    pixels: Float64Array
    biases: tuple[tuple[str, float], ...]
    method: str

    @property
    def total(self) -> float:
        """The sum of all contributions."""
        return float(self.pixels.sum()) + sum(amount for _name, amount in self.biases)

    @property
    def residual(self) -> float:
        """What the contributions do not explain; rounding alone when they are exact."""
        return self.logit - self.total


@dataclass(frozen=True)
class LayerOutput:
    """What one layer makes of one image.

    Attributes
    ----------
    layer, kind : str
        Name and kind, as in `Network.layer_summaries`.
    values : float array
        Of the layer's output shape: (neurons,), or (height, width, filters).
    """

    layer: str
    kind: str
    values: Array


def layer_outputs(learner: Model | Network, image: NDArray[np.uint8]) -> tuple[LayerOutput, ...]:
    """Return what each layer makes of one image (height, width), the first one first; the last are logits.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(5,)), Preparation((4, 4)), n_classes=2, seed=0)
    >>> [output.layer for output in layer_outputs(network, np.full((4, 4), 200, np.uint8))]
    ['linear 1', 'activation 1', 'linear 2']
    """
    twin = network_of(learner).copy(micro_batch=1)
    values, found = twin.read(twin.preparation.compact(image[None])), []
    for layer, summary in zip(twin.layers, twin.layer_summaries()[1:], strict=True):
        values = layer.forward(values)
        found.append(LayerOutput(summary.name, summary.kind, values[0].copy()))
    return tuple(found)


def carriers(learner: Model | Network, image: NDArray[np.uint8], of_class: int) -> Float64Array:
    """Return what each input of the last layer adds to a logit, (inputs,): its value times its weight.

    Together with the bias of the class they are the logit.
    """
    network, outputs = network_of(learner), layer_outputs(learner, image)
    is_alone = len(outputs) == 1  # no hidden layer: the inputs are the pixels
    inputs = network.preparation(image[None], np.float64)[0] if is_alone else outputs[-2].values.ravel()
    weights = network.layers[-1].parameters["weights"][:, of_class]
    return np.array(inputs * weights, np.float64)


def contributions(learner: Model | Network, image: NDArray[np.uint8], of_class: int) -> Contributions:
    """Divide the logit of a class among the pixels of one image and the biases of the layers.

    A network of ReLU and max-pooling is affine around an image: its logit is the sum of input times gradient
    and of each bias times its gradient (Srinivas & Fleuret, 2019). What a blank image would bring along by
    the way in which pixels are prepared is a bias too, so that pixels without ink add nothing. With other
    activations the gradient is averaged on the straight way from the blank image (integrated gradients,
    Sundararajan, Taly & Yan, 2017); the sum then misses the logit a little, and `residual` says by how much.

    Parameters
    ----------
    learner : Model or Network
        It is not changed: the work is done in float64, on a copy.
    image : uint8 array (height, width)
    of_class : int

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation
    >>> network = Network(NetworkConfig(hidden_sizes=(5,)), Preparation((4, 4)), n_classes=2, seed=0)
    >>> found = contributions(network, np.full((4, 4), 200, np.uint8), 1)
    >>> [name for name, amount in found.biases], abs(found.residual) < 1e-12
    (['blank image', 'biases of linear 1', 'biases of linear 2'], True)
    """
    exact = network_of(learner).config.activation in PIECEWISE_LINEAR
    twin = twin_of(learner, 1, "float64")
    inputs = twin.read(twin.preparation.compact(image[None])).astype(np.float64)
    blank = twin.read(twin.preparation.compact(np.zeros_like(image)[None])).astype(np.float64)
    logit = float(twin.forward(inputs)[0, of_class])
    if exact:
        gradient = _input_gradient(twin, of_class)
        biases = [(_("blank image"), float((gradient * blank).sum())), *_of_biases(twin)]
    else:
        start = float(twin.forward(blank)[0, of_class])
        gradient = _mean_gradient(twin, blank, inputs, of_class)
        biases = [(_("blank image"), start)]
    pixels = over_pixels(gradient * (inputs - blank), twin.preparation)[0]
    return Contributions(logit, pixels, tuple(biases), "exact" if exact else "integrated")


def _input_gradient(twin: Network, of_class: int) -> Float64Array:
    """Return the gradient of a logit with respect to the inputs that went forward last, (1, features)."""
    of_logits = np.zeros((1, twin.n_classes))
    of_logits[0, of_class] = 1
    return input_gradient(twin, of_logits)


def _of_biases(twin: Network) -> list[tuple[str, float]]:
    """Return what the biases of each layer add, after a backward pass: each times its gradient."""
    return [
        (
            _("biases of {layer}").format(layer=summary.name),
            float((layer.parameters["biases"] * layer.gradients["biases"]).sum()),
        )
        for layer, summary in zip(twin.layers, twin.layer_summaries()[1:], strict=True)
        if "biases" in layer.parameters
    ]


def _mean_gradient(twin: Network, blank: Float64Array, inputs: Float64Array, of_class: int) -> Float64Array:
    """Return the mean of the gradient on the way from the blank image to this one, by the midpoint rule."""
    total = np.zeros_like(inputs)
    for step in range(STEPS):
        twin.forward(blank + (step + 0.5) / STEPS * (inputs - blank))
        total += _input_gradient(twin, of_class)
    return total / STEPS
