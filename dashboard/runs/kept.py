"""A run as the archive keeps it, and how it comes back: as a `Run`, as a `KeptRun` of a list, or recovered.

The run service makes rows from its runs and runs from rows. What is unfinished comes back as its last
snapshot left it.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from dashboard.runs.archive import Row, size_of
from dashboard.runs.protocol import Change, RunSpec
from dashboard.runs.run import Run
from dashboard.runs.status import LIVE, DataFacts, Fork, Progress, State
from dashboard.runs.store import StoredDataset, StoredSplit
from mlcore import (
    BatchMetrics,
    EpochMetrics,
    ModelFileError,
    NetworkConfig,
    NetworkHealth,
    Record,
    SplitSettings,
    TrainingConfig,
    TrainingRun,
    load_model,
)
from mlcore.language import N_
from mlcore.training.memory import Demand

CURVE_POINTS = 60
"""Points of the small curve in a list."""

INTERRUPTED = N_(
    "The server was restarted before this run had finished. Continue it: it ends with the same weights as if "
    "nothing had happened."
)

HEALTH = NetworkHealth.__name__
_RECORDS: dict[str, type[Record]] = {kind.__name__: kind for kind in (BatchMetrics, EpochMetrics)}


@dataclass(frozen=True)
class KeptRun:
    """What a list of runs shows of one.

    Attributes
    ----------
    run_id : str
    number : int
        Of its owner's runs; the first is 1.
    name, note : str
        By its owner; empty until they are given.
    star : bool
    started : float
        Seconds since 1970.
    state, data, network, training, test_accuracy, seconds_trained
        As in `RunStatus`.
    steps, total_steps : int
    best : EpochMetrics or None
        The measurement with the highest dev accuracy, after a step.
    curve : tuple of float
        Dev accuracies from first to last, `CURVE_POINTS` at most.
    dev_files : tuple of str
        What tells the images of its dev set from others.
    is_plain : bool
        Whether it had its settings from its first step to its last: it is no fork, and nothing was changed.
    """

    run_id: str
    number: int
    name: str
    note: str
    star: bool
    started: float
    state: State
    data: DataFacts
    network: NetworkConfig
    training: TrainingConfig
    steps: int
    total_steps: int
    best: EpochMetrics | None
    curve: tuple[float, ...]
    test_accuracy: float | None
    seconds_trained: float
    dev_files: tuple[str, ...]
    is_plain: bool = True

    @property
    def live(self) -> bool:
        """Whether it trains, waits to train, or is paused."""
        return self.state in LIVE

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read what a list shows from a row."""
        about = row.about
        training, data = config_of(TrainingConfig, about["training"]), DataFacts(**about["data"])
        progress, dev = _progress(about["progress"]), about["split"]["dev"]
        best = progress.best
        return cls(
            run_id=row.run_id,
            number=about["number"],
            name=about["name"],
            note=about["note"],
            star=row.star,
            started=row.started,
            state=about["state"],
            data=data,
            network=config_of(NetworkConfig, about["network"]),
            training=training,
            steps=progress.step,
            total_steps=training.total_steps(data.n_train),
            best=best if best is not None and best.step > 0 else None,
            curve=tuple(about["curve"]),
            test_accuracy=about["test_accuracy"],
            seconds_trained=about["seconds_trained"],
            dev_files=(dev["pixels"], dev["labels"], dev["rows"] or ""),
            is_plain=not about["changes"] and not about.get("fork"),
        )


def row_of(run: Run, folder: Path) -> Row:
    """Return what is kept of a run; its files lie below the archive's folder."""
    history = [[type(record).__name__, *vars(record).values()] for record in run.records]
    history += [[HEALTH, *health.to_row()] for health in run.health]
    files = {_name(path, folder): size_of(Path(path)) for path in {*run.spec.split.paths}}
    return replace(short_row_of(run, folder), history=history, files=files)


def short_row_of(run: Run, folder: Path) -> Row:
    """Return the part of it that a list shows."""
    spec, stored = run.spec, run.spec.split
    about = {
        "number": run.number,
        "name": run.name,
        "note": run.note,
        "state": run.state,
        "message": run.message,
        "network": dataclasses.asdict(spec.network),
        "training": dataclasses.asdict(run.training),
        "first_training": dataclasses.asdict(spec.training),
        "changes": [dataclasses.asdict(change) for change in spec.changes],
        "split": {
            "train": _names(stored.train, folder),
            "dev": _names(stored.dev, folder),
            "settings": stored.settings and dataclasses.asdict(stored.settings),
        },
        "data": dataclasses.asdict(run.data),
        "demand": dataclasses.asdict(run.demand),
        "link": dict(run.link),
        "progress": dataclasses.asdict(run.progress),
        "curve": _curve(run.records),
        "seconds_trained": run.seconds_trained,
        "seconds_promised": run.seconds_promised,
        "test_accuracy": run.test_accuracy,
        "fork": run.fork and dataclasses.asdict(run.fork),
    }
    return Row(run.run_id, run.owner, run.started, run.is_put_away, run.star, about)


def run_of(row: Row, folder: Path, run_folder: Path, now: float) -> Run:
    """Return the run that a row tells of, with its owner absent since ``now``.

    What another version of the app wrote may raise a KeyError, TypeError, ValueError or `SettingError`.
    """
    about = row.about
    names = about["split"]
    made = names["settings"] and SplitSettings(**names["settings"])
    split = StoredSplit(_stored(names["train"], folder), _stored(names["dev"], folder), made)
    spec = RunSpec(
        row.run_id,
        str(run_folder),
        split,
        config_of(NetworkConfig, about["network"]),
        config_of(TrainingConfig, about["first_training"]),
        tuple(Change(**change) for change in about["changes"]),
    )
    state: State = about["state"]
    return Run(
        row.owner,
        spec,
        DataFacts(**about["data"]),
        Demand(**about["demand"]),
        config_of(TrainingConfig, about["training"]),
        now,
        link=about["link"],
        state=state,
        wanted="paused" if state in LIVE else "running",
        message=about["message"],
        records=[_RECORDS[kind](*values) for kind, *values in row.history if kind != HEALTH],
        health=[NetworkHealth.from_row(values) for kind, *values in row.history if kind == HEALTH],
        progress=_progress(about["progress"]),
        seconds_trained=about["seconds_trained"],
        seconds_promised=about["seconds_promised"],
        test_accuracy=about["test_accuracy"],
        started=row.started,
        number=about["number"],
        name=about["name"],
        note=about["note"],
        star=row.star,
        fork=Fork(**fork) if (fork := about.get("fork")) else None,  # rows of before forks have none
    )


def recover(run: Run) -> None:
    """Bring a run that had not ended to where its last snapshot left it; it rests until it is continued."""
    run.state, run.wanted, run.message = "paused", "paused", INTERRUPTED
    run.records, run.health, run.progress = [], [], Progress()
    if not run.spec.checkpoint.exists():
        return
    try:
        made = TrainingRun.from_model(load_model(run.spec.checkpoint))
    except ModelFileError as error:
        run.state, run.wanted, run.message = "failed", "running", str(error)
        return
    for change in run.spec.changes[made.changes :]:
        made.change(learning_rate=change.learning_rate, iterations=change.iterations)
    so_far = (made.step, made.epoch, made.images_seen, made.best, made.step)
    run.records, run.health = made.history, made.health
    run.progress = Progress(*so_far, learning_rate=made.learning_rate)
    if made.is_done:
        run.state, run.wanted, run.message = "finished", "running", ""


def _curve(records: list[Record]) -> list[float]:
    """Return some dev accuracies of a history, from first to last; without a dev set, there is none.

    >>> measured = [EpochMetrics(k, k, k, 0.1, 0.9, 0.2, k / 100, 0.001) for k in range(1, 100)]
    >>> len(_curve(measured)) <= CURVE_POINTS, _curve(measured)[-1]
    (True, 0.99)
    """
    measured = [record.dev_accuracy for record in records if isinstance(record, EpochMetrics)]
    known = [accuracy for accuracy in measured if not math.isnan(accuracy)]
    each = math.ceil(len(known) / CURVE_POINTS) or 1
    return known[::-each][::-1]


def _names(stored: StoredDataset, folder: Path) -> dict[str, Any]:
    return {
        "pixels": _name(stored.pixels, folder),
        "labels": _name(stored.labels, folder),
        "rows": None if stored.rows is None else _name(stored.rows, folder),
        "class_names": stored.class_names,
        "name": stored.name,
        "lit": stored.lit and [_name(path, folder) for path in stored.lit],
    }


def _name(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix()


def _stored(names: Mapping[str, Any], folder: Path) -> StoredDataset:
    rows = None if names["rows"] is None else str(folder / names["rows"])
    pixels, labels = str(folder / names["pixels"]), str(folder / names["labels"])
    lit = names["lit"] and tuple(str(folder / name) for name in names["lit"])
    return StoredDataset(pixels, labels, rows, tuple(names["class_names"]), names["name"], lit)


def config_of(kind: type[Any], fields: Mapping[str, Any]) -> Any:
    """Return a config from its fields as JSON has them."""
    return kind(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    )


def _progress(fields: Mapping[str, Any]) -> Progress:
    best = fields["best"]
    return Progress(**{**fields, "best": None if best is None else EpochMetrics(**best)})
