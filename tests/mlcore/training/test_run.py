"""A run learns by the rules, stops and continues exactly, and says in time when it cannot."""

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    BatchMetrics,
    Dataset,
    DigitLabError,
    Network,
    NetworkConfig,
    SettingError,
    Split,
    TrainingConfig,
    TrainingDiverged,
    TrainingRun,
    train,
)
from tests.mlcore.small import finish, small_run, small_split
from tests.mlcore.training.variants import SPLIT, VARIANTS, every_variant, measurements, run_of, same_run


@every_variant
def test_the_same_seed_gives_the_same_network(variant: dict) -> None:
    one, other = run_of(variant), run_of(variant)
    finish(one, SPLIT)
    finish(other, SPLIT)
    same_run(one, other)


def test_another_seed_gives_another_network() -> None:
    one, other = small_run(seed=1), small_run(seed=2)
    finish(one, SPLIT)
    finish(other, SPLIT)
    assert (one.network.parameters != other.network.parameters).all()


@every_variant
def test_a_run_that_is_stopped_at_every_record_ends_the_same(variant: dict) -> None:
    straight, halting = run_of(variant), run_of(variant)
    finish(straight, SPLIT)
    while True:
        try:
            next(train(halting, SPLIT))
        except StopIteration:
            break
    same_run(straight, halting)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=12))
@settings(max_examples=20)
def test_any_way_of_dividing_the_steps_gives_the_same_weights(pieces: list[int]) -> None:
    straight, divided = small_run(iterations=12), small_run(iterations=12)
    finish(straight, SPLIT)
    for piece in pieces:
        before = divided.step
        list(train(divided, SPLIT, max_steps=piece))
        assert divided.step == min(12, before + piece)
    finish(divided, SPLIT)
    np.testing.assert_array_equal(straight.network.parameters, divided.network.parameters)
    assert measurements(straight) == measurements(divided)


DIVIDED: list[dict[str, Any]] = [
    *VARIANTS,
    {"network": {"filters": (2,), "kernel_size": 3}},
    {"network": {"dropout": 0.5}, "batch_size": None, "iterations": 9},
    {"batch_size": 30, "sample_size": 45, "augment_shift": 1.0},
]


@pytest.fixture
def small_micro_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step, and every measurement, be made of several micro-batches."""
    for name in ("MICRO_BATCH", "FULL_MICRO_BATCH", "CONVOLUTION_MICRO_BATCH"):
        monkeypatch.setattr(f"mlcore.training.batches.{name}", 7)


@pytest.mark.usefixtures("small_micro_batches")
@pytest.mark.parametrize("in_halves", [False, True])
@pytest.mark.parametrize("variant", DIVIDED, ids=str)
def test_a_run_that_rests_after_every_micro_batch_ends_the_same(variant: dict, in_halves: bool) -> None:
    whole, resting = run_of(variant), run_of(variant)
    whole.in_halves = resting.in_halves = in_halves
    finish(whole, SPLIT)
    calls = 0
    while not resting.is_done:
        for _record in train(resting, SPLIT, rest=lambda: True):
            pass
        calls += 1
    assert calls > resting.images_seen / 16  # within the steps too
    same_run(whole, resting)


@pytest.mark.usefixtures("small_micro_batches")
@pytest.mark.parametrize("in_halves", [False, True])
@pytest.mark.parametrize("variant", DIVIDED, ids=str)
def test_a_step_that_is_given_up_or_saved_half_done_is_taken_as_if_for_the_first_time(
    variant: dict, in_halves: bool
) -> None:
    whole, interrupted = run_of(variant), run_of(variant)
    whole.in_halves = interrupted.in_halves = in_halves
    finish(whole, SPLIT)
    chance = np.random.default_rng(0)
    while not interrupted.is_done:
        for _record in train(interrupted, SPLIT, rest=lambda: chance.random() < 0.1):
            pass
        if chance.random() < 0.5:
            interrupted.leave_step()
        else:
            interrupted = TrainingRun.load_state(interrupted.save_state())
    np.testing.assert_array_equal(interrupted.network.parameters, whole.network.parameters)
    np.testing.assert_array_equal(interrupted.optimizer.moments, whole.optimizer.moments)
    assert measurements(interrupted) == measurements(whole)
    assert interrupted.step == whole.step


@pytest.mark.usefixtures("small_micro_batches")
def test_steps_before_one_that_is_given_up_have_their_record() -> None:
    run = small_run(batch_size=16)
    list(train(run, SPLIT, rest=lambda: run.step == 2))
    before = len(run.history)
    run.leave_step()
    assert run.step == 2
    assert [record.step for record in run.history[before:]] == [2]
    run.leave_step()
    assert len(run.history) == before + 1


@pytest.mark.usefixtures("small_micro_batches")
def test_exactly_so_many_steps_are_taken_from_the_middle_of_one() -> None:
    run = small_run(batch_size=16)
    list(train(run, SPLIT, max_steps=1))
    list(train(run, SPLIT, rest=lambda: True))
    assert run.step == 1
    list(train(run, SPLIT, max_steps=1))
    assert run.step == 2


@pytest.mark.usefixtures("small_micro_batches")
def test_a_change_ends_the_record_that_is_on_its_way_with_the_step_under_way() -> None:
    run, looks = small_run(batch_size=16), itertools.count()
    # a micro-batch after the first step
    list(train(run, SPLIT, rest=lambda: run.step == 1 and next(looks) == 1))
    assert run.step == 1
    run.change(learning_rate=0.5)
    record = next(train(run, SPLIT))
    assert record.learning_rate < 0.5
    assert record.step == 2
    assert next(train(run, SPLIT)).learning_rate == 0.5


def literal_training(split: Split, run: TrainingRun, steps: int) -> np.ndarray:
    """Softmax regression by mini-batch gradient descent with L2, written from the formulas."""
    x = split.train.images.reshape(len(split.train), -1) / 255
    labels, batch = split.train.labels, run.training_config.batch_size
    features = x.shape[1]
    start = run.network.parameters.copy()
    weights, biases = start[: features * 3].reshape(features, 3), start[features * 3 :]
    rate, decay = run.training_config.learning_rate, run.training_config.weight_decay
    chance = np.random.default_rng(np.random.SeedSequence(run.training_config.seed).spawn(2)[1])
    position, order = 0, np.arange(0)
    for _ in range(steps):
        if position >= len(order):
            order, position = chance.permutation(len(x)), 0
        rows = order[position : position + batch]
        position += batch
        z = x[rows] @ weights + biases
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        p[np.arange(len(rows)), labels[rows]] -= 1
        weights = weights - rate * (x[rows].T @ p / len(rows) + decay * weights)
        biases = biases - rate * p.mean(axis=0)
    return np.concatenate([weights.ravel(), biases])


def test_fifty_steps_are_those_of_the_formulas() -> None:
    run = small_run(
        {"hidden_sizes": (), "precision": "float64"},
        optimizer="gradient_descent",
        learning_rate=0.5,
        weight_decay=0.01,
        iterations=50,
    )
    run.build(SPLIT)
    expected = literal_training(SPLIT, run, 50)
    finish(run, SPLIT)
    np.testing.assert_allclose(run.network.parameters, expected, rtol=1e-10)


def next_batch(run: TrainingRun) -> list[int]:
    """Return the positions of the next batch, and pass it."""
    batch: list[int] = run.order.next_batch().tolist()
    run.order.pass_batch()
    return batch


def test_every_image_is_seen_once_in_an_epoch_in_a_new_order_each_time() -> None:
    run = small_run(batch_size=16)  # 60 images: 16, 16, 16 and 12
    run.build(SPLIT)
    epochs = [[next_batch(run) for _ in range(4)] for _ in range(2)]
    assert [len(batch) for batch in epochs[0]] == [16, 16, 16, 12]
    for batches in epochs:
        assert sorted(image for batch in batches for image in batch) == list(range(60))
    assert epochs[0] != epochs[1]


def test_a_batch_larger_than_a_micro_batch_makes_the_same_step() -> None:
    split = small_split(1500, 10)
    runs = [small_run({"precision": "float64"}, batch_size=None, iterations=3) for _ in range(2)]
    for run in runs:
        run.build(split)
    assert len(split.train) > runs[0].network.micro_batch
    finish(runs[0], split)
    # the same with one micro-batch for all: a step by hand
    network, optimizer = runs[1].network.copy(micro_batch=1500), runs[1].optimizer
    compact = network.preparation.compact(split.train.images)
    for _ in range(3):
        network.learn_from(compact, split.train.labels, 1 / 1500)
        optimizer.step(network.parameters, network.gradients, 0.01, network.decayed)
    np.testing.assert_allclose(runs[0].network.parameters, network.parameters, rtol=1e-9, atol=1e-12)


def test_weight_decay_is_part_of_the_reported_cost() -> None:
    plain, decaying = small_run(weight_decay=0.0), small_run(weight_decay=0.5)
    first, same = next(train(plain, SPLIT)), next(train(decaying, SPLIT))
    weights = decaying.network.parameters[decaying.network.decayed].astype(float)
    penalty = 0.5 / 2 * float(weights @ weights)
    assert same.train_loss == pytest.approx(first.train_loss + penalty)
    assert same.dev_loss == pytest.approx(first.dev_loss + penalty)


def test_the_decay_of_adamw_is_no_part_of_the_cost() -> None:
    plain, decaying = small_run(optimizer="adamw"), small_run(optimizer="adamw", weight_decay=0.5)
    assert next(train(plain, SPLIT)).train_loss == next(train(decaying, SPLIT)).train_loss
    assert decaying.cost_decay == 0
    finish(plain, SPLIT)
    finish(decaying, SPLIT)
    assert np.square(decaying.network.parameters).sum() < np.square(plain.network.parameters).sum()


def test_a_step_of_a_run_with_weight_decay_by_hand() -> None:
    # Two pixels (x = 1 and 0), two classes, all parameters 1: z = (2, 2), p = (½, ½), true class 0, so
    # ∂z = (-½, ½), ∂W = xᵀ∂z + λ W = [[-½ + 0.1, ½ + 0.1], [0.1, 0.1]], ∂b = (-½, ½); rate 1.
    run = small_run(
        {"hidden_sizes": (), "precision": "float64"},
        optimizer="gradient_descent", learning_rate=1.0, weight_decay=0.1, iterations=1, batch_size=1,
    )  # fmt: skip
    one = Dataset(np.array([[[255, 0]]], np.uint8), [0], ("a", "b"), "one image")
    split = Split(one, one)
    run.build(split)
    run.network.parameters[...] = 1
    finish(run, split)
    expected = [1 + 0.4, 1 - 0.6, 1 - 0.1, 1 - 0.1, 1.5, 0.5]
    np.testing.assert_allclose(run.network.parameters, expected, rtol=1e-12)


def test_a_run_learns_what_can_be_learnt() -> None:
    run = small_run(epochs=30)
    finish(run, SPLIT)
    assert run.best.dev_accuracy >= 0.95
    assert measurements(run)[-1].train_loss < measurements(run)[0].train_loss / 2


def test_a_gradient_hook_sees_every_batch_and_may_change_its_gradient() -> None:
    run, sizes = small_run(batch_size=16, epochs=1), []

    def lose_gradient(network: Network, images: int) -> None:
        sizes.append(images)
        assert network.gradients.any()
        network.gradients[:] = 0

    run.gradient_hook = lose_gradient
    next(train(run, SPLIT))
    before = run.network.parameters.copy()
    finish(run, SPLIT)
    assert sizes == [16, 16, 16, 12]
    np.testing.assert_array_equal(run.network.parameters, before)


def test_dropout_is_for_training_only() -> None:
    run = small_run({"dropout": 0.5})
    run.build(SPLIT)
    first = next(train(run, SPLIT))
    run.measured.evaluated_step = -1
    assert next(train(run, SPLIT)) == first


def test_batches_are_reported_about_every_2048_images() -> None:
    split = small_split(6000, 10)
    run = small_run(batch_size=256, epochs=1)
    finish(run, split)
    batches = [record for record in run.history if isinstance(record, BatchMetrics)]
    assert [record.step for record in batches] == [8, 16, 24]
    assert [record.images_seen for record in batches] == [2048, 4096, 6000]


def test_a_record_of_batches_is_the_mean_since_the_last_one() -> None:
    split = small_split(60, 10)
    whole, single = small_run(epochs=1), small_run(epochs=1, evaluate_every=1)
    finish(whole, split)
    finish(single, split)
    told = next(record for record in whole.history if isinstance(record, BatchMetrics))
    ones = [record for record in single.history if isinstance(record, BatchMetrics)]
    sizes = [16, 16, 16, 12]
    assert told.loss == pytest.approx(np.average([one.loss for one in ones], weights=sizes), rel=1e-6)
    assert told.accuracy == pytest.approx(np.average([one.accuracy for one in ones], weights=sizes))


def test_a_run_that_has_seen_no_data_has_no_model() -> None:
    with pytest.raises(ValueError, match="no network yet"):
        small_run().model()


def test_a_finished_run_goes_on_when_it_becomes_longer() -> None:
    run, straight = small_run(epochs=2), small_run(epochs=4)
    finish(run, SPLIT)
    assert run.finished
    run.change(epochs=4)
    assert not run.finished
    finish(run, SPLIT)
    finish(straight, SPLIT)
    np.testing.assert_array_equal(run.network.parameters, straight.network.parameters)


def test_a_run_can_be_made_shorter_than_it_is() -> None:
    run = small_run(epochs=4)
    list(train(run, SPLIT, max_steps=9))
    run.change(epochs=1)
    assert run.finished
    finish(run, SPLIT)
    assert run.step == 9


def test_epochs_and_iterations_replace_one_another() -> None:
    run = small_run(iterations=3)
    run.build(SPLIT)
    run.change(epochs=5)
    assert run.total_steps == 20
    run.change(iterations=7)
    assert run.total_steps == 7


@pytest.mark.parametrize("bad", [{"learning_rate": -1}, {"epochs": 0}, {"iterations": 1.5}], ids=str)
def test_a_change_out_of_bounds_is_refused_and_changes_nothing(bad: dict) -> None:
    run = small_run()
    before = run.training_config
    with pytest.raises(SettingError):
        run.change(**bad)
    assert run.training_config is before


def test_a_run_that_blows_up_says_why_and_what_to_try() -> None:
    run = small_run(optimizer="gradient_descent", learning_rate=100.0, epochs=200, weight_decay=1.0)
    with pytest.raises(TrainingDiverged) as caught:
        finish(run, SPLIT)
    sentence = str(caught.value)
    assert f"after {run.step} steps" in sentence
    assert "learning rate (100)" in sentence
    assert "Try a tenth of it" in sentence
    assert np.isfinite([record.train_loss for record in measurements(run)]).all()
    with pytest.raises(TrainingDiverged):
        next(train(run, SPLIT))
    assert np.isfinite(run.model(best=True).parameters).all()


@pytest.mark.parametrize("loss", ["squared_error", "sigmoid_cross_entropy"])
def test_losses_that_stay_finite_do_not_hide_that_weights_blew_up(loss: str) -> None:
    run = small_run(
        {"loss": loss, "activation": "identity"}, optimizer="gradient_descent", learning_rate=100.0,
        weight_decay=10.0, epochs=200,
    )  # fmt: skip
    with pytest.raises(TrainingDiverged):
        finish(run, SPLIT)


def test_a_run_without_configs_has_the_defaults() -> None:
    run = TrainingRun()
    assert run.network_config == NetworkConfig()
    assert run.training_config == TrainingConfig()
    assert not run.finished
    assert dataclasses.replace(run.training_config) == run.training_config


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: TrainingRun(TrainingConfig(), NetworkConfig()),
            "A NetworkConfig is needed here, not TrainingC",
        ),
        (lambda: TrainingRun(None, NetworkConfig()), "A TrainingConfig is needed here, not NetworkConfig"),
        (lambda: small_run().build(SPLIT.train), "needs a split, not Dataset"),
    ],
)
def test_arguments_that_are_swapped_are_refused_at_once(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(DigitLabError, match=sentence):
        make()


@pytest.mark.parametrize(
    "name", ["epoch", "total_steps", "learning_rate", "steps_per_epoch", "network", "class_weights"]
)
def test_what_is_not_known_before_the_data_says_what_to_do_first(name: str) -> None:
    with pytest.raises(ValueError, match="train, or build"):
        getattr(small_run(), name)


def test_a_run_that_blew_up_says_so_and_its_best_network_can_still_be_used() -> None:
    run = small_run(optimizer="gradient_descent", learning_rate=100.0, epochs=200, weight_decay=1.0)
    assert not run.diverged
    with pytest.raises(TrainingDiverged):
        finish(run, SPLIT)
    assert run.diverged
    assert repr(run).startswith("TrainingRun(diverged at step")
    assert np.isfinite(run.best_model().predict_probabilities(SPLIT.dev.images)).all()
