"""How much is too much: the memory that a run will take, and the memory that there is.

It stands at the start of a run, so that one visitor's large network cannot end the server for all.
"""

import math
import os
from pathlib import Path

from mlcore import NetworkConfig, TrainingConfig, network_summary

VECTORS_IN_USE = 8
"""Parameters, gradients, two moments, a working copy, the best so far, and room to write a checkpoint."""

TILE_ARRAYS = 3
"""Arrays of one tile of images that a layer keeps: outputs, gradients, and one to work in."""

TILE = 512


def bytes_needed(
    network: NetworkConfig,
    training: TrainingConfig,
    image_shape: tuple[int, int],
    n_classes: int,
    n_train: int,
) -> int:
    """Return about how much memory a run takes in its worker, besides the pixels that all runs share.

    >>> bytes_needed(NetworkConfig(hidden_sizes=(128,)), TrainingConfig(), (28, 28), 10, 59_000) // 1_000_000
    6
    """
    itemsize = 8 if network.precision == "float64" else 4
    summaries = network_summary(network, image_shape, n_classes)
    parameters = sum(layer.parameters for layer in summaries)
    compact = 0
    if network.pooling > 1 or network.drop_rare_pixels is not None:
        compact = (
            n_train * summaries[0].output_shape[0] * 2
        )  # a run that reads other pixels keeps its own copy
    tiles = TILE_ARRAYS * TILE * sum(math.prod(layer.output_shape) for layer in summaries)
    return itemsize * (VECTORS_IN_USE * parameters + tiles) + compact


def bytes_available() -> int | None:
    """Return how much memory this process may still take, or None where the system does not tell.

    A container's limit counts where it is lower than the machine's memory.
    """
    machine = _machine_bytes()
    container = _container_bytes()
    known = [amount for amount in (machine, container) if amount is not None]
    return min(known) if known else None


def _machine_bytes() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, ValueError):
            return None


def _container_bytes(group: Path = Path("/sys/fs/cgroup")) -> int | None:
    try:
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or the word "max"
        return None
