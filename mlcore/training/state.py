"""What training changes: the network, its optimizer and the order of the images.

`TrainingRun` makes a `TrainState` when it first sees its data, or fills one from a checkpoint.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.blank import LitPixels
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.errors import DatasetError
from mlcore.formulas.optimizers import Optimizer
from mlcore.images.frame import measured_rows
from mlcore.images.preparation import Preparation, fit_preparation
from mlcore.language import _
from mlcore.network.network import Network, build_layers
from mlcore.training.batches import ImageOrder, micro_batch_of, step_products
from mlcore.training.blank import BlankInputs


@dataclass(frozen=True)
class TrainState:
    """A network, its optimizer and the order of its training images; all three change in place.

    While it trains the network may lack the inputs that are blank in every image: ``blank`` then knows how it
    is whole. What others see, a model or a checkpoint, has all inputs.
    """

    network: Network
    optimizer: Optimizer
    order: ImageOrder
    class_names: tuple[str, ...]
    blank: BlankInputs | None = None

    @property
    def preparation(self) -> Preparation:
        """How images become the inputs of the whole network."""
        return self.network.preparation if self.blank is None else self.blank.preparation

    @property
    def lit(self) -> LitPixels | None:
        """The pixels that the network reads, when some are left out."""
        return None if self.blank is None else self.blank.lit

    def whole_parameters(self) -> Array:
        """Return a copy of the parameters of the whole network."""
        parameters = self.network.parameters
        return parameters.copy() if self.blank is None else self.blank.put_back_weights(parameters)

    def whole_moments(self) -> Array:
        """Return a copy of the optimizer's moments for the whole network, (n_moments, parameters)."""
        moments = self.optimizer.moments
        return moments.copy() if self.blank is None else self.blank.put_back_each(moments)

    def whole(self) -> TrainState:
        """Return the state with all inputs; where some were left out, its arrays are copies."""
        if self.blank is None:
            return self
        return self._with(self.blank.lengthen(self.network), self.whole_moments(), None)

    def train_on(self, lit: LitPixels | None) -> TrainState:
        """Return the state with a network that reads these pixels only; None: all of them.

        It stays whole when the optimizer remembers gradients of the others, from other images: these still
        move their weights.
        """
        if lit is self.lit:
            return self
        whole = self.whole()
        if lit is None:
            return whole
        blank, moments = BlankInputs(whole.network, lit), whole.optimizer.moments
        lean = blank.leave_out_each(moments)
        if not np.array_equal(blank.put_back_each(lean), moments):
            return whole
        return whole._with(blank.shorten(whole.network), lean, blank)

    def _with(self, network: Network, moments: Array, blank: BlankInputs | None) -> TrainState:
        optimizer = self.optimizer.like(moments)
        return dataclasses.replace(self, network=network, optimizer=optimizer, blank=blank)

    def check_split(self, split: Split) -> None:
        """Refuse data that do not fit the order of the images, the network's inputs or its classes.

        Raises
        ------
        DatasetError
        """
        shape = self.network.preparation.image_shape
        fits = (
            len(split.train) == len(self.order) and split.train.image_shape == split.dev.image_shape == shape
        )
        if not fits or split.train.class_names != self.class_names:
            message = _(
                "This training was started with {n:,} training images of {height}×{width} pixels in "
                "{classes} classes. It cannot continue with other data: choose the same data set and "
                "split, or start a new training."
            )
            height, width = shape
            raise DatasetError(
                message.format(n=len(self.order), height=height, width=width, classes=len(self.class_names))
            )

    def adopt(self, parameters: Array, gradients: Array, moments: Array) -> None:
        """Move into these arrays, values and all, and work on them from now on."""
        parameters[...], moments[...] = self.network.parameters, self.optimizer.moments
        self.network.adopt(parameters, gradients)
        self.optimizer.moments = moments


def begin_training(network: NetworkConfig, training: TrainingConfig, images: Dataset) -> TrainState:
    """Fit the preparation to the training images and draw the first weights.

    Raises
    ------
    DatasetError
        When there is nothing to learn from.
    """
    if len(images) == 0:
        raise DatasetError(_("There are no training images. Choose a smaller dev set, or more images."))
    if len(images.class_names) < 2:
        raise DatasetError(_("All images are of one class: a network needs two or more."))
    needs_pixels = network.needs_pixels or images.pixel_type.kind == "f"
    preparation = fit_preparation(
        # Most settings need no pixels: then those few suffice that tell how the ink lies.
        _pixels_of(images if needs_pixels else images.take(measured_rows(len(images)))),
        pooling=network.pooling,
        scaling=network.scaling,
        standardize=network.standardize,
        drop_rare_pixels=network.drop_rare_pixels,
    )
    # One seed, a stream of chance for each use: dropout (see `step_generator`) does not change the order.
    weights, order = np.random.SeedSequence(training.seed).spawn(2)
    return make_state(
        network,
        training,
        preparation,
        images.class_names,
        len(images),
        weights,
        np.random.default_rng(order),
    )


def make_state(
    network_config: NetworkConfig,
    training: TrainingConfig,
    preparation: Preparation,
    class_names: tuple[str, ...],
    n: int,
    weights: np.random.SeedSequence | None,
    order: np.random.Generator,
) -> TrainState:
    """Return the state for a number of training images; without ``weights`` all parameters are zero."""
    layers = build_layers(network_config, preparation.pooled_shape, preparation.features, len(class_names))
    micro_batch = micro_batch_of(network_config, training, step_products(layers))
    initialize = weights is not None
    network = Network(
        network_config, preparation, len(class_names), weights, micro_batch, initialize=initialize
    )
    optimizer = training.make_optimizer(network.parameter_count, network.dtype)
    sample_size = min(training.sample_size or n, n)
    image_order = ImageOrder(n, training.images_per_step(n), sample_size, order)
    return TrainState(network, optimizer, image_order, class_names)


def begin_with(
    before: TrainState, network_config: NetworkConfig, training: TrainingConfig, n: int
) -> TrainState:
    """Return the state for n training images with what another one has learned, and an order of its own."""
    before = before.whole()
    parameters = before.network.parameters
    state = begin_at(parameters, before.preparation, before.class_names, network_config, training, n)
    state.optimizer.moments[...] = before.optimizer.moments
    state.optimizer.steps = before.optimizer.steps
    return state


def begin_at(
    parameters: Array,
    preparation: Preparation,
    class_names: tuple[str, ...],
    network_config: NetworkConfig,
    training: TrainingConfig,
    n: int,
) -> TrainState:
    """Return the state for n training images with these parameters; the optimizer has seen nothing yet."""
    _weights, order = np.random.SeedSequence(training.seed).spawn(2)
    generator = np.random.default_rng(order)
    state = make_state(network_config, training, preparation, class_names, n, None, generator)
    state.network.parameters[...] = parameters
    return state


def _pixels_of(dataset: Dataset) -> NDArray[np.uint8]:
    """Return all images; unlike `Dataset.images`, without a copy that stays."""
    if dataset.rows is None:
        return dataset.images
    images = np.empty((len(dataset), *dataset.image_shape), dataset.pixel_type)
    dataset.gather(np.arange(len(dataset)), images.reshape(len(dataset), -1))
    return images
