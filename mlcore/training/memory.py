"""What a run takes: memory, disk and arithmetic, estimated from its settings before an array is made.

The run service asks `memory_needed` before it starts a run, so that one large network cannot bring the server
down for everybody.
"""

import math
from dataclasses import dataclass

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.images.preparation import Preparation
from mlcore.network.layers import parameter_count
from mlcore.network.network import build_layers
from mlcore.training.batches import micro_batch_of, step_products
from mlcore.training.records import REPORT_IMAGES

KEPT_VECTORS = 8
"""As long as all parameters: they, gradients, two moments, two working copies, the best, what decays."""

SAVING_VECTORS = 10
"""What writing a checkpoint takes on top for a moment (measured on two hidden layers of 2,048)."""

DISK_VECTORS = 12
"""What a run's files take at most: a checkpoint of five, the best of one, and the next ones beside them."""

COMPACT_BYTES = 2
"""Of one pixel in compact form, at most."""

OUTPUT_ARRAYS = 2
"""As large as the outputs of a batch: they, and one to work in when they are summed up."""

LABEL_BYTES = 24
"""Of one image of a batch: its label, its guess, its place."""

ORDER_BYTES = 32
"""Of one training image: its label, its place in the order, in the next order and in the sample measured."""


@dataclass(frozen=True)
class Demand:
    """What a run takes.

    Attributes
    ----------
    kept, saving, disk : int
        Bytes: all the time, on top of it while it is saved, and on disk.
    products, step_products : int
        Multiply-adds of one image and of one step, there and back.
    parameters : int
        Of the network.
    """

    kept: int
    saving: int
    disk: int = 0
    products: int = 0
    step_products: int = 0
    parameters: int = 0

    @property
    def needed(self) -> int:
        """Bytes that must be free for it."""
        return self.kept + self.saving


def memory_needed(
    network: NetworkConfig,
    training: TrainingConfig,
    image_shape: tuple[int, int],
    n_classes: int,
    n_train: int,
) -> Demand:
    """Return about how much a run takes in its worker, besides the pixels that all runs share.

    >>> demand = memory_needed(NetworkConfig(hidden_sizes=(128,)), TrainingConfig(), (28, 28), 10, 59_000)
    >>> demand.kept // 1_000_000, demand.saving // 1_000_000
    (9, 8)
    """
    itemsize = 8 if network.precision == "float64" else 4
    plain = Preparation(image_shape, network.pooling)
    layers = build_layers(network, plain.pooled_shape, plain.features, n_classes)
    n_parameters = sum(parameter_count(layer) for layer in layers)
    parameters = itemsize * n_parameters
    products = step_products(layers)
    batch = training.images_per_step(n_train)
    # The inputs are there twice in compact form and once as numbers.
    an_image = itemsize * (sum(layer.values_per_image for layer in layers) + plain.features)
    micro_batches = micro_batch_of(network, training, products) * (
        an_image + 2 * COMPACT_BYTES * plain.features
    )
    outputs = max(REPORT_IMAGES, batch) * (OUTPUT_ARRAYS * itemsize * n_classes + LABEL_BYTES)
    pixels = ORDER_BYTES * n_train
    if network.pooling > 1 or network.drop_rare_pixels is not None:
        pixels += n_train * plain.features * COMPACT_BYTES  # those that only this run reads
    if network.needs_pixels:
        pixels += n_train * math.prod(image_shape)  # a copy, to learn from all of them how to prepare one
    disk = DISK_VECTORS * parameters + 2 * n_train * 8  # the order of the images is saved too
    return Demand(
        kept=KEPT_VECTORS * parameters + micro_batches + outputs + pixels,
        saving=SAVING_VECTORS * parameters + micro_batches + n_train * 8,
        disk=disk,
        products=products,
        step_products=batch * products,
        parameters=n_parameters,
    )
