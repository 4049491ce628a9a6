"""The network as a whole: gradients through all layers, batches in parts, copies of their own."""

import numpy as np
import pytest

from mlcore import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    RECIPES,
    Network,
    NetworkConfig,
    Preparation,
    check_gradients,
    fit_preparation,
    network_summary,
)
from mlcore.arrays import CACHE_LINE
from mlcore.training.batches import BatchLearner, open_images
from tests.mlcore.small import CLASSES, SHAPE, relative_error, slopes, small_network, stripes

DATA = stripes(12)
ONE_OF_EACH = [{"activation": name} for name in ACTIVATIONS]
ONE_OF_EACH += [{"loss": name} for name in LOSSES]
ONE_OF_EACH += [{"initialization": name} for name in INITIALIZERS if name != "zeros"]
ONE_OF_EACH += [{"hidden_sizes": ()}, {"hidden_sizes": (4, 3, 5)}, {"dropout": 0.5}]
ONE_OF_EACH += [{"filters": (3,), "kernel_size": 3}, {"filters": (2,), "kernel_size": 3, "hidden_sizes": ()}]


def mean_gradient(network: Network, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    network.learn_from(network.preparation.compact(images), labels, 1 / len(labels))
    return network.gradients.copy()


@pytest.mark.parametrize("config", ONE_OF_EACH, ids=str)
def test_the_gradient_of_the_mean_cost_is_its_slope(config: dict) -> None:
    network = small_network(**config)
    network.parameters += np.random.default_rng(9).normal(0, 0.1, network.parameter_count)  # off every kink
    compact = network.preparation.compact(DATA.images)

    def cost() -> float:
        z = network.forward(network.read(compact), training=True, generator=np.random.default_rng(1))
        return float(network.loss.losses(z, DATA.labels).mean())

    network.learn_from(compact, DATA.labels, 1 / len(DATA), np.random.default_rng(1))
    assert relative_error(network.gradients.copy(), slopes(cost, network.parameters)) < 1e-6


@pytest.mark.parametrize("name", RECIPES)
def test_the_network_of_every_recipe_has_the_right_gradient(name: str) -> None:
    data = stripes(4, shape=(28, 28), classes=10)
    config = RECIPES[name].network
    preparation = fit_preparation(
        data.images,
        pooling=config.pooling,
        scaling=config.scaling,
        standardize=config.standardize,
        drop_rare_pixels=config.drop_rare_pixels,
    )
    network = Network(config, preparation, 10, seed=0)
    check = check_gradients(network, data.images, data.labels, per_array=12)
    assert check.agrees, f"\n{check}"


@pytest.mark.parametrize("config", [{}, {"hidden_sizes": ()}, {"loss": "squared_error"}], ids=str)
def test_a_batch_in_micro_batches_has_the_gradient_of_the_whole(config: dict) -> None:
    whole, parts = small_network(micro_batch=12, **config), small_network(micro_batch=5, **config)
    n, positions, outputs = len(DATA), np.arange(len(DATA)), np.empty((len(DATA), CLASSES))
    whole.learn_from(whole.preparation.compact(DATA.images), DATA.labels, 1 / n)
    learner = BatchLearner(parts, open_images(DATA, parts.preparation), DATA.labels)
    breaks = sum(1 for _break in learner.set_gradients(positions, 1 / n, None, outputs))
    assert breaks == -(-n // 5) - 1
    np.testing.assert_allclose(parts.gradients, whole.gradients, rtol=1e-10, atol=1e-15)


def test_learning_keeps_the_logits_that_the_gradient_overwrites() -> None:
    network = small_network()
    compact = network.preparation.compact(DATA.images)
    kept = np.empty((len(DATA), CLASSES))
    network.learn_from(compact, DATA.labels, 1.0, keep=kept)
    np.testing.assert_array_equal(kept, network.logits(compact))


@pytest.mark.parametrize("loss", ["sigmoid_cross_entropy", "squared_error"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_sigmoid_outputs_are_shared_out_however_small_they_are(loss: str, precision: str) -> None:
    network = small_network(hidden_sizes=(), loss=loss, precision=precision)
    layer = network.layers[0]
    layer.parameters["weights"][...] = 0
    for shift in (0.0, -50.0, -5000.0):
        layer.parameters["biases"][...] = shift + np.log([1.0, 2.0, 5.0])
        (p,) = network.probabilities(DATA.images[:1])
        sigmoids = 1 / (1 + np.exp(-np.log([1.0, 2.0, 5.0])))
        expected = sigmoids / sigmoids.sum() if shift == 0 else [1 / 8, 2 / 8, 5 / 8]
        np.testing.assert_allclose(p, expected, rtol=1e-3 if shift < -100 else 1e-5)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("hidden", [(), (6,)])
def test_scaling_behind_the_first_product_is_the_same_as_scaling_pixels(
    standardize: bool, hidden: tuple[int, ...]
) -> None:
    preparation = fit_preparation(DATA.images, standardize=standardize)
    folded = Network(NetworkConfig(hidden_sizes=hidden, precision="float64"), preparation, CLASSES, 0)
    plain = folded.copy()
    plain.layers[0].input_scale = 1.0
    plain._scale_is_folded = False
    np.testing.assert_allclose(
        folded.probabilities(DATA.images), plain.probabilities(DATA.images), rtol=1e-12
    )
    np.testing.assert_allclose(
        mean_gradient(folded, DATA.images, DATA.labels),
        mean_gradient(plain, DATA.images, DATA.labels),
        rtol=1e-10,
        atol=1e-15,
    )


def test_softmax_regression_by_hand() -> None:
    # Two pixels, two classes, W = [[1, 0], [0, 2]], b = (0, -1); pixels 255 and 0 are x = (1, 0).
    network = Network(NetworkConfig(hidden_sizes=(), precision="float64"), Preparation((1, 2)), 2)
    network.parameters[...] = [1, 0, 0, 2, 0, -1]
    image = np.array([[[255, 0]]], np.uint8)
    # z = (1, -1); p = e^1 / (e^1 + e^-1) = 0.880797
    p = 0.8807970779778823
    np.testing.assert_allclose(network.probabilities(image), [[p, 1 - p]])
    # true class 1: ∂z = (p, -p); ∂W = xᵀ ∂z, ∂b = ∂z
    np.testing.assert_allclose(mean_gradient(network, image, np.array([1])), [p, -p, 0, 0, p, -p])


def test_what_is_as_long_as_all_parameters_begins_on_a_line_of_the_cache() -> None:
    network = small_network(hidden_sizes=(3,))
    optimizer = OPTIMIZERS["adam"].make(network.parameter_count, network.dtype)
    for vector in (network.parameters, network.gradients, *optimizer.moments):
        assert vector.ctypes.data % CACHE_LINE == 0
        assert len(vector) == network.parameter_count


def test_parameters_lie_layer_by_layer_in_one_vector() -> None:
    network = small_network(hidden_sizes=(4,))
    inputs = SHAPE[0] * SHAPE[1]
    assert network.parameter_count == inputs * 4 + 4 + 4 * CLASSES + CLASSES
    network.parameters[...] = np.arange(network.parameter_count)
    first, last = network.layers[0], network.layers[-1]
    assert first.parameters["weights"][0].tolist() == [0, 1, 2, 3]
    assert last.parameters["biases"][-1] == network.parameter_count - 1
    assert network.decayed.sum() == inputs * 4 + 4 * CLASSES


def test_weight_decay_adds_half_lambda_times_the_squares_of_the_weights_alone() -> None:
    network = small_network(hidden_sizes=())
    network.parameters[...] = 2.0
    weights = SHAPE[0] * SHAPE[1] * CLASSES
    assert network.penalty(0.1) == pytest.approx(0.1 / 2 * weights * 4)
    assert network.penalty(0.0) == 0
    network.gradients[...] = 0
    network.add_penalty_gradient(0.1)
    np.testing.assert_allclose(network.gradients, np.where(network.decayed, 0.2, 0.0))


def test_a_copy_answers_the_same_and_shares_nothing() -> None:
    network = small_network(precision="float32")
    other = network.copy(micro_batch=3)
    np.testing.assert_allclose(
        network.probabilities(DATA.images), other.probabilities(DATA.images), rtol=1e-5
    )
    assert not np.shares_memory(network.parameters, other.parameters)
    other.layers[0].parameters["weights"][...] = 0
    assert network.parameters.any()
    double = network.copy(precision="float64")
    assert double.parameters.dtype == np.float64
    np.testing.assert_array_equal(double.parameters, network.parameters)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_probabilities_sum_to_one_whatever_the_weights(loss: str, precision: str) -> None:
    for bias in (-1000.0, -50.0, 0.0, 50.0, 1000.0):
        network = small_network(loss=loss, precision=precision)
        network.layers[-1].parameters["biases"][...] = bias
        p = network.probabilities(DATA.images)
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        assert (p >= 0).all()


def test_any_number_of_images_is_answered() -> None:
    network = small_network(micro_batch=5)
    p = network.probabilities(DATA.images)
    np.testing.assert_allclose(network.probabilities(DATA.images[:3]), p[:3], rtol=1e-12)
    assert network.probabilities(DATA.images[:0]).shape == (0, CLASSES)


def test_neurons_that_start_at_zero_stay_the_same_as_one_another() -> None:
    # Why nobody starts with zeros: with tanh(0) = 0 no weight learns anything, only the last biases do.
    network = small_network(initialization="zeros", activation="tanh")
    gradient = mean_gradient(network, DATA.images, DATA.labels[: len(DATA)])
    biases = network.layers[-1].gradients["biases"]
    assert np.count_nonzero(gradient) == np.count_nonzero(biases)


@pytest.mark.parametrize("config", [*ONE_OF_EACH, {"pooling": 2}], ids=str)
def test_the_summary_knows_the_layers_without_making_them(config: dict) -> None:
    settings = NetworkConfig(**{"hidden_sizes": (7, 5)} | config)
    preparation = Preparation(SHAPE, settings.pooling)
    network = Network(settings, preparation, CLASSES)
    summaries = network_summary(settings, SHAPE, CLASSES)
    assert summaries == network.layer_summaries()
    assert sum(line.parameters for line in summaries) == network.parameter_count
    assert [line.output_shape for line in summaries[1:]] == [layer.output_shape for layer in network.layers]
    assert len({line.name for line in summaries}) == len(summaries)


def test_the_first_weights_depend_on_the_seed_alone() -> None:
    same, other = small_network(seed=1), small_network(seed=2)
    np.testing.assert_array_equal(small_network(seed=1).parameters, same.parameters)
    assert (same.parameters != other.parameters).any()


def test_without_a_seed_the_first_weights_are_other_ones_each_time() -> None:
    config, preparation = NetworkConfig(hidden_sizes=(7,)), Preparation(SHAPE)
    first, second = (Network(config, preparation, CLASSES) for _ in range(2))
    assert (first.parameters != second.parameters).any()
    assert first.parameters.any()


def test_a_network_that_waits_for_its_weights_has_none() -> None:
    blank = Network(NetworkConfig(hidden_sizes=(7,)), Preparation(SHAPE), CLASSES, initialize=False)
    assert not blank.parameters.any()
