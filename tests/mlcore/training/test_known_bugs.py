"""Each known bug is found by the gradient check, and a step with it goes elsewhere."""

import numpy as np
import pytest

from mlcore import KNOWN_BUGS, TrainingConfig, check_gradients, walk_through_step
from tests.mlcore.small import small_network, stripes

DATA = stripes(6)
VERDICTS = {"summed_biases": "wrong", "divisor": "factor", "no_mask": "wrong", "no_shift": "wrong"}


def test_every_bug_has_its_verdict_here() -> None:
    assert VERDICTS.keys() == KNOWN_BUGS.keys()


@pytest.mark.parametrize("name", KNOWN_BUGS)
def test_the_gradient_check_finds_it(name: str) -> None:
    network = small_network()
    one = DATA.images[:1], DATA.labels[:1]
    assert check_gradients(network, *one, per_array=None).agrees
    check = check_gradients(network, *one, per_array=None, bug=KNOWN_BUGS[name])
    assert VERDICTS[name] in {row.verdict for row in check.rows}
    assert not check.agrees
    assert check_gradients(network, *one, per_array=None).agrees  # planted in a copy


@pytest.mark.parametrize("name", KNOWN_BUGS)
def test_a_step_with_it_goes_elsewhere(name: str) -> None:
    network, config = small_network(), TrainingConfig(optimizer="gradient_descent")
    right = walk_through_step(network, DATA.images[0], 0, config)
    wrong = walk_through_step(network, DATA.images[0], 0, config, KNOWN_BUGS[name])
    last = [[value.values for value in walk if value.stage == "update"] for walk in (right, wrong)]
    assert any(not np.array_equal(a, b) for a, b in zip(*last, strict=True))
    np.testing.assert_array_equal(
        walk_through_step(network, DATA.images[0], 0, config)[-1].values, right[-1].values
    )


def test_the_forgotten_slope_is_in_the_formula() -> None:
    walk = walk_through_step(small_network(), DATA.images[0], 0, bug=KNOWN_BUGS["no_mask"])
    assert any(value.formula.endswith("(1)") for value in walk if value.symbol == "∂z₁")


def test_the_softmax_without_its_shift_overflows() -> None:
    walk = walk_through_step(small_network(), DATA.images[0], 0, bug=KNOWN_BUGS["no_shift"])
    assert any(np.isnan(value.values).any() for value in walk if value.symbol == "p")
