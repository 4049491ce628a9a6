"""Who taught it that? The training images that pushed a network towards an answer, and those against it.

The Evaluate page has a worker run the study over the snapshots of a run; a notebook calls `completed`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Float32Array, Float64Array, IndexArray
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.network import Network
from mlcore.study.progress import Study, between, spans, trained
from mlcore.training.rates import RatePlan

MOST = 24
"""Images that are named of each kind."""

BLOCK = 256


@dataclass(frozen=True)
class Influence:
    """What pushed a network most, for an answer and against it.

    Attributes
    ----------
    supporters, opponents : int arrays (up to 24,)
        Positions of the training images that pushed most towards the answer, and away from it.
    pushes_for, pushes_against : float32 arrays
        By how much: the first above zero, the second below, in units of the loss.
    """

    supporters: IndexArray
    pushes_for: Float32Array
    opponents: IndexArray
    pushes_against: Float32Array


def weighted(snapshots: Sequence[Model]) -> list[tuple[Model, float]]:
    """Weigh snapshots of one training: by the learning rate then, times the epochs that each stands for.

    One model alone, or models that do not say when they were taken, have the weight 1.

    Parameters
    ----------
    snapshots : sequence of Model
        In their order, with the cards that `TrainingRun.model` writes.
    """
    epochs = [epoch for model in snapshots if isinstance(epoch := model.card.get("epoch"), float)]
    if len(snapshots) < 2 or len(epochs) < len(snapshots):
        return [(model, 1.0) for model in snapshots]
    times = zip(snapshots, spans(epochs).tolist(), strict=True)
    return [(model, _rate(model) * span) for model, span in times]


def _rate(model: Model) -> float:
    """Return the learning rate at which a snapshot was taken, as its schedule has it."""
    config, card = model.training_config, model.card
    total = config.total_steps(int(card.get("train_size") or 1))
    return RatePlan(config.learning_rate).rate(config, int(card.get("step") or 0), total)


def influence(
    moments: Sequence[tuple[Model, float]], train: Dataset, image: NDArray[np.uint8], answer: int
) -> Study[Influence]:
    """Find the training images that taught a network an answer.

    A step on a training image changes the loss of the answer by about -η g·g', with g and g' the gradients
    of both losses. TracIn adds that up over the snapshots of a training (Pruthi et al., 2020). Here g and g'
    are the gradients for the last layer, for which the product is known without computing either:
    g·g' = (h·h' + 1) (δ·δ'), with h what the last layer gets and δ the gradient of the loss with respect to
    the logits.

    Parameters
    ----------
    moments : sequence of (Model, float)
        Snapshots of one training, each with its weight (see `weighted`).
    train : Dataset
        What the network learned from.
    image : uint8 array (height, width)
        The image that is asked about.
    answer : int
        The class: what the network answered, or any other.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    Influence

    Raises
    ------
    DatasetError
        When the images are not those that the network takes.

    Examples
    --------
    >>> from mlcore import completed, fit, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> model = fit(split, progress=False)
    >>> asked = split.dev.images[0], int(split.dev.labels[0])
    >>> found = completed(influence([(model, 1.0)], split.train, *asked))
    >>> bool((split.train.labels[found.supporters] == asked[1]).all())
    True
    """
    scores: Float32Array = np.zeros(len(train), np.float32)
    n = len(moments)
    for number, (model, weight) in enumerate(moments):
        products = _products(model, train, image, answer)
        scores += weight * (yield from between(number / n, (number + 1) / n, products))
    order = np.argsort(-scores, kind="stable")
    supporters = order[:MOST][scores[order[:MOST]] > 0]
    opponents = order[::-1][:MOST][scores[order[::-1][:MOST]] < 0]
    return Influence(supporters, scores[supporters], opponents, scores[opponents])


@dataclass(frozen=True)
class Retrained:
    """What a network answers to an image after trainings with all training images and without some.

    Attributes
    ----------
    with_all, without : float64 arrays (classes,)
        The mean probabilities of the networks of each kind.
    """

    with_all: Float64Array
    without: Float64Array


def retrained(
    train: Dataset,
    network: NetworkConfig,
    training: TrainingConfig,
    left_out: IndexArray,
    image: NDArray[np.uint8],
    seeds: int = 2,
) -> Study[Retrained]:
    """Train again without some images, and with all of them, and ask both about one image.

    Parameters
    ----------
    train : Dataset
    network, training
        Of all networks; early stopping is off.
    left_out : int array
        Positions in ``train``.
    image : uint8 array (height, width)
        The image that is asked about.
    seeds : int
        Networks of each kind, each pair with the same first weights.

    Yields
    ------
    float
        The fraction done.

    Returns
    -------
    Retrained

    Raises
    ------
    TrainingDiverged
        When the numbers become too large to hold.
    """
    rest = train.take(np.setdiff1d(np.arange(len(train)), left_out))
    answers: list[Float64Array] = []
    for number in range(2 * seeds):
        images, config = (train, rest)[number % 2], replace(training, seed=training.seed + number // 2)
        part = trained(images, network, config)
        model = yield from between(number / (2 * seeds), (number + 1) / (2 * seeds), part)
        answers.append(model.predict_probabilities(image[None])[0].astype(np.float64))
    return Retrained(np.mean(answers[::2], axis=0), np.mean(answers[1::2], axis=0))


def _products(model: Model, train: Dataset, image: NDArray[np.uint8], answer: int) -> Study[Float32Array]:
    """Return g·g' of each training image at one moment, float32 (n,)."""
    if not train.image_shape == image.shape == model.image_shape:
        raise DatasetError(
            _("The network needs images of another size than these. Choose another model or data set.")
        )
    network = model.network.copy(micro_batch=BLOCK)
    hidden, delta = _last_layer(network, image[None], np.array([answer]))
    hidden, delta = hidden[0].copy(), delta[0].copy()
    products = np.empty(len(train), np.float32)
    for part, images in train.blocks(BLOCK):
        others, deltas = _last_layer(network, images, train.labels[part])
        products[part] = (others @ hidden + 1) * (deltas @ delta)
        yield part.stop / len(train)
    return products


def _last_layer(
    network: Network, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Return what the last layer gets, (n, inputs), and ∂loss/∂z, (n, classes); both are overwritten."""
    values = network.read(network.preparation.compact(images))
    *before, last = network.layers
    for layer in before:
        values = layer.forward(values)
    scale = getattr(last, "input_scale", 1.0)
    logits = last.forward(values)
    network.loss.activate(logits)
    network.loss.to_gradient(logits, labels)
    return (values if scale == 1.0 else values * scale), logits
