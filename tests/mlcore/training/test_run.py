"""A run learns by the rules, stops and goes on exactly, and says in time when it cannot."""

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import (
    OPTIMIZERS,
    SCHEDULES,
    BatchMetrics,
    Dataset,
    DatasetError,
    DigitLabError,
    EpochMetrics,
    ModelFileError,
    Network,
    NetworkConfig,
    SettingError,
    Split,
    TrainingConfig,
    TrainingDiverged,
    TrainingRun,
    check_gradients,
    load_model,
    save_model,
    train,
)
from tests.mlcore.small import SHAPE, finish, small_run, small_split, stripes

SPLIT = small_split()
VARIANTS: list[dict[str, Any]] = [
    *({"optimizer": name, "learning_rate": entry.good_rate} for name, entry in OPTIMIZERS.items()),
    *({"schedule": name} for name in SCHEDULES),
    {"weight_decay": 0.01},
    {"class_weights": "balanced"},
    {"batch_size": None, "iterations": 25},
    {"patience": 2, "evaluate_every": 2},
    {"augment_shift": 1.0, "augment_noise": 0.1},
    {"network": {"dropout": 0.5}},
    {"network": {"pooling": 2, "standardize": True}},
    {"network": {"precision": "float64", "hidden_sizes": ()}},
]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)


def run_of(variant: dict[str, Any]) -> TrainingRun:
    return small_run(**variant)


def same_run(one: TrainingRun, other: TrainingRun) -> None:
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    np.testing.assert_array_equal(one.optimizer.moments, other.optimizer.moments)
    np.testing.assert_equal(one.history, other.history)
    np.testing.assert_equal(one.best, other.best)
    assert (one.step, one.images_seen, one.finished) == (other.step, other.images_seen, other.finished)


def measurements(run: TrainingRun) -> list[EpochMetrics]:
    return [record for record in run.history if isinstance(record, EpochMetrics)]


# The same again, to the last bit


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


@every_variant
def test_a_run_that_is_saved_and_loaded_at_every_record_ends_the_same(variant: dict) -> None:
    straight, moving = run_of(variant), run_of(variant)
    finish(straight, SPLIT)
    while next(train(moving, SPLIT), None) is not None:
        moving = TrainingRun.load_state(moving.save_state())
    same_run(straight, moving)


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


def test_a_state_can_be_saved_before_the_first_step_and_after_the_last() -> None:
    run, straight = small_run(), small_run()
    run.build(SPLIT)
    run = TrainingRun.load_state(run.save_state())
    finish(run, SPLIT)
    run = TrainingRun.load_state(run.save_state())
    assert finish(run, SPLIT) == []
    finish(straight, SPLIT)
    same_run(straight, run)


def test_a_resumable_copy_does_not_change_while_training_goes_on() -> None:
    run = small_run()
    records = train(run, SPLIT)
    for _ in range(2):
        next(records)
    state = run.save_state()
    copy = run.model(resumable=True)
    list(records)
    again = TrainingRun.from_model(copy)
    fresh = TrainingRun.load_state(state)
    np.testing.assert_array_equal(again.optimizer.moments, fresh.optimizer.moments)
    finish(again, SPLIT)
    same_run(again, run)


# What a step does


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


def uneven(n: int = 60) -> Split:
    """Data in which the first class has four fifths of the training images."""
    labels = np.where(np.arange(n) % 5 == 0, np.arange(n) // 5 % 2 + 1, 0)
    images = stripes(n * 3).images.reshape(n, 3, *SHAPE)[np.arange(n), labels]
    return Split(Dataset(images, labels, ("a", "b", "c"), "uneven"), SPLIT.dev)


def test_balanced_class_weights_are_part_of_cost_and_gradient() -> None:
    # 60 images: 48 of class a, 6 of b and of c; n / (k n_c) = 60 / (3 · 48) = 5/12, and 60 / (3 · 6) = 10/3
    split = uneven()
    run = small_run(class_weights="balanced", batch_size=None, iterations=10, train_sample=None)
    run.build(split)
    np.testing.assert_allclose(run.class_weights, [5 / 12, 10 / 3, 10 / 3], rtol=1e-6)
    first = finish(run, split)[0]
    start = small_run(class_weights="balanced", batch_size=None)
    start.build(split)
    losses = -np.log(
        start.model().predict_probabilities(split.train.images)[np.arange(60), split.train.labels]
    )
    weights = np.array([5 / 12, 10 / 3, 10 / 3])
    assert first.train_loss == pytest.approx(np.mean(weights[split.train.labels] * losses), rel=1e-5)
    dev = split.dev.labels
    losses = -np.log(start.model().predict_probabilities(split.dev.images)[np.arange(len(dev)), dev])
    assert first.dev_loss == pytest.approx(np.average(losses, weights=weights[dev]), rel=1e-5)
    check = check_gradients(start, split.train.images[:12], split.train.labels[:12])
    assert check.agrees, f"\n{check}"


@pytest.mark.parametrize("in_halves", [False, True])
@pytest.mark.parametrize("batch_size", [None, 16])
def test_a_class_weight_of_two_is_every_image_of_the_class_twice(
    batch_size: int | None, in_halves: bool
) -> None:
    # The weighted gradient is that of the same batch with some images in it twice, times the numbers of both.
    run = small_run({"precision": "float64"}, batch_size=batch_size, optimizer="gradient_descent", seed=3)
    run.in_halves = in_halves
    run.image_weights = np.where(SPLIT.train.labels == 0, 2.0, 1.0)
    run.build(SPLIT)
    batch = run.order.next_batch()
    twice = np.concatenate([batch, batch[SPLIT.train.labels[batch] == 0]])
    network = run.network.copy(micro_batch=len(twice))
    images = SPLIT.train.images[twice]
    network.learn_from(network.preparation.compact(images), SPLIT.train.labels[twice], 1 / len(batch))
    before = run.network.parameters.copy()
    list(train(run, SPLIT, max_steps=1))
    step = run.training_config.learning_rate * network.gradients
    np.testing.assert_allclose(before - run.network.parameters, step, rtol=1e-9, atol=1e-14)


def test_balanced_weights_find_more_of_a_rare_class() -> None:
    split = uneven(100)
    found = []
    for weights in ("none", "balanced"):
        run = small_run(class_weights=weights, epochs=4)
        finish(run, split)
        rare = split.dev.labels > 0
        found.append(np.mean(run.model().predict(split.dev.images)[rare] == split.dev.labels[rare]))
    assert found[0] < found[1]


def test_even_classes_have_no_use_for_weights() -> None:
    plain, balanced = small_run(), small_run(class_weights="balanced")
    finish(plain, SPLIT)
    finish(balanced, SPLIT)
    np.testing.assert_array_equal(balanced.class_weights, 1)
    np.testing.assert_array_equal(plain.network.parameters, balanced.network.parameters)


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
    run._evaluated_step = -1
    assert next(train(run, SPLIT)) == first


# What is told


def test_records_come_at_the_start_after_every_epoch_and_at_the_end() -> None:
    run = small_run(epochs=3)
    finish(run, SPLIT)
    assert [record.step for record in measurements(run)] == [0, 4, 8, 12]
    assert [record.epoch for record in measurements(run)] == [0, 1, 2, 3]
    assert [record.images_seen for record in measurements(run)] == [0, 60, 120, 180]
    assert run.history[0] == measurements(run)[0]
    assert all(isinstance(record, BatchMetrics | EpochMetrics) for record in run.history)


def test_measurements_come_as_often_as_is_asked() -> None:
    run = small_run(evaluate_every=5, iterations=12)
    finish(run, SPLIT)
    assert [record.step for record in measurements(run)] == [0, 5, 10, 12]
    assert run.total_steps == run.step == 12


def test_the_full_batch_is_measured_every_ten_steps() -> None:
    run = small_run(batch_size=None, iterations=25)
    finish(run, SPLIT)
    assert run.steps_per_epoch == 1
    assert run.epoch == 25
    assert [record.step for record in measurements(run)] == [0, 10, 20, 25]


def test_a_long_first_epoch_is_measured_early_for_those_who_watch_which_changes_no_weight() -> None:
    split = small_split(6000, 10)
    watched, other = (small_run(batch_size=100, epochs=2) for _ in range(2))
    watched.evaluates_early = True
    finish(watched, split)
    finish(other, split)
    assert [record.step for record in measurements(watched)] == [0, 6, 60, 120]
    assert [record.step for record in measurements(other)] == [0, 60, 120]
    np.testing.assert_array_equal(watched.network.parameters, other.network.parameters)


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


def test_a_measurement_is_what_the_model_says() -> None:
    run = small_run()
    last = finish(run, SPLIT)[-1]
    model = run.model()
    assert last.dev_accuracy == (model.predict(SPLIT.dev.images) == SPLIT.dev.labels).mean()
    p = model.predict_probabilities(SPLIT.dev.images)
    assert last.dev_loss == pytest.approx(-np.log(p[np.arange(20), SPLIT.dev.labels]).mean(), rel=1e-5)


def test_the_training_curve_may_be_measured_on_a_sample() -> None:
    some, everyone = small_run(train_sample=5, epochs=1), small_run(train_sample=None, epochs=1)
    finish(some, SPLIT)
    finish(everyone, SPLIT)
    np.testing.assert_array_equal(some.network.parameters, everyone.network.parameters)
    assert (measurements(some)[-1].train_accuracy * 5).is_integer()
    expected = (everyone.model().predict(SPLIT.train.images) == SPLIT.train.labels).mean()
    assert measurements(everyone)[-1].train_accuracy == pytest.approx(expected)


def test_without_a_dev_set_its_figures_are_no_numbers() -> None:
    run = small_run(epochs=1)
    nobody = Split(SPLIT.train, SPLIT.dev.take(slice(0, 0)))
    last = finish(run, nobody)[-1]
    assert math.isnan(last.dev_accuracy)
    assert finish(TrainingRun.load_state(run.save_state()), nobody) == []
    assert run.model().card["dev_accuracy"] is None
    assert run.best is not None
    assert run.best.step == run.step  # by the training images
    np.testing.assert_array_equal(run.model(best=True).parameters, run.network.parameters)


@pytest.mark.parametrize(
    ("split", "sentence"),
    [
        (Split(SPLIT.train.take(slice(0, 0)), SPLIT.dev), "no training images"),
        (small_split(classes=1), "of one class"),
    ],
    ids=["nothing to learn from", "two or more"],
)
def test_what_cannot_be_learnt_is_refused(split: Split, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        finish(small_run(), split)


def test_a_run_that_has_seen_no_data_has_no_model() -> None:
    with pytest.raises(ValueError, match="no network yet"):
        small_run().model()


# Changes on the way


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


# When to stop


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


def test_the_best_weights_are_kept() -> None:
    run = small_run(epochs=12, learning_rate=0.05)
    finish(run, SPLIT)
    best = max(measurements(run), key=lambda record: (record.dev_accuracy, -record.dev_loss))
    assert run.best == best
    model = run.model(best=True)
    assert (model.predict(SPLIT.dev.images) == SPLIT.dev.labels).mean() == best.dev_accuracy
    assert model.card["measured_at_step"] == best.step
    np.testing.assert_array_equal(run.best_model().parameters, model.parameters)
    assert run.model().card["measured_at_step"] == run.step


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({"initialization": "zeros"}, {}),
        ({"activation": "sigmoid", "hidden_sizes": (8,) * 8}, {}),
        ({"scaling": "none"}, {"optimizer": "gradient_descent", "learning_rate": 0.1}),
        ({"hidden_sizes": (16, 16)}, {"learning_rate": 10.0}),
    ],
    ids=["zero weights", "eight sigmoid layers", "pixels as they are", "a rate that is much too high"],
)
def test_a_run_that_does_no_better_than_one_answer_for_everything_tells_it(
    network: dict, training: dict
) -> None:
    run = small_run(network, **training)
    assert not run.learned_nothing
    finish(run, SPLIT)
    assert run.learned_nothing


def test_a_run_that_learns_something_does_not_say_that_it_learned_nothing() -> None:
    run = small_run()
    finish(run, SPLIT)
    assert not run.learned_nothing
    without_dev = Split(SPLIT.train, SPLIT.dev.take(slice(0)))
    other = small_run({"initialization": "zeros"})
    finish(other, without_dev)
    assert other.learned_nothing  # by the training sample


def test_a_run_stops_early_when_the_dev_set_has_nothing_more_to_give() -> None:
    run = small_run(epochs=500, patience=5, learning_rate=0.03)
    finish(run, SPLIT)
    assert run.stopped_early
    assert run.finished
    improved = next(r for r in measurements(run) if r.dev_accuracy == run.best.dev_accuracy)
    assert run.step == improved.step + 5 * run.steps_per_epoch
    assert max(r.dev_accuracy for r in measurements(run)) == improved.dev_accuracy
    assert run.best.dev_loss <= improved.dev_loss
    assert finish(run, SPLIT) == []
    stopped = run.step
    run.change(learning_rate=1e-6)  # a change means that it is to continue
    assert not run.finished
    finish(TrainingRun.load_state(run.save_state()), SPLIT)
    finish(run, SPLIT)
    assert run.stopped_early
    assert run.step == stopped + 5 * run.steps_per_epoch  # patience has started again


# What does not fit


@pytest.mark.parametrize(
    "other",
    [
        small_split(59, 20),
        small_split(60, 20, shape=(5, 6)),
        small_split(60, 20, classes=4),
        Split(SPLIT.train, small_split(60, 20, shape=(5, 6)).dev),
    ],
    ids=["fewer images", "another shape", "more classes", "another shape to judge"],
)
def test_a_run_does_not_go_on_with_other_data(other: Split) -> None:
    run = small_run()
    next(train(run, SPLIT))
    with pytest.raises(DatasetError, match=r"started with 60 training images of 6×5 pixels in 3 classes"):
        next(train(run, other))
    with pytest.raises(DatasetError):
        next(train(TrainingRun.load_state(run.save_state()), other))
    finish(run, SPLIT)


def test_a_run_goes_on_with_the_same_data_read_anew() -> None:
    run, straight = small_run(), small_run()
    next(train(run, SPLIT))
    finish(run, small_split())
    finish(straight, SPLIT)
    same_run(run, straight)


# Taking it home


def test_the_card_says_how_the_model_was_made() -> None:
    run = small_run(seed=11)
    last = finish(run, SPLIT)[-1]
    card = run.model().card
    assert card["seed"] == 11
    assert (card["step"], card["epoch"], card["images_seen"]) == (12, 3.0, 180)
    assert (card["dataset"], card["fingerprint"]) == ("stripes", SPLIT.train.fingerprint)
    assert (card["train_size"], card["dev_size"]) == (60, 20)
    assert card["dev_accuracy"] == last.dev_accuracy
    assert card["numpy"] == np.__version__
    loaded = TrainingRun.load_state(run.save_state())
    assert loaded.model().card == card


def test_a_model_is_a_copy() -> None:
    run = small_run()
    records = train(run, SPLIT)
    next(records)
    model = run.model()
    before = model.parameters.copy()
    list(records)
    np.testing.assert_array_equal(model.parameters, before)


def test_a_model_without_its_state_cannot_go_on() -> None:
    run = small_run()
    finish(run, SPLIT)
    with pytest.raises(ValueError, match="training cannot continue"):
        TrainingRun.from_model(run.model())


DAMAGES = {
    "counters that are no text": {"counters": np.full(4, 255, np.uint8)},
    "counters that are a list": {"counters": np.frombuffer(b"[]", np.uint8)},
    "an order that is none": {"order": np.zeros(60, int)},
    "an order of text": {"order": np.full(60, "a")},
    "moments of another network": {"moments": np.zeros((2, 3))},
    "fewer parameters": {"parameters": np.zeros(1)},
    "other best parameters": {"best_parameters": np.zeros(2)},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_training_state_is_refused(damage: str) -> None:
    run = small_run()
    finish(run, SPLIT)
    model = run.model(resumable=True)
    model.state |= DAMAGES[damage]
    with pytest.raises(ModelFileError, match="its training state cannot be read"):
        TrainingRun.from_model(model)
    for missing in ("counters", "order", "moments", "parameters"):
        model = run.model(resumable=True)
        del model.state[missing]
        with pytest.raises(ModelFileError):
            TrainingRun.from_model(model)


def test_a_resumable_file_answers_like_any_other(tmp_path: Any) -> None:
    run = small_run()
    finish(run, SPLIT)
    save_model(run.model(best=True, resumable=True), tmp_path / "model.npz")
    model = load_model(tmp_path / "model.npz")
    np.testing.assert_array_equal(model.parameters, run.model(best=True).parameters)
    again = TrainingRun.from_model(model)
    again.change(epochs=5)
    run.change(epochs=5)
    finish(again, SPLIT)
    finish(run, SPLIT)
    same_run(again, run)


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
