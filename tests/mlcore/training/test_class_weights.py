"""Classes that count more than others, in the cost and in its gradient."""

import numpy as np
import pytest

from mlcore import (
    Dataset,
    Split,
    check_gradients,
    train,
)
from tests.mlcore.small import SHAPE, finish, small_run, stripes
from tests.mlcore.training.variants import SPLIT


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
