"""Each notebook's recipe does what its notebook did: fifty updates equal those of its formulas."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from mlcore import (
    RECIPES,
    Dataset,
    EpochMetrics,
    NetworkConfig,
    Preparation,
    SettingError,
    Split,
    TrainingConfig,
    TrainingRun,
    check_gradients,
    load_dataset,
    run_recipe,
    split_dataset,
    start_recipe,
    train,
)
from mlcore.datasets.shipped import bytes_to_levels
from mlcore.recipes.notebooks import NOTEBOOKS

UPDATES = 50


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    return load_dataset("mnist")


def small(name: str, mnist: Dataset) -> tuple[TrainingRun, Split]:
    """Start a Kaggle-style notebook in float64 on a hundredth of its images: 420 rows, 10 for dev."""
    recipe = NOTEBOOKS[name]
    assert recipe.split is not None
    assert recipe.split.train_size == 41_000
    training = recipe.training
    if training.gradient_divisor is not None:
        assert training.gradient_divisor == 42_000
        training = replace(training, gradient_divisor=420)
    split = replace(recipe.split, dev_size=recipe.split.dev_size // 100, train_size=410).split(mnist)
    return TrainingRun(replace(recipe.network, precision="float64"), training), split


def weights_of(run: TrainingRun) -> Iterator[np.ndarray]:
    """Yield W1, b1, W2, b2 as copies in the notebooks' own shapes: a neuron a row."""
    for layer in run.model().network.layers:
        if layer.parameters:
            yield layer.parameters["weights"].T.copy()
            yield layer.parameters["biases"].copy()[:, None]


def updated(run: TrainingRun, split: Split) -> list[np.ndarray]:
    for _record in train(run, split, max_steps=UPDATES):
        pass
    assert run.step == UPDATES
    return list(weights_of(run))


def assert_same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-10, atol=1e-13)


# ---- notebooks 1 to 3, in their own style ------------------------------------------------------------------


def one_hot(Y: np.ndarray) -> np.ndarray:
    one_hot_Y = np.zeros((Y.size, 10))
    one_hot_Y[np.arange(Y.size), Y] = 1
    return one_hot_Y.T


def softmax(Z: np.ndarray) -> np.ndarray:
    return np.exp(Z) / sum(np.exp(Z))


def gradient_descent(
    X: np.ndarray,
    Y: np.ndarray,
    start: list[np.ndarray],
    m: int,
    db: Callable[[np.ndarray], float | np.ndarray],
) -> list[np.ndarray]:
    """The training loop of the notebooks; ``db`` is what each made of the gradients of the biases."""
    W1, b1, W2, b2 = start
    alpha = 0.10
    for _i in range(UPDATES):
        Z1 = W1.dot(X) + b1
        A1 = np.maximum(Z1, 0)
        Z2 = W2.dot(A1) + b2
        A2 = softmax(Z2)
        dZ2 = A2 - one_hot(Y)
        dW2 = 1 / m * dZ2.dot(A1.T)
        db2 = 1 / m * db(dZ2)
        dZ1 = W2.T.dot(dZ2) * (Z1 > 0)
        dW1 = 1 / m * dZ1.dot(X.T)
        db1 = 1 / m * db(dZ1)
        W1 = W1 - alpha * dW1
        b1 = b1 - alpha * db1
        W2 = W2 - alpha * dW2
        b2 = b2 - alpha * db2
    return [W1, b1, W2, b2]


def summed(dZ: np.ndarray) -> float:
    return float(np.sum(dZ))


def each_its_own(dZ: np.ndarray) -> np.ndarray:
    return np.sum(dZ, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "m", "db"),
    [("notebook-1", 410, summed), ("notebook-2", 410, each_its_own), ("notebook-3", 420, summed)],
)
def test_fifty_updates_equal_the_notebooks_formulas(
    name: str, m: int, db: Callable[[np.ndarray], float | np.ndarray], mnist: Dataset
) -> None:
    run, split = small(name, mnist)
    run.build(split)
    X, Y = split.train.images.reshape(410, 784).T / 255.0, split.train.labels
    expected = gradient_descent(X, Y, list(weights_of(run)), m, db)
    assert_same(updated(run, split), expected)


def test_the_output_biases_of_notebook_1_never_learn(mnist: Dataset) -> None:
    run, split = small("notebook-1", mnist)
    run.build(split)
    _, b1, _, b2 = weights_of(run)
    _, new_b1, _, new_b2 = updated(run, split)
    np.testing.assert_allclose(new_b2, b2, atol=1e-14)
    steps = new_b1 - b1
    assert abs(steps[0, 0]) > 1e-3
    np.testing.assert_allclose(steps, steps[0, 0], rtol=1e-10)  # one step for all


def test_notebook_3_loses_the_first_row_to_both_sets(mnist: Dataset) -> None:
    first, third = (NOTEBOOKS[name].split.split(mnist) for name in ("notebook-1", "notebook-3"))
    assert len(third.dev) == 999
    np.testing.assert_array_equal(third.dev.rows, first.dev.rows[1:])
    np.testing.assert_array_equal(third.train.rows, first.train.rows)


# ---- the lab -----------------------------------------------------------------------------------------------


def test_fifty_updates_equal_the_formulas_of_the_lab(mnist: Dataset) -> None:
    recipe = NOTEBOOKS["lab"]
    split = recipe.split.split(mnist)
    assert (len(split.train), len(split.dev)) == (5000, 55_000)
    part = Split(split.train.take(slice(0, 500)), split.dev.take(slice(0, 10)))  # a tenth, for speed
    run = TrainingRun(replace(recipe.network, precision="float64"), recipe.training)
    run.build(part)
    W1, b1, W2, b2 = weights_of(run)
    X, T, m, lam = part.train.images.reshape(500, 784).T / 255.0, one_hot(part.train.labels), 500, 0.0001
    for _i in range(UPDATES):
        A1 = 1 / (1 + np.exp(-(W1 @ X + b1)))
        A2 = softmax(W2 @ A1 + b2)
        delta2 = A2 - T
        delta1 = (W2.T @ delta2) * A1 * (1 - A1)
        W1, W2, b1, b2 = (
            W1 - 1.0 * (delta1 @ X.T / m + lam * W1),
            W2 - 1.0 * (delta2 @ A1.T / m + lam * W2),
            b1 - 1.0 * delta1.mean(axis=1, keepdims=True),
            b2 - 1.0 * delta2.mean(axis=1, keepdims=True),
        )
    assert_same(updated(run, part), [W1, b1, W2, b2])


def test_the_lab_learns_from_the_very_images_of_its_notebook(mnist: Dataset) -> None:
    order = np.random.RandomState(42).permutation(60_000)  # np.random.seed(42), np.random.permutation(60000)
    split = NOTEBOOKS["lab"].split.split(mnist)
    np.testing.assert_array_equal(split.train.rows, order[:5000])
    np.testing.assert_array_equal(split.dev.rows, order[5000:])


def test_the_labs_cost_holds_the_penalty(mnist: Dataset) -> None:
    recipe = NOTEBOOKS["lab"]
    split = split_dataset(mnist, 10, train_size=200)
    with_penalty, without = (
        next(train(TrainingRun(recipe.network, training), split)).train_loss
        for training in (recipe.training, replace(recipe.training, weight_decay=0.0))
    )
    run = TrainingRun(recipe.network, recipe.training)
    run.build(split)
    squares = sum(float((layer**2).sum()) for layer in list(weights_of(run))[::2])
    assert with_penalty - without == pytest.approx(0.0001 / 2 * squares, rel=1e-4)


# ---- pure Python -------------------------------------------------------------------------------------------


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def weighted_sum(weights: list[float], inputs: list[float]) -> float:
    total = weights[-1]  # the bias is one more weight, of an input that is always 1
    for i in range(len(inputs)):
        total += weights[i] * inputs[i]
    return total


def train_on_one(
    hidden: list[list[float]], output: list[list[float]], inputs: list[float], label: int, rate: float
) -> None:
    """One update of lists of lists, as the notebook does it."""
    first = [sigmoid(weighted_sum(neuron, inputs)) for neuron in hidden]
    second = [sigmoid(weighted_sum(neuron, first)) for neuron in output]
    target = [1.0 if digit == label else 0.0 for digit in range(10)]
    output_deltas = [(o - t) * o * (1 - o) for o, t in zip(second, target, strict=True)]
    hidden_deltas = []
    for j in range(len(hidden)):
        error = sum(output_deltas[k] * output[k][j] for k in range(10))
        hidden_deltas.append(error * first[j] * (1 - first[j]))
    for neurons, deltas, values in ((output, output_deltas, first), (hidden, hidden_deltas, inputs)):
        for neuron, delta in zip(neurons, deltas, strict=True):
            for i, value in enumerate([*values, 1.0]):
                neuron[i] -= rate * delta * value


def test_fifty_updates_equal_the_lists_of_pure_python() -> None:
    recipe, digits = NOTEBOOKS["pure-python"], load_dataset("digits-8x8")
    split = recipe.split.split(digits)
    np.testing.assert_array_equal(split.train.rows, np.arange(1257))
    run = TrainingRun(replace(recipe.network, precision="float64"), recipe.training)
    run.build(split)
    W1, b1, W2, b2 = weights_of(run)
    hidden, output = np.hstack([W1, b1]).tolist(), np.hstack([W2, b2]).tolist()
    assert all(0 <= weight < 1 for neuron in hidden + output for weight in neuron)
    ours = updated(run, split)
    sample = run.order.positions[:UPDATES]  # the first sample of fifty
    for position in sample:
        levels = bytes_to_levels(split.train.images[position]).ravel().tolist()
        pixels = [level / 16 / 8 for level in levels]
        train_on_one(hidden, output, pixels, int(split.train.labels[position]), rate=1.0)
    first, second = np.array(hidden), np.array(output)
    assert_same(ours, [first[:, :-1], first[:, -1:], second[:, :-1], second[:, -1:]])


def test_a_sample_holds_no_image_twice_and_the_next_is_drawn_anew() -> None:
    run, split = start_recipe("pure-python")
    run.build(split)
    drawn = []
    for _step in range(100):
        drawn.append(int(run.order.next_batch()[0]))
        run.order.pass_batch()
    assert len(set(drawn[:50])) == len(set(drawn[50:])) == 50
    assert set(drawn[:50]) & set(drawn[50:])  # 1,257 images: two samples almost surely share some


@pytest.mark.parametrize(("name", "last"), [("pure-python", 1.0), ("pure-python-lowered", 0.3)])
def test_ten_rounds_of_26_samples_reach_what_the_notebook_reached(name: str, last: float) -> None:
    rounds = [record for record in run_recipe(name) if isinstance(record, EpochMetrics)]
    assert [record.images_seen for record in rounds] == [1300 * k for k in range(11)]
    assert rounds[-1].learning_rate == last
    assert rounds[-1].train_accuracy > 0.87
    assert rounds[-1].dev_accuracy > 0.8


def test_pixels_come_back_as_the_grey_levels_that_they_were() -> None:
    digits = load_dataset("digits-8x8")
    preparation = Preparation((8, 8), scale=1 / 128, levels=16)
    expected = bytes_to_levels(digits.images).reshape(-1, 64) / 16 / 8
    np.testing.assert_array_equal(preparation(digits.images), expected.astype(np.float32))


# ---- all of them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_notebook_is_a_recipe_with_a_card(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.card is not None
    assert all((recipe.card.does, recipe.card.wrong, recipe.card.reaches))
    assert recipe.split is not None
    recipe.split.split(load_dataset(recipe.dataset or ""))


def test_a_recipe_runs_on_other_data_with_another_seed() -> None:
    records = list(run_recipe("softmax-regression", load_dataset("digits-8x8").take(slice(0, 1200)), seed=3))
    assert isinstance(records[-1], EpochMetrics)
    assert records[-1].epoch == 5


def test_an_unknown_recipe_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SettingError, match=r"no recipe 'nonsense'.*notebook-1"):
        start_recipe("nonsense")


# ---- the known bugs ----------------------------------------------------------------------------------------


def checked(**bugs: object) -> dict[str, str]:
    """Return the gradient checker's verdict on each array of a small run with these known bugs."""
    digits = load_dataset("digits-8x8")
    run = TrainingRun(
        NetworkConfig(hidden_sizes=(6,), activation="tanh"), TrainingConfig(batch_size=None, **bugs)
    )
    run.build(split_dataset(digits, 300))
    table = check_gradients(run, digits.images[:40], digits.labels[:40])
    return {f"{row.layer} {row.parameter}": row.sentence for row in table.rows}


def test_the_gradient_checker_flags_summed_bias_gradients_and_nothing_else() -> None:
    assert checked(bias_gradient="summed") == {
        "linear 1 weights": "agrees",
        "linear 1 biases": "wrong",
        "linear 2 weights": "agrees",
        "linear 2 biases": "wrong",
    }


def test_the_gradient_checker_shows_another_divisor_as_mere_scaling() -> None:
    verdicts = checked(gradient_divisor=2994)  # the run has 1,497 training images
    assert set(verdicts.values()) == {"off by a constant factor (0.5)"}
