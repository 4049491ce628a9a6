"""A known bug changes the curves of a short training, or shows why nobody noticed it."""

import numpy as np
import pytest

from mlcore import KNOWN_BUGS, BugCurves, NetworkConfig, TrainingConfig, bug_curves, completed, load_dataset

DIGITS = load_dataset("digits-8x8").take(slice(0, 400))
NETWORK = NetworkConfig(hidden_sizes=(8,))
PLAIN = TrainingConfig(optimizer="gradient_descent", learning_rate=0.1, batch_size=50)


@pytest.fixture(scope="module")
def found() -> dict[str, BugCurves]:
    return {bug: completed(bug_curves(DIGITS, NETWORK, PLAIN, bug)) for bug in KNOWN_BUGS}


def test_each_bug_leaves_its_mark_on_the_loss(found: dict[str, BugCurves]) -> None:
    for bug, curves in found.items():
        assert curves.correct.steps.tolist() == list(range(0, 201, 10))
        assert curves.correct.diverged_at is None
        assert not np.array_equal(curves.correct.loss, curves.with_bug.loss), bug


def test_both_begin_with_the_same_weights(found: dict[str, BugCurves]) -> None:
    for bug in ("summed_biases", "divisor", "no_mask"):
        assert found[bug].correct.loss[0] == found[bug].with_bug.loss[0]


def test_a_wrong_divisor_stops_plain_descent_and_leaves_adam_alone(found: dict[str, BugCurves]) -> None:
    plain = found["divisor"]
    assert plain.correct.accuracy[-1] > plain.with_bug.accuracy[-1] + 0.3
    adam = completed(bug_curves(DIGITS, NETWORK, TrainingConfig(batch_size=50), "divisor"))
    assert adam.with_bug.accuracy[-1] == pytest.approx(adam.correct.accuracy[-1], abs=0.05)


def test_without_the_shift_the_numbers_become_too_large(found: dict[str, BugCurves]) -> None:
    curves = found["no_shift"]
    assert curves.with_bug.diverged_at is not None
    assert len(curves.with_bug.steps) == 1


def test_bugs_that_the_settings_ask_for_are_off_in_the_correct_one() -> None:
    config = TrainingConfig(
        optimizer="gradient_descent", learning_rate=0.1, batch_size=50, bias_gradient="summed"
    )
    again = completed(bug_curves(DIGITS, NETWORK, config, "summed_biases"))
    plain = completed(bug_curves(DIGITS, NETWORK, PLAIN, "summed_biases"))
    np.testing.assert_array_equal(again.correct.loss, plain.correct.loss)


def test_progress_goes_up_to_one() -> None:
    fractions = list(bug_curves(DIGITS, NETWORK, PLAIN, "no_mask"))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
