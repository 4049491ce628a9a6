"""Training: a run owns everything that changes, and `train` moves it on and tells what happened.

It stands between the split and the trained model on the path. `train` is a generator: whoever asks for the
next record lets the run go on, whoever does not has stopped it, and it goes on later exactly where it was.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import json
import math
import platform
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.errors import DatasetError, ModelFileError, TrainingDiverged
from mlcore.formulas.optimizers import OPTIMIZERS, Optimizer
from mlcore.formulas.schedules import SCHEDULES
from mlcore.images.preparation import Preparation, fit_preparation
from mlcore.language import _
from mlcore.model import Model, load_model, save_model
from mlcore.network.layers import Layer
from mlcore.network.network import CONVOLUTION_TILE, FULL_TILE, TILE, Network, build_layers
from mlcore.training.batches import BatchLearner, Images, draws, open_batches, open_images, step_generator
from mlcore.training.mistakes import distort_gradients

# What a model's card says about the data; by the last one, a dev set is known again that no step has seen.
DATA_CARD = ("dataset", "fingerprint", "train_size", "dev_size", "dev_fingerprint")
Array = NDArray[np.floating]

TILE_PRODUCTS = 10_000_000_000
"""Multiply-adds of one tile of images at most, there and back: some tenths of a second until a break."""

REPORT_IMAGES = 2048  # about how many images lie between two records of batches


@dataclass(frozen=True)
class BatchMetrics:
    """What the last few steps did.

    Attributes
    ----------
    step : int, steps done so far
    epoch : float, passes over the training images so far
    images_seen : int, images looked at so far, each time anew
    loss : float, mean loss of the batches since the last record, each before its own step, plus L2's part of
        the cost (if any) as it stands now
    accuracy : float, part of their images that were right, from 0 to 1
    learning_rate : float, of the last step
    """

    step: int
    epoch: float
    images_seen: int
    loss: float
    accuracy: float
    learning_rate: float


@dataclass(frozen=True)
class EpochMetrics:
    """A measurement of the network as it stands, without dropout; its losses hold L2's part of the cost.

    Attributes
    ----------
    step, epoch, images_seen : as in `BatchMetrics`
    train_loss, train_accuracy : on a fixed sample of the training images
    dev_loss, dev_accuracy : on the whole dev set (nan when it is empty)
    learning_rate : float, of the next step
    """

    step: int
    epoch: float
    images_seen: int
    train_loss: float
    train_accuracy: float
    dev_loss: float
    dev_accuracy: float
    learning_rate: float


Record = BatchMetrics | EpochMetrics


def middle_of(n: int) -> int:
    """Return how many of n images are the first half of a batch.

    >>> middle_of(1), middle_of(4)
    (1, 2)
    """
    return (n + 1) // 2


def step_products(layers: Sequence[Layer]) -> int:
    """Return how many products one image takes in a step: forward, and twice as many on the way back."""
    return 3 * sum(layer.multiply_adds for layer in layers)


def tile_of(network: NetworkConfig, training: TrainingConfig, products: int) -> int:
    """Return how many images go through a network at once, where one takes so many products.

    >>> small, large = NetworkConfig(hidden_sizes=(32,)), NetworkConfig(filters=(256, 256), kernel_size=5)
    >>> tile_of(small, TrainingConfig(batch_size=None), 80_000)
    1024
    >>> tile_of(large, TrainingConfig(batch_size=None), 350_000_000)
    16
    """
    tile = TILE if (training.batch_size or math.inf) <= TILE else FULL_TILE
    if network.filters:
        tile = CONVOLUTION_TILE
    while tile > 1 and tile * products > TILE_PRODUCTS:
        tile //= 2
    return tile


class Partner(Protocol):
    """What a run asks of whoever shares its steps (see `mlcore.training.second_process`)."""

    def take_step(
        self, positions: NDArray[np.intp], step: int, rate: float, cost_decay: float, outputs: Array
    ) -> Iterator[None]:
        """Do one step and set the outputs (images, classes); it may be given up at each break."""


class _Tally:
    """Outputs of recent batches with their labels, summed up in bulk: many small sums would cost more."""

    def __init__(self, network: Network, batch_size: int) -> None:
        self._loss = network.loss
        capacity = max(REPORT_IMAGES, batch_size)
        self._outputs = np.empty((capacity, network.n_classes), network.dtype)
        self._labels = np.empty(capacity, np.int64)
        self._filled, self._images, self._loss_sum, self._right = 0, 0, 0.0, 0

    def room(self, n: int) -> tuple[Array, NDArray[np.int64]]:
        """Return arrays for the outputs (n, classes) and labels (n,) of the next batch, before `add`."""
        if self._filled + n > len(self._labels):
            self._sum_up()
        part = slice(self._filled, self._filled + n)
        return self._outputs[part], self._labels[part]

    def add(self, n: int) -> None:
        """Count what was written into the room for the next batch."""
        self._filled += n

    @property
    def is_empty(self) -> bool:
        """Whether there was no batch since the last means."""
        return self._images + self._filled == 0

    def means(self) -> tuple[float, float]:
        """Return mean loss and accuracy of the images since the last call."""
        self._sum_up()
        loss, right = self._loss_sum / self._images, self._right / self._images
        self._images, self._loss_sum, self._right = 0, 0.0, 0
        return loss, right

    def _sum_up(self) -> None:
        outputs, labels = self._outputs[: self._filled], self._labels[: self._filled]
        self._loss_sum += self._loss.total(outputs, labels)
        self._right += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
        self._images += self._filled
        self._filled = 0


class TrainingRun:
    """One training from first to last: network, optimizer, chance, history, and how far it has come.

    Parameters
    ----------
    network_config : NetworkConfig, optional
    training_config : TrainingConfig, optional
    in_halves : bool
        Add up the gradients of the two halves of each batch. The rounding is then that of two processes, so
        that a second one (`mlcore.training.second_process`) may come and go and the result stays the same to
        the last bit.

    Attributes
    ----------
    network : Network
        Exists once `build` has seen the data.
    step, images_seen : int
        How far the run has come.
    history : list of BatchMetrics and EpochMetrics
    best : EpochMetrics or None
        The measurement with the highest dev accuracy so far (of equals, the lowest dev loss); without a dev
        set, that on the training images.
    optimizer : Optimizer
        Exists once `build` has seen the data.
    stopped_early : bool
        Whether the dev accuracy has not risen for as many measurements as `patience` allows.
    patient_from : int
        The step from which these are counted: that of the last `change`.
    partner : Partner or None
        Who takes half of every batch.
    """

    def __init__(
        self,
        network_config: NetworkConfig | None = None,
        training_config: TrainingConfig | None = None,
        *,
        in_halves: bool = False,
    ) -> None:
        self.network_config = network_config or NetworkConfig()
        self.training_config = training_config or TrainingConfig()
        self.in_halves = in_halves
        self.step = 0
        self.images_seen = 0
        self.history: list[Record] = []
        self.best: EpochMetrics | None = None
        self.stopped_early = False
        self.patient_from = 0
        self.network: Network
        self.optimizer: Optimizer
        self.partner: Partner | None = None  # takes half of every batch, when there is one
        self._split: Split | None = None
        self._data_card: dict[str, Any] = {}
        self._is_built = False
        self._work: Generator[None, None, Record] | None = None  # a record on its way, at a break
        self._last_step = 0  # where the record on its way ends
        self._rate = 0.0  # of the last step
        self._evaluated_step = -1
        self._best_parameters: NDArray[np.floating] | None = None

    # ---- setting up -------------------------------------------------------------------------------------

    def build(self, split: Split) -> None:
        """Fit the preparation, make the network and the order of the images; later, take the data only.

        Raises
        ------
        DatasetError
            When there is nothing to learn from, or these are other data than those the run began with.
        """
        if not self._is_built:
            _check_training_images(split.train)
            self._make_network(split)
        if self._split is not split:
            self._read_split(split)

    def _make_network(self, split: Split) -> None:
        config = self.network_config
        needs_pixels = (
            config.drop_rare_pixels is not None or config.standardize or config.scaling == "maximum"
        )
        height, width = split.train.image_shape
        preparation = fit_preparation(
            _pixels_of(split.train) if needs_pixels else np.empty((0, height, width), np.uint8),
            pooling=config.pooling,
            scaling=config.scaling,
            standardize=config.standardize,
            drop_rare_pixels=config.drop_rare_pixels,
        )
        # One seed, a stream of chance for each use: dropout (see `step_generator`) does not change the order.
        weights, order = np.random.SeedSequence(self.training_config.seed).spawn(2)
        self._order_generator = np.random.default_rng(order)
        self._start_with(preparation, len(split.train.class_names), weights)
        self._order = np.arange(len(split.train))
        self._position = 0
        self._class_names = split.train.class_names

    def _start_with(
        self, preparation: Preparation, n_classes: int, seed: np.random.SeedSequence | None
    ) -> None:
        config = self.training_config
        layers = build_layers(self.network_config, preparation.pooled_shape, preparation.features, n_classes)
        tile = tile_of(self.network_config, config, step_products(layers))
        self.network = Network(self.network_config, preparation, n_classes, seed, tile)
        self.optimizer = OPTIMIZERS[config.optimizer].make(
            self.network.parameter_count,
            self.network.dtype,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )
        self._is_built = True

    def _read_split(self, split: Split) -> None:
        self._check_split(split)
        self.leave_step()
        self._split = split
        network, augmentation = self.network, self.training_config.augmentation
        self._train = open_images(split.train, network.preparation)
        self._dev = open_images(split.dev, network.preparation)
        batches = open_batches(split.train, network.preparation, augmentation, network.tile, self._train)
        self._learner = BatchLearner(network, batches, split.train.labels)
        self._compact = np.empty(
            (network.tile, network.preparation.features), network.preparation.compact_dtype
        )
        self._tally = _Tally(network, self.batch_size)
        sample = self.training_config.train_sample
        n = len(split.train)
        self._sample = np.arange(n if sample is None else min(sample, n))

    def _check_split(self, split: Split) -> None:
        """Refuse data that do not fit the order of the images, the network's inputs or its classes."""
        shape = self.network.preparation.image_shape
        fits = (
            len(split.train) == len(self._order) and split.train.image_shape == split.dev.image_shape == shape
        )
        if not fits or split.train.class_names != self._class_names:
            message = _(
                "This training was begun with {n:,} training images of {height}×{width} pixels in {classes} "
                "classes. It cannot go on with other data: choose the same data set and split, or start anew."
            )
            height, width = shape
            raise DatasetError(
                message.format(n=len(self._order), height=height, width=width, classes=len(self._class_names))
            )

    # ---- how far ----------------------------------------------------------------------------------------

    @property
    def batch_size(self) -> int:
        """Images in a full batch."""
        n = len(self._order)
        return min(self.training_config.batch_size or n, n)

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch: as many as take every training image once; the last batch may be smaller.

        With `sample_size` the images come from samples drawn anew, and not every one comes once.
        """
        return -(-len(self._order) // self.batch_size)

    @property
    def total_steps(self) -> int:
        """Steps from first to last."""
        return self.training_config.iterations or self.training_config.epochs * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to do (unless `change` makes the run longer)."""
        return self._is_built and (self.stopped_early or self.step >= self.total_steps)

    @property
    def is_done(self) -> bool:
        """Whether the run is finished, and measured at its end."""
        return self.finished and self._work is None and not self._evaluation_is_due

    @property
    def epoch(self) -> float:
        """Passes over the training images so far."""
        return self.images_seen / len(self._order)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, by the schedule."""
        return self._rate_of(self.step, self.total_steps)

    def _rate_of(self, step: int, total_steps: int) -> float:
        config = self.training_config
        progress = min(1.0, step / total_steps)
        return config.learning_rate * SCHEDULES[config.schedule].factor(progress, config.warmup)

    @property
    def evaluate_every(self) -> int:
        """Steps between two measurements."""
        every = self.training_config.evaluate_every
        if every is not None:
            return every
        return self.steps_per_epoch if self.steps_per_epoch > 1 else 10

    def change(
        self, *, learning_rate: float | None = None, epochs: int | None = None, iterations: int | None = None
    ) -> None:
        """Set another learning rate or another total length, from the next step on; patience begins anew.

        Raises
        ------
        SettingError
            When a value is out of bounds; the run is then as it was.
        """
        changes: dict[str, Any] = {"learning_rate": learning_rate, "epochs": epochs, "iterations": iterations}
        changes = {name: value for name, value in changes.items() if value is not None}
        if epochs is not None and iterations is None:
            changes["iterations"] = None
        self.training_config = dataclasses.replace(self.training_config, **changes)
        self.stopped_early, self.patient_from = False, self.step
        self._last_step = self.step  # a record on its way ends with the step that is under way

    # ---- going on ---------------------------------------------------------------------------------------

    @property
    def _evaluation_is_due(self) -> bool:
        if self._evaluated_step == self.step:
            return False
        return self.step % self.evaluate_every == 0 or self.finished

    def _next_record(self, most_steps: int, rest: Callable[[], bool] | None) -> Record | None:
        """Go on with the record on its way, or begin the next; return it, or None when it is time to rest."""
        work, self._work = self._work, None
        if work is None:
            work = self._evaluate() if self._evaluation_is_due else self._advance(most_steps)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while True:
                try:
                    next(work)
                except StopIteration as end:
                    record: Record = end.value
                    return record
                if rest is not None and rest():
                    self._work = work
                    return None

    def leave_step(self) -> None:
        """Give up a step that is not done, as if it had not begun; those before it get their record."""
        work, self._work = self._work, None
        if work is not None:
            work.close()
            if not self._tally.is_empty:
                with contextlib.suppress(TrainingDiverged), np.errstate(over="ignore", invalid="ignore"):
                    self.history.append(self._batch_record())  # what has blown up does so again

    def _advance(self, most_steps: int) -> Generator[None, None, BatchMetrics]:
        """Take the steps up to the next record, at most ``most_steps``, and return it."""
        every = self.evaluate_every
        steps = min(
            most_steps,
            max(1, REPORT_IMAGES // self.batch_size),
            every - self.step % every,
            max(1, self.total_steps - self.step),
        )
        first, total = self.step, self.total_steps
        self._last_step = first + steps
        while self.step < self._last_step:
            if self.step > first:
                yield
            rate = self._rate_of(self.step, total)
            yield from self._take_step(rate)
            self._rate = rate
        return self._batch_record()

    def _batch_record(self) -> BatchMetrics:
        """Return the record of the steps since the last one."""
        loss, right = self._tally.means()
        loss += self._penalty()
        if not math.isfinite(loss):
            raise TrainingDiverged(self._why_diverged())
        return BatchMetrics(self.step, self.epoch, self.images_seen, loss, right, self._rate)

    def _take_step(self, rate: float) -> Iterator[None]:
        """One update: the gradient of the mean cost of the next batch, then the optimizer's move.

        Until all gradients are there nothing of the run has changed: at a break the step can be given up.
        """
        positions = self._next_batch()
        outputs, labels = self._tally.room(len(positions))
        np.take(self._learner.labels, positions, out=labels, mode="clip")
        if self.partner is not None:
            yield from self.partner.take_step(positions, self.step, rate, self.cost_decay, outputs)
        else:
            yield from self._set_gradients(positions, outputs)
            self.optimizer.step(self.network.parameters, self.network.gradients, rate, self.network.decayed)
        self._pass_batch()
        self._tally.add(len(positions))
        self.step += 1
        self.images_seen += len(positions)

    def _next_batch(self) -> NDArray[np.intp]:
        """Return the positions of the next images; shuffle when a new epoch, or a new sample, begins.

        The first images of a shuffled order are a sample in which no image comes twice. It is the next batch
        until `_pass_batch`.
        """
        size, last = self.batch_size, self._sample_size
        self._after_batch = self._position, self._order_generator
        if size == len(self._order) == last:
            return self._order
        generator = self._order_generator
        if self._position == 0:
            generator = copy.deepcopy(generator)
            self._order = generator.permutation(len(self._order))
        positions = self._order[self._position : min(self._position + size, last)]
        position = 0 if self._position + size >= last else self._position + size
        self._after_batch = position, generator
        return positions

    def _pass_batch(self) -> None:
        self._position, self._order_generator = self._after_batch

    @property
    def _sample_size(self) -> int:
        """Images that are gone through before the order is drawn anew."""
        n = len(self._order)
        return min(self.training_config.sample_size or n, n)

    def _set_gradients(self, positions: NDArray[np.intp], outputs: Array) -> Iterator[None]:
        """Set the network's gradients to those of the mean cost over the images at ``positions``."""
        network, n = self.network, len(positions)
        middle = middle_of(n) if self.in_halves else n
        left, right = positions[:middle], positions[middle:]
        yield from self._learner.set_gradients(left, 1 / n, self.step_generator(0), outputs[:middle])
        if middle < n:
            of_left = network.gradients.copy()
            yield from self._learner.set_gradients(right, 1 / n, self.step_generator(1), outputs[middle:])
            network.gradients += of_left
        if self.training_config.has_flaws:
            distort_gradients(network, self.training_config, n)
        if self.cost_decay:
            network.add_penalty_gradient(self.cost_decay)

    def step_generator(self, side: int = 0) -> np.random.Generator | None:
        """Return the generator from which the next step draws; None when it draws nothing."""
        if not draws(self.network_config, self.training_config):
            return None
        return step_generator(self.training_config.seed, self.step, side)

    @property
    def cost_decay(self) -> float:
        """The λ of the cost's λ/2 Σ w²; 0 with AdamW, whose decay is no part of the cost."""
        return 0.0 if self.optimizer.decays_weights_itself else self.training_config.weight_decay

    def _penalty(self) -> float:
        return self.network.penalty(self.cost_decay)

    def _evaluate(self) -> Generator[None, None, EpochMetrics]:
        """Measure the network on the dev set and on the sample of training images."""
        assert self._split is not None
        train, dev = self._split.train, self._split.dev
        train_loss, train_accuracy = yield from self._measure(self._train, train.labels, self._sample)
        dev_loss, dev_accuracy = yield from self._measure(self._dev, dev.labels, np.arange(len(dev)))
        penalty = self._penalty()
        if not math.isfinite(train_loss + penalty) or not np.isfinite(self.network.parameters).all():
            raise TrainingDiverged(self._why_diverged())
        record = EpochMetrics(
            self.step,
            self.epoch,
            self.images_seen,
            train_loss + penalty,
            train_accuracy,
            dev_loss + penalty,
            dev_accuracy,
            self.learning_rate,
        )
        self._evaluated_step = self.step
        self._note_best(record)
        return record

    def _measure(
        self, images: Images, all_labels: NDArray[np.int64], positions: NDArray[np.intp]
    ) -> Generator[None, None, tuple[float, float]]:
        """Return mean loss and accuracy over some images; with a break after each tile."""
        if len(positions) == 0:
            return math.nan, math.nan
        network, total, right = self.network, 0.0, 0
        for start in range(0, len(positions), network.tile):
            part = positions[start : start + network.tile]
            outputs = network.outputs(images.gather(part, self._compact[: len(part)]))
            labels = all_labels[part]
            total += network.loss.total(outputs, labels)
            right += int(np.count_nonzero(outputs.argmax(axis=1) == labels))
            yield
        return total / len(positions), right / len(positions)

    def _note_best(self, record: EpochMetrics) -> None:
        """Keep the parameters when they are the best so far; stop when patience has run out.

        Patience looks at accuracy alone: the loss may shrink for ever when nothing is left to learn.
        """
        best = self.best
        if best is None or _standing(record) > _standing(best):
            self.best = best = record
            self._best_parameters = self.network.parameters.copy()
        patience = self.training_config.patience
        if patience is not None:
            as_good = (
                earlier.step
                for earlier in self.history
                if isinstance(earlier, EpochMetrics) and _standing(earlier)[0] >= _standing(best)[0]
            )
            since = max(next(as_good, self.step), self.patient_from)
            waited = (self.step - since) // self.evaluate_every
            self.stopped_early = waited >= patience

    def _why_diverged(self) -> str:
        message = _(
            "Training has blown up after {step} steps: the numbers became too large to hold. The learning "
            "rate ({rate:g}) is too high for this network. Try a tenth of it, Adam, or He initialisation."
        )
        return message.format(step=self.step, rate=self.training_config.learning_rate)

    # ---- taking home ------------------------------------------------------------------------------------

    def model(self, *, best: bool = False, resumable: bool = False) -> Model:
        """Return a copy of the network as it stands (or at its best), with a card of how it was made.

        With ``resumable`` the model also carries what is needed to go on training exactly.

        Raises
        ------
        ValueError
            When the run has not been built: there is no network yet.
        """
        if not self._is_built:
            raise ValueError(_("There is no network yet: train, or build the run with a split, first."))
        record = self.best if best else self._last_measurement()
        parameters = self.network.parameters
        if best and self._best_parameters is not None:
            parameters = self._best_parameters
        return Model(
            self.network_config,
            self.network.preparation,
            self._class_names,
            parameters,
            self.training_config,
            self._card(record),
            self._state() if resumable else None,
        )

    def _last_measurement(self) -> EpochMetrics | None:
        return next((record for record in reversed(self.history) if isinstance(record, EpochMetrics)), None)

    def _card(self, record: EpochMetrics | None) -> dict[str, Any]:
        card: dict[str, Any] = {
            "seed": self.training_config.seed,
            "step": self.step,
            "epoch": self.epoch,
            "images_seen": self.images_seen,
            "numpy": np.__version__,
            "python": platform.python_version(),
        }
        split = self._split
        if split is not None:
            train, dev = split.train, split.dev
            about = (train.name, train.fingerprint, len(train), len(dev), dev.fingerprint)
            self._data_card = dict(zip(DATA_CARD, about, strict=True))
        card |= self._data_card
        if record is not None:
            card |= {"measured_at_step": record.step, "dev_accuracy": _json_number(record.dev_accuracy)}
        return card

    def _state(self) -> dict[str, NDArray[Any]]:
        """Return, as plain arrays, everything else that the next step depends on."""
        counters = {
            "step": self.step,
            "images_seen": self.images_seen,
            "position": self._position,
            "evaluated_step": self._evaluated_step,
            "stopped_early": self.stopped_early,
            "patient_from": self.patient_from,
            "optimizer_steps": self.optimizer.steps,
            "best": None if self.best is None else dataclasses.asdict(self.best),
            "history": [[type(record).__name__, *dataclasses.astuple(record)] for record in self.history],
            "order_generator": self._order_generator.bit_generator.state,
            "in_halves": self.in_halves,
        }
        state: dict[str, NDArray[Any]] = {
            "counters": np.frombuffer(json.dumps(counters).encode(), np.uint8),
            "order": self._order,
            "moments": self.optimizer.moments.copy(),
            "parameters": self.network.parameters.copy(),
        }
        if self._best_parameters is not None:
            state["best_parameters"] = self._best_parameters
        return state

    @classmethod
    def from_model(cls, model: Model) -> TrainingRun:
        """Return the run that made a resumable model, ready to go on exactly where it stood.

        Raises
        ------
        ValueError
            When the model carries no training state.
        ModelFileError
            When the state cannot be read, whatever it is.
        """
        if model.state is None:
            raise ValueError(_("This model was saved without its training state: it can answer, not go on."))
        try:
            run = cls(model.network_config, model.training_config)
            run._start_with(model.preparation, len(model.class_names), None)
            run._class_names = model.class_names
            run._data_card = {name: model.card[name] for name in DATA_CARD if name in model.card}
            run._restore(model.state)
        except Exception as error:  # what a hostile state can bring about cannot be listed
            raise ModelFileError(
                _("The model file is damaged: its training state cannot be read.")
            ) from error
        return run

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        counters = json.loads(state["counters"].tobytes())
        self.step, self.images_seen = _whole(counters["step"]), _whole(counters["images_seen"])
        self._position, self._evaluated_step = counters["position"], counters["evaluated_step"]
        self.stopped_early = bool(counters["stopped_early"])
        self.patient_from = _whole(counters.get("patient_from", 0))
        self.best = None if counters["best"] is None else _record("EpochMetrics", **counters["best"])
        self.history = [_record(kind, *values) for kind, *values in counters["history"]]
        self._order_generator = _generator(counters["order_generator"])
        self.in_halves = bool(counters["in_halves"])
        self._order = state["order"].astype(np.intp, casting="safe")
        if not np.array_equal(np.sort(self._order), np.arange(len(self._order))):
            raise ValueError("order")
        if not 0 <= _whole(self._position) <= len(self._order):
            raise ValueError("position")
        self.optimizer.steps = _whole(counters["optimizer_steps"])
        _fill(self.network.parameters, state["parameters"])
        _fill(self.optimizer.moments, state["moments"])
        if "best_parameters" in state:
            self._best_parameters = np.empty_like(self.network.parameters)
            _fill(self._best_parameters, state["best_parameters"])

    def save_state(self) -> bytes:
        """Return the whole run as the bytes of a resumable model file."""
        buffer = io.BytesIO()
        save_model(self.model(resumable=True), buffer)
        return buffer.getvalue()

    @classmethod
    def load_state(cls, data: bytes) -> TrainingRun:
        """Return the run that `save_state` wrote."""
        return cls.from_model(load_model(data))


def _check_training_images(images: Dataset) -> None:
    if len(images) == 0:
        raise DatasetError(_("There are no training images. Choose a smaller dev set, or more images."))
    if len(images.class_names) < 2:
        raise DatasetError(_("All images are of one class: there is nothing to tell apart."))


def _standing(record: EpochMetrics) -> tuple[float, float]:
    """Return what makes one measurement better than another: accuracy, then how small the loss is."""
    if math.isnan(record.dev_accuracy):  # no dev set
        return record.train_accuracy, -record.train_loss
    return record.dev_accuracy, -record.dev_loss


def _pixels_of(dataset: Dataset) -> NDArray[np.uint8]:
    """Return all images; unlike `Dataset.images`, without a copy that stays."""
    if dataset.rows is None:
        return dataset.images
    images = np.empty((len(dataset), *dataset.image_shape), np.uint8)
    dataset.gather(np.arange(len(dataset)), images.reshape(len(dataset), -1))
    return images


def _json_number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _fill(target: NDArray[Any], values: NDArray[Any]) -> None:
    """Copy values of the same shape; NumPy alone would spread a shorter array over a longer one."""
    if target.shape != values.shape or target.dtype != values.dtype:
        raise ValueError("shape or type")
    target[...] = values


def _whole(value: Any) -> int:
    """Return a count as a file has it; what is none raises."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("no count")
    return value


def _record(kind: str, *values: Any, **named: Any) -> Any:
    """Return a record of the history as a file has it; one with anything else than numbers raises."""
    record = {"BatchMetrics": BatchMetrics, "EpochMetrics": EpochMetrics}[kind](*values, **named)
    if not all(type(value) in (int, float) for value in dataclasses.astuple(record)):
        raise ValueError("no record")
    return record


def _generator(state: dict[str, Any]) -> np.random.Generator:
    generator = np.random.default_rng()
    generator.bit_generator.state = state
    return generator


def train(
    run: TrainingRun, split: Split, max_steps: int | None = None, rest: Callable[[], bool] | None = None
) -> Iterator[Record]:
    """Train until the run is finished, yielding what happened on the way.

    All state is in the run: stop asking at any record; a later ``train(run, split)`` goes on exactly there.

    Parameters
    ----------
    run : TrainingRun
    split : Split
    max_steps : int, optional
        Take at most this many steps in this call.
    rest : callable, optional
        Is asked after each step and each tile of images. When it returns True there are no more records for
        now, and a later call goes on exactly there; with `TrainingRun.leave_step`, before that step.

    Yields
    ------
    BatchMetrics
        Every few steps (about 2,000 images).
    EpochMetrics
        Before the first step, after each epoch (or every `evaluate_every` steps), and at the end.

    Raises
    ------
    TrainingDiverged
        When the cost or the parameters are no longer finite.
    """
    run.build(split)
    last = math.inf if max_steps is None else run.step + max_steps
    run._last_step = int(min(run._last_step, last))
    while run._work is not None or run._evaluation_is_due or (run.step < last and not run.finished):
        record = run._next_record(int(min(last - run.step, run.total_steps)), rest)
        if record is None:
            return
        run.history.append(record)
        yield record
