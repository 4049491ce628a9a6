"""What training changes (network, optimizer, order of the images), and all of it at one moment: a checkpoint.

`TrainingRun` makes a `TrainState` when it first sees its data, or fills one from the checkpoint that a model
file carries.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.blank import LitPixels
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError
from mlcore.formulas.optimizers import Optimizer
from mlcore.images.frame import measured_rows
from mlcore.images.preparation import Preparation, fit_preparation
from mlcore.language import _
from mlcore.network.network import Network, build_layers
from mlcore.training.batches import ImageOrder, micro_batch_of, step_products
from mlcore.training.blank import BlankInputs
from mlcore.training.records import BatchMetrics, EpochMetrics, Record

ARRAYS = ("order", "moments", "parameters", "best_parameters")


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


def _pixels_of(dataset: Dataset) -> NDArray[np.uint8]:
    """Return all images; unlike `Dataset.images`, without a copy that stays."""
    if dataset.rows is None:
        return dataset.images
    images = np.empty((len(dataset), *dataset.image_shape), dataset.pixel_type)
    dataset.gather(np.arange(len(dataset)), images.reshape(len(dataset), -1))
    return images


@dataclass(frozen=True)
class Checkpoint:
    """Everything that changes in a run, at one moment; what stands in no array goes into the file as JSON.

    Attributes
    ----------
    step, images_seen, evaluated_step, stopped_early, patient_from, changes, best, history, in_halves
        As in `TrainingRun`.
    rate_base, rate_ceiling
        Of its `RatePlan`; None: the learning rate of the config, and no ceiling.
    position, order_generator, order
        Of the `ImageOrder`.
    optimizer_steps, moments
        Of the optimizer.
    parameters, best_parameters
        Of the network: now, and at its best measurement.
    """

    step: int
    images_seen: int
    position: int
    evaluated_step: int
    stopped_early: bool
    patient_from: int
    changes: int
    rate_base: float | None
    rate_ceiling: float | None
    optimizer_steps: int
    best: EpochMetrics | None
    history: list[Record]
    order_generator: dict[str, Any]
    in_halves: bool
    order: NDArray[np.intp]
    moments: NDArray[np.floating]
    parameters: NDArray[np.floating]
    best_parameters: NDArray[np.floating] | None

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what goes into the file."""
        counters = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ARRAYS
        }
        counters["best"] = None if self.best is None else dataclasses.asdict(self.best)
        counters["history"] = [
            [type(record).__name__, *dataclasses.astuple(record)] for record in self.history
        ]
        arrays: dict[str, NDArray[Any]] = {
            "counters": np.frombuffer(json.dumps(counters).encode(), np.uint8),
            "order": self.order,
            "moments": self.moments,
            "parameters": self.parameters,
        }
        if self.best_parameters is not None:
            arrays["best_parameters"] = self.best_parameters
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Return what `to_arrays` wrote; anything else raises an error of any kind."""
        counters = json.loads(arrays["counters"].tobytes())
        order = arrays["order"].astype(np.intp, casting="safe")
        if not len(order) or not np.array_equal(np.sort(order), np.arange(len(order))):
            raise ValueError("order")
        if not 0 <= _whole(counters["position"]) <= len(order):
            raise ValueError("position")
        return cls(
            step=_whole(counters["step"]),
            images_seen=_whole(counters["images_seen"]),
            position=counters["position"],
            evaluated_step=_whole(counters["evaluated_step"] + 1) - 1,  # -1: never
            stopped_early=bool(counters["stopped_early"]),
            patient_from=_whole(counters.get("patient_from", 0)),
            changes=_whole(counters.get("changes", 0)),
            rate_base=_rate(counters.get("rate_base")),
            rate_ceiling=_rate(counters.get("rate_ceiling")),
            optimizer_steps=_whole(counters["optimizer_steps"]),
            best=None if counters["best"] is None else _record("EpochMetrics", **counters["best"]),
            history=[_record(kind, *values) for kind, *values in counters["history"]],
            order_generator=counters["order_generator"],
            in_halves=bool(counters["in_halves"]),
            order=order,
            moments=arrays["moments"],
            parameters=arrays["parameters"],
            best_parameters=arrays.get("best_parameters"),
        )

    def restore(self, state: TrainState) -> None:
        """Bring network, optimizer and order to where they were; arrays that do not fit raise."""
        if self.best_parameters is not None:
            _check_fit(state.network.parameters, self.best_parameters)
        for target, values in (
            (state.network.parameters, self.parameters),
            (state.optimizer.moments, self.moments),
        ):
            _check_fit(target, values)
            target[...] = values
        state.optimizer.steps = self.optimizer_steps
        state.order.positions, state.order.position = self.order, self.position
        state.order.generator.bit_generator.state = self.order_generator


def _check_fit(target: NDArray[Any], values: NDArray[Any]) -> None:
    """Refuse another shape or type; NumPy alone would spread a shorter array over a longer one."""
    if target.shape != values.shape or target.dtype != values.dtype:
        raise ValueError("shape or type")


def _whole(value: Any) -> int:
    """Return a count as a file has it; what is none raises."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("no count")
    return value


def _rate(value: Any) -> float | None:
    """Return a learning rate as a file has it, or None; anything else raises."""
    if value is None or (type(value) in (int, float) and 0 < value < math.inf):
        return value  # type: ignore[no-any-return]
    raise ValueError("no rate")


def _record(kind: str, *values: Any, **named: Any) -> Any:
    """Return a record of the history as a file has it; one with anything else than numbers raises."""
    record = {"BatchMetrics": BatchMetrics, "EpochMetrics": EpochMetrics}[kind](*values, **named)
    if not all(type(value) in (int, float) for value in dataclasses.astuple(record)):
        raise ValueError("no record")
    return record
