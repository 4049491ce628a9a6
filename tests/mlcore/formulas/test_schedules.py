"""Every schedule keeps its factor between 0 and 1 and goes the way that its name says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import SCHEDULES, train
from tests.mlcore.small import finish, small_run, small_split

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


@every_schedule
@given(progress=st.floats(0, 1), warmup=st.floats(0, 0.5))
def test_a_factor_lies_between_0_and_1(name: str, progress: float, warmup: float) -> None:
    assert 0 <= SCHEDULES[name].factor(progress, warmup) <= 1


@every_schedule
@given(warmup=st.floats(0, 0.5))
def test_every_schedule_reaches_the_full_rate(name: str, warmup: float) -> None:
    places = [*np.linspace(0, 1, 101), warmup, 0.3]
    assert max(SCHEDULES[name].factor(float(p), warmup) for p in places) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "warmup", "factors"),
    [
        # at 0, 1/8, 1/4, 1/2, 3/4 and 1 of the training
        ("constant", 0.25, [1, 1, 1, 1, 1, 1]),
        ("step", 0.25, [1, 1, 1, 0.1, 0.01, 0.01]),
        # up in a line to 1 at 1/4, then down in a line: at 1/2 a third of the way is done
        ("linear", 0.25, [0, 1 / 2, 1, 2 / 3, 1 / 3, 0]),
        ("linear", 0.0, [1, 7 / 8, 3 / 4, 1 / 2, 1 / 4, 0]),
        # ½ (1 + cos(π t)) at t = 0, 1/3, 2/3, 1
        ("cosine", 0.25, [0, 1 / 2, 1, 3 / 4, 1 / 4, 0]),
    ],
)
def test_schedules_by_hand(name: str, warmup: float, factors: list[float]) -> None:
    found = [SCHEDULES[name].factor(p, warmup) for p in (0, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 1)]
    np.testing.assert_allclose(found, factors, atol=1e-12)


def test_one_cycle_by_hand() -> None:
    # from 1/25, half way up at 0.15, 1 at 0.3, half way down at 0.65, 1/10,000 at the end
    found = [SCHEDULES["one_cycle"].factor(p, 0.0) for p in (0, 0.15, 0.3, 0.65, 1)]
    np.testing.assert_allclose(found, [0.04, (0.04 + 1) / 2, 1, (1 + 1e-4) / 2, 1e-4], atol=1e-12)


@every_schedule
def test_a_run_takes_its_steps_with_the_rates_of_the_schedule(name: str) -> None:
    run = small_run(schedule=name, iterations=8, batch_size=32, learning_rate=0.02, warmup=0.25)
    split = small_split(32)
    run.build(split)
    rates = []
    while not run.finished:
        rates.append(run.learning_rate)
        list(train(run, split, max_steps=1))
    expected = [0.02 * SCHEDULES[name].factor(step / 8, 0.25) for step in range(8)]
    np.testing.assert_allclose(rates, expected)


def test_records_tell_the_rate_of_their_last_step() -> None:
    run = small_run(schedule="linear", warmup=0.0, iterations=4, batch_size=60, evaluate_every=1)
    records = finish(run, small_split())
    rates = [record.learning_rate for record in records if hasattr(record, "loss")]
    np.testing.assert_allclose(rates, [0.01, 0.0075, 0.005, 0.0025])
