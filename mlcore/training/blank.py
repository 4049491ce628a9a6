"""Training without the inputs that are blank in every image, and the whole network again afterwards.

`TrainingRun` leaves them out when it sees its data. Their weights never have a gradient, so that they stay
what they were, and each step has fewer numbers to move.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mlcore.arrays import Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.blank import LitPixels
from mlcore.datasets.split import Split
from mlcore.images.preparation import Preparation
from mlcore.network.network import Network


def pixels_to_train_on(
    split: Split, preparation: Preparation, network: NetworkConfig, training: TrainingConfig
) -> LitPixels | None:
    """Return the pixels that suffice for the same result as with all of them; None when all are needed.

    Filters need whole images, augmentation lights other pixels, and weight decay acts on every weight.
    """
    needs_all = network.filters or training.weight_decay or not training.augmentation.is_none
    if needs_all or not preparation.is_plain or split.train.base is not split.dev.base:
        return None
    return split.train.lit


class BlankInputs:
    """What a network was before its blank inputs were left out, and the way there and back.

    Parameters
    ----------
    whole : Network
        With all inputs.
    lit : LitPixels
        The inputs that are not blank.

    Attributes
    ----------
    lit : LitPixels
    preparation : Preparation
        That of the whole network.
    """

    def __init__(self, whole: Network, lit: LitPixels) -> None:
        self.lit, self.preparation = lit, whole.preparation
        self._first: Array = whole.layers[0].parameters["weights"].copy()
        inputs, self._outputs = whole.layers[0].parameter_shapes["weights"]
        self._blank_weights = (inputs - len(lit.columns)) * self._outputs

    def shorten(self, whole: Network) -> Network:
        """Return the network that reads the lit pixels alone."""
        return _like(whole, _only(self.preparation, self.lit), self._leave_out(whole.parameters))

    def lengthen(self, network: Network) -> Network:
        """Return the network that reads all pixels."""
        return _like(network, self.preparation, self.put_back_weights(network.parameters))

    def put_back_weights(self, parameters: Array) -> Array:
        """Return the parameters of the whole network: those of blank inputs are what they were."""
        return self._put_back(parameters, self._first)

    def leave_out_each(self, vectors: Array) -> Array:
        """Return vectors (n, parameters), with a number for each parameter, without those of blank inputs."""
        lean = np.empty((len(vectors), vectors.shape[1] - self._blank_weights), vectors.dtype)
        for out, vector in zip(lean, vectors, strict=True):
            out[...] = self._leave_out(vector)
        return lean

    def put_back_each(self, vectors: Array) -> Array:
        """Return vectors (n, parameters) for the whole network, with 0 for those of blank inputs."""
        whole = np.empty((len(vectors), vectors.shape[1] + self._blank_weights), vectors.dtype)
        for out, vector in zip(whole, vectors, strict=True):
            out[...] = self._put_back(vector, 0)
        return whole

    def _leave_out(self, vector: Array) -> Array:
        weights, others = np.split(vector, [self._first.size])
        return np.concatenate([weights.reshape(self._first.shape)[self.lit.columns].ravel(), others])

    def _put_back(self, vector: Array, blank: Array | float) -> Array:
        weights = np.empty(self._first.shape, vector.dtype)
        weights[...] = blank
        lit, others = np.split(vector, [self._first.size - self._blank_weights])
        weights[self.lit.columns] = lit.reshape(-1, self._outputs)
        return np.concatenate([weights.ravel(), others])


def _only(preparation: Preparation, lit: LitPixels) -> Preparation:
    if preparation.mean is None or preparation.deviation is None:
        return replace(preparation, kept=lit.columns)
    mean, deviation = preparation.mean[lit.columns], preparation.deviation[lit.columns]
    return replace(preparation, kept=lit.columns, mean=mean, deviation=deviation)


def _like(network: Network, preparation: Preparation, parameters: Array) -> Network:
    """Return a network that differs in its inputs alone."""
    n_classes, micro_batch = network.n_classes, network.micro_batch
    other = Network(network.config, preparation, n_classes, micro_batch=micro_batch, initialize=False)
    other.parameters[...] = parameters
    return other
