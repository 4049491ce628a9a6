"""How many runs there may be, and how large their steps."""

from functools import partial

import numpy as np
import pytest

from dashboard.runs.place import Place
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    Dataset,
    NetworkConfig,
    Split,
    TrainingConfig,
    split_dataset,
)
from tests.dashboard.runs.in_threads import ENDLESS, SMALL


def test_one_visitor_cannot_take_all_places(service: RunService, split: Split) -> None:
    for _run in range(3):
        service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="You have 3 active runs"):
        service.start("ada", split, SMALL, ENDLESS)
    service.start("bob", split, SMALL, ENDLESS)


def test_a_session_that_calls_itself_another_owner_gets_no_further_places(
    service: RunService, split: Split
) -> None:
    for k in range(3):
        service.start(f"secret {k}", split, SMALL, ENDLESS, place=Place("one session"))
    with pytest.raises(RunError, match="You have 3 active runs"):
        service.start("secret 4", split, SMALL, ENDLESS, place=Place("one session"))
    service.start("secret 4", split, SMALL, ENDLESS, place=Place("another session"))


def test_one_address_cannot_take_all_places(service: RunService, split: Split) -> None:
    for k in range(6):
        service.start(f"pupil {k}", split, SMALL, ENDLESS, place=Place(f"tab {k}", "203.0.113.7"))
    with pytest.raises(RunError, match="6 active runs from your network's address"):
        service.start("ada", split, SMALL, ENDLESS, place=Place("tab", "203.0.113.7"))
    service.start("ada", split, SMALL, ENDLESS, place=Place("tab", "203.0.113.8"))
    service.start("bob", split, SMALL, ENDLESS)  # where no address is known, none is full


def test_a_full_server_says_so(service: RunService, split: Split) -> None:
    for k in range(8):
        service.start(f"pupil {k}", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="All 8 places"):
        service.start("ada", split, SMALL, ENDLESS)


@pytest.mark.parametrize(
    ("n", "size", "what"), [(100, 160, "One image"), (16_000, 48, "One training step")], ids=["image", "step"]
)
def test_work_that_nobody_would_wait_for_is_refused(
    service: RunService, n: int, size: int, what: str
) -> None:
    images, labels = np.zeros((n, size, size), np.uint8), np.arange(n) % 2
    large = split_dataset(Dataset(images, labels, ("a", "b"), "large"), dev_size=10)
    network = NetworkConfig(filters=(256, 256), kernel_size=5)
    for ask in (service.expect, partial(service.start, "eve")):
        with pytest.raises(RunError, match=f"{what} would take"):
            ask(large, network, TrainingConfig(batch_size=None))
    assert service.runs_of("eve") == ()
