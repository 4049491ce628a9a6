"""The layers: each turns its inputs into outputs, and the gradient of its outputs into that of its inputs.

`Network` calls them in a row. A layer owns its output arrays and writes into them again at every batch; its
parameters are views into the network's one flat vector.
"""

from __future__ import annotations

import math
import re

import numpy as np

from mlcore.arrays import Array
from mlcore.formulas.activations import ActivationFunction
from mlcore.formulas.initializers import Initializer
from mlcore.language import _

Shape = tuple[int, ...]


class Layer:
    """The contract of every layer; this one passes everything on.

    Attributes
    ----------
    kind, symbol : str
        What it is, for a summary, and the letter of its outputs in a formula.
    input_shape, output_shape : tuple of int
        Of one image, without the batch.
    parameter_shapes : dict of str to tuple of int
        Its parameters by name; empty when it has none.
    """

    kind = "layer"
    symbol = "h"

    def __init__(self, input_shape: Shape, output_shape: Shape | None = None) -> None:
        self.input_shape = input_shape
        self.output_shape = input_shape if output_shape is None else output_shape
        self.parameter_shapes: dict[str, Shape] = {}
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.needs_input_gradient = True

    @property
    def values_per_image(self) -> int:
        """How many numbers `allocate` makes room for, for each image of a batch."""
        return 0

    @property
    def multiply_adds(self) -> int:
        """How many products of a weight and a value are added up for one image, on the way forward."""
        return 0

    def initialize(self, initializer: Initializer, generator: np.random.Generator) -> None:
        """Fill the parameters for the first time."""

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make the arrays for batches of up to ``batch`` images."""

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """Return the outputs (batch, *output_shape).

        Parameters
        ----------
        inputs : float array (batch, *input_shape)
        training : bool
            Whether the network learns from this batch: dropout works only then.
        generator : numpy.random.Generator, optional
            What a layer draws from while training; a layer that draws nothing needs none.
        """
        return inputs

    def backward(self, gradient: Array) -> Array:
        """Return the gradient of the inputs, given that of the outputs; set that of the parameters.

        ``gradient`` may be overwritten.
        """
        return gradient

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """Return what it computes, for inputs x, outputs y and the subscript k.

        "output" is the way forward, "input" the gradient of the inputs, and the name of each parameter that
        of the parameter.
        """
        return {"output": f"{y} = {x}", "input": f"∂{x} = ∂{y}"}


class Linear(Layer):
    """Every output is a weighted sum of all inputs: z = s (x W) + b.

    W has shape (inputs, outputs), b (outputs,). The factor s is 1, but in the first layer it carries the
    scaling of the pixels (1/255), because z is much smaller than x.
    """

    kind = "linear"
    symbol = "z"

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((inputs,), (outputs,))
        self.parameter_shapes = {"weights": (inputs, outputs), "biases": (outputs,)}
        self.input_scale = 1.0

    @property
    def values_per_image(self) -> int:
        """Outputs, the gradient of the inputs, and a one."""
        inputs, outputs = self.parameter_shapes["weights"]
        return outputs + 1 + (inputs if self.needs_input_gradient else 0)

    @property
    def multiply_adds(self) -> int:
        """Each weight once."""
        return math.prod(self.parameter_shapes["weights"])

    def initialize(self, initializer: Initializer, generator: np.random.Generator) -> None:
        """Draw W, then b."""
        inputs, outputs = self.parameter_shapes["weights"]
        self.parameters["weights"][...] = initializer.weights(generator, (inputs, outputs), inputs, outputs)
        self.parameters["biases"][...] = initializer.biases(generator, (outputs,), inputs, outputs)

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make room for z and for the gradient of x."""
        inputs, outputs = self.parameter_shapes["weights"]
        self._outputs = np.empty((batch, outputs), dtype)
        self._input_gradient = np.empty((batch, inputs), dtype) if self.needs_input_gradient else None
        self._ones = np.ones(batch, dtype)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """z = s (x W) + b"""
        self._inputs = inputs
        outputs = self._outputs[: len(inputs)]
        np.dot(inputs, self.parameters["weights"], out=outputs)
        if self.input_scale != 1.0:
            outputs *= self.input_scale
        outputs += self.parameters["biases"]
        return outputs

    def backward(self, gradient: Array) -> Array:
        """∂W = s xᵀ d;  ∂b = Σ d over the batch;  ∂x = s d Wᵀ"""
        n = len(gradient)
        # Σ d as a product with ones: the fast matrix routine beats a sum over columns
        np.dot(self._ones[:n], gradient, out=self.gradients["biases"])
        if self.input_scale != 1.0:
            gradient *= self.input_scale
        np.dot(self._inputs.T, gradient, out=self.gradients["weights"])
        if self._input_gradient is None:
            return gradient
        return np.dot(gradient, self.parameters["weights"].T, out=self._input_gradient[:n])

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """Name the factor s only where it is not 1."""
        s = "" if self.input_scale == 1 else "s "
        return {
            "output": f"{y} = {s}{x} W{k} + b{k}",
            "weights": f"∂W{k} = {s}{x}ᵀ ∂{y}",
            "biases": f"∂b{k} = ∂{y}, summed over the batch",
            "input": f"∂{x} = {s}∂{y} W{k}ᵀ",
        }


class Activation(Layer):
    """An activation function on every value, in place."""

    kind = "activation"
    symbol = "a"

    def __init__(self, shape: Shape, activation: ActivationFunction) -> None:
        super().__init__(shape)
        self.activation = activation

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """a = f(z), written over z"""
        self.activation.apply(inputs)
        self._outputs = inputs
        return inputs

    def backward(self, gradient: Array) -> Array:
        """∂z = ∂a · f'(z)"""
        self.activation.multiply_by_slope(gradient, self._outputs)
        return gradient

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """The activation's own definition and slope."""
        apply = re.sub(r"\bz\b", x, self.activation.formula)
        slope = re.sub(r"\ba\b", y, self.activation.slope)
        return {"output": f"{y} = {apply}", "input": f"∂{x} = ∂{y} · ({slope})"}


class Dropout(Layer):
    """Switches off a random fraction of the values while training (Srivastava et al., 2014).

    The others are divided by the fraction that is kept, so that nothing has to change in prediction.
    """

    kind = "dropout"
    symbol = "r"

    def __init__(self, shape: Shape, rate: float) -> None:
        super().__init__(shape)
        self.rate = rate

    @property
    def values_per_image(self) -> int:
        """The mask and the masked values."""
        return 2 * math.prod(self.input_shape)

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make room for the mask and the masked values."""
        self._mask = np.empty((batch, *self.input_shape), dtype)
        self._outputs = np.empty((batch, *self.input_shape), dtype)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """a · mask / (1 - rate) while training; a otherwise"""
        self._training = training
        if not training:
            return inputs
        if generator is None:
            raise ValueError(_("Dropout draws at random while training: pass a generator."))
        mask = self._mask[: len(inputs)]
        generator.random(dtype=mask.dtype.type, out=mask)
        np.greater_equal(mask, self.rate, out=mask)
        mask *= 1 / (1 - self.rate)
        return np.multiply(inputs, mask, out=self._outputs[: len(inputs)])

    def backward(self, gradient: Array) -> Array:
        """∂a = ∂out · mask / (1 - rate)"""
        if self._training:
            gradient *= self._mask[: len(gradient)]
        return gradient

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """The mask is 0 or 1, drawn at random in every step."""
        return {
            "output": f"{y} = {x} · mask / {1 - self.rate:g}",
            "input": f"∂{x} = ∂{y} · mask / {1 - self.rate:g}",
        }


def parameter_count(layer: Layer) -> int:
    """Return how many numbers the layer learns."""
    return sum(int(np.prod(shape)) for shape in layer.parameter_shapes.values())
