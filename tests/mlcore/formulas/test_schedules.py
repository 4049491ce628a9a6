"""Every schedule keeps its factor above 0 and up to 1 and goes the way that its name says."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import SCHEDULES, train
from tests.mlcore.small import finish, small_run, small_split

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


steps = st.integers(1, 500)
warmups = st.floats(0, 0.5)


@every_schedule
@given(steps=steps, warmup=warmups, data=st.data())
def test_the_factor_of_every_step_lies_above_0_and_not_above_1(
    name: str, steps: int, warmup: float, data: st.DataObject
) -> None:
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < SCHEDULES[name].factor(step, steps, warmup) <= 1


@every_schedule
@given(steps=steps, warmup=warmups)
def test_the_full_rate_is_reached_at_the_peak_and_the_factor_only_falls_from_there(
    name: str, steps: int, warmup: float
) -> None:
    schedule = SCHEDULES[name]
    peak = schedule.peak(warmup) * steps
    assert schedule.factor(peak, steps, warmup) == pytest.approx(1, abs=1e-9)
    after = [schedule.factor(step, steps, warmup) for step in range(int(peak) + 1, steps)]
    assert all(one >= other for one, other in itertools.pairwise(after))


@pytest.mark.parametrize(
    ("name", "warmup", "factors"),
    [
        # in steps 0, 1, 2, 4 and 7 of 8
        ("constant", 0.25, [1, 1, 1, 1, 1]),
        ("step", 0.25, [1, 1, 1, 0.1, 0.01]),
        # two steps of warm-up, 1/2 and 1; then down in a line that would end at step 8
        ("linear", 0.25, [1 / 2, 1, 1, 4 / 6, 1 / 6]),
        ("linear", 0.0, [1, 7 / 8, 6 / 8, 4 / 8, 1 / 8]),
        # ½ (1 + cos(π t)) at t = 0, 0, 1/3, 5/6
        ("cosine", 0.25, [1 / 2, 1, 1, 3 / 4, (1 + np.cos(np.pi * 5 / 6)) / 2]),
    ],
)
def test_schedules_by_hand(name: str, warmup: float, factors: list[float]) -> None:
    found = [SCHEDULES[name].factor(step, 8, warmup) for step in (0, 1, 2, 4, 7)]
    np.testing.assert_allclose(found, factors, atol=1e-12)


def test_one_cycle_by_hand() -> None:
    # from 1/25, half way up at 0.15, 1 at 0.3, half way down at 0.65, 1/10,000 at the end
    found = [SCHEDULES["one_cycle"].factor(step, 100, 0.0) for step in (0, 15, 30, 65, 100)]
    np.testing.assert_allclose(found, [0.04, (0.04 + 1) / 2, 1, (1 + 1e-4) / 2, 1e-4], atol=1e-12)


@every_schedule
def test_a_run_of_a_single_step_moves(name: str) -> None:
    run, split = small_run(schedule=name, iterations=1, batch_size=None, warmup=0.5), small_split()
    run.build(split)
    before = run.network.parameters.copy()
    finish(run, split)
    assert np.abs(run.network.parameters - before).max() > 0


@every_schedule
def test_a_run_takes_its_steps_with_the_rates_of_the_schedule(name: str) -> None:
    run = small_run(schedule=name, iterations=8, batch_size=32, learning_rate=0.02, warmup=0.25)
    split = small_split(32)
    run.build(split)
    rates = []
    while not run.finished:
        rates.append(run.learning_rate)
        list(train(run, split, max_steps=1))
    expected = [0.02 * SCHEDULES[name].factor(step, 8, 0.25) for step in range(8)]
    np.testing.assert_allclose(rates, expected)


def test_records_tell_the_rate_of_their_last_step() -> None:
    run = small_run(schedule="linear", warmup=0.0, iterations=4, batch_size=60, evaluate_every=1)
    records = finish(run, small_split())
    rates = [record.learning_rate for record in records if hasattr(record, "loss")]
    np.testing.assert_allclose(rates, [0.01, 0.0075, 0.005, 0.0025])
