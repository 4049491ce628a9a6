"""A check is worked out once for each content, outside of the page that asks, and one at a time."""

import gc
import threading
from collections.abc import Callable

import numpy as np
import pytest

from dashboard.budget import Budget, NoRoom
from dashboard.data.checks import BYTES, Checks
from mlcore import Dataset, Health, check_health
from tests.waiting import PATIENCE, wait_until


def some(seed: int = 0) -> Dataset:
    images = np.random.default_rng(seed).integers(0, 256, (20, 6, 6), np.uint8)
    return Dataset(images, np.arange(20) % 2, ("a", "b"), "some")


class Gate:
    """A check that waits until it is let through."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = threading.Event()

    def __call__(self, dataset: Dataset) -> Health:
        self.asked.append(dataset.fingerprint)
        assert self.open.wait(PATIENCE)
        return check_health(dataset)


def checks(check: Callable[[Dataset], Health] = check_health, limit: int | None = None) -> Checks:
    budget = Budget(limit, lambda: None)
    return Checks(lambda: budget, check)


def test_nobody_waits_for_a_check_and_it_is_made_once_for_each_content() -> None:
    gate = Gate()
    one, dataset, same = checks(gate), some(), some()
    assert one.find(dataset) is None
    assert one.find(same) is None
    gate.open.set()
    wait_until(lambda: one.find(dataset) is not None)
    assert one.find(same) is one.find(dataset)
    assert gate.asked == [dataset.fingerprint]


def test_one_data_set_is_checked_at_a_time_and_one_that_has_gone_not_at_all() -> None:
    gate = Gate()
    one, first, second, gone = checks(gate), some(0), some(1), some(2)
    one.find(first)
    wait_until(lambda: gate.asked)
    one.find(gone)
    one.find(second)
    del gone
    gc.collect()
    assert gate.asked == [first.fingerprint]
    gate.open.set()
    wait_until(lambda: one.find(second) is not None)
    assert gate.asked == [first.fingerprint, second.fingerprint]


def test_a_check_that_there_is_no_memory_for_says_so_and_may_be_tried_again() -> None:
    budget = Budget(BYTES // 2, lambda: None)
    one, dataset = Checks(lambda: budget), some()

    def has_ended() -> bool:
        try:
            return one.find(dataset) is not None
        except NoRoom:
            return True

    wait_until(has_ended)
    with pytest.raises(NoRoom):
        one.find(dataset)
    budget.limit = None
    one.forget(dataset)
    wait_until(lambda: one.find(dataset) is not None)
    wait_until(lambda: budget.taken == 0)
