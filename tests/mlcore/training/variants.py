"""Trainings of a tiny network, one for each way of training, and how two of them are compared.

The tests of `mlcore.training` run each of them.
"""

from typing import Any

import numpy as np
import pytest

from mlcore import (
    OPTIMIZERS,
    SCHEDULES,
    EpochMetrics,
    TrainingRun,
)
from tests.mlcore.small import small_run, small_split

SPLIT = small_split()
VARIANTS: list[dict[str, Any]] = [
    *({"optimizer": name, "learning_rate": entry.good_rate} for name, entry in OPTIMIZERS.items()),
    *({"schedule": name} for name in SCHEDULES),
    {"weight_decay": 0.01},
    {"class_weights": "balanced"},
    {"batch_size": None, "iterations": 25},
    {"patience": 2, "evaluate_every": 2},
    {"augment_shift": 1.0, "augment_noise": 0.1},
    {"network": {"dropout": 0.5}},
    {"network": {"pooling": 2, "standardize": True}},
    {"network": {"precision": "float64", "hidden_sizes": ()}},
]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)


def run_of(variant: dict[str, Any]) -> TrainingRun:
    return small_run(**variant)


def same_run(one: TrainingRun, other: TrainingRun) -> None:
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    np.testing.assert_array_equal(one.optimizer.moments, other.optimizer.moments)
    np.testing.assert_equal(one.history, other.history)
    np.testing.assert_equal(one.best, other.best)
    assert (one.step, one.images_seen, one.finished) == (other.step, other.images_seen, other.finished)


def measurements(run: TrainingRun) -> list[EpochMetrics]:
    return [record for record in run.history if isinstance(record, EpochMetrics)]
