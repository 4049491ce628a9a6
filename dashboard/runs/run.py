"""A run as the service keeps it: what was requested, what was reported, and its speed.

The service and the scheduler use it with the service's lock held; everyone else sees a `RunStatus`.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dashboard.runs.place import NOWHERE, Place
from dashboard.runs.protocol import Change, Report, RunSpec
from dashboard.runs.status import LIVE, DataFacts, Fork, History, Progress, RunStatus, State
from dashboard.runs.trials import Question
from mlcore import NetworkHealth, Record, TrainingConfig
from mlcore.language import N_, _
from mlcore.training.memory import Demand

Wanted: TypeAlias = Literal["running", "paused", "stopped", "deleted"]

UNSAVED = N_(
    "The last checkpoint could not be saved ({reason}). Training is not affected, and saving is tried again "
    "every few seconds. Do not delete the run or leave the app before this message disappears."
)

TURNS_FOR_SPEED = 24
"""Over how many turns the speed is taken: some four seconds when a run has a worker for itself."""


@dataclass(eq=False)
class Run:
    """One run; see `RunStatus` for the parts of the same name."""

    owner: str
    spec: RunSpec
    data: DataFacts
    demand: Demand
    training: TrainingConfig
    left_at: float
    place: Place = NOWHERE
    link: Mapping[str, str | None] = field(default_factory=dict)
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
    health: list[NetworkHealth] = field(default_factory=list)
    history_version: int = 0
    progress: Progress = field(default_factory=Progress)
    seconds_trained: float = 0.0
    test_accuracy: float | None = None
    question: Question | None = None
    seconds_promised: float | None = None
    started: float = 0.0
    number: int = 1
    name: str = ""
    note: str = ""
    star: bool = False
    fork: Fork | None = None
    pace: deque[tuple[float, int, int]] = field(default_factory=lambda: deque(maxlen=TURNS_FOR_SPEED))

    @property
    def run_id(self) -> str:
        """Its unguessable name."""
        return self.spec.run_id

    @property
    def live(self) -> bool:
        """Whether it still needs its worker."""
        return self.state in LIVE

    @property
    def total_steps(self) -> int:
        """Steps from first to last."""
        return self.training.total_steps(self.data.n_train)

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch."""
        return self.training.steps_per_epoch(self.data.n_train)

    @property
    def must_save(self) -> bool:
        """Whether its model can be had from its worker only.

        While it trains, the newest checkpoint will do; what has diverged or failed has no newer one.
        """
        if self.state in ("queued", "running"):
            return self.progress.saved_step is None or bool(self.progress.unsaved)
        rests = self.state in ("paused", "stopped")
        return self.waits_to_be_saved or (rests and self.progress.saved_step != self.progress.step)

    @property
    def waits_to_be_saved(self) -> bool:
        """Whether it has ended, and its worker still keeps what could not be written."""
        return self.state in ("finished", "stopped") and bool(self.progress.unsaved) and self.has_worker

    @property
    def restart_step(self) -> int:
        """Where a run that has ended continues: at its last step, or, when it failed, at its checkpoint."""
        ended = self.state in ("finished", "stopped")
        return self.progress.step if ended else self.progress.saved_step or 0

    @property
    def rests_since(self) -> float:
        """Since when a worker keeps it in memory without being asked for it; infinity when none does."""
        kept = self.state == "paused" and self.has_worker and self.jobs == 0
        return self.used_at if kept else math.inf

    @property
    def is_put_away(self) -> bool:
        """Whether it has ended or is paused, and no worker has anything of it that is not on disk."""
        rests = not self.live or self.state == "paused"
        return rests and not self.has_worker and self.jobs == 0 and not self.waits_to_be_saved

    def seconds_until(self, images_seen: int) -> float:
        """Return how long it trained, at its mean speed, until it had seen so many images."""
        seen = self.progress.images_seen
        return self.seconds_trained * images_seen / seen if seen else 0.0

    def files(self) -> set[Path]:
        """Return what it has on disk: its own files, and those of its data, which it may share."""
        return {*Path(self.spec.folder).glob("*"), *map(Path, self.spec.split.paths)}

    def belongs_to(self, owner: str, place: Place) -> bool:
        """Whether it counts as this visitor's; a session with another secret is still the same session."""
        return self.owner == owner or self.place.shares_session(place)

    def take_note(self, report: Report, now: float) -> None:
        """Take over what a worker reports of the run."""
        if report.records_before is not None and report.records_before < len(self.records):
            self.records = self.records[: report.records_before]
            last = self.records[-1].step if self.records else -1
            self.health = [health for health in self.health if health.step <= last]
            self.history_version += 1
            self.pace.clear()
        self.records.extend(report.records)
        self.health.extend(report.health)
        self.broken_turns = 0
        self.used_at = now
        progress = report.progress
        if report.refused:
            progress = replace(progress, saved_step=self.progress.saved_step, unsaved=report.refused)
        self.progress = progress
        self.seconds_trained += report.seconds
        if report.records:
            self.pace.append((now, progress.step, progress.images_seen))

    def want(self, wanted: Wanted, now: float) -> None:
        """Note what is wanted of it, and since when, by the monotonic clock."""
        self.wanted, self.wanted_at = wanted, now

    def change(self, learning_rate: float | None, total_steps: int | None) -> None:
        """Have the worker make these changes before the next step.

        Raises
        ------
        SettingError
            When a value is out of bounds; nothing is changed then.
        """
        settings: dict[str, Any] = {"learning_rate": learning_rate, "iterations": total_steps}
        settings = {name: value for name, value in settings.items() if value is not None}
        from_step = self.progress.step if self.live else self.restart_step
        self.training = replace(self.training, **settings)
        change = Change(from_step, learning_rate, total_steps)
        self.spec = replace(self.spec, changes=(*self.spec.changes, change))
        if total_steps is not None:
            self.seconds_promised = None  # of another length
        if learning_rate is not None:
            self.progress = replace(self.progress, learning_rate=learning_rate)

    def status(self) -> RunStatus:
        """Return what everybody may know."""
        per_second, seconds_left = self._speed()
        unsaved = self.progress.unsaved
        return RunStatus(
            run_id=self.run_id,
            state=self.state,
            message=_(self.message) if self.message else "",
            warning=_(UNSAVED).format(reason=unsaved) if unsaved else "",
            progress=self.progress,
            rate_changes=tuple(
                (change.from_step, change.learning_rate)
                for change in self.spec.changes
                if change.learning_rate is not None
            ),
            images_per_second=per_second,
            seconds_trained=self.seconds_trained,
            seconds_left=seconds_left,
            seconds_promised=self.seconds_promised,
            history=History(self.records),
            history_version=self.history_version,
            health=tuple(self.health),
            network=self.spec.network,
            training=self.training,
            data=self.data,
            test_accuracy=self.test_accuracy,
            link=self.link,
            name=self.name,
            number=self.number,
            fork=self.fork,
        )

    def _speed(self) -> tuple[float, float | None]:
        """Return images a second, and the seconds left while it runs."""
        mean = self.progress.images_seen / self.seconds_trained if self.seconds_trained else 0.0
        if self.state != "running" or len(self.pace) < 2:
            return mean, None
        (begin, first_step, first_images), (last, step, images) = self.pace[0], self.pace[-1]
        if step <= first_step or last <= begin:
            return mean, None
        left = (self.total_steps - step) * (last - begin) / (step - first_step)
        return (images - first_images) / (last - begin), left
