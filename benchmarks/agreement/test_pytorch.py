"""Every layer, activation, loss and optimizer computes what PyTorch does: to 1e-5, far closer in float64.

These tests are not among the others because PyTorch is large and nothing else needs it. To run them: pip
install -r requirements/torch.txt, then pytest benchmarks/agreement
"""

from typing import Any

import numpy as np
import pytest
import torch

from mlcore import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    Network,
    NetworkConfig,
    Preparation,
    Split,
    TrainingConfig,
    TrainingRun,
    train,
)
from mlcore.formulas.losses import SMOOTHING
from mlcore.network.layers import Layer
from mlcore.network.network import LAYERS
from tests.mlcore.network.test_layers import make, some_inputs
from tests.mlcore.small import CLASSES, SHAPE, small_split, stripes

torch.set_num_threads(1)
functional = torch.nn.functional

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}  # of the largest value of an array

TORCH_ACTIVATIONS = {
    "identity": lambda z: z,
    "relu": torch.relu,
    "leaky_relu": lambda z: functional.leaky_relu(z, 0.01),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
}
TORCH_OPTIMIZERS: dict[str, Any] = {
    "gradient_descent": lambda groups, rate: torch.optim.SGD(groups, rate),
    "momentum": lambda groups, rate: torch.optim.SGD(groups, rate, momentum=0.9),
    "nesterov": lambda groups, rate: torch.optim.SGD(groups, rate, momentum=0.9, nesterov=True),
    "rmsprop": lambda groups, rate: torch.optim.RMSprop(groups, rate, alpha=0.99, eps=1e-8),
    "adam": lambda groups, rate: torch.optim.Adam(groups, rate),
    "adamw": lambda groups, rate: torch.optim.AdamW(groups, rate, weight_decay=0.0),
}


def one_hot(labels: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return functional.one_hot(labels, like.shape[1]).to(like.dtype)


TORCH_LOSSES = {
    "cross_entropy": lambda z, labels: functional.cross_entropy(z, labels, reduction="sum"),
    "smoothed_cross_entropy": lambda z, labels: functional.cross_entropy(
        z, labels, reduction="sum", label_smoothing=SMOOTHING
    ),
    "sigmoid_cross_entropy": lambda z, labels: functional.binary_cross_entropy_with_logits(
        z, one_hot(labels, z), reduction="sum"
    ),
    "squared_error": lambda z, labels: 0.5 * ((torch.sigmoid(z) - one_hot(labels, z)) ** 2).sum(),
}
OUTPUTS = {
    "cross_entropy": lambda z: torch.softmax(z, dim=1),
    "smoothed_cross_entropy": lambda z: torch.softmax(z, dim=1),
    "sigmoid_cross_entropy": torch.sigmoid,
    "squared_error": torch.sigmoid,
}


def torch_linear(layer: Any, x: torch.Tensor, p: dict[str, torch.Tensor]) -> torch.Tensor:
    return layer.input_scale * x @ p["weights"] + p["biases"]


def torch_convolution(layer: Any, x: torch.Tensor, p: dict[str, torch.Tensor]) -> torch.Tensor:
    image = x.reshape(-1, *layer.input_shape).permute(0, 3, 1, 2)  # channels first, as PyTorch has them
    return functional.conv2d(image, p["weights"], p["biases"]).permute(0, 2, 3, 1)


def torch_pool(layer: Any, x: torch.Tensor, p: dict[str, torch.Tensor]) -> torch.Tensor:
    return functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def torch_activation(layer: Any, x: torch.Tensor, p: dict[str, torch.Tensor]) -> torch.Tensor:
    name = next(name for name, entry in ACTIVATIONS.items() if entry is layer.activation)
    return TORCH_ACTIVATIONS[name](x)


def torch_dropout(layer: Any, x: torch.Tensor, p: dict[str, torch.Tensor]) -> torch.Tensor:
    return x * torch.tensor(layer._mask[: len(x)]) if layer._training else x


TORCH_LAYERS: dict[str, Any] = {
    "linear": torch_linear,
    "convolution": torch_convolution,
    "max-pool": torch_pool,
    "activation": torch_activation,
    "dropout": torch_dropout,
    "flatten": lambda layer, x, p: x.reshape(len(x), -1),
}


def torch_parameters(layer: Layer) -> dict[str, torch.Tensor]:
    """Copies of a layer's parameters that PyTorch can differentiate."""
    return {
        name: torch.tensor(values.copy(), requires_grad=True) for name, values in layer.parameters.items()
    }


def close(ours: np.ndarray, theirs: torch.Tensor | float, precision: str = "float64") -> None:
    expected = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.array(theirs)
    scale = max(np.abs(expected).max(initial=0.0), 1e-30)
    np.testing.assert_allclose(np.asarray(ours) / scale, expected / scale, rtol=0, atol=TOLERANCE[precision])


class Twin:
    """A network as PyTorch computes it, with copies of the same parameters."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.parameters = [torch_parameters(layer) for layer in network.layers]

    def logits(self, images: np.ndarray) -> torch.Tensor:
        network = self.network
        x = torch.tensor(network.read(network.preparation.compact(images)).copy())
        for layer, parameters in zip(network.layers, self.parameters, strict=True):
            x = TORCH_LAYERS[layer.kind](layer, x, parameters)
        return x

    def flat(self, what: str) -> torch.Tensor:
        """All "data" or all "grad", in the order of the network's own vector."""
        return torch.cat([getattr(t, what).reshape(-1) for p in self.parameters for t in p.values()])


@pytest.mark.parametrize("kind", LAYERS)
def test_a_layer_and_its_gradients(kind: str) -> None:
    layer = make(kind)
    x = some_inputs(layer)
    d = np.random.default_rng(2).normal(0, 1, (len(x), *layer.output_shape))
    ours = layer.forward(x.copy(), training=True, generator=np.random.default_rng(7)).copy()
    input_gradient = layer.backward(d.copy()).copy()
    parameters, inputs = torch_parameters(layer), torch.tensor(x, requires_grad=True)
    theirs = TORCH_LAYERS[kind](layer, inputs, parameters)
    theirs.backward(torch.tensor(d))
    close(ours, theirs)
    close(input_gradient, inputs.grad)
    for name, values in parameters.items():
        close(layer.gradients[name], values.grad)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("precision", TOLERANCE)
def test_an_activation_and_its_slope(name: str, precision: str) -> None:
    z = np.random.default_rng(0).normal(0, 4, (50, 20)).astype(precision)
    a, d = z.copy(), np.ones_like(z)
    ACTIVATIONS[name].apply(a)
    ACTIVATIONS[name].multiply_by_slope(d, a)
    inputs = torch.tensor(z, requires_grad=True)
    theirs = TORCH_ACTIVATIONS[name](inputs)
    theirs.sum().backward()
    close(a, theirs, precision)
    close(d, inputs.grad, precision)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("precision", TOLERANCE)
def test_a_loss_with_its_outputs_and_its_gradient(name: str, precision: str) -> None:
    generator = np.random.default_rng(0)
    z, labels = generator.normal(0, 3, (50, 7)).astype(precision), generator.integers(0, 7, 50)
    p = z.copy()
    LOSSES[name].activate(p)
    logits = torch.tensor(z, requires_grad=True)
    total = TORCH_LOSSES[name](logits, torch.tensor(labels))
    total.backward()
    close(p, OUTPUTS[name](logits), precision)
    close(LOSSES[name].losses(z, labels).sum(), total, precision)
    LOSSES[name].to_gradient(p, labels)
    close(p, logits.grad, precision)


NETWORKS: list[dict[str, Any]] = [
    *({"activation": a, "loss": loss} for a in ACTIVATIONS for loss in LOSSES),
    {"hidden_sizes": ()},
    {"hidden_sizes": (30, 20, 10)},
    {"dropout": 0.3},
    {"filters": (4,), "kernel_size": 3},
    {"filters": (3,), "kernel_size": 3, "hidden_sizes": ()},
]


@pytest.mark.parametrize("config", NETWORKS, ids=str)
@pytest.mark.parametrize("precision", TOLERANCE)
def test_a_random_network_and_its_gradient(config: dict[str, Any], precision: str) -> None:
    settings = NetworkConfig(**({"hidden_sizes": (20,), "precision": precision} | config))
    network = Network(settings, Preparation(SHAPE), CLASSES, seed=3)
    data = stripes(40)
    kept = np.empty((40, CLASSES), precision)
    generator = np.random.default_rng(5) if settings.dropout else None
    network.learn_from(network.preparation.compact(data.images), data.labels, 1 / 40, generator, keep=kept)
    twin = Twin(network)
    logits = twin.logits(data.images)
    (TORCH_LOSSES[settings.loss](logits, torch.tensor(data.labels)) / 40).backward()
    close(kept, logits, precision)
    close(network.gradients, twin.flat("grad"), precision)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("precision", TOLERANCE)
def test_an_optimizer_over_a_hundred_steps(name: str, precision: str) -> None:
    generator = np.random.default_rng(0)
    ours = generator.normal(0, 1, 200).astype(precision)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    optimizer = OPTIMIZERS[name].make(200, np.dtype(precision))
    reference = TORCH_OPTIMIZERS[name]([theirs], 0.01)
    for _ in range(100):
        gradient = generator.normal(0.1, 1, 200).astype(precision)
        theirs.grad = torch.tensor(gradient)  # a copy: ours may use its gradient up
        reference.step()
        optimizer.step(ours, gradient, 0.01, np.ones(200, bool))
    close(ours, theirs, precision)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_a_run_of_fifty_steps_with_weight_decay(name: str, decay: float) -> None:
    split = small_split()
    run = TrainingRun(
        NetworkConfig(hidden_sizes=(12, 8), activation="tanh", precision="float64"),
        TrainingConfig(
            optimizer=name, learning_rate=0.01, weight_decay=decay, batch_size=None, iterations=50
        ),
    )
    run.build(split)
    twin = Twin(run.network)
    groups = [
        {"params": [p["weights"] for p in twin.parameters if p], "weight_decay": decay},
        {"params": [p["biases"] for p in twin.parameters if p], "weight_decay": 0.0},
    ]
    reference = TORCH_OPTIMIZERS[name](groups, 0.01)
    labels = torch.tensor(split.train.labels.copy())
    for _ in range(50):
        reference.zero_grad()
        functional.cross_entropy(twin.logits(split.train.images), labels).backward()
        reference.step()
    list(train(run, split))
    close(run.network.parameters, twin.flat("data"))


def test_a_run_of_twenty_steps_with_balanced_class_weights() -> None:
    whole = small_split()
    rare = np.flatnonzero((whole.train.labels == 0) | (np.arange(len(whole.train)) < 20))
    split = Split(whole.train.take(rare), whole.dev)
    config = NetworkConfig(hidden_sizes=(12,), activation="tanh", precision="float64")
    run = TrainingRun(config, TrainingConfig(class_weights="balanced", batch_size=None, iterations=20))
    run.build(split)
    twin = Twin(run.network)
    reference = torch.optim.Adam([t for p in twin.parameters for t in p.values()], 0.001)
    labels, weight = torch.tensor(split.train.labels.copy()), torch.tensor(run.class_weights)
    for _ in range(20):
        reference.zero_grad()
        functional.cross_entropy(twin.logits(split.train.images), labels, weight=weight).backward()
        reference.step()
    list(train(run, split))
    close(run.network.parameters, twin.flat("data"))


def test_two_layers_of_convolution_and_a_hidden_one_in_a_run() -> None:
    split = small_split(shape=(12, 11))
    config = NetworkConfig(hidden_sizes=(6,), filters=(3, 4), kernel_size=3, precision="float64")
    run = TrainingRun(config, TrainingConfig(batch_size=None, iterations=20))
    run.build(split)
    twin = Twin(run.network)
    reference = torch.optim.Adam([t for p in twin.parameters for t in p.values()], 0.001)
    labels = torch.tensor(split.train.labels.copy())
    for _ in range(20):
        reference.zero_grad()
        functional.cross_entropy(twin.logits(split.train.images), labels).backward()
        reference.step()
    list(train(run, split))
    close(run.network.parameters, twin.flat("data"))
