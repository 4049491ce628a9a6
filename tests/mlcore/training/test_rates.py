"""A learning rate or a length that is changed on the way, and what becomes of the schedule."""

import itertools

import numpy as np
import pytest

from mlcore import (
    SCHEDULES,
    BatchMetrics,
    TrainingRun,
    train,
)
from tests.mlcore.small import finish, small_run
from tests.mlcore.training.variants import SPLIT


def test_another_learning_rate_takes_effect_at_the_next_step() -> None:
    run = small_run(optimizer="gradient_descent", evaluate_every=1)
    records = train(run, SPLIT)
    next(records), next(records)
    before = run.network.parameters.copy()
    run.change(learning_rate=1e-6)
    assert next(record for record in records if isinstance(record, BatchMetrics)).learning_rate == 1e-6
    assert 0 < np.abs(run.network.parameters - before).max() < 1e-5


def rates_of(run: TrainingRun) -> list[float]:
    """The rate of each step that is left."""
    rates = []
    while not run.finished:
        rates.append(run.learning_rate)
        list(train(run, SPLIT, max_steps=1))
    return rates


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("step", [0, 1, 5, 18, 19])
def test_a_rate_set_on_the_way_is_used_next_and_is_not_exceeded_later(schedule: str, step: int) -> None:
    run = small_run(schedule=schedule, iterations=20, warmup=0.25, learning_rate=0.02)
    list(train(run, SPLIT, max_steps=step))
    run.change(learning_rate=0.005)
    rates = rates_of(run)
    if step == 0:  # the schedule has yet to begin: it is the rate of the whole
        expected = [0.005 * SCHEDULES[schedule].factor(k, 20, 0.25) for k in range(20)]
        np.testing.assert_allclose(rates, expected)
    else:
        assert rates[0] == pytest.approx(0.005)
        assert max(rates) <= 0.005
        assert all(one >= other for one, other in itertools.pairwise(rates))


def test_a_rate_set_by_hand_falls_with_the_rest_of_the_schedule() -> None:
    # linear without warm-up, 10 steps: at step 5 the factor is 5/10, and then 4/10, 3/10 …
    run = small_run(schedule="linear", warmup=0.0, iterations=10)
    list(train(run, SPLIT, max_steps=5))
    run.change(learning_rate=0.1)
    np.testing.assert_allclose(rates_of(run), [0.1, 0.08, 0.06, 0.04, 0.02])


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_finished_run_that_becomes_longer_keeps_the_rate_of_its_last_step(schedule: str) -> None:
    run = small_run(schedule=schedule, iterations=20, learning_rate=0.02)
    finish(run, SPLIT)
    last = [record for record in run.history if isinstance(record, BatchMetrics)][-1].learning_rate
    run.change(iterations=40)
    rates = rates_of(run)
    assert rates[0] == last
    assert max(rates) == last


def test_a_longer_run_stretches_the_schedule_below_the_rate_that_it_has() -> None:
    # linear, step 5 of 10: the rate is 0.005. Stretched to 20 steps it would be 0.0075, and falls below 0.005
    # behind step 10
    run = small_run(schedule="linear", warmup=0.0, iterations=10)
    list(train(run, SPLIT, max_steps=5))
    run.change(iterations=20)
    expected = [0.005] * 6 + [0.01 * (20 - step) / 20 for step in range(11, 20)]
    np.testing.assert_allclose(rates_of(run), expected)


def test_a_run_made_longer_during_its_warm_up_still_reaches_the_full_rate() -> None:
    run = small_run(schedule="cosine", warmup=0.5, iterations=20)
    list(train(run, SPLIT, max_steps=2))
    run.change(iterations=40)
    assert max(rates_of(run)) == pytest.approx(0.01)


def test_a_rate_set_by_hand_is_kept_in_a_saved_run() -> None:
    run = small_run(schedule="one_cycle", iterations=20)
    list(train(run, SPLIT, max_steps=9))
    run.change(learning_rate=0.004)
    run.change(iterations=30)
    again = TrainingRun.load_state(run.save_state())
    assert again.changes == 2
    again.build(SPLIT)
    assert rates_of(again) == rates_of(run)


def test_a_rate_can_be_set_before_the_run_has_seen_its_data() -> None:
    run = small_run(schedule="linear", warmup=0.0, iterations=10)
    run.change(learning_rate=0.1)
    run.build(SPLIT)
    np.testing.assert_allclose(rates_of(run), [0.1 * k / 10 for k in range(10, 0, -1)])
