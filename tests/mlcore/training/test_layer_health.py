"""How the layers are is noted beside a training, which it does not change; the next step agrees with it."""

import json

import numpy as np
import pytest

import mlcore.training.run as run_module
from mlcore import OPTIMIZERS, TrainingRun, fork, train
from mlcore.training.checkpoint import Checkpoint
from mlcore.training.layer_health import NetworkHealth, is_worth_noting
from tests.mlcore.small import finish, small_run
from tests.mlcore.training.variants import SPLIT, every_variant, run_of, same_run


@every_variant
def test_noting_it_changes_nothing_of_the_training(variant: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    noting, plain = run_of(variant), run_of(variant)
    finish(noting, SPLIT)
    monkeypatch.setattr(run_module, "is_worth_noting", lambda _step, _noted: False)
    finish(plain, SPLIT)
    same_run(noting, plain)
    assert len(noting.health) > 1
    assert plain.health == []


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradient_and_update_are_those_of_the_step_that_follows(name: str) -> None:
    settings = {"batch_size": None, "iterations": 20, "evaluate_every": 10, "weight_decay": 0.01}
    run = small_run(
        network={"precision": "float64"}, optimizer=name, learning_rate=OPTIMIZERS[name].good_rate, **settings
    )
    for _record in train(run, SPLIT, max_steps=10):
        pass
    noted = run.health[-1]
    before = [layer.parameters["weights"].copy() for layer in run.network.layers if layer.parameters]
    seen = []
    run.gradient_hook = lambda network, _images: seen.append(network.gradients.copy())
    for _record in train(run, SPLIT, max_steps=1):
        pass
    after = [layer.parameters["weights"] for layer in run.network.layers if layer.parameters]
    assert noted.step == 10
    assert noted.penalty == pytest.approx(run.cost_decay / 2 * sum((old**2).sum() for old in before))
    assert len(noted.layers) == len(before) == 2
    for layer, old, new in zip(noted.layers, before, after, strict=True):
        assert layer.update == pytest.approx(np.linalg.norm(new - old) / np.linalg.norm(old))
    assert len(seen) == 1
    first = seen[0][: before[0].size] + run.cost_decay * before[0].ravel()
    assert noted.layers[0].gradient == pytest.approx(np.sqrt(np.mean(first**2)))


def test_a_neuron_that_no_image_switches_on_is_dead() -> None:
    run = small_run(network={"hidden_sizes": (4,), "activation": "relu"})
    run.build(SPLIT)
    run.network.layers[0].parameters["biases"][...] = [-1e4, 1e4, 1e4, 1e4]
    next(train(run, SPLIT))
    hidden, output = run.health[0].layers
    assert hidden.dead == 0.25
    assert np.isnan(output.dead)  # no activation follows


def test_the_distribution_is_that_of_the_weights() -> None:
    run = small_run()
    next(train(run, SPLIT))
    weights = run.network.layers[0].parameters["weights"]
    low, _quarter, middle, _quarter, high = run.health[0].layers[0].weights
    assert low < middle < high
    assert middle == pytest.approx(float(np.median(weights)))


def test_a_checkpoint_keeps_it_and_one_from_before_has_none() -> None:
    run = small_run()
    finish(run, SPLIT)
    again = TrainingRun.load_state(run.save_state())
    assert [health.to_row()[:2] for health in again.health] == [[h.step, h.epoch] for h in run.health]
    assert again.health[0].layers[0] == run.health[0].layers[0]
    arrays = Checkpoint.from_arrays(run.model(resumable=True).state or {}).to_arrays()
    counters = json.loads(arrays["counters"].tobytes())
    del counters["health"]
    arrays["counters"] = np.frombuffer(json.dumps(counters).encode(), np.uint8)
    assert Checkpoint.from_arrays(arrays).health == []


@pytest.mark.parametrize(
    "row", [[], ["x", 1.0, 0.0], [-1, 0.0, 0.0], [0, 0.0, 0.0, ["linear 1", 0.1]], [0, 0.0, 0.0, [1] * 9]]
)
def test_anything_else_in_its_place_is_refused(row: list) -> None:
    with pytest.raises(ValueError, match=r"no health|unpack|not enough"):
        NetworkHealth.from_row(row)


def test_a_fork_counts_it_in_its_own_steps() -> None:
    run = small_run(epochs=2)
    finish(run, SPLIT)
    other = fork(run.model(resumable=True), training=small_run(epochs=2, batch_size=30).training_config)
    assert [health.step for health in run.health] == [0, 4, 8]
    assert [health.step for health in other.health] == [0, 2, 4]


def test_a_long_run_has_some_hundred_notes() -> None:
    noted: list[NetworkHealth] = []
    for step in range(100_000):
        if is_worth_noting(step, noted):
            noted.append(NetworkHealth(step, 0.0, 0.0, ()))
    assert len(noted) < 250
