"""A second, small network beside a model that tells whether an image shows one of its classes at all.

A model of ten digits names a digit whatever it is given: its probabilities are shares of ten. The Draw page
asks this network first, for the model that ships with the app.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import UInt8Array
from mlcore.errors import ModelFileError
from mlcore.language import N_, _
from mlcore.model import Model

KNOWN, UNKNOWN = "digit", "no digit"
"""Its two classes, in this order."""

REFUSED = N_("That is no digit that I know.")
NEAREST = N_("Of the ten, it looks most like {name}.")
"""What is said of an image that is refused."""

ABOVE = "refuses_above"
"""The entry of its card that holds the threshold."""


@dataclass(frozen=True)
class Refusal:
    """A network of two classes and the doubt from which on an image is refused.

    Attributes
    ----------
    network : Model
        Its classes are `KNOWN` and `UNKNOWN`.
    above : float
        The probability of `UNKNOWN` above which an image is refused.
    """

    network: Model
    above: float

    def doubts(self, images: UInt8Array) -> NDArray[np.floating]:
        """Return how likely each image, ``(n, height, width)``, shows no digit, ``(n,)``."""
        doubts: NDArray[np.floating] = self.network.probabilities_of(images)[:, 1]
        return doubts


def refusal_of(network: Model) -> Refusal:
    """Return what a network of two classes refuses, by the threshold in its card.

    Raises
    ------
    ModelFileError
        When it is another kind of model.
    """
    above = network.card.get(ABOVE)
    if network.class_names != (KNOWN, UNKNOWN) or not isinstance(above, float) or not math.isfinite(above):
        raise ModelFileError(_("This model does not tell digits from other drawings. Choose another file."))
    return Refusal(network, above)
