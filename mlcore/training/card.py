"""The card of a model: how it was made, on which data, on which machine, and how well it was measured.

`TrainingRun.model` puts it together; pages, reports and exports read it.
"""

import dataclasses
import math
import platform
from typing import Any

import numpy as np

from mlcore.datasets.split import Split
from mlcore.training.machine import kernel_name, machine_name
from mlcore.training.records import EpochMetrics

# By the last one, a dev set is known again that no step has seen.
DATA_CARD = ("dataset", "fingerprint", "train_size", "dev_size", "dev_fingerprint", "blank_pixels")
"""What `data_card` always says; a run that continues from a model takes it over."""


def data_card(split: Split, blank: int) -> dict[str, Any]:
    """Return what is said of the data, and of how many pixels are blank in every image."""
    train, dev = split.train, split.dev
    about = (train.name, train.fingerprint, len(train), len(dev), dev.fingerprint, blank)
    card: dict[str, Any] = dict(zip(DATA_CARD, about, strict=True))
    if split.settings is not None:
        card["split"] = dataclasses.asdict(split.settings)
    return card


def machine_card() -> dict[str, Any]:
    """Return what is said of the machine; on another one the last bits may differ."""
    return {
        "numpy": np.__version__,
        "python": platform.python_version(),
        "machine": machine_name(),
        "kernel": kernel_name(),
    }


MEASURED_CARD = ("measured_at_step", "dev_accuracy")
"""What a card says of a measurement."""


def measured_card(record: EpochMetrics | None) -> dict[str, Any]:
    """Return what is said of the measurement, if there was one."""
    if record is None:
        return {}
    return {"measured_at_step": record.step, "dev_accuracy": json_number(record.dev_accuracy)}


def json_number(value: float) -> float | None:
    """Return a number as JSON can have it: what is none is None.

    >>> json_number(0.5), json_number(math.nan)
    (0.5, None)
    """
    return value if math.isfinite(value) else None
