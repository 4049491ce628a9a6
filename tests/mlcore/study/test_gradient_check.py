"""The checker agrees with right gradients, and says of wrong ones whether they are wrong or merely scaled."""

import dataclasses

import numpy as np
import pytest

from mlcore import ACTIVATIONS, LOSSES, Network, check_gradients, train
from mlcore.study.gradient_check import VERDICTS, numeric_gradient
from tests.mlcore.small import small_network, small_run, small_split, stripes

DATA = stripes(6)


def verdicts(network: Network, **options: object) -> dict[str, str]:
    check = check_gradients(network, DATA.images, DATA.labels, **options)
    return {f"{row.layer} {row.parameter}": row.verdict for row in check.rows}


@pytest.mark.parametrize(
    "config",
    [*({"activation": a} for a in ACTIVATIONS), *({"loss": loss} for loss in LOSSES), {"dropout": 0.5}],
    ids=str,
)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_right_gradients_agree(config: dict, precision: str) -> None:
    check = check_gradients(small_network(precision=precision, **config), DATA.images, DATA.labels)
    assert check.agrees, f"\n{check}"
    assert max(row.error for row in check.rows) < 1e-6
    assert all(row.factor == pytest.approx(1, abs=1e-5) for row in check.rows)


@pytest.mark.parametrize("seed", range(10))
def test_kinks_raise_no_false_alarm(seed: int) -> None:
    # Narrow ReLU layers with biases of 0 and dropout: many sums are exactly 0, where a ReLU has no slope.
    network = small_network(hidden_sizes=(4, 3, 5), dropout=0.5, seed=seed)
    assert check_gradients(network, DATA.images, DATA.labels, per_array=None).agrees


@pytest.mark.parametrize("seed", range(5))
def test_a_network_that_is_sure_of_its_images_raises_no_false_alarm(seed: int) -> None:
    # Its costs are near 1e-9: the logarithm of a number near 1, which is rounded to 1e-16, not to 1e-25.
    network = small_network(hidden_sizes=(5,), seed=seed)
    last = network.layers[-1].parameters
    last["weights"] *= 0.01
    last["biases"][...] = [21, 0, 0]
    check = check_gradients(network, DATA.images[:1], np.array([0]), per_array=None)
    assert check.agrees, f"\n{check}"


def test_a_gradient_that_only_has_another_length_is_called_that() -> None:
    def shorten(network: Network) -> None:
        network.gradients *= 41_000 / 42_000

    check = check_gradients(small_network(), DATA.images, DATA.labels, gradient=shorten)
    assert {row.verdict for row in check.rows} == {"factor"}
    assert check.rows[0].factor == pytest.approx(41 / 42)
    assert check.rows[0].sentence == "off by a constant factor (0.97619)"
    assert not check.agrees


def test_a_bias_gradient_summed_to_one_number_is_wrong() -> None:
    # The known bug of the first notebook: every bias of a layer gets the sum over all of them. At the output
    # that sum is Σ (p - y) = 1 - 1 = 0, so the last biases never learn.
    def sum_up(network: Network) -> None:
        for layer in network.layers:
            for name, gradient in layer.gradients.items():
                if name == "biases":
                    gradient[...] = gradient.sum()

    found = verdicts(small_network(hidden_sizes=(5,)), gradient=sum_up)
    assert found == {
        "linear 1 weights": "agrees",
        "linear 1 biases": "wrong",
        "linear 2 weights": "agrees",
        "linear 2 biases": "wrong",
    }


@pytest.mark.parametrize("layer", [0, 2])
def test_one_wrong_number_is_found_and_blamed_on_its_array(layer: int) -> None:
    def plant(network: Network) -> None:
        weights = network.layers[layer].gradients["weights"]
        weights[np.unravel_index(np.abs(weights).argmax(), weights.shape)] *= 1 + 1e-4

    found = verdicts(small_network(), gradient=plant)
    assert [name for name, verdict in found.items() if verdict == "wrong"] == [
        f"linear {layer // 2 + 1} weights"
    ]


def test_a_wrong_slope_in_the_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget_the_square(d: np.ndarray, a: np.ndarray) -> None:
        d *= 1 - a  # tanh' is 1 - a²

    wrong = dataclasses.replace(ACTIVATIONS["tanh"], multiply_by_slope=forget_the_square)
    monkeypatch.setitem(ACTIVATIONS, "tanh", wrong)
    found = verdicts(small_network(hidden_sizes=(5,), activation="tanh"))
    assert found["linear 1 weights"] == found["linear 1 biases"] == "wrong"
    assert found["linear 2 weights"] == found["linear 2 biases"] == "agrees"


def test_weight_decay_belongs_to_the_cost_and_to_the_gradient() -> None:
    network = small_network(hidden_sizes=())
    assert set(verdicts(network, weight_decay=0.5).values()) == {"agrees"}

    def forget(network: Network) -> None:
        network.add_penalty_gradient(-0.5)

    assert verdicts(network, weight_decay=0.5, gradient=forget)["linear 1 weights"] == "wrong"


@pytest.mark.parametrize(("optimizer", "decay"), [("momentum", 0.1), ("adamw", 0.0)])
def test_a_run_brings_its_own_weight_decay(optimizer: str, decay: float) -> None:
    run = small_run(optimizer=optimizer, weight_decay=0.1)
    run.build(small_split())
    of_run = check_gradients(run, DATA.images, DATA.labels)
    of_network = check_gradients(run.network, DATA.images, DATA.labels, weight_decay=decay)
    assert of_run.agrees
    np.testing.assert_array_equal(of_run.rows[0].analytic, of_network.rows[0].analytic)


def test_a_trained_network_with_tiny_gradients_agrees_too() -> None:
    run = small_run(epochs=60, weight_decay=1e-4)
    assert list(train(run, small_split()))[-1].train_accuracy == 1
    assert check_gradients(run, DATA.images, DATA.labels).agrees


def test_the_checked_network_is_not_touched() -> None:
    network = small_network()
    network.gradients[...] = 7
    before = network.parameters.copy()
    check_gradients(network, DATA.images, DATA.labels)
    np.testing.assert_array_equal(network.parameters, before)
    assert (network.gradients == 7).all()


def test_the_table_says_what_was_compared() -> None:
    check = check_gradients(small_network(hidden_sizes=(20,)), DATA.images, DATA.labels, per_array=12)
    first, biases = check.rows[0], check.rows[1]
    assert (first.layer, first.parameter, first.shape) == ("linear 1", "weights", (30, 20))
    assert len(first.positions) == len(first.analytic) == len(first.numeric) == 12
    assert len(set(first.positions)) == 12
    largest = check_gradients(
        small_network(hidden_sizes=(20,)), DATA.images, DATA.labels, per_array=None
    ).rows[0]
    assert np.abs(first.analytic).max() == np.abs(largest.analytic).max()
    assert len(largest.positions) == 600
    assert biases.shape == (20,)
    text = str(check)
    assert "linear 1 weights" in text
    assert text.count("agrees") == 4
    assert set(VERDICTS) == {"agrees", "factor", "wrong"}


def test_an_array_without_any_gradient_agrees_when_none_is_claimed() -> None:
    network = small_network(initialization="zeros", activation="tanh")
    rows = check_gradients(network, DATA.images, DATA.labels).rows
    assert rows[0].verdict == "agrees"
    assert np.isnan(rows[0].factor)


def test_a_claimed_gradient_of_zero_is_wrong_and_not_a_factor() -> None:
    def forget(network: Network) -> None:
        network.gradients[...] = 0

    assert set(verdicts(small_network(), gradient=forget).values()) == {"wrong"}


def test_a_numeric_gradient_puts_every_value_back() -> None:
    w = np.array([1.0, 2.0, 3.0])
    found = numeric_gradient(lambda: float((w**3).sum()), w, np.array([2, 0]))
    np.testing.assert_allclose(found, [27, 3], rtol=1e-8)
    assert w.tolist() == [1, 2, 3]


def test_a_convolutional_network_agrees() -> None:
    network = small_network(hidden_sizes=(5,), filters=(3,), kernel_size=3)
    assert check_gradients(network, DATA.images, DATA.labels).agrees
