"""The memory of a training is known before an array is made."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from dashboard.budget import bytes_available
from mlcore import (
    Dataset,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from mlcore.training.memory import memory_needed
from tests.peak import peak_of_one_call
from tests.waiting import PATIENCE


def test_a_network_needs_more_memory_when_it_is_larger() -> None:
    def needed(*sizes: int) -> int:
        return memory_needed(NetworkConfig(hidden_sizes=sizes), TrainingConfig(), (28, 28), 10, 59_000).kept

    assert needed(16) < needed(128) < needed(2048) < needed(2048, 2048)
    available = bytes_available()
    assert available is None or available > 0


NEEDS = [
    (NetworkConfig(hidden_sizes=(256, 256)), TrainingConfig(batch_size=64), 500),
    (NetworkConfig(hidden_sizes=(512, 512, 512)), TrainingConfig(batch_size=None), 600),
    (NetworkConfig(filters=(16, 32)), TrainingConfig(batch_size=32), 64),
    (NetworkConfig(filters=(32, 32)), TrainingConfig(batch_size=None), 100),
    (NetworkConfig(hidden_sizes=(8,), pooling=2, standardize=True), TrainingConfig(batch_size=100), 20_000),
    (NetworkConfig(hidden_sizes=(8,)), TrainingConfig(batch_size=None), 40_000),
    (NetworkConfig(hidden_sizes=(256,), precision="float64", dropout=0.2), TrainingConfig(), 500),
]


def peak_of(network: NetworkConfig, training: TrainingConfig, n: int, in_halves: bool) -> int:
    """Return the most bytes that this process held at once while a run took two steps."""
    images = np.random.default_rng(0).integers(0, 256, (n + 10, 28, 28), np.uint8)
    dataset = Dataset(images, np.arange(n + 10) % 10, tuple("0123456789"), "random")
    split = Split(dataset.take(range(n)), dataset.take(range(n, n + 10)))
    return peak_of_one_call(
        lambda: list(train(TrainingRun(network, training, in_halves=in_halves), split, max_steps=2))
    )


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ProcessPoolExecutor]:
    """A process of its own: in this one, threads of other tests may hold memory at the same time."""
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize(("network", "training", "n"), NEEDS, ids=str)
@pytest.mark.parametrize("in_halves", [False, True])
def test_a_run_takes_about_as_much_memory_as_was_counted(
    elsewhere: ProcessPoolExecutor, network: NetworkConfig, training: TrainingConfig, n: int, in_halves: bool
) -> None:
    peak = elsewhere.submit(peak_of, network, training, n, in_halves).result(PATIENCE)
    counted = memory_needed(network, training, (28, 28), 10, n).kept
    assert 0.75 * peak < counted < 2.5 * peak
