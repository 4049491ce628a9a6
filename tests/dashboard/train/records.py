"""Made-up runs: their records, and what a page is told of them.

The tests of this folder share them.
"""

from typing import Any

from dashboard.runs.status import DataFacts, History, Progress, RunStatus
from mlcore import BatchMetrics, EpochMetrics, NetworkConfig, TrainingConfig


def batch(step: int, loss: float = 1.0, accuracy: float = 0.5) -> BatchMetrics:
    return BatchMetrics(step, step / 100, 10 * step, loss, accuracy, 0.1)


def measured(step: int, **values: float) -> EpochMetrics:
    usual = {"train_loss": 0.5, "train_accuracy": 0.8, "dev_loss": 0.6, "dev_accuracy": 0.7}
    return EpochMetrics(step, step / 100, 10 * step, **{**usual, **values}, learning_rate=0.1)


def status(*records: Any, best: EpochMetrics | None = None) -> RunStatus:
    facts: dict[str, Any] = dict.fromkeys(RunStatus.__dataclass_fields__)
    facts |= {"history": History(list(records)), "state": "running", "rate_changes": (), "health": ()}
    facts |= {"progress": Progress(epoch=1.0, best=best), "data": DataFacts("digits", "", 1000, 100, 0.1)}
    facts |= {"network": NetworkConfig(), "training": TrainingConfig(batch_size=10, epochs=1)}
    return RunStatus(**facts)
