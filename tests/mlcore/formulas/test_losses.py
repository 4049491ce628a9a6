"""Every loss is right, has the gradient that it claims, and keeps the laws of its outputs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlcore import LOSSES
from mlcore.formulas.losses import softmax
from tests.mlcore.small import relative_error, slopes

every_loss = pytest.mark.parametrize("name", LOSSES)
logits = arrays.arrays(np.float64, (4, 5), elements=st.floats(-300, 300))


def outputs(name: str, z: np.ndarray) -> np.ndarray:
    p = z.copy()
    LOSSES[name].activate(p)
    return p


def total(name: str, z: np.ndarray, labels: np.ndarray) -> float:
    return float(LOSSES[name].losses(z, labels).sum())


@every_loss
def test_the_gradient_is_the_slope_of_the_sum_of_the_losses(name: str) -> None:
    generator = np.random.default_rng(0)
    z, labels = generator.normal(0, 2, (6, 5)), generator.integers(0, 5, 6)
    gradient = outputs(name, z)
    LOSSES[name].to_gradient(gradient, labels)
    assert relative_error(gradient, slopes(lambda: total(name, z, labels), z)) < 1e-6


@every_loss
@given(z=logits)
def test_outputs_lie_between_0_and_1_and_losses_are_finite_and_not_negative(name: str, z: np.ndarray) -> None:
    p = outputs(name, z)
    assert ((p >= 0) & (p <= 1)).all()
    assert 0 <= total(name, z, np.array([0, 1, 2, 3])) < np.inf


@given(logits)
def test_softmax_sums_to_one(z: np.ndarray) -> None:
    np.testing.assert_allclose(outputs("cross_entropy", z).sum(axis=1), 1, rtol=1e-14)


@given(logits, st.floats(-100, 100))
def test_softmax_does_not_see_a_constant_added_to_all_logits(z: np.ndarray, constant: float) -> None:
    moved = outputs("cross_entropy", z + constant)
    np.testing.assert_allclose(moved, outputs("cross_entropy", z), rtol=1e-10, atol=1e-300)


@given(logits)
def test_softmax_keeps_the_order(z: np.ndarray) -> None:
    p = outputs("cross_entropy", z)
    order = np.argsort(z, axis=1)
    assert (np.diff(np.take_along_axis(p, order, axis=1), axis=1) >= -1e-15).all()


@given(logits, logits)
def test_each_row_of_softmax_stands_alone(z: np.ndarray, others: np.ndarray) -> None:
    together = outputs("cross_entropy", np.concatenate([z, others]))[:4]
    np.testing.assert_allclose(together, outputs("cross_entropy", z), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_softmax_of_huge_logits_does_not_overflow(precision: str) -> None:
    z = np.array([[1e30, 0, -1e30], [-1e30, -1e30, -1e30], [0, 1, 2]], precision)
    softmax(z)
    np.testing.assert_allclose(z[0], [1, 0, 0])
    np.testing.assert_allclose(z[1], 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(z[2], [0.090031, 0.244728, 0.665241], atol=1e-6)


def test_losses_by_hand() -> None:
    # z = (log 3, 0), true class 0.
    z, labels = np.array([[np.log(3.0), 0.0]]), np.array([0])
    # softmax: p = (3/4, 1/4); -log 3/4 = 0.287682
    assert total("cross_entropy", z, labels) == pytest.approx(0.287682, abs=1e-6)
    # y = (0.95, 0.05): -0.95 log 3/4 - 0.05 log 1/4 = 0.273298 + 0.069315
    assert total("smoothed_cross_entropy", z, labels) == pytest.approx(0.342613, abs=1e-6)
    # sigmoid: p = (3/4, 1/2); -log 3/4 - log(1 - 1/2) = 0.287682 + 0.693147
    assert total("sigmoid_cross_entropy", z, labels) == pytest.approx(0.980829, abs=1e-6)
    # ½ ((3/4 - 1)² + (1/2 - 0)²) = ½ (0.0625 + 0.25)
    assert total("squared_error", z, labels) == pytest.approx(0.15625)


def test_gradients_by_hand() -> None:
    z, labels = np.array([[np.log(3.0), 0.0]]), np.array([0])
    expected = {
        "cross_entropy": [[-1 / 4, 1 / 4]],  # p - y
        "smoothed_cross_entropy": [[-0.2, 0.2]],  # p - y, y = (0.95, 0.05)
        "sigmoid_cross_entropy": [[-1 / 4, 1 / 2]],  # p - y
        "squared_error": [[-1 / 4 * 3 / 16, 1 / 2 * 1 / 4]],  # (p - y) p (1 - p)
    }
    for name, gradient in expected.items():
        p = outputs(name, z)
        LOSSES[name].to_gradient(p, labels)
        np.testing.assert_allclose(p, gradient, atol=1e-15)


@every_loss
def test_targets_add_up_to_one_and_are_largest_for_the_true_class(name: str) -> None:
    targets = LOSSES[name].targets(4, np.dtype(float))
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    assert targets.argmax(axis=1).tolist() == [0, 1, 2, 3]
    z = np.zeros((4, 4))
    gradient = outputs(name, z)
    LOSSES[name].to_gradient(gradient, np.arange(4))
    assert (np.sign(gradient) == np.sign(outputs(name, z) - targets)).all()


def test_with_smoothed_targets_more_certain_is_not_always_better() -> None:
    # The loss is least where the outputs are the targets: p = 0.95 of two classes, z = log(0.95 / 0.05).
    best, label = np.log(0.95 / 0.05), np.array([0])
    at_best, *others = (
        total("smoothed_cross_entropy", np.array([[z, 0.0]]), label) for z in (best, best - 1, best + 1)
    )
    assert at_best < min(others)


@every_loss
def test_a_loss_in_float32_grows_with_how_wrong_the_answer_is(name: str) -> None:
    # Outputs are rounded to 0 or 1 beyond some logit: the loss must not jump or fall there.
    steps = np.linspace(0, 40, 400, dtype=np.float32)
    losses = [total(name, np.array([[-z, z]], np.float32), np.array([0])) for z in steps]
    assert (np.diff(losses) >= -1e-4).all()
    assert max(np.diff(losses)) < 1.5


@pytest.mark.parametrize("name", ["cross_entropy", "sigmoid_cross_entropy"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_cross_entropy_grows_with_the_logits_however_wrong_the_answer(name: str, precision: str) -> None:
    # e^-1000 cannot be held, but its logarithm can: -log p is 1000 (and 1000 again for the other sigmoid)
    z = np.array([[-500.0, 500.0]], precision)
    assert total(name, z, np.array([0])) == pytest.approx(1000)


@every_loss
def test_every_loss_states_its_formulas(name: str) -> None:
    entry = LOSSES[name]
    assert all([entry.label, entry.help, entry.formula, entry.output, entry.gradient])
