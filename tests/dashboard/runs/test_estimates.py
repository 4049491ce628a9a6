"""What the run service expects a run to take, by what others took."""

import pytest

from dashboard.runs import worker
from dashboard.runs.service import RunService
from dashboard.runs.trials import BEGIN_SECONDS
from mlcore import (
    NetworkConfig,
    Split,
    TrainingConfig,
)
from tests.dashboard.runs.in_threads import SHORT, SMALL, ended
from tests.waiting import wait_until


def test_the_time_of_an_image_is_measured_once_for_settings_that_take_as_long(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = service.expect(split, SMALL, TrainingConfig(epochs=3))
    assert seconds > BEGIN_SECONDS
    monkeypatch.setattr(worker, "trial", worker.drop)  # which fails: it is not made for such arguments
    assert service.expect(split, SMALL, TrainingConfig(learning_rate=0.5, epochs=3, seed=4)) == seconds
    # Another batch would take another trial. That comes later; until then it is estimated.
    assert service.expect(split, SMALL, TrainingConfig(batch_size=7)) > BEGIN_SECONDS


def test_what_a_run_took_is_what_the_next_alike_is_expected_to_take(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.runs.estimates.LEAST_TO_LEARN", 0.0)
    monkeypatch.setattr(worker, "trial", worker.drop)  # which fails: nothing is tried out
    first = service.start("ada", split, SMALL, SHORT)
    assert service.status(first).seconds_promised is None
    ended(service, first)
    wait_until(lambda: service._scheduler.rests)  # its last turn, which had nothing left to do, has come back
    took = service.status(first).seconds_trained
    expected = service.expect(split, SMALL, SHORT)
    assert expected == pytest.approx(BEGIN_SECONDS + took)
    second = service.start("ada", split, SMALL, SHORT)
    assert service.status(second).seconds_promised == pytest.approx(expected)
    ended(service, second)
    service.go_on(second, "ada", more_epochs=1)
    assert service.status(second).seconds_promised is None


@pytest.mark.parametrize("batch_size", [1, 100, None])
def test_a_trial_works_for_any_batch(service: RunService, split: Split, batch_size: int | None) -> None:
    network = NetworkConfig(hidden_sizes=(), pooling=2, standardize=True)
    assert service.expect(split, network, TrainingConfig(batch_size=batch_size)) > 0
