"""The models of runs: while they train, at their best, and their test."""

import numpy as np
import pytest

from dashboard.runs import worker
from dashboard.runs.service import RunService
from dashboard.runs.status import RunError
from mlcore import (
    Split,
    TrainingConfig,
    load_dataset,
)
from tests.dashboard.runs.in_threads import ENDLESS, SHORT, SMALL, ended
from tests.waiting import PATIENCE, wait_until


def test_the_model_of_a_stopped_run_is_the_one_where_it_stopped(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    wait_until(lambda: service.status(run_id).progress.step > 0)
    service.stop(run_id, "ada", PATIENCE)
    assert service.model(run_id).card["step"] == service.status(run_id).progress.step


def test_a_model_can_be_used_while_the_run_goes_on(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    model = service.model(run_id)
    assert service.status(run_id).live
    assert model.predict(split.dev.images).shape == (200,)


def test_the_best_model_is_the_one_of_the_best_measurement(service: RunService, split: Split) -> None:
    jumpy = TrainingConfig(batch_size=32, epochs=8, learning_rate=0.05)
    status = ended(service, run_id := service.start("ada", split, SMALL, jumpy))
    assert status.progress.best is not None
    guesses = service.model(run_id, best=True).predict(split.dev.images)
    assert float(np.mean(guesses == split.dev.labels)) == pytest.approx(status.progress.best.dev_accuracy)


def test_the_test_accuracy_is_computed_once_and_kept(
    service: RunService, split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_set = load_dataset("digits-8x8").take(slice(1000, 1400))
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    accuracy = service.test(run_id, "ada", test_set)
    guesses = service.model(run_id, best=True).predict(test_set.images)
    assert accuracy == float(np.mean(guesses == test_set.labels))
    monkeypatch.setattr(worker, "score", None)
    assert service.test(run_id, "ada", test_set) == accuracy == service.status(run_id).test_accuracy


def test_a_run_that_has_trained_on_has_to_be_tested_again(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, SHORT)
    ended(service, run_id)
    service.test(run_id, "ada", split.dev)
    service.go_on(run_id, "ada", more_epochs=1)
    ended(service, run_id)
    assert service.status(run_id).test_accuracy is None


def test_the_test_comes_last(service: RunService, split: Split) -> None:
    run_id = service.start("ada", split, SMALL, ENDLESS)
    with pytest.raises(RunError, match="comes last"):
        service.test(run_id, "ada", split.dev)


def test_a_run_that_was_stopped_before_a_measurement_answers_with_what_it_has_learnt(
    service: RunService, split: Split
) -> None:
    unmeasured = TrainingConfig(batch_size=16, epochs=10_000, evaluate_every=1_000_000)
    run_id = service.start("ada", split, SMALL, unmeasured)
    wait_until(lambda: service.status(run_id).progress.step > 400)
    service.stop(run_id, "ada", patience=PATIENCE)
    status = service.status(run_id)
    assert status.progress.best is not None
    assert status.progress.best.step == 0
    assert service.model(run_id, best=True).card["step"] == status.progress.step
    assert service.test(run_id, "ada", split.dev) > 0.5


def test_the_test_is_of_the_best_weights(service: RunService, split: Split) -> None:
    jumpy = TrainingConfig(batch_size=32, epochs=8, learning_rate=0.05)
    status = ended(service, run_id := service.start("ada", split, SMALL, jumpy))
    assert status.progress.best is not None
    assert service.test(run_id, "ada", split.dev) == pytest.approx(status.progress.best.dev_accuracy)
