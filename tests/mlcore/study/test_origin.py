"""What a number was made of adds up to it, for every kind of layer that can tell."""

from typing import Any

import numpy as np
import pytest

from mlcore import ACTIVATIONS, KNOWN_BUGS, LOSSES, TrainingConfig, walk_through_step
from mlcore.study.origin import MOST_SUMMANDS
from tests.mlcore.small import small_run, small_split

SPLIT = small_split()
IMAGE, LABEL = SPLIT.train.images[4], int(SPLIT.train.labels[4])
VARIANTS: list[dict[str, Any]] = [
    *({"network": {"activation": name}} for name in ACTIVATIONS),
    *({"network": {"loss": name}} for name in LOSSES),
    {"network": {"hidden_sizes": (6, 5), "precision": "float64"}, "weight_decay": 0.1},
    {"bias_gradient": "summed", "gradient_divisor": 7},
    {"class_weights": "balanced"},
    {"network": {"filters": (3,), "kernel_size": 3, "dropout": 0.4}},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_the_summands_add_up_to_the_number(variant: dict) -> None:
    run = small_run(**variant)
    run.build(SPLIT)
    told = 0
    for value in walk_through_step(run, IMAGE, LABEL):
        for place in range(0, value.values.size, max(1, value.values.size // 40)):
            if (origin := value.origin(place)) is not None:
                told += 1
                total = sum(part for _name, part in origin.summands)
                assert total == pytest.approx(float(value.values.ravel()[place]), rel=1e-4, abs=1e-6)
                assert len(origin.summands) <= MOST_SUMMANDS + 2
    assert told > 20


def test_a_dense_network_tells_of_all_but_what_is_given() -> None:
    run = small_run(optimizer="gradient_descent")
    run.build(SPLIT)
    silent = [
        value.symbol
        for value in walk_through_step(run, IMAGE, LABEL)
        if value.shape and value.origin(0) is None
    ]
    assert silent == ["", "x", "W₁", "b₁", "W₂", "b₂", "y"]


def test_formulas_carry_the_indices_of_the_number() -> None:
    run = small_run()
    run.build(SPLIT)
    walk = walk_through_step(run, IMAGE, LABEL)
    z = next(value for value in walk if value.symbol == "z₁")
    origin = z.origin(2)
    assert origin is not None
    assert origin.formula.startswith("z₁[2] = ")
    assert origin.formula.endswith(" + b₁[2]")
    gradient = next(value for value in walk if value.symbol == "∂W₂")
    origin = gradient.origin(4)
    assert origin is not None
    i, j = np.unravel_index(4, gradient.shape)
    assert origin.formula == f"∂W₂[{i}, {j}] = a₁[{i}] ∂z₂[{j}]"


def test_a_convolution_tells_of_windows_maxima_and_filters() -> None:
    run = small_run(network={"filters": (3,), "kernel_size": 3})
    run.build(SPLIT)
    walk = walk_through_step(run, IMAGE, LABEL)
    told = {value.symbol: value.origin(0) for value in walk if value.stage != "update"}
    for symbol in ("z₁", "m₁", "a₁", "∂W₁", "∂b₁"):
        assert told[symbol] is not None, symbol
    window = told["z₁"]
    assert window is not None
    assert len(window.summands) == 5 + 1 + 1  # of nine products the largest five, the others, and the bias
    assert window.formula == "z₁[0, 0, 0] = Σ x[0 + i, 0 + j, c] W₁[0, c, i, j] + b₁[0]"


def test_what_a_bug_changed_is_told_as_a_change() -> None:
    run = small_run()
    run.build(SPLIT)
    bug = KNOWN_BUGS["summed_biases"]
    walk = walk_through_step(run.network, IMAGE, LABEL, TrainingConfig(), bug)
    origin = [value for value in walk if value.symbol == "∂b₁"][-1].origin(0)
    assert origin is not None
    assert [name for name, _part in origin.summands] == ["∂b₁[0] before", "the change"]
