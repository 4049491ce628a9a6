"""What the run service and its workers send each other: a run's spec goes out, a report comes back.

The scheduler sends both through an executor, so they hold nothing that cannot be pickled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.runs.second_process import has_many_cores
from dashboard.runs.status import Progress
from dashboard.runs.store import StoredSplit
from mlcore import NetworkConfig, NetworkHealth, Record, TrainingConfig


@dataclass(frozen=True)
class Change:
    """What was changed on the way; what is None stays as it was.

    Attributes
    ----------
    from_step : int
        Where the change was made: early stopping counts its patience from there.
    """

    from_step: int
    learning_rate: float | None = None
    iterations: int | None = None


@dataclass(frozen=True)
class RunSpec:
    """Everything that a worker must know to train a run.

    Attributes
    ----------
    folder : str
        The run's own; it contains the newest checkpoint, if there is one.
    changes : tuple of Change
        All changes since the start, in order; a checkpoint knows how many of them it includes.
    until : int or None
        The step after which it is stopped; None: it trains to its end.
    many_cores : bool
        Whether the server has more than one core; see `takes_halves`.
    """

    run_id: str
    folder: str
    split: StoredSplit
    network: NetworkConfig
    training: TrainingConfig
    changes: tuple[Change, ...] = ()
    until: int | None = None
    many_cores: bool = field(default_factory=has_many_cores)

    @property
    def checkpoint(self) -> Path:
        """The file of the newest checkpoint; it is a model file too."""
        return Path(self.folder) / "run.npz"

    @property
    def best_model(self) -> Path:
        """The file of the model with the highest dev accuracy, up to the newest checkpoint.

        Until the dev set has been measured after a step, it is the newest: a network before its first step is
        nobody's result.
        """
        return Path(self.folder) / "best.npz"

    @property
    def hold(self) -> Path:
        """The file that, while it is there, ends every turn at the next micro-batch of images."""
        return Path(self.folder) / "hold"


@dataclass(frozen=True)
class Report:
    """What the worker did for a run, and how far the run is now.

    Attributes
    ----------
    progress : Progress
    records : tuple
        What is new in its history.
    records_before : int or None
        When this call took the run up from disk, or began it: how many records it had then. What the service
        has beyond these is no longer true. None when the worker had the run at hand.
    seconds : float
        Spent on training and measuring.
    diverged : str
        The sentence why, when it did.
    is_far_enough : bool
        Whether it has come to the step where it is to be stopped, and was measured there.
    health : tuple of NetworkHealth
        How the layers were at the measurements among the records.
    refused : str
        Why the server could not write the files that a worker elsewhere has sent with it, or empty.
    """

    progress: Progress
    records: tuple[Record, ...]
    records_before: int | None
    seconds: float
    finished: bool
    diverged: str
    is_far_enough: bool = False
    health: tuple[NetworkHealth, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Forked:
    """What the worker did to fork a run.

    Attributes
    ----------
    report : Report
        With the whole history until the fork.
    training : TrainingConfig
        That of the new run, whose length is counted in its own steps.
    before : dict
        The settings that were changed, each with its value until then.
    """

    report: Report
    training: TrainingConfig
    before: Mapping[str, Any]
