"""How much is too much: the memory that a run will take, and the memory that there is.

It stands at the start of a run, so that one visitor's large network cannot end the server for all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from mlcore import NetworkConfig, network_summary
from mlcore.network.network import CONVOLUTION_TILE, TILE

KEPT_VECTORS = 7
"""As long as all parameters: they, their gradients, two moments, a working copy, the best, what decays."""

SAVING_VECTORS = 10
"""What writing a checkpoint takes on top for a moment (measured on two hidden layers of 2,048)."""

DISK_VECTORS = 12
"""What a run's files take at most: a checkpoint of five, the best of one, and the next ones beside them."""

TILE_ARRAYS = 3
"""Arrays for one tile of images that a layer keeps: outputs, gradients, and one to work in."""


@dataclass(frozen=True)
class Place:
    """Where a visitor comes from; an empty part is not known and bounds nothing.

    Attributes
    ----------
    session : str
        The id that the server gave to the session.
    address : str
        The network address.
    """

    session: str = ""
    address: str = ""

    def shares_session(self, other: Self) -> bool:
        """Whether both are one session."""
        return bool(self.session) and self.session == other.session

    def shares_address(self, other: Self) -> bool:
        """Whether both come from one address."""
        return bool(self.address) and self.address == other.address


NOWHERE = Place()
"""Of a run that no visitor has started, as in a notebook."""


@dataclass(frozen=True)
class Demand:
    """How many bytes a run takes: all the time, on top of it while it is saved, and on disk."""

    kept: int
    saving: int
    disk: int = 0


def demand_of(network: NetworkConfig, image_shape: tuple[int, int], n_classes: int, n_train: int) -> Demand:
    """Return about how much memory a run takes in its worker, besides the pixels that all runs share.

    >>> demand = demand_of(NetworkConfig(hidden_sizes=(128,)), (28, 28), 10, 59_000)
    >>> demand.kept // 1_000_000, demand.saving // 1_000_000
    (9, 4)
    """
    itemsize = 8 if network.precision == "float64" else 4
    summaries = network_summary(network, image_shape, n_classes)
    parameters = itemsize * sum(layer.parameters for layer in summaries)
    tile = CONVOLUTION_TILE if network.filters else TILE
    tiles = itemsize * TILE_ARRAYS * tile * sum(math.prod(layer.output_shape) for layer in summaries)
    pixels = 0
    if network.pooling > 1 or network.drop_rare_pixels is not None:
        pixels += n_train * math.prod(summaries[0].output_shape) * 2  # those that only this run reads
    if network.standardize or network.drop_rare_pixels is not None or network.scaling == "maximum":
        pixels += n_train * math.prod(image_shape)  # a copy, to learn from all of them how to prepare one
    disk = DISK_VECTORS * parameters + 2 * n_train * 8  # the order of the images is saved too
    return Demand(KEPT_VECTORS * parameters + tiles + pixels, SAVING_VECTORS * parameters, disk)


def total(demands: Sequence[Demand], workers: int) -> int:
    """Return the bytes that runs take together at most: each worker may be saving the largest.

    >>> total([Demand(10, 5), Demand(20, 7)], workers=2)
    44
    """
    saving = max((demand.saving for demand in demands), default=0)
    return sum(demand.kept for demand in demands) + workers * saving
