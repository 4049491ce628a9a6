"""What the neurons or filters of the first layer do: how much they matter, and which images excite them.

The Inside page shows it beside `mlcore.study.weight_pictures`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float64Array
from mlcore.datasets.dataset import Dataset
from mlcore.model import Model
from mlcore.network.network import Network
from mlcore.study.inside import network_of

SAMPLE = 200
"""Images from which effect and importance are measured; all are asked which of them excites a neuron most."""

BLOCK = 50
MOST_KEPT = 24


@dataclass(frozen=True)
class NeuronStudy:
    """What each neuron of the first layer does.

    Attributes
    ----------
    effect : float64 array (neurons, classes)
        How much each logit grows when the neuron's output grows by one, on average over the images: with one
        hidden layer its outgoing weights. Of a filter, when its output grows by one everywhere.
    importance : float64 array (neurons,)
        How far the neuron moves the logits apart, on average over the images: the mean distance of output
        times effect from its mean over the classes (first-order Taylor: Molchanov et al., 2017).
    strongest : int array (neurons, up to 24)
        Positions of the images that excite each neuron most, the strongest first.
    strength : float array (neurons, up to 24)
        The neuron's output for these images; of a filter, the largest in its map.
    """

    effect: Float64Array
    importance: Float64Array
    strongest: NDArray[np.intp]
    strength: Array

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        return self.effect.nbytes + self.importance.nbytes + self.strongest.nbytes + self.strength.nbytes


def study_neurons(learner: Model | Network, dataset: Dataset) -> NeuronStudy:
    """Ask a network what the neurons of its first layer make of these images.

    Examples
    --------
    >>> from mlcore import NetworkConfig, Preparation, load_dataset
    >>> digits = load_dataset("digits-8x8").take(slice(0, 100))
    >>> network = Network(NetworkConfig(hidden_sizes=(5,)), Preparation((8, 8)), n_classes=10, seed=0)
    >>> study = study_neurons(network, digits)
    >>> np.allclose(study.effect, network.layers[-1].parameters["weights"])
    True
    >>> study.strongest.shape
    (5, 24)
    """
    network = network_of(learner).copy(micro_batch=BLOCK)
    effect, importance = _effects(network, dataset.take(slice(0, SAMPLE)))
    strongest, strength = _strongest(network, dataset)
    return NeuronStudy(effect, importance, strongest, strength)


def _depth(network: Network) -> int:
    """Return how many layers it takes to the first activation's output; without one, to the first sums."""
    kinds = [layer.kind for layer in network.layers]
    return 1 + (kinds.index("activation") if "activation" in kinds else 0)


def _first_outputs(network: Network, images: NDArray[np.uint8]) -> Array:
    values = network.read(network.preparation.compact(images))
    for layer in network.layers[: _depth(network)]:
        values = layer.forward(values)
    return values


def _effects(network: Network, dataset: Dataset) -> tuple[Float64Array, Float64Array]:
    """Return effect and importance of each neuron."""
    rest = network.layers[_depth(network) :]
    neurons = network.layers[_depth(network) - 1].output_shape[-1]
    effect, importance = np.zeros((neurons, network.n_classes)), np.zeros(neurons)
    for _part, images in dataset.blocks(BLOCK):
        # A neuron is the last axis: the places of a filter's map come between it and the image.
        outputs = values = _first_outputs(network, images).copy()
        for layer in rest:
            values = layer.forward(values)
        moved = np.empty((len(images), neurons, network.n_classes))
        for of_class in range(network.n_classes):
            gradient = np.zeros((len(images), network.n_classes), network.dtype)
            gradient[:, of_class] = 1
            for layer in reversed(rest):
                gradient = layer.backward(gradient)
            effect[:, of_class] += gradient.reshape(len(images), -1, neurons).sum(axis=(0, 1))
            moved[:, :, of_class] = (outputs * gradient).reshape(len(images), -1, neurons).sum(axis=1)
        moved -= moved.mean(axis=2, keepdims=True)
        importance += np.abs(moved).mean(axis=2).sum(axis=0)
    return effect / len(dataset), importance / len(dataset)


def _strongest(network: Network, dataset: Dataset) -> tuple[NDArray[np.intp], Array]:
    """Return which images excite each neuron most, and how much; only the best so far are kept."""
    neurons = network.layers[_depth(network) - 1].output_shape[-1]
    positions, strength = np.empty((neurons, 0), np.intp), np.empty((neurons, 0), network.dtype)
    for part, images in dataset.blocks(BLOCK):
        outputs = _first_outputs(network, images)
        outputs = outputs.reshape(len(images), -1, neurons).max(axis=1).T
        new = np.broadcast_to(np.arange(part.start, part.start + len(images)), outputs.shape)
        positions, strength = np.hstack([positions, new]), np.hstack([strength, outputs])
        best = np.argsort(-strength, axis=1, kind="stable")[:, :MOST_KEPT]
        positions = np.take_along_axis(positions, best, axis=1)
        strength = np.take_along_axis(strength, best, axis=1)
    return positions, strength
