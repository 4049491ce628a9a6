"""One step of each optimizer worked by hand, and what all of them keep."""

import numpy as np
import pytest

from mlcore import OPTIMIZERS
from mlcore.formulas.optimizers import NEGLIGIBLE, SWEEP_EVERY, Adam, Optimizer

every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def make(name: str, n: int = 1, **options: float) -> Optimizer:
    return OPTIMIZERS[name].make(n, np.dtype(np.float64), **options)


def walk(name: str, gradients: list[float], rate: float = 0.1, start: float = 1.0, **options: float) -> list:
    """The parameter after each step."""
    optimizer, w = make(name, **options), np.array([start])
    places = []
    for gradient in gradients:
        optimizer.step(w, np.array([gradient], float), rate, np.array([True]))
        places.append(float(w[0]))
    return places


# Two steps from w = 1 with rate 0.1 and gradients 2 and -1.


def test_gradient_descent_by_hand() -> None:
    # 1 - 0.1·2 = 0.8; 0.8 + 0.1·1 = 0.9
    assert walk("gradient_descent", [2, -1]) == pytest.approx([0.8, 0.9])


def test_momentum_by_hand() -> None:
    # v = 2: 1 - 0.2 = 0.8; v = 0.9·2 - 1 = 0.8: 0.8 - 0.08 = 0.72
    assert walk("momentum", [2, -1], momentum=0.9) == pytest.approx([0.8, 0.72])


def test_nesterov_by_hand() -> None:
    # v = 2, g + 0.9 v = 3.8: 1 - 0.38 = 0.62; v = 0.8, -1 + 0.72 = -0.28: 0.62 + 0.028 = 0.648
    assert walk("nesterov", [2, -1], momentum=0.9) == pytest.approx([0.62, 0.648])


def test_rmsprop_by_hand() -> None:
    # s = 0.01·4 = 0.04, √s = 0.2: 1 - 0.1·2/0.2 = 0
    # s = 0.99·0.04 + 0.01·1 = 0.0496, √s = 0.222711: 0 + 0.1·1/0.222711 = 0.449013
    assert walk("rmsprop", [2, -1]) == pytest.approx([0, 0.449013], abs=1e-6)


def test_adam_by_hand() -> None:
    # m = 0.2, v = 0.004; m̂ = 0.2/0.1 = 2, v̂ = 0.004/0.001 = 4: 1 - 0.1·2/2 = 0.9
    # m = 0.18 - 0.1 = 0.08, v = 0.003996 + 0.001 = 0.004996; m̂ = 0.08/0.19 = 0.421053,
    # v̂ = 0.004996/0.001999 = 2.499250, √v̂ = 1.580902: 0.9 - 0.1·0.421053/1.580902 = 0.873366
    assert walk("adam", [2, -1]) == pytest.approx([0.9, 0.873366], abs=1e-6)


def test_adamw_by_hand() -> None:
    # first w ← w (1 - 0.1·0.5), then Adam's move: 0.95 - 0.1 = 0.85; 0.8075 - 0.026634 = 0.780866
    assert walk("adamw", [2, -1], weight_decay=0.5) == pytest.approx([0.85, 0.780866], abs=1e-6)


def test_adamw_does_not_shrink_what_is_no_weight() -> None:
    optimizer, w = make("adamw", 2, weight_decay=0.5), np.ones(2)
    optimizer.step(w, np.zeros(2), 0.1, np.array([True, False]))
    np.testing.assert_allclose(w, [0.95, 1.0])


def test_adam_is_the_rule_of_the_paper_whatever_form_it_is_computed_in() -> None:
    generator = np.random.default_rng(0)
    optimizer, w = make("adam", 50), np.zeros(50)
    m = v = expected = np.zeros(50)
    for t in range(1, 301):
        g = generator.normal(0, 1, 50)
        optimizer.step(w, g.copy(), 0.01)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        expected = expected - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        memory = optimizer.memory()
    np.testing.assert_allclose(w, expected, rtol=1e-10)
    np.testing.assert_allclose(memory["m"], m, rtol=1e-10)
    np.testing.assert_allclose(memory["v"], v, rtol=1e-10)


@every_optimizer
def test_every_optimizer_walks_down_a_bowl_with_its_good_rate(name: str) -> None:
    optimizer, w = make(name, 2), np.array([1.0, -2.0])
    for _ in range(5000):
        optimizer.step(w, 2 * w, OPTIMIZERS[name].good_rate, np.ones(2, bool))
    assert np.abs(w).max() < 0.01


@every_optimizer
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_step_works_in_place_and_keeps_the_precision(name: str, precision: str) -> None:
    optimizer = OPTIMIZERS[name].make(3, np.dtype(precision))
    w, g = np.ones(3, precision), np.array([1, -1, 0], precision)
    before = w
    optimizer.step(w, g, 0.1, np.ones(3, bool))
    assert w is before
    assert w.dtype == precision
    assert w[0] < 1
    assert w[1] > 1


@every_optimizer
def test_what_an_optimizer_remembers_has_the_letters_of_its_formula(name: str) -> None:
    optimizer = make(name, 4)
    optimizer.step(np.ones(4), np.ones(4), 0.1, np.ones(4, bool))
    memory = optimizer.memory()
    assert len(memory) == len(optimizer.moments)
    assert all(values.shape == (4,) for values in memory.values())
    assert (
        all(letter in OPTIMIZERS[name].formula for letter in memory) or "as Adam" in OPTIMIZERS[name].formula
    )


def test_memories_too_small_to_matter_become_zero() -> None:
    optimizer = Adam(2, np.dtype(np.float32))
    w = np.zeros(2, np.float32)
    optimizer.step(w, np.array([1e-25, 1.0], np.float32), 0.001)
    for _ in range(SWEEP_EVERY):
        optimizer.step(w, np.zeros(2, np.float32), 0.001)
    kept = np.abs(optimizer.moments[optimizer.moments != 0])
    assert kept.min() >= NEGLIGIBLE
    assert optimizer.moments[1, 1] > 0
