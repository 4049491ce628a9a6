"""Influence: the products are those of real gradients, and agree with training again without the image."""

from dataclasses import replace

import numpy as np
import pytest

from mlcore import (
    Dataset,
    DatasetError,
    EpochMetrics,
    Model,
    NetworkConfig,
    TrainingConfig,
    completed,
    influence,
    retrained,
    train,
)
from mlcore.study import influence as module
from mlcore.study.influence import weighted
from mlcore.study.progress import trained
from tests.mlcore.small import small_run, small_split, stripes

FULL_BATCH = TrainingConfig(
    batch_size=None, optimizer="gradient_descent", learning_rate=0.5, epochs=60, evaluate_every=1000
)
SHORT = replace(FULL_BATCH, epochs=12)
NETWORKS = {
    "softmax regression": NetworkConfig(hidden_sizes=(), precision="float64"),
    "a hidden layer": NetworkConfig(hidden_sizes=(6,), precision="float64"),
    "sigmoid outputs": NetworkConfig(hidden_sizes=(6,), loss="sigmoid_cross_entropy", precision="float64"),
}


def model_of(network: NetworkConfig, data: Dataset, training: TrainingConfig = FULL_BATCH) -> Model:
    return completed(trained(data, network, training))


def all_products(model: Model, data: Dataset, image: np.ndarray, answer: int) -> np.ndarray:
    return completed(module._products(model, data, image, answer))


def last_gradient(model: Model, image: np.ndarray, label: int) -> np.ndarray:
    """The gradient of the loss of one image for the last layer, by the backward pass."""
    network = model.network.copy(micro_batch=1)
    network.learn_from(network.preparation.compact(image[None]), np.array([label]), 1.0)
    last = network.layers[-1]
    return np.concatenate([last.gradients["weights"].ravel(), last.gradients["biases"]])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_product_is_that_of_the_gradients_of_the_last_layer(name: str) -> None:
    data = stripes(40)
    model, asked = model_of(NETWORKS[name], data), stripes(3, seed=1).images[1]
    products = all_products(model, data, asked, 2)
    own = last_gradient(model, asked, 2)
    for place in range(0, 40, 7):
        other = last_gradient(model, data.images[place], int(data.labels[place]))
        assert products[place] == pytest.approx(own @ other, rel=1e-4)


def loss_of(model: Model, image: np.ndarray, answer: int) -> float:
    return -float(np.log(model.predict_probabilities(image[None])[0, answer]))


def ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values))


@pytest.mark.parametrize("answer", [0, 1])
def test_influence_agrees_in_sign_and_rank_with_training_without_the_image(answer: int) -> None:
    # Some labels are wrong, so that images push both ways. All of the network is its last layer.
    data = stripes(30, shape=(3, 2)).relabelled([3, 10, 20], [1, 2, 1])
    network, asked = NETWORKS["softmax regression"], stripes(3, seed=5, shape=(3, 2)).images[0]
    moments = [(model_of(network, data, replace(SHORT, epochs=epochs)), 1.0) for epochs in range(1, 13)]
    estimated = sum(all_products(model, data, asked, answer) for model, _weight in moments)
    whole = loss_of(moments[-1][0], asked, answer)
    real = np.array(
        [
            loss_of(model_of(network, data.take(np.delete(np.arange(30), place)), SHORT), asked, answer)
            - whole
            for place in range(30)
        ]
    )
    # Without an image that pushed towards the answer, its loss is higher. The others then count a little
    # more, so that only what an image did beyond the mean of all is missed.
    estimated -= estimated.mean()
    assert np.corrcoef(ranks(estimated), ranks(real))[0, 1] > 0.95
    strongest = np.argsort(-np.abs(estimated))[:20]
    assert (np.sign(estimated[strongest]) == np.sign(real[strongest])).all()
    found = completed(influence(moments, data, asked, answer))
    assert (real[found.supporters[:5]] > 0).all()
    assert (real[found.opponents[:3]] < 0).all()


def test_pushes_are_in_order_and_have_their_signs() -> None:
    data = stripes(60).relabelled([4], [0])
    model = model_of(NETWORKS["a hidden layer"], data)
    found = completed(influence([(model, 0.5), (model, 0.5)], data, data.images[7], int(data.labels[7])))
    assert (found.pushes_for > 0).all()
    assert (np.diff(found.pushes_for) <= 0).all()
    assert (found.pushes_against < 0).all()
    assert (np.diff(found.pushes_against) >= 0).all()
    assert 4 in found.opponents[:3]
    once = completed(influence([(model, 1.0)], data, data.images[7], int(data.labels[7])))
    np.testing.assert_array_equal(once.supporters, found.supporters)


def test_images_of_another_shape_are_refused() -> None:
    model = model_of(NETWORKS["softmax regression"], stripes(20))
    with pytest.raises(DatasetError, match="needs images of another size"):
        completed(influence([(model, 1.0)], stripes(20), np.zeros((5, 5), np.uint8), 0))


def test_snapshots_weigh_as_much_as_the_rate_and_the_time_that_they_stand_for() -> None:
    run, split = small_run(epochs=8, learning_rate=0.01, schedule="linear", warmup=0.0), small_split(64, 10)
    snapshots = []
    for record in train(run, split):
        if isinstance(record, EpochMetrics) and record.epoch in (1.0, 3.0, 8.0):
            snapshots.append(run.model())
    weights = [weight for _model, weight in weighted(snapshots)]
    # halfway: epochs 0 to 2, 2 to 5.5, 5.5 to 8; the rate falls from 0.01 to nothing in 32 steps
    assert weights == pytest.approx([0.01 * 28 / 32 * 2, 0.01 * 20 / 32 * 3.5, 0.01 * 1 / 32 * 2.5], rel=0.05)
    assert weighted(snapshots[:1]) == [(snapshots[0], 1.0)]


def test_without_what_taught_it_a_network_is_less_sure_of_its_answer() -> None:
    data, run = stripes(90), small_run(epochs=3)
    asked, answer = stripes(3, seed=9).images[1], 1
    every = np.flatnonzero(data.labels == answer)
    configs = (run.network_config, run.training_config)
    found = completed(retrained(data, *configs, every[:25], asked))
    assert found.with_all.argmax() == answer
    assert found.without[answer] < found.with_all[answer]
    assert found.with_all.sum() == pytest.approx(1.0, abs=1e-6)
    nothing = completed(retrained(data, *configs, np.empty(0, np.intp), asked, seeds=1))
    np.testing.assert_array_equal(nothing.with_all, nothing.without)
