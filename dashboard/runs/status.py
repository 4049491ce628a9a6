"""What is known about a run: its state, its history, and the sentence when something is not possible.

Workers send it and pages show it. Everything here is frozen or only grows, so that any thread may read it
without a lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self, TypeAlias, overload

from mlcore import EpochMetrics, NetworkConfig, NetworkHealth, Record, Split, TrainingConfig, commonest_share
from mlcore.errors import DigitLabError
from mlcore.language import N_
from mlcore.training.records import standing

State: TypeAlias = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed"]

STATE_LABELS: dict[State, str] = {
    "queued": N_("Waiting for its turn"),
    "running": N_("Training"),
    "paused": N_("Paused"),
    "finished": N_("Finished"),
    "stopped": N_("Stopped"),
    "diverged": N_("Diverged"),
    "failed": N_("Failed"),
}

LIVE: frozenset[State] = frozenset({"queued", "running", "paused"})
"""The states of a run that still needs its worker."""


class RunError(DigitLabError):
    """What was asked of a run is not possible; the message is a sentence for the visitor."""


class NoMemoryNow(RunError):
    """There is too little memory for a run until others have ended."""


class NotWritten(RunError):
    """The files of a run could not be written, as on a full disk; another run would fare no better."""


class History(Sequence[Record]):
    """The records of a run up to now: a view of a list that only grows, so making one costs nothing.

    ``history[since:]`` gives what is new to someone who has seen the first ``since`` records.

    >>> history = History([])
    >>> len(history), history[0:]
    (0, ())
    """

    __slots__ = ("_length", "_records")

    def __init__(self, records: list[Record]) -> None:
        self._records = records
        self._length = len(records)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, index: int | slice) -> Record | tuple[Record, ...]:
        if isinstance(index, slice):
            return tuple(self._records[i] for i in range(*index.indices(self._length)))
        return self._records[range(self._length)[index]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return f"History({self._length} records)"


@dataclass(frozen=True)
class Progress:
    """How far a run has come. Its worker reports it, the service keeps it, and pages show it.

    Attributes
    ----------
    step : int
        Steps taken.
    epoch : float
        Passes over the training images.
    images_seen : int
    best : EpochMetrics or None
        The measurement with the highest dev accuracy.
    saved_step : int or None
        The step of the newest checkpoint, whose model can be had while the run trains; None before the first.
    unsaved : str
        Why the newest checkpoint could not be written, as the system says it; empty when it could.
    learning_rate : float or None
        Of the next step, by the schedule; of the last one when the run is finished. None before the start.
    """

    step: int = 0
    epoch: float = 0.0
    images_seen: int = 0
    best: EpochMetrics | None = None
    saved_step: int | None = None
    unsaved: str = ""
    learning_rate: float | None = None


@dataclass(frozen=True)
class DataFacts:
    """What a run remembers of its split; the images themselves belong to the visitor and to the store.

    Attributes
    ----------
    name, fingerprint : str
        Of the whole data set that the split was made from.
    n_train, n_dev : int
        Images in the two parts.
    one_answer : float
        The accuracy of one and the same answer for everything: the share of the commonest class.
    relabelled, left_out : int
        Images that the visitor gave another label, and images that were left out.
    """

    name: str
    fingerprint: str
    n_train: int
    n_dev: int
    one_answer: float
    relabelled: int = 0
    left_out: int = 0

    @classmethod
    def of(cls, split: Split) -> Self:
        """Note the facts of a split."""
        whole = split.train.base
        judges = split.dev if len(split.dev) else split.train
        return cls(
            whole.name,
            whole.fingerprint,
            len(split.train),
            len(split.dev),
            commonest_share(judges.labels),
            split.relabelled,
            split.left_out,
        )


@dataclass(frozen=True)
class Fork:
    """Where a run was forked from another one.

    Attributes
    ----------
    run_id : str
        The other run, the parent.
    step : int
        As the fork counts its steps.
    epoch : float
    before : dict
        What was changed: the names of settings, each with its value in the parent.
    """

    run_id: str
    step: int
    epoch: float
    before: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunStatus:
    """A run at one moment.

    Attributes
    ----------
    run_id : str
        Who knows it may watch the run.
    state : str
        A key of `STATE_LABELS`.
    message : str
        A sentence for the visitor, when there is something to say; otherwise empty.
    warning : str
        A sentence about a problem that does not stop the run; otherwise empty.
    progress : Progress
    images_per_second : float
        Over the last seconds as a clock on the wall saw them; the mean of the whole when it has ended.
    seconds_trained : float
        What the worker spent on it.
    seconds_left : float or None
        None while nothing is known yet, and when it does not run.
    history : History
        All records so far, in order; it may be sliced from where one stopped reading.
    history_version : int
        Grows when records are taken back because the run continues from an earlier step: charts begin again.
    health : tuple of NetworkHealth
        How the layers were at measurements, in order.
    network, training
        The configs as they are now, after any change on the way.
    data : DataFacts
    test_accuracy : float or None
        Once it was asked for.
    seconds_promised : float or None
        What the run was expected to take when it was started; None when that was not known.
    rate_changes : tuple of (int, float)
        The steps after which the learning rate was set by hand, each with that rate.
    link : dict of str to str or None
        What an address says of the settings that it was started with.
    name : str
        What its owner calls it; empty until it has a name.
    number : int
        Of its owner's runs; the first is 1.
    fork : Fork or None
        Where it comes from, if it is a fork of another run.
    """

    run_id: str
    state: State
    message: str
    warning: str
    progress: Progress
    images_per_second: float
    seconds_trained: float
    seconds_left: float | None
    history: History
    history_version: int
    network: NetworkConfig
    training: TrainingConfig
    data: DataFacts
    test_accuracy: float | None
    rate_changes: tuple[tuple[int, float], ...] = ()
    seconds_promised: float | None = None
    link: Mapping[str, str | None] = field(default_factory=dict)
    name: str = ""
    number: int = 1
    fork: Fork | None = None
    health: tuple[NetworkHealth, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it trains, waits to train, or is paused."""
        return self.state in LIVE

    @property
    def learning_rate(self) -> float:
        """The learning rate in force."""
        return self.progress.learning_rate or self.training.learning_rate

    @property
    def total_steps(self) -> int:
        """Steps from first to last."""
        return self.training.total_steps(self.data.n_train)

    @property
    def was_measured(self) -> bool:
        """Whether the dev set was measured after a step."""
        return any(isinstance(record, EpochMetrics) and record.step > 0 for record in self.history)

    @property
    def learned_nothing(self) -> bool:
        """Whether no measurement after a step beats the untrained network and one answer for everything."""
        best = self.progress.best
        if best is None or not self.was_measured:
            return False
        accuracy, _loss = standing(best)
        return best.step == 0 or (accuracy <= self.data.one_answer and accuracy < 1)

    @property
    def last_measured(self) -> EpochMetrics | None:
        """The newest measurement after a step; None before the first."""
        measured = (r for r in reversed(self.history) if isinstance(r, EpochMetrics) and r.step > 0)
        return next(measured, None)

    @property
    def best(self) -> EpochMetrics | None:
        """The best measurement, once something was learned: an untrained network is the best of nothing."""
        best = self.progress.best
        return None if best is None or not self.was_measured or self.learned_nothing else best

    @property
    def has_best_weights(self) -> bool:
        """Whether weights after a step were the best on the dev set; else the last ones answer."""
        return self.progress.best is not None and self.progress.best.step > 0

    @property
    def counts_steps(self) -> bool:
        """Whether an epoch is a single step, as with the full batch: then steps are what people count."""
        return self.training.steps_per_epoch(self.data.n_train) == 1

    @property
    def total_epochs(self) -> float:
        """The planned passes over the training images."""
        if self.progress.step and self.training.sample_size:
            return self.total_steps * self.progress.epoch / self.progress.step
        return self.total_steps / self.training.steps_per_epoch(self.data.n_train)

    @property
    def fraction_done(self) -> float:
        """The fraction of all steps that is done, from 0 to 1."""
        return min(1.0, self.progress.step / self.total_steps)
