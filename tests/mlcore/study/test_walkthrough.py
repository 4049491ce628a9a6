"""A step that is walked through is the step that training takes, value by value."""

import re
from typing import Any

import numpy as np
import pytest

from mlcore import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    Split,
    StepValue,
    TrainingConfig,
    TrainingRun,
    train,
    walk_through_step,
)
from mlcore.study.walkthrough import STAGES
from tests.mlcore.small import small_network, small_run, small_split, stripes

SPLIT = small_split()
IMAGE, LABEL = SPLIT.train.images[4], int(SPLIT.train.labels[4])
VARIANTS: list[dict[str, Any]] = [
    *({"optimizer": name} for name in OPTIMIZERS),
    {"weight_decay": 0.1},
    {"optimizer": "adamw", "weight_decay": 0.1},
    {"class_weights": "balanced"},
    {"bias_gradient": "summed", "gradient_divisor": 7, "weight_decay": 0.1},
    *({"network": {"activation": name}} for name in ACTIVATIONS),
    *({"network": {"loss": name}} for name in LOSSES),
    {"network": {"hidden_sizes": ()}},
    {"network": {"hidden_sizes": (6, 5), "dropout": 0.4}},
    {"network": {"pooling": 2, "standardize": True}},
    {"network": {"drop_rare_pixels": 0.1, "precision": "float64"}},
    {"network": {"filters": (3,), "kernel_size": 3}},
]


def of_one_image(variant: dict[str, Any], steps: int) -> tuple[TrainingRun, Split]:
    """A run whose batches are one image each, always the same one, after some steps."""
    one = SPLIT.train.take([4])
    split = Split(one, SPLIT.dev)
    # The preparation is fitted to all images, as it would be.
    run = small_run(**({"batch_size": 1, "iterations": 50, "evaluate_every": 50} | variant))
    run.build(split)
    list(train(run, split, max_steps=steps))
    return run, split


def by_symbol(walk: list[StepValue], stage: str) -> dict[str, np.ndarray]:
    """The last value of each symbol in a stage: a gradient is stated again when weight decay is added."""
    return {value.symbol: value.values for value in walk if value.stage == stage}


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("steps", [0, 3])
def test_the_walk_ends_with_the_parameters_of_the_next_step(
    variant: dict, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, split = of_one_image(variant, steps)
    walk = walk_through_step(run, IMAGE, LABEL)
    used: list[np.ndarray] = []
    step = run.optimizer.step

    def note_and_step(parameters: np.ndarray, gradients: np.ndarray, *others: Any) -> None:
        used.append(gradients.copy())
        step(parameters, gradients, *others)

    monkeypatch.setattr(run.optimizer, "step", note_and_step)
    list(train(run, split, max_steps=1))
    new, gradients = by_symbol(walk, "update"), by_symbol(walk, "backward")
    learned = [v.symbol for v in walk if v.stage == "forward" and v.symbol.startswith(("W", "b"))]
    found = np.concatenate([new[symbol].ravel() for symbol in learned])
    np.testing.assert_array_equal(found, run.network.parameters)
    found = np.concatenate([gradients["∂" + symbol].ravel() for symbol in learned])
    np.testing.assert_array_equal(found, used[0])


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_walk_changes_nothing(variant: dict) -> None:
    run, _split = of_one_image(variant, 2)
    before = run.save_state()
    gradients = run.network.gradients.copy()
    walk_through_step(run, IMAGE, LABEL)
    assert run.save_state() == before
    np.testing.assert_array_equal(run.network.gradients, gradients)


def test_every_value_by_the_formulas() -> None:
    network = small_network(hidden_sizes=(4,), activation="tanh")
    config = TrainingConfig(optimizer="momentum", learning_rate=0.5, weight_decay=0.1, momentum=0.9)
    walk = walk_through_step(network, IMAGE, LABEL, config)
    there = by_symbol(walk, "forward") | by_symbol(walk, "loss")
    x = IMAGE.ravel().astype(float)
    w1, b1, w2, b2 = (there[symbol] for symbol in ("W₁", "b₁", "W₂", "b₂"))
    a = np.tanh(x / 255 @ w1 + b1)
    z = a @ w2 + b2
    p = np.exp(z) / np.exp(z).sum()
    y = np.eye(3)[LABEL]
    penalty = 0.05 * (np.square(w1).sum() + np.square(w2).sum())
    expected = {
        "x": x, "s": 1 / 255, "z₁": x / 255 @ w1 + b1, "a₁": a, "z₂": z, "p": p, "y": y,
        "L": -np.log(p[LABEL]), "R": penalty, "C": -np.log(p[LABEL]) + penalty,
    }  # fmt: skip
    for symbol, values in expected.items():
        np.testing.assert_allclose(there[symbol], values, rtol=1e-12, err_msg=symbol)
    back = by_symbol(walk, "backward")
    dz2 = p - y
    dz1 = (dz2 @ w2.T) * (1 - a**2)
    expected = {
        "∂z₂": dz2, "∂W₂": np.outer(a, dz2) + 0.1 * w2, "∂b₂": dz2, "∂a₁": dz2 @ w2.T, "∂z₁": dz1,
        "∂W₁": np.outer(x / 255, dz1) + 0.1 * w1, "∂b₁": dz1,
    }  # fmt: skip
    for symbol, values in expected.items():
        np.testing.assert_allclose(back[symbol], values, rtol=1e-12, atol=1e-18, err_msg=symbol)
    after = by_symbol(walk, "update")
    np.testing.assert_allclose(after["v(W₁)"], back["∂W₁"])  # the first step: v = 0.9·0 + g
    np.testing.assert_allclose(after["W₁"], w1 - 0.5 * back["∂W₁"])
    np.testing.assert_allclose(after["b₂"], b2 - 0.5 * back["∂b₂"])
    assert after["η"] == 0.5


def test_the_order_is_that_of_the_step() -> None:
    walk = walk_through_step(small_network(hidden_sizes=(4,), dropout=0.5), IMAGE, LABEL)
    stages = [value.stage for value in walk]
    assert stages == sorted(stages, key=list(STAGES).index)
    forward = [value.symbol for value in walk if value.stage == "forward"]
    assert forward == ["", "x", "s", "W₁", "b₁", "z₁", "a₁", "r₁", "W₂", "b₂", "z₂"]
    back = [value.symbol for value in walk if value.stage == "backward"]
    assert back == ["∂z₂", "∂W₂", "∂b₂", "∂r₁", "∂a₁", "∂z₁", "∂W₁", "∂b₁"]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_value_is_named_and_comes_from_values_before_it(variant: dict) -> None:
    run, _split = of_one_image(variant, 1)
    walk = walk_through_step(run, IMAGE, LABEL)
    assert walk[0].shape == IMAGE.shape
    known = {"λ", "ε", "η", "μ", "ρ", "β₁", "β₂", "W", "g", "v", "m", "s", "m̂", "v̂", "L"}
    for value in walk:
        assert value.name
        assert value.shape == np.shape(value.values)
        assert np.isfinite(value.values).all()
        known.add(value.symbol)
        if value.symbol == "s":
            known.add("z₁")  # where it is used, further on
        used = set(re.findall(r"∂?[a-zA-Z]̂?[₀-₉]+", value.formula))
        assert used <= known, f"{value.formula} uses {used - known}"


def test_values_are_copies_that_nobody_else_writes_to() -> None:
    network = small_network()
    walk = walk_through_step(network, IMAGE, LABEL)
    before = [value.values.copy() for value in walk]
    walk_through_step(network, 255 - IMAGE, 0)
    for value, values in zip(walk, before, strict=True):
        np.testing.assert_array_equal(value.values, values)
        assert value.values.base is None or not np.shares_memory(value.values, network.parameters)


def test_a_network_alone_takes_the_default_step() -> None:
    network = small_network(hidden_sizes=())
    walk = walk_through_step(network, stripes(1).images[0], 0)
    assert "Adam" not in walk[-1].formula
    assert "m̂" in walk[-1].formula
    np.testing.assert_allclose(by_symbol(walk, "update")["η"], TrainingConfig().learning_rate)


def test_the_weight_of_a_class_multiplies_loss_and_gradient() -> None:
    split = small_split(40)
    rare = Split(split.train.take(np.flatnonzero(split.train.labels < 2)[:21]), split.dev)
    plain, balanced = small_run(), small_run(class_weights="balanced")
    for run in (plain, balanced):
        run.build(rare)
    label = int(rare.train.labels[0])
    weight = float(balanced.class_weights[label])
    assert weight != 1
    one, other = (
        {value.symbol: value for value in walk_through_step(run, rare.train.images[0], label)}
        for run in (plain, balanced)
    )
    assert other["a"].values == weight
    assert other["L"].values == pytest.approx(weight * one["L"].values)
    np.testing.assert_allclose(other["∂b₂"].values, weight * one["∂b₂"].values, rtol=1e-6)
    assert other["∂z₂"].formula == "∂z₂ = a (p - y)"
