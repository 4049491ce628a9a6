"""Everything that changes in a run, at one moment, and how it lies in a model file.

`TrainingRun` takes a `Checkpoint` when it is saved, and continues from one.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.model import Model
from mlcore.training.card import json_number
from mlcore.training.layer_health import NetworkHealth
from mlcore.training.measurements import Measurements
from mlcore.training.progress import Progress
from mlcore.training.rates import RatePlan
from mlcore.training.records import BatchMetrics, EpochMetrics, Record
from mlcore.training.state import TrainState, make_state

ARRAYS = ("order", "moments", "parameters", "best_parameters")


@dataclass(frozen=True)
class Checkpoint:
    """Everything that changes in a run, at one moment; what stands in no array goes into the file as JSON.

    Attributes
    ----------
    step, images_seen, evaluated_step, stopped_early, patient_from, changes, best, history, health, in_halves
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
    health: list[NetworkHealth]
    order_generator: dict[str, Any]
    in_halves: bool
    order: NDArray[np.intp]
    moments: NDArray[np.floating]
    parameters: NDArray[np.floating]
    best_parameters: NDArray[np.floating] | None

    @classmethod
    def take(
        cls,
        state: TrainState,
        progress: Progress,
        in_halves: bool,
    ) -> Self:
        """Return the checkpoint of a run that stands like this; arrays of the state are copied."""
        measured, rates = progress.measured, progress.rates
        return cls(
            step=progress.step,
            images_seen=progress.images_seen,
            position=state.order.position,
            evaluated_step=measured.evaluated_step,
            stopped_early=measured.stopped_early,
            patient_from=measured.patient_from,
            changes=progress.changes,
            rate_base=rates.base,
            rate_ceiling=json_number(rates.ceiling),
            optimizer_steps=state.optimizer.steps,
            best=measured.best,
            history=progress.history,
            health=progress.health,
            order_generator=dict(state.order.generator.bit_generator.state),
            in_halves=in_halves,
            order=state.order.positions,
            moments=state.whole_moments(),
            parameters=state.whole_parameters(),
            best_parameters=measured.best_parameters,
        )

    @property
    def measured(self) -> Measurements:
        """What the measurements have shown until then."""
        return Measurements(
            self.best, self.best_parameters, self.evaluated_step, self.stopped_early, self.patient_from
        )

    def rates(self, learning_rate: float) -> RatePlan:
        """Return the plan of rates; files of old have none, and the learning rate is that of the config."""
        if self.rate_base is None:
            return RatePlan(learning_rate)
        return RatePlan(self.rate_base, self.rate_ceiling or math.inf)

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
        counters["health"] = [health.to_row() for health in self.health]
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
            health=[NetworkHealth.from_row(row) for row in counters.get("health", [])],
            order_generator=counters["order_generator"],
            in_halves=bool(counters["in_halves"]),
            order=order,
            moments=arrays["moments"],
            parameters=arrays["parameters"],
            best_parameters=arrays.get("best_parameters"),
        )

    def resume(self, model: Model, progress: Progress) -> TrainState:
        """Return the state in which the run that made the model was, and bring the progress to where it was.

        Arrays that do not fit raise.
        """
        state = make_state(
            model.network_config,
            model.training_config,
            model.preparation,
            model.class_names,
            len(self.order),
            None,
            np.random.default_rng(),
        )
        self._restore(state)
        progress.step, progress.images_seen = self.step, self.images_seen
        progress.history, progress.health, progress.changes = self.history, self.health, self.changes
        progress.rates = self.rates(progress.training_config.learning_rate)
        progress.measured = self.measured
        return state

    def _restore(self, state: TrainState) -> None:
        """Bring network, optimizer and order to where they were."""
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
