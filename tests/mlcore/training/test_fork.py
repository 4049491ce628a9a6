"""A fork ends like its parent when nothing was changed, and learns on with what was changed otherwise.

These are the tests of `mlcore.training.fork`.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlcore import (
    EpochMetrics,
    Model,
    NetworkConfig,
    SettingError,
    TrainingRun,
    fork,
    train,
)
from mlcore.training.fork import FORK_SETTINGS
from mlcore.training.second_process import SecondProcess
from tests.mlcore.small import finish, small_run, small_split

SPLIT = small_split()  # 60 training images: four batches of 16 and less, an epoch

VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"optimizer": "momentum", "schedule": "cosine", "weight_decay": 0.01},
    {"network": {"dropout": 0.3}, "augment_shift": 1.0},
    {"patience": 1, "epochs": 6},
)


def trained(steps: int | None, *, in_halves: bool = False, **settings: Any) -> TrainingRun:
    """A run after so many steps."""
    run = small_run(**settings)
    run.in_halves = in_halves
    for _record in train(run, SPLIT, steps):
        pass
    return run


def snapshot(steps: int = 5, **settings: Any) -> Model:
    """A run after so many steps, as its file is read again."""
    return TrainingRun.load_state(trained(steps, **settings).save_state()).model(resumable=True)


@pytest.mark.parametrize("steps", [0, 4, 5, 11])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_fork_with_nothing_changed_ends_with_the_bits_of_its_parent(variant: dict, steps: int) -> None:
    parent, child = trained(None, **variant), fork(snapshot(steps, **variant))
    finish(child, SPLIT)
    assert child.step == parent.step
    assert child.network.parameters.tobytes() == parent.network.parameters.tobytes()
    assert child.best == parent.best
    measured = [record for record in child.history if isinstance(record, EpochMetrics)]
    assert measured == [record for record in parent.history if isinstance(record, EpochMetrics)]


def test_that_law_holds_with_a_second_process_too() -> None:
    parent = trained(None, in_halves=True)
    child = fork(snapshot(5, in_halves=True))
    with SecondProcess() as second:
        second.attach(child, SPLIT)
        finish(child, SPLIT)
    assert child.network.parameters.tobytes() == parent.network.parameters.tobytes()


@pytest.mark.parametrize("name", FORK_SETTINGS)
def test_each_setting_that_a_fork_may_change_makes_a_difference_from_there_on(name: str) -> None:
    other = {
        "learning_rate": 0.02,
        "optimizer": "rmsprop",
        "batch_size": 8,
        "sample_size": 30,
        "weight_decay": 0.1,
        "dropout": 0.5,
    }.get(name, 0.5)
    model = snapshot(4)
    network, training = model.network_config, model.training_config
    if name == "dropout":
        network = replace(network, dropout=other)
    else:
        training = replace(training, **{name: other})
    child, parent = fork(model, network, training), trained(None)
    assert child.model().parameters.tobytes() == model.parameters.tobytes()
    finish(child, SPLIT)
    assert child.epoch == parent.epoch == 3
    assert child.network.parameters.tobytes() != parent.network.parameters.tobytes()


def test_a_smaller_sample_ends_the_one_that_is_larger_already() -> None:
    model = snapshot(6)  # 32 of the 60 images of the second epoch have passed
    child = fork(model, training=replace(model.training_config, sample_size=20))
    seen = []
    for _step in range(3):
        before = child.images_seen
        for _record in train(child, SPLIT, 1):
            pass
        seen.append(child.images_seen - before)
    assert seen == [16, 4, 16]


def test_other_settings_cannot_be_changed_on_the_way() -> None:
    model = snapshot()
    for network, training in (
        (NetworkConfig(hidden_sizes=(9,)), None),
        (None, replace(model.training_config, seed=1)),
    ):
        with pytest.raises(SettingError, match="cannot be changed on the way"):
            fork(model, network, training)


def test_the_model_that_is_forked_stays_as_it_was() -> None:
    model = snapshot()
    assert model.state is not None
    before = {name: values.copy() for name, values in model.state.items()}
    finish(fork(model, training=replace(model.training_config, batch_size=8, optimizer="momentum")), SPLIT)
    assert all(np.array_equal(before[name], values) for name, values in model.state.items())


def test_another_rate_changes_every_rate_to_come_by_the_same_factor() -> None:
    model = snapshot(6, schedule="cosine", warmup=0)
    parent = TrainingRun.from_model(model)
    child = fork(model, training=replace(model.training_config, learning_rate=0.03))
    for run in (parent, child):
        finish(run, SPLIT)
    rates = [[record.learning_rate for record in run.history if record.step > 6] for run in (parent, child)]
    assert len(rates[0]) > 2
    assert rates[1] == pytest.approx([3 * rate for rate in rates[0]], rel=1e-12)


def test_a_rate_that_was_set_by_hand_is_changed_by_that_factor_too() -> None:
    run = trained(6, schedule="cosine", warmup=0)
    run.change(learning_rate=0.005)
    model = run.model(resumable=True)
    child = fork(model, training=replace(model.training_config, learning_rate=0.001))
    assert child.learning_rate == pytest.approx(0.001)


def test_another_optimizer_begins_with_an_empty_memory() -> None:
    model = snapshot(5)
    child = fork(model, training=replace(model.training_config, optimizer="momentum"))
    assert child.optimizer.steps == 0
    assert child.optimizer.moments.shape == (1, model.parameter_count)
    assert not child.optimizer.moments.any()
    assert TrainingRun.from_model(model).optimizer.moments.any()


@pytest.mark.parametrize("batch_size", [8, 32, None])
def test_another_batch_size_keeps_epochs_evaluations_and_the_order_of_the_images(
    batch_size: int | None,
) -> None:
    model = snapshot(8)  # two epochs of four steps
    child = fork(model, training=replace(model.training_config, batch_size=batch_size))
    assert child.epoch == 2
    assert child.step == 2 * child.steps_per_epoch
    parent = TrainingRun.from_model(model)
    expected, seen = parent.order.next_batch(), child.order.next_batch()
    common = min(len(expected), len(seen))
    if batch_size is not None:  # the full batch needs no order
        assert np.array_equal(expected[:common], seen[:common])
    finish(child, SPLIT)
    assert child.epoch == 3
    measured = [record.epoch for record in child.history if isinstance(record, EpochMetrics)]
    assert measured == [0, 1, 2, 3]


def test_a_length_in_steps_is_counted_in_the_new_steps_as_well() -> None:
    model = snapshot(4, iterations=8)
    child = fork(model, training=replace(model.training_config, batch_size=8))
    assert (child.step, child.total_steps) == (8, 16)
    finish(child, SPLIT)
    assert child.epoch == 2


def test_patience_counts_from_the_fork_when_something_was_changed() -> None:
    run = trained(None, patience=1, epochs=40)
    assert run.stopped_early
    model = run.model(resumable=True)
    child = fork(model, training=replace(model.training_config, learning_rate=0.001))
    assert not child.finished
    assert fork(model).finished


def test_a_fork_says_that_it_does_not_follow_from_its_seed_alone() -> None:
    child = fork(snapshot(4))
    finish(child, SPLIT)
    assert child.model().card["repeatable"] is False


def test_a_model_without_its_training_state_cannot_be_forked() -> None:
    with pytest.raises(ValueError, match="without its training state"):
        fork(trained(4).model())
