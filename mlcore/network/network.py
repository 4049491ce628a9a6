"""The network: layers in a row over one flat vector of parameters, forward to answers, back to gradients.

Training asks it for gradients, and a model for answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, zeros_on_lines
from mlcore.config import NetworkConfig
from mlcore.errors import SettingError
from mlcore.formulas.activations import ACTIVATIONS
from mlcore.formulas.initializers import INITIALIZERS
from mlcore.formulas.losses import LOSSES, Loss, softmax
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.network.convolution import Conv2d, Flatten, MaxPool2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear, parameter_count
from mlcore.settings import check_kind

MICRO_BATCH = 512
"""Images that go through the network at once, at most; the gradients of a larger batch are added up."""

FULL_MICRO_BATCH = 1024
"""For such large batches: fewer calls. With AVX2 64 took a third longer; 4,096 took two fifths longer."""

CONVOLUTION_MICRO_BATCH = 64
"""With convolutions, whose arrays are much larger: 128 images took 10 % longer, 16 30 %."""


@dataclass(frozen=True)
class LayerSummary:
    """One line about one layer: what it is, the shape of its output for one image, how much it learns."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int


class Network:
    """A feed-forward network.

    Parameters
    ----------
    config : NetworkConfig
    preparation : Preparation
        How images become inputs.
    n_classes : int
        Number of outputs.
    seed : int, numpy SeedSequence or None
        For the first weights; None draws other ones each time.
    micro_batch : int
        The largest number of rows that `forward` takes.
    initialize : bool
        False leaves all parameters at zero, for a network into which they will be loaded.

    Attributes
    ----------
    parameters, gradients : float array (n_parameters,)
        All parameters, layer by layer, and their gradient. The layers hold views into them.
    decayed : bool array (n_parameters,)
        True for weights, False for biases: what weight decay acts on.
    """

    def __init__(
        self,
        config: NetworkConfig,
        preparation: Preparation,
        n_classes: int,
        seed: int | np.random.SeedSequence | None = None,
        micro_batch: int = MICRO_BATCH,
        *,
        initialize: bool = True,
    ) -> None:
        self.config = check_kind(config, NetworkConfig)
        self.preparation = preparation
        self.n_classes = n_classes
        self.micro_batch = micro_batch
        self.dtype = np.dtype(config.precision)
        self.loss: Loss = LOSSES[config.loss]
        self.layers = build_layers(config, preparation.pooled_shape, preparation.features, n_classes)
        self._bind_parameters()
        self._fold_scale()
        self._inputs = np.empty((micro_batch, preparation.features), self.dtype)
        for layer in self.layers:
            layer.allocate(micro_batch, self.dtype)
        if initialize:
            generator = np.random.default_rng(seed)
            for layer in self.layers:
                layer.initialize(INITIALIZERS[config.initialization], generator)

    def _bind_parameters(self) -> None:
        """Lay all parameters into one vector and give each layer its views."""
        total = sum(parameter_count(layer) for layer in self.layers)
        self.decayed = np.zeros(total, np.bool_)
        self.adopt(zeros_on_lines((total,), self.dtype), zeros_on_lines((total,), self.dtype))

    def adopt(self, parameters: Array, gradients: Array) -> None:
        """Work on these two vectors from now on, with the values that are in them."""
        self.parameters, self.gradients = parameters, gradients
        start = 0
        for layer in self.layers:
            for name, shape in layer.parameter_shapes.items():
                stop = start + int(np.prod(shape))
                layer.parameters[name] = self.parameters[start:stop].reshape(shape)
                layer.gradients[name] = self.gradients[start:stop].reshape(shape)
                self.decayed[start:stop] = name == "weights"
                start = stop

    @property
    def parameter_count(self) -> int:
        """How many numbers the network learns."""
        return len(self.parameters)

    def _fold_scale(self) -> None:
        """Let the first layer multiply by the pixels' scale behind its product, where it can."""
        first, scale = self.layers[0], self.preparation.output_scale
        self._scale_is_folded = isinstance(first, Linear) and scale is not None
        if isinstance(first, Linear) and scale is not None:
            first.input_scale = scale

    def copy(self, *, micro_batch: int | None = None, precision: str | None = None) -> Network:
        """Return a network with the same parameters in arrays of its own.

        Parameters
        ----------
        micro_batch : int, optional
            The largest number of rows that its `forward` takes; the same when not given.
        precision : {"float32", "float64"}, optional
            The same when not given.
        """
        config = dataclasses.replace(self.config, precision=precision or self.config.precision)
        other = type(self)(
            config,
            self.preparation,
            self.n_classes,
            micro_batch=micro_batch or self.micro_batch,
            initialize=False,
        )
        other.parameters[...] = self.parameters
        return other

    def read(self, compact: NDArray[Any]) -> Array:
        """Return compact images (`Preparation.compact`), at most `micro_batch`, as inputs for `forward`."""
        inputs = self._inputs[: len(compact)]
        return self.preparation.finish(compact, inputs, scaled=not self._scale_is_folded)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """Return the logits (batch, classes) of inputs (batch, features), at most `micro_batch` rows.

        With ``training=True`` dropout is on, and draws from the generator. The array returned belongs to the
        network and is overwritten by the next call.
        """
        values = inputs
        for layer in self.layers:
            values = layer.forward(values, training=training, generator=generator)
        return values

    def backward(self, gradient: Array) -> None:
        """Set `gradients` from the gradient of the logits, which is overwritten."""
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)

    def learn_from(
        self,
        compact: NDArray[Any],
        labels: NDArray[np.integer],
        loss_weight: float | Array,
        generator: np.random.Generator | None = None,
        keep: Array | None = None,
    ) -> None:
        """Set `gradients` to those of the summed losses of these images, each times ``loss_weight``.

        Parameters
        ----------
        compact : array (batch, features)
            Images as `Preparation.compact` gives them, at most `micro_batch`.
        labels : int array (batch,)
        loss_weight : float or float array (batch, 1)
            What each loss is multiplied by, the same for all images or one for each: 1 / batch for the mean.
        generator : numpy.random.Generator, optional
            What dropout draws from; a network without dropout needs none.
        keep : float array (batch, classes), optional
            Receives a copy of the logits z, which outputs and gradient overwrite.
        """
        values = self.forward(self.read(compact), training=True, generator=generator)
        if keep is not None:
            keep[...] = values
        self.loss.activate(values)
        self.loss.to_gradient(values, labels)
        values *= loss_weight
        self.backward(values)

    def logits(self, compact: NDArray[Any]) -> Array:
        """Return the logits z, float (batch, classes), for compact images (batch, features).

        At most `micro_batch` images; the array is overwritten by the next call.
        """
        return self.forward(self.read(compact))

    def outputs(self, compact: NDArray[Any]) -> Array:
        """Return the loss's outputs p, float (batch, classes), for compact images (batch, features).

        At most `micro_batch` images; the array is overwritten by the next call.
        """
        outputs = self.logits(compact)
        self.loss.activate(outputs)
        return outputs

    def probabilities(self, images: NDArray[np.uint8]) -> Array:
        """Return how likely each class is, (n, classes), rows summing to one, for any number of images.

        Sigmoid outputs, which answer for each class alone, are divided by their sum. That is the softmax of
        their logarithms, log p = -log(1 + e^-z), which are there however small p is.
        """
        result = np.empty((len(images), self.n_classes), self.dtype)
        for start in range(0, len(images), self.micro_batch):
            block = self.preparation.compact(images[start : start + self.micro_batch])
            logits = self.logits(block)
            if not self.loss.is_softmax:
                np.negative(np.logaddexp(0, -logits), out=logits)
            softmax(logits)
            result[start : start + self.micro_batch] = logits
        return result

    def penalty(self, weight_decay: float) -> float:
        """Return λ/2 Σ w² over the weights: what L2 adds to the cost."""
        if weight_decay == 0:
            return 0.0
        weights = [
            layer.parameters["weights"].ravel() for layer in self.layers if "weights" in layer.parameters
        ]
        squares = sum(float(np.dot(w, w)) for w in (w.astype(np.float64, copy=False) for w in weights))
        return 0.5 * weight_decay * squares

    def add_penalty_gradient(self, weight_decay: float) -> None:
        """Add λ w, the gradient of λ/2 Σ w², for every weight (not the biases)."""
        for layer in self.layers:
            if "weights" in layer.parameters:
                layer.gradients["weights"] += weight_decay * layer.parameters["weights"]

    def layer_summaries(self) -> list[LayerSummary]:
        """Return one line for the input and for each layer."""
        return _summarize(self.layers)


LAYERS: dict[str, type[Layer]] = {
    layer.kind: layer for layer in (Linear, Activation, Dropout, Conv2d, MaxPool2d, Flatten)
}


def build_layers(
    config: NetworkConfig, image_shape: tuple[int, int], features: int, n_classes: int
) -> list[Layer]:
    """Return the layers of a config, without room for a batch yet.

    Raises
    ------
    SettingError
        When the images are too small for the convolutions.
    """
    layers = _convolutional_layers(config, image_shape) if config.filters else []
    inputs = layers[-1].output_shape[0] if layers else features
    for size in config.hidden_sizes:
        layers += [Linear(inputs, size), Activation((size,), ACTIVATIONS[config.activation])]
        if config.dropout:
            layers.append(Dropout((size,), config.dropout))
        inputs = size
    layers.append(Linear(inputs, n_classes))
    layers[0].needs_input_gradient = False
    return layers


def _convolutional_layers(config: NetworkConfig, image_shape: tuple[int, int]) -> list[Layer]:
    """Return convolution, maximum and activation for each number of filters, and the row at their end.

    The activation comes after the maximum: as it never falls, the result is the same for a quarter of the
    work.
    """
    layers: list[Layer] = []
    shape: tuple[int, ...] = (*image_shape, 1)
    for filters in config.filters:
        if min(shape[:2]) < config.kernel_size + 1:
            raise SettingError(_too_small(config, image_shape, shape))
        layers.append(Conv2d(shape, filters, config.kernel_size))
        layers.append(MaxPool2d(layers[-1].output_shape))
        shape = layers[-1].output_shape
        layers.append(Activation(shape, ACTIVATIONS[config.activation]))
    return [*layers, Flatten(shape)]


def _too_small(config: NetworkConfig, image_shape: tuple[int, int], left: tuple[int, ...]) -> str:
    message = _(
        "Images of {height}×{width} pixels are too small for {n} convolutions with kernels of "
        "{k}×{k}: one of them would get {rows}×{columns}. Use fewer convolutions, a smaller "
        "kernel size, or larger images."
    )
    return message.format(
        height=image_shape[0],
        width=image_shape[1],
        n=len(config.filters),
        k=config.kernel_size,
        rows=left[0],
        columns=left[1],
    )


def _summarize(layers: list[Layer]) -> list[LayerSummary]:
    """Return one line for the input and for each layer, named by kind and place."""
    summaries = [LayerSummary("input", "input", layers[0].input_shape, 0)]
    counts: dict[str, int] = {}
    for layer in layers:
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        name = f"{layer.kind} {counts[layer.kind]}"
        summaries.append(LayerSummary(name, layer.kind, layer.output_shape, parameter_count(layer)))
    return summaries


def network_summary(
    config: NetworkConfig, image_shape: tuple[int, int], n_classes: int, features: int | None = None
) -> list[LayerSummary]:
    """Return what `Network.layer_summaries` would say, without making the network.

    ``features`` is needed only when rare pixels are dropped, which depends on the data.

    Raises
    ------
    SettingError
        When the images are too small for the convolutions.

    Examples
    --------
    >>> [s.parameters for s in network_summary(NetworkConfig(hidden_sizes=(10,)), (28, 28), 10)]
    [0, 7850, 0, 110]
    """
    plain = Preparation(image_shape, config.pooling)
    features = plain.features if features is None else features
    return _summarize(build_layers(config, plain.pooled_shape, features, n_classes))


def layer_table(summaries: Sequence[LayerSummary]) -> str:
    """Return the summaries of all layers as a table of plain text.

    >>> print(layer_table(network_summary(NetworkConfig(hidden_sizes=(10,)), (28, 28), 10)))
    layer         outputs  parameters
    input             784           0
    linear 1           10       7,850
    activation 1       10           0
    linear 2           10         110
    total                       7,960
    """
    rows = [("layer", "outputs", "parameters")]
    for summary in summaries:
        shape = "×".join(map(str, summary.output_shape))
        rows.append((summary.name, shape, f"{summary.parameters:,}"))
    rows.append(("total", "", f"{sum(summary.parameters for summary in summaries):,}"))
    first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(f"{name:<{first}}  {shape:>{second}}  {count:>{third}}" for name, shape, count in rows)
