"""A run as the service keeps it: what was requested, what was reported, and its speed.

The service and the scheduler use it with the service's lock held; everyone else sees a `RunStatus`.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal, Self, TypeAlias

from dashboard.runs.limits import NOWHERE, Demand, Place
from dashboard.runs.protocol import Report, Ticket
from dashboard.runs.status import LIVE, History, Record, RunStatus, State
from mlcore import EpochMetrics, Split, TrainingConfig
from mlcore.language import N_, _

Wanted: TypeAlias = Literal["running", "paused", "stopped", "deleted"]

UNSAVED = N_(
    "The last checkpoint could not be saved ({reason}). Training is not affected, and saving is tried again "
    "every few seconds. Do not delete the run or leave the app before this message disappears."
)

TURNS_FOR_SPEED = 24
"""Over how many turns the speed is taken: some four seconds when a run has a worker for itself."""


@dataclass(frozen=True)
class DataFacts:
    """What a run remembers of its split; the images themselves belong to the visitor and to the store."""

    name: str
    fingerprint: str
    n_train: int
    n_dev: int

    @classmethod
    def of(cls, split: Split) -> Self:
        """Note the facts of a split."""
        whole = split.train.base
        return cls(whole.name, whole.fingerprint, len(split.train), len(split.dev))


@dataclass(eq=False)
class Run:
    """One run; see `RunStatus` for the parts of the same name."""

    owner: str
    ticket: Ticket
    data: DataFacts
    demand: Demand
    training: TrainingConfig
    left_at: float
    place: Place = NOWHERE
    state: State = "queued"
    wanted: Wanted = "running"
    message: str = ""
    jobs: int = 0
    wanted_at: float = 0.0
    broken_turns: int = 0
    sessions: set[str] = field(default_factory=set)
    used_at: float = 0.0
    has_worker: bool = False
    records: list[Record] = field(default_factory=list)
    history_version: int = 0
    step: int = 0
    steps_per_epoch: int = field(init=False)
    total_steps: int = field(init=False)
    epoch: float = 0.0
    images_seen: int = 0
    seconds_trained: float = 0.0
    saved_step: int | None = None
    unsaved: str = ""
    best: EpochMetrics | None = None
    test_accuracy: float | None = None
    pace: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=TURNS_FOR_SPEED))

    def __post_init__(self) -> None:
        """Plan the length before a worker has reported it."""
        self.steps_per_epoch = self.training.steps_per_epoch(self.data.n_train)
        self.total_steps = self.training.total_steps(self.data.n_train)

    @property
    def run_id(self) -> str:
        """Its unguessable name."""
        return self.ticket.run_id

    @property
    def live(self) -> bool:
        """Whether it still needs its worker."""
        return self.state in LIVE

    @property
    def must_save(self) -> bool:
        """Whether its model can be had from its worker only.

        While it trains, the newest checkpoint will do; what has diverged or failed has no newer one.
        """
        if self.state in ("queued", "running"):
            return self.saved_step is None or bool(self.unsaved)
        rests = self.state in ("paused", "stopped")
        return self.waits_to_be_saved or (rests and self.saved_step != self.step)

    @property
    def waits_to_be_saved(self) -> bool:
        """Whether it has ended, and its worker still keeps what could not be written."""
        return self.state in ("finished", "stopped") and bool(self.unsaved) and self.has_worker

    @property
    def restart_step(self) -> int:
        """Where a run that has ended goes on: where it stands, or, when it broke off, at its checkpoint."""
        return self.step if self.state in ("finished", "stopped") else self.saved_step or 0

    @property
    def rests_since(self) -> float:
        """Since when a worker keeps it in memory without being asked for it; infinity when none does."""
        kept = self.state == "paused" and self.has_worker and self.jobs == 0
        return self.used_at if kept else math.inf

    def belongs_to(self, owner: str, place: Place) -> bool:
        """Whether it counts as this visitor's; a session with another secret is still the same session."""
        return self.owner == owner or self.place.shares_session(place)

    def take_note(self, report: Report, now: float) -> None:
        """Learn from a worker's report how the run stands."""
        if report.records_before is not None and report.records_before < len(self.records):
            self.records = self.records[: report.records_before]
            self.history_version += 1
            self.pace.clear()
        self.records.extend(report.records)
        self.broken_turns = 0
        self.used_at = now
        self.step, self.images_seen, self.epoch = report.step, report.images_seen, report.epoch
        self.best, self.saved_step, self.unsaved = report.best, report.saved_step, report.unsaved
        if report.changes == self.ticket.changes:
            self.training, self.total_steps = report.training, report.total_steps
            self.steps_per_epoch = report.steps_per_epoch
        self.seconds_trained += report.seconds
        if report.records:
            self.pace.append((now, report.step, report.images_seen))

    def want(self, wanted: Wanted, now: float) -> None:
        """Note what shall become of it, and since when, by the clock that never stops."""
        self.wanted, self.wanted_at = wanted, now

    def change(self, learning_rate: float | None, total_steps: int | None) -> None:
        """Have the worker make these changes before the next step.

        Raises
        ------
        SettingError
            When a value is out of bounds; nothing is changed then.
        """
        training = self.training
        changes = replace(self.ticket.changes, from_step=self.step if self.live else self.restart_step)
        if learning_rate is not None:
            training = replace(training, learning_rate=learning_rate)
            changes = replace(changes, learning_rate=learning_rate)
        if total_steps is not None:
            training = replace(training, iterations=total_steps)
            changes = replace(changes, iterations=total_steps)
        self.training, self.ticket = training, replace(self.ticket, changes=changes)
        self.total_steps = total_steps or self.total_steps

    def status(self) -> RunStatus:
        """Return what everybody may know."""
        per_second, seconds_left = self._speed()
        return RunStatus(
            run_id=self.run_id,
            state=self.state,
            message=_(self.message) if self.message else "",
            warning=_(UNSAVED).format(reason=self.unsaved) if self.unsaved else "",
            step=self.step,
            total_steps=self.total_steps,
            epoch=self.epoch,
            images_seen=self.images_seen,
            images_per_second=per_second,
            seconds_trained=self.seconds_trained,
            seconds_left=seconds_left,
            history=History(self.records),
            history_version=self.history_version,
            network=self.ticket.network,
            training=self.training,
            dataset_name=self.data.name,
            dataset_fingerprint=self.data.fingerprint,
            n_train=self.data.n_train,
            n_dev=self.data.n_dev,
            best=self.best,
            test_accuracy=self.test_accuracy,
            model_step=self.saved_step,
        )

    def _speed(self) -> tuple[float, float | None]:
        """Return images a second, and the seconds left while it runs."""
        mean = self.images_seen / self.seconds_trained if self.seconds_trained else 0.0
        if self.state != "running" or len(self.pace) < 2:
            return mean, None
        (begin, first_step, first_images), (last, step, images) = self.pace[0], self.pace[-1]
        if step <= first_step or last <= begin:
            return mean, None
        left = (self.total_steps - step) * (last - begin) / (step - first_step)
        return (images - first_images) / (last - begin), left
