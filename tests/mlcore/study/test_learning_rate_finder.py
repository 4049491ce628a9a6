"""The learning-rate finder suggests a rate that learns, and leaves alone what it was not given."""

import dataclasses

import numpy as np
import pytest

from mlcore import OPTIMIZERS, NetworkConfig, SettingError, Split, TrainingConfig, find_learning_rate
from mlcore.study.learning_rate_finder import TOO_HIGH
from tests.mlcore.small import finish, small_run, small_split

SPLIT = small_split(300, 60)
NETWORK = NetworkConfig(hidden_sizes=(32,))


def training(**changes: object) -> TrainingConfig:
    return dataclasses.replace(TrainingConfig(batch_size=16), **changes)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_suggested_rate_learns(optimizer: str) -> None:
    found = find_learning_rate(SPLIT, NETWORK, training(optimizer=optimizer))
    run = small_run({"hidden_sizes": (32,)}, optimizer=optimizer, learning_rate=found.suggestion, epochs=5)
    assert finish(run, SPLIT)[-1].dev_accuracy > 0.9


def test_rates_grow_by_the_same_factor_from_the_lowest_on() -> None:
    found = find_learning_rate(SPLIT, NETWORK, training(), lowest=1e-4, highest=1.0, steps=41)
    assert found.rates[0] == pytest.approx(1e-4)
    np.testing.assert_allclose(found.rates[1:] / found.rates[:-1], 10**0.1)
    assert len(found.rates) == len(found.losses) == len(found.smoothed) <= 41
    assert found.rates[0] <= found.suggestion <= found.rates[np.argmin(found.smoothed)]


def test_the_smoothed_loss_by_hand() -> None:
    # weights 0.9^2, 0.9, 1 of the first three losses, over their sum 2.71
    found = find_learning_rate(SPLIT, NETWORK, training(), steps=10)
    a, b, c = found.losses[:3]
    assert found.smoothed[0] == pytest.approx(a)
    assert found.smoothed[2] == pytest.approx((0.81 * a + 0.9 * b + c) / 2.71)


def test_the_trial_ends_when_the_loss_has_become_hopeless() -> None:
    overlapping = small_split(300, 10, classes=6, shape=(3, 1))  # six classes in three rows: hard to tell
    config = training(optimizer="momentum")
    found = find_learning_rate(overlapping, NetworkConfig(hidden_sizes=()), config, highest=100.0, steps=200)
    assert len(found.rates) < 200
    assert (found.smoothed[:-1] <= TOO_HIGH * np.minimum.accumulate(found.smoothed)[:-1]).all()


def test_a_first_step_that_blows_up_leaves_the_lowest_rate() -> None:
    # Twenty layers multiply what is already large: the second cost can no longer be held.
    deep = NetworkConfig(hidden_sizes=(32,) * 20, activation="identity", initialization="uniform")
    found = find_learning_rate(
        SPLIT, deep, training(optimizer="gradient_descent"), lowest=50.0, highest=100.0
    )
    assert len(found.rates) == 1
    assert np.isfinite(found.losses).all()
    assert found.suggestion == 50.0


def test_the_same_seed_finds_the_same_and_nothing_else_is_touched() -> None:
    run = small_run()
    finish(run, SPLIT)
    before = run.network.parameters.copy()
    one = find_learning_rate(SPLIT, run.network_config, run.training_config)
    same = find_learning_rate(SPLIT, run.network_config, run.training_config)
    np.testing.assert_array_equal(one.losses, same.losses)
    np.testing.assert_array_equal(run.network.parameters, before)
    other = find_learning_rate(SPLIT, run.network_config, dataclasses.replace(run.training_config, seed=5))
    assert (other.losses[:5] != one.losses[:5]).all()


def test_settings_of_length_and_schedule_do_not_disturb_the_trial() -> None:
    plain = find_learning_rate(SPLIT, NETWORK, training(), steps=30)
    busy = training(schedule="one_cycle", epochs=1, patience=1, evaluate_every=1, learning_rate=50.0)
    np.testing.assert_array_equal(find_learning_rate(SPLIT, NETWORK, busy, steps=30).losses, plain.losses)


def test_the_full_batch_and_no_dev_set_will_do() -> None:
    alone = Split(SPLIT.train, SPLIT.dev.take(slice(0, 0)))
    found = find_learning_rate(alone, NETWORK, training(batch_size=None), steps=20)
    assert len(found.rates) == 20


def test_rates_out_of_bounds_are_refused() -> None:
    with pytest.raises(SettingError, match="Learning rate"):
        find_learning_rate(SPLIT, NETWORK, training(), highest=1000.0)
