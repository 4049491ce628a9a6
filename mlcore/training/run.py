"""Training: a run owns all that changes, and `train` moves it on and yields what happened.

Notebooks, the dashboard's workers and the recipes call `train`. Ask for the next record and training
continues; stop asking and it pauses, to continue later exactly where it was.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Generator, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, zeros_on_lines
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.split import Split
from mlcore.errors import DatasetError, ModelFileError, SettingError, TrainingDiverged
from mlcore.formulas.optimizers import Optimizer
from mlcore.language import _
from mlcore.model import Model, load_model, save_model
from mlcore.network.network import Network
from mlcore.settings import check_kind
from mlcore.training.batches import ImageOrder, Images, TrainingData, draws, step_generator
from mlcore.training.blank import pixels_to_train_on
from mlcore.training.card import DATA_CARD, data_card, machine_card, measured_card
from mlcore.training.checkpoint import Checkpoint
from mlcore.training.known_bugs import GradientHook, known_bug_hook
from mlcore.training.layer_health import is_worth_noting
from mlcore.training.progress import Progress, not_built
from mlcore.training.records import BatchMetrics, EpochMetrics, Record, history_array
from mlcore.training.state import TrainState, begin_at, begin_training, begin_with


def middle_of(n: int) -> int:
    """Return how many of n images are the first half of a batch.

    >>> middle_of(1), middle_of(4)
    (1, 2)
    """
    return (n + 1) // 2


class StepSharer(Protocol):
    """What a run asks of the second process that shares its steps (`mlcore.training.second_process`)."""

    def take_step(
        self, positions: NDArray[np.intp], step: int, rate: float, cost_decay: float, logits: Array
    ) -> Iterator[None]:
        """Do one step and set the logits (images, classes); it may be given up at each break."""


class TrainingRun(Progress):
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
    network, optimizer, order : Network, Optimizer, ImageOrder
        There once `build` has seen the data. Where it makes no difference, the network is trained without the
        pixels that are blank in every image; `model` gives one with all of them.
    best : EpochMetrics or None
        The measurement with the highest dev accuracy so far (of equals, the lowest dev loss); without a dev
        set, that on the training images.
    gradient_hook : callable or None
        ``gradient_hook(network, images)`` is called with the gradients of each batch, before weight decay is
        added, and may change ``network.gradients``: so a known bug of the notebooks is made.
    image_weights : float array (n_train,) or None
        How much each training image counts, to be set before `build`; no checkpoint keeps it.
    second_process : StepSharer or None
        Takes half of every batch while it is there; see `share`.
    """

    def __init__(
        self,
        network_config: NetworkConfig | None = None,
        training_config: TrainingConfig | None = None,
        *,
        in_halves: bool = False,
    ) -> None:
        self.network_config = check_kind(network_config, NetworkConfig)
        super().__init__(check_kind(training_config, TrainingConfig))
        self.in_halves = in_halves
        self.gradient_hook: GradientHook | None = known_bug_hook(self.training_config)
        self.image_weights: Array | None = None
        self.second_process: StepSharer | None = None
        self._draws = draws(self.network_config, self.training_config)
        self._state: TrainState | None = None  # made by `build`, or from a checkpoint
        self._data: TrainingData | None = None  # made by `build`
        self._data_card: dict[str, Any] = {}
        self._work: Generator[None, None, Record] | None = None  # a record on its way, at a break
        self._last_rate = 0.0  # of the last step
        self._is_continued = False  # by `begin_from`

    def __repr__(self) -> str:
        if self._state is None:
            return "TrainingRun(not begun)"
        if self.diverged:
            return f"TrainingRun(diverged at step {self.step:,} of {self.total_steps:,})"
        best = "" if self.best is None else f", best dev accuracy {self.best.dev_accuracy:.1%}"
        return f"TrainingRun(step {self.step:,} of {self.total_steps:,}{best})"

    # ---- setting up -------------------------------------------------------------------------------------

    def build(self, split: Split) -> None:
        """Fit the preparation, make the network and the order of the images; later, take the data only.

        Pixels that are blank in every image are left out where that makes no difference.

        Raises
        ------
        DatasetError
            When there is nothing to learn from, or these are other data than those the run began with.
        """
        if not isinstance(split, Split):
            message = _("Training needs a split, not {kind}: make one with split_dataset(dataset).")
            raise DatasetError(message.format(kind=type(split).__name__))
        if self._state is None:
            self._begin(begin_training(self.network_config, self.training_config, split.train))
        if self._data is None or self._data.split is not split:
            state = self._built
            state.check_split(split)
            self.leave_step()
            lit = pixels_to_train_on(split, state.preparation, self.network_config, self.training_config)
            self._state = state.train_on(lit)
            self._data = TrainingData(
                split,
                self.network,
                self.training_config,
                self.batch_size,
                self.image_weights,
                self._state.lit,
            )

    def begin_from(self, other: TrainingRun, split: Split) -> None:
        """Begin with what another run has learned, preparation and optimizer included, on data like its own.

        Steps, order and history start from zero.

        Raises
        ------
        SettingError
            When the network or the kind of optimizer is another one.
        DatasetError
            When these data do not fit the network's inputs or its classes.
        """
        config = self.training_config
        if (self.network_config, config.optimizer) != (other.network_config, other.training_config.optimizer):
            message = _("What was learned can be kept only with the same network and the same optimizer.")
            raise SettingError(message)
        self._begin(begin_with(other._built, self.network_config, config, len(split.train)))
        self._is_continued = True
        self.build(split)

    def begin_from_model(self, model: Model, split: Split) -> None:
        """Begin with the weights and the preparation of a model; the optimizer remembers nothing.

        Raises
        ------
        SettingError
            When the model's network is another one.
        DatasetError
            When these data do not fit the network's inputs or its classes.
        """
        if self.network_config != model.network_config:
            raise SettingError(_("Only a network of the same settings can begin with a model's weights."))
        config, n = self.training_config, len(split.train)
        preparation, class_names = model.preparation, model.class_names
        self._begin(begin_at(model.parameters, preparation, class_names, model.network_config, config, n))
        self._is_continued = True
        self.build(split)

    def _begin(self, state: TrainState) -> None:
        """Begin with this network, optimizer and order."""
        self._state, self._n_train = state, len(state.order)

    @property
    def _built(self) -> TrainState:
        if self._state is None:
            raise not_built()
        return self._state

    @property
    def network(self) -> Network:
        """The network; it is there once `build` has seen the data."""
        return self._built.network

    @property
    def class_weights(self) -> Array | None:
        """How much an image of each class counts, (classes,); None when all count the same."""
        if self._data is None:
            raise ValueError(_("The run has seen no images yet: train, or build it with a split, first."))
        return self._data.class_weights

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer, with what it remembers."""
        return self._built.optimizer

    @property
    def training_images(self) -> Images:
        """The training images in compact form, as they are; there once `build` has seen them."""
        if self._data is None:
            raise ValueError(_("The run has seen no images yet: train, or build it with a split, first."))
        return self._data.images

    @property
    def order(self) -> ImageOrder:
        """The order of the training images."""
        return self._built.order

    # ---- how far ----------------------------------------------------------------------------------------

    @property
    def is_done(self) -> bool:
        """Whether the run is finished, and measured at its end."""
        return self.finished and self.has_reached(self.step)

    def has_reached(self, step: int) -> bool:
        """Return whether it has taken this many steps, and was measured there if that was due."""
        return self.step >= step and self._work is None and not self._evaluation_is_due

    @property
    def diverged(self) -> bool:
        """Whether its parameters are no longer numbers: only `best_model` can still be used."""
        return self._state is not None and not bool(np.isfinite(self.network.parameters).all())

    @property
    def learned_nothing(self) -> bool:
        """Whether no measurement after a step beats the untrained network and one answer for everything.

        One answer for everything has the share of the commonest class as its accuracy, among the images that
        decide which measurement is best: the dev set or, without one, the training sample. False before the
        first step was measured.
        """
        return self._data is not None and self.measured.show_nothing_learned(self._data.measured_labels)

    # ---- training ---------------------------------------------------------------------------------------

    def _take_steps(self, most_steps: int) -> Generator[None, None, BatchMetrics]:
        """Train up to the next record, at most ``most_steps``, and return it: gradient descent itself.

        Until all gradients are there nothing of the run has changed: at a break a step can be given up.
        """
        assert self._data is not None
        network, optimizer, order = self.network, self.optimizer, self.order
        tally, cost_decay = self._data.tally, self.cost_decay
        first, total = self.step, self.total_steps
        self._record_end = first + min(most_steps, self._steps_to_record())
        while self.step < self._record_end:
            if self.step > first:
                yield
            batch, rate = order.next_batch(), self.rates.rate(self.training_config, self.step, total)
            logits = tally.logits_for(batch)
            if self.second_process is None:
                yield from self._set_gradients(batch, logits)
                optimizer.step(network.parameters, network.gradients, rate, network.decayed)
            else:
                yield from self.second_process.take_step(batch, self.step, rate, cost_decay, logits)
                optimizer.steps += 1
            order.pass_batch()
            tally.add(len(batch))
            self.step += 1
            self.images_seen += len(batch)
            self._last_rate = rate
        return self._batch_record()

    def _set_gradients(self, batch: NDArray[np.intp], logits: Array) -> Iterator[None]:
        """Set the network's gradients to those of the mean cost over a batch, and its logits z."""
        assert self._data is not None
        network, learner, n = self.network, self._data.learner, len(batch)
        middle = middle_of(n) if self.in_halves else n
        yield from learner.set_gradients(batch[:middle], 1 / n, self.step_generator(0), logits[:middle])
        if middle < n:
            left = network.gradients.copy()
            yield from learner.set_gradients(batch[middle:], 1 / n, self.step_generator(1), logits[middle:])
            network.gradients += left
        if self.gradient_hook is not None:
            self.gradient_hook(network, n)
        if self.cost_decay:
            network.add_penalty_gradient(self.cost_decay)

    def step_generator(self, side: int = 0) -> np.random.Generator | None:
        """Return the generator from which the next step draws; None when it draws nothing."""
        if not self._draws:
            return None
        return step_generator(self.training_config.seed, self.step, side)

    def _batch_record(self) -> BatchMetrics:
        """Return the record of the steps since the last one."""
        assert self._data is not None
        loss, right = self._data.tally.means()
        loss += self.network.penalty(self.cost_decay)
        if not math.isfinite(loss):
            raise TrainingDiverged(self._why_diverged())
        return BatchMetrics(self.step, self.epoch, self.images_seen, loss, right, self._last_rate)

    # ---- continuing, stopping ---------------------------------------------------------------------------

    def next_record(
        self, last_step: float = math.inf, rest: Callable[[], bool] | None = None
    ) -> Record | None:
        """Train on until there is something to tell, and return it; it is in the history too.

        Parameters
        ----------
        last_step : float
            Take no step after this one.
        rest : callable, optional
            As for `train`.

        Returns
        -------
        BatchMetrics, EpochMetrics or None
            None when the run is finished, has taken its last step, or rests.
        """
        self._record_end = int(min(self._record_end, last_step))
        work, self._work = self._work or self._begin_record(last_step), None
        if work is None:
            return None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            while True:
                try:
                    next(work)
                except StopIteration as end:
                    record: Record = end.value
                    self.history.append(record)
                    return record
                if rest is not None and rest():
                    self._work = work
                    return None

    def _begin_record(self, last_step: float) -> Generator[None, None, Record] | None:
        if self._evaluation_is_due:
            return self._evaluate()
        if self.step < last_step and not self.finished:
            return self._take_steps(int(min(last_step - self.step, self.total_steps)))
        return None

    def leave_step(self) -> None:
        """Give up a step that is not done, as if it had not begun; those before it get their record."""
        work, self._work = self._work, None
        if work is not None:
            work.close()
            assert self._data is not None
            if not self._data.tally.is_empty:
                with contextlib.suppress(TrainingDiverged), np.errstate(over="ignore", invalid="ignore"):
                    self.history.append(self._batch_record())  # what has blown up does so again

    def share(self, second_process: StepSharer, parameters: Array, gradients: Array, moments: Array) -> None:
        """Let a second process take half of every batch, from the next step on, until `stop_sharing`.

        Parameters, gradients and the optimizer's moments move into these arrays, which both processes see.
        """
        self._built.adopt(parameters, gradients, moments)
        self.second_process = second_process

    def stop_sharing(self) -> None:
        """Continue alone, with its own arrays."""
        self.second_process = None
        parameters, moments = self.network.parameters, self.optimizer.moments
        like = (parameters, parameters, moments)
        self._built.adopt(*(zeros_on_lines(array.shape, array.dtype) for array in like))

    # ---- measuring --------------------------------------------------------------------------------------

    def _evaluate(self) -> Generator[None, None, EpochMetrics]:
        """Measure the network on the dev set and on the sample of training images."""
        assert self._data is not None
        train_loss, train_accuracy = yield from self._data.measure_training()
        dev_loss, dev_accuracy = yield from self._data.measure_dev()
        penalty = self.network.penalty(self.cost_decay)
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
        if is_worth_noting(self.step, self.health):
            self.health.append(self._data.health(self, self.optimizer, penalty))
        self.measured.note(
            record, self._built.whole_parameters, self.training_config, self.evaluate_every, self.history
        )
        return record

    # ---- saving -----------------------------------------------------------------------------------------

    def model(self, *, best: bool = False, resumable: bool = False) -> Model:
        """Return a copy of the present network (or of the best one), with a card of how it was made.

        With ``resumable`` the model also carries what is needed to continue training exactly.

        Raises
        ------
        ValueError
            When the run has not been built: there is no network yet.
        """
        state = self._built
        record = self.best if best else self.last_measurement
        parameters, taken_at = self.measured.best_parameters if best else None, self.step
        if parameters is None:
            parameters = state.whole_parameters()
        elif self.best is not None:
            taken_at = self.best.step
        return Model(
            self.network_config,
            state.preparation,
            state.class_names,
            parameters,
            self.training_config,
            self._card() | measured_card(record) | {"weights_at": taken_at},
            Checkpoint.take(state, self, self.in_halves).to_arrays() if resumable else None,
            history_array(self.history),
        )

    def best_model(self) -> Model:
        """Return the network at its best measurement: the same as ``model(best=True)``."""
        return self.model(best=True)

    def _card(self) -> dict[str, Any]:
        if self._data is not None:
            blank = self._built.preparation.features - self.network.preparation.features
            self._data_card = data_card(self._data.split, blank)
        repeatable = self.changes == 0 and not self._is_continued and self.image_weights is None
        return {
            "seed": self.training_config.seed,
            "step": self.step,
            "epoch": self.epoch,
            "images_seen": self.images_seen,
            **machine_card(),
            "in_halves": self.in_halves,
            "repeatable": repeatable,
            **self._data_card,
        }

    @classmethod
    def from_model(cls, model: Model) -> TrainingRun:
        """Return the run that made a resumable model, ready to continue exactly where it stopped.

        Raises
        ------
        ValueError
            When the model carries no training state.
        ModelFileError
            When the state cannot be read, whatever it is.
        """
        if model.state is None:
            raise ValueError(
                _(
                    "This model was saved without its training state: it can make predictions, but training "
                    "cannot continue."
                )
            )
        try:
            checkpoint = Checkpoint.from_arrays(model.state)
            run = cls(model.network_config, model.training_config, in_halves=checkpoint.in_halves)
            run._begin(checkpoint.resume(model, run))
        except Exception as error:  # what a hostile state can bring about cannot be listed
            raise ModelFileError(
                _("The model file is damaged: its training state cannot be read.")
            ) from error
        run._data_card = {name: model.card[name] for name in DATA_CARD if name in model.card}
        return run

    def save_state(self) -> bytes:
        """Return the whole run as the bytes of a resumable model file."""
        buffer = io.BytesIO()
        save_model(self.model(resumable=True), buffer)
        return buffer.getvalue()

    @classmethod
    def load_state(cls, data: bytes) -> TrainingRun:
        """Return the run that `save_state` wrote."""
        return cls.from_model(load_model(data))


def train(
    run: TrainingRun, split: Split, max_steps: int | None = None, rest: Callable[[], bool] | None = None
) -> Iterator[Record]:
    """Train until the run is finished, yielding what happened on the way.

    All state is in the run: stop asking at any record; a later ``train(run, split)`` continues exactly there.

    Parameters
    ----------
    run : TrainingRun
    split : Split
    max_steps : int, optional
        Take at most this many steps in this call.
    rest : callable, optional
        Is asked after each step and each micro-batch. When it returns True there are no more records for
        now, and a later call continues exactly there; with `TrainingRun.leave_step`, before that step.

    Yields
    ------
    BatchMetrics
        Every few steps (about 2,000 images).
    EpochMetrics
        Before the first step, after each epoch (or every `evaluate_every` steps), and at the end; early in
        the first epoch, too, where the run `evaluates_early`.

    Raises
    ------
    TrainingDiverged
        When the cost or the parameters are no longer finite.
    """
    run.build(split)
    last_step = math.inf if max_steps is None else run.step + max_steps
    while (record := run.next_record(last_step, rest)) is not None:
        yield record
