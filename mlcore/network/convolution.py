"""Convolution, max-pooling and flattening: the layers that see an image as an image, not as a row of pixels.

`Network` puts them before its linear layers when a config asks for filters.

To the outside every array is (batch, height, width, channels). In memory the order is height, channels,
width, batch: then the windows of a whole row of outputs are one block that a matrix product reads in place,
and every other step runs along neighbouring numbers. `_planes` changes the view without a copy.
"""

from __future__ import annotations

import math

import numpy as np

from mlcore.arrays import Array
from mlcore.formulas.initializers import Initializer
from mlcore.network.layers import Layer, Shape

BATCH_FIRST = (3, 0, 2, 1)  # from (height, channels, width, batch) to (batch, height, width, channels)
BATCH_LAST = (1, 3, 2, 0)  # and back


def _planes(values: Array) -> Array:
    """Return values (batch, height, width, channels) seen as (height, channels, width, batch)."""
    return values.transpose(BATCH_LAST)


def _room(flat: Array, *shape: int) -> Array:
    """Return the head of a flat buffer as an array of this shape, its numbers one after the other."""
    size = 1
    for side in shape:
        size *= side
    return flat[:size].reshape(shape)


class Conv2d(Layer):
    """Every output is a weighted sum of a k×k window of the image, with the same weights everywhere.

    z[y, x, f] = Σ_cij W[f, c, i, j] · a[y + i, x + j, c] + b[f] (LeCun et al., 1998). The window stays inside
    the image ("valid"), so that k - 1 rows and columns are lost.

    W has shape (filters, channels, k, k), b (filters,). How it is computed: the image is written k times side
    by side, each time moved by one column; then the windows of one row of outputs are k rows of that, which
    lie one after the other, and all outputs of that row are one matrix product with W.
    """

    kind = "convolution"
    symbol = "z"

    def __init__(self, input_shape: Shape, filters: int, kernel_size: int) -> None:
        height, width, channels = input_shape
        output_shape = (height - kernel_size + 1, width - kernel_size + 1, filters)
        super().__init__(input_shape, output_shape)
        self.kernel_size = kernel_size
        self.parameter_shapes = {
            "weights": (filters, channels, kernel_size, kernel_size),
            "biases": (filters,),
        }

    @property
    def values_per_image(self) -> int:
        """The image, k times moved, and z; the gradients of the first two; ones."""
        height, width, channels = self.input_shape
        columns = self.output_shape[1]
        inputs = height * channels * (width + self.kernel_size * columns)
        return math.prod(self.output_shape) + columns + inputs * (2 if self.needs_input_gradient else 1)

    @property
    def multiply_adds(self) -> int:
        """Each weight at each place of the window."""
        rows, columns, _filters = self.output_shape
        return rows * columns * math.prod(self.parameter_shapes["weights"])

    def initialize(self, initializer: Initializer, generator: np.random.Generator) -> None:
        """Draw W, then b; one output sees channels · k² inputs, one input is seen by filters · k² outputs."""
        filters, channels, k, _ = self.parameter_shapes["weights"]
        fans = channels * k * k, filters * k * k
        self.parameters["weights"][...] = initializer.weights(generator, (filters, channels, k, k), *fans)
        self.parameters["biases"][...] = initializer.biases(generator, (filters,), *fans)

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make room for the image in its order in memory, k times moved, for z, and for the gradients."""
        height, width, channels = self.input_shape
        rows, columns, filters = self.output_shape
        k = self.kernel_size
        self._image = np.empty(height * channels * width * batch, dtype)
        self._moved = np.empty(height * channels * k * columns * batch, dtype)
        self._outputs = np.empty(rows * filters * columns * batch, dtype)
        self._matrix = np.empty((filters, k, channels, k), dtype)
        self._weight_gradients = np.empty((rows, k * channels * k, filters), dtype)
        self._ones = np.ones(columns * batch, dtype)
        if self.needs_input_gradient:
            self._flipped = np.empty((channels, k, k, filters), dtype)
            self._moved_gradient = np.empty_like(self._moved)
            self._image_gradient = np.empty_like(self._image)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """z = a ⋆ W + b, one row of outputs at a time"""
        height, width, channels = self.input_shape
        rows, columns, filters = self.output_shape
        n, k = len(inputs), self.kernel_size
        image = _planes(inputs.reshape(n, height, width, channels))
        if not image.flags.c_contiguous:  # the pixels, which come batch first
            image = _room(self._image, height, channels, width, n)
            np.copyto(image, _planes(inputs.reshape(n, height, width, channels)))
        moved = _room(self._moved, height, channels, k, columns, n)
        for j in range(k):
            moved[:, :, j] = image[:, :, j : j + columns]
        self._windows = self._windows_of(moved)
        # W in the order in which a window lies in memory: rows, channels, columns
        np.copyto(self._matrix, self.parameters["weights"].transpose(0, 2, 1, 3))
        outputs = _room(self._outputs, rows, filters, columns * n)
        np.matmul(self._matrix.reshape(filters, -1), self._windows, out=outputs)
        outputs += self.parameters["biases"][:, None]
        return outputs.reshape(rows, filters, columns, n).transpose(BATCH_FIRST)

    def _windows_of(self, moved: Array) -> Array:
        """Return, for each row of outputs, its window (k · channels · k, columns · batch); they overlap."""
        rows, k = self.output_shape[0], self.kernel_size
        _, channels, _, columns, n = moved.shape
        size = moved.itemsize
        row = channels * k * columns * n * size
        return np.ndarray(
            (rows, k * channels * k, columns * n), moved.dtype, moved, 0, (row, columns * n * size, size)
        )

    def backward(self, gradient: Array) -> Array:
        """∂W = Σ d times window, over rows and batch;  ∂b = Σ d;  ∂a = Σ d Wᵀ over the windows it is in"""
        rows, _, filters = self.output_shape
        k, channels = self.kernel_size, self.input_shape[2]
        d = np.ascontiguousarray(_planes(gradient)).reshape(rows, filters, -1)
        np.matmul(self._windows, d.transpose(0, 2, 1), out=self._weight_gradients)
        weights = self._weight_gradients.sum(axis=0).reshape(k, channels, k, filters)
        self.gradients["weights"][...] = weights.transpose(3, 1, 0, 2)
        self.gradients["biases"][...] = (d @ self._ones[: d.shape[2]]).sum(axis=0)
        return self._input_gradient(d) if self.needs_input_gradient else gradient

    def _input_gradient(self, d: Array) -> Array:
        """Undo the forward pass: give each moved row its share of all outputs that saw it, add up the moves.

        Row y was row i of the windows of output row y - i: the products with all of them are one.
        """
        height, width, channels = self.input_shape
        rows, columns, filters = self.output_shape
        k, n = self.kernel_size, d.shape[2] // columns
        moved = _room(self._moved_gradient, height, channels * k, columns * n)
        # W as (channels, columns) × (rows from last to first, filters)
        np.copyto(self._flipped, self.parameters["weights"][:, :, ::-1].transpose(1, 3, 2, 0))
        matrix = self._flipped.reshape(channels * k, k * filters)
        for y in range(height):
            first, last = max(0, y - k + 1), min(rows, y + 1)
            seen = slice((first - y + k - 1) * filters, (last - y + k - 1) * filters)
            np.matmul(matrix[:, seen], d[first:last].reshape(-1, columns * n), out=moved[y])
        image = _room(self._image_gradient, height, channels, width, n)
        image[...] = 0
        for j in range(k):
            image[:, :, j : j + columns] += moved.reshape(height, channels, k, columns, n)[:, :, j]
        return image.transpose(BATCH_FIRST)

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """⋆ slides the windows of W over the image; * spreads a gradient back over the windows."""
        return {
            "output": f"{y} = {x} ⋆ W{k} + b{k}",
            "weights": f"∂W{k} = {x} ⋆ ∂{y}, summed over the batch",
            "biases": f"∂b{k} = ∂{y}, summed over rows, columns and the batch",
            "input": f"∂{x} = ∂{y} * W{k}",
        }


class MaxPool2d(Layer):
    """The largest of each square of 2×2 values; a last row or column without a partner is left out.

    The gradient goes to the largest value alone; of equals, to the left one, and there to the upper one. Rows
    are compared before columns: the two of a pair lie in memory as whole blocks.
    """

    kind = "max-pool"
    symbol = "m"

    def __init__(self, input_shape: Shape) -> None:
        height, width, channels = input_shape
        super().__init__(input_shape, (height // 2, width // 2, channels))

    @property
    def values_per_image(self) -> int:
        """Winners of pairs of rows and of columns, who won, and the gradients."""
        return 8 * math.prod(self.output_shape) + math.prod(self.input_shape)

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make room for the winners of each pair of rows and each pair of columns, and for the gradients."""
        height, width, channels = self.input_shape
        rows, columns, _ = self.output_shape
        self._of_rows = np.empty(rows * channels * 2 * columns * batch, dtype)
        self._lower_won = np.empty_like(self._of_rows)
        self._outputs = np.empty(rows * channels * columns * batch, dtype)
        self._right_won = np.empty_like(self._outputs)
        self._gradient = np.empty_like(self._of_rows)
        self._input_gradient = np.zeros(height * channels * width * batch, dtype)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """m = max(max(upper left, lower left), max(upper right, lower right))"""
        rows, columns, channels = self.output_shape
        n = len(inputs)
        values = _planes(inputs)[:, :, : 2 * columns]
        upper, lower = values[: 2 * rows : 2], values[1 : 2 * rows : 2]
        pairs = _room(self._of_rows, rows, channels, 2 * columns, n)
        np.maximum(upper, lower, out=pairs)
        np.greater(lower, upper, out=_room(self._lower_won, *pairs.shape))
        left, right = pairs[:, :, ::2], pairs[:, :, 1::2]
        outputs = _room(self._outputs, rows, channels, columns, n)
        np.maximum(left, right, out=outputs)
        np.greater(right, left, out=_room(self._right_won, *outputs.shape))
        return outputs.transpose(BATCH_FIRST)

    def backward(self, gradient: Array) -> Array:
        """∂a = ∂m where a was the largest, 0 elsewhere"""
        height, width, channels = self.input_shape
        rows, columns, _ = self.output_shape
        n = len(gradient)
        d = _planes(gradient)
        pairs = _room(self._gradient, rows, channels, 2 * columns, n)
        left, right = pairs[:, :, ::2], pairs[:, :, 1::2]
        np.multiply(d, _room(self._right_won, *d.shape), out=right)
        np.subtract(d, right, out=left)
        result = _room(self._input_gradient, height, channels, width, n)
        upper, lower = (result[side : 2 * rows : 2, :, : 2 * columns] for side in (0, 1))
        np.multiply(pairs, _room(self._lower_won, *pairs.shape), out=lower)
        np.subtract(pairs, lower, out=upper)
        result[2 * rows :] = 0
        result[:, :, 2 * columns :] = 0
        return result.transpose(BATCH_FIRST)

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """Largest value, and where it was."""
        return {
            "output": f"{y} = max {x} over squares of 2×2",
            "input": f"∂{x} = ∂{y} where {x} was the largest of its square, else 0",
        }


class Flatten(Layer):
    """Writes the values of an image in one row: rows, then columns, then channels."""

    kind = "flatten"
    symbol = "v"

    def __init__(self, input_shape: Shape) -> None:
        height, width, channels = input_shape
        super().__init__(input_shape, (height * width * channels,))

    @property
    def values_per_image(self) -> int:
        """The row, and its gradient."""
        return 2 * self.output_shape[0]

    def allocate(self, batch: int, dtype: np.dtype[np.floating]) -> None:
        """Make room for the rows, and for the gradient in the order of an image."""
        self._outputs = np.empty((batch, *self.output_shape), dtype)
        self._gradient = np.empty(batch * self.output_shape[0], dtype)

    def forward(
        self, inputs: Array, *, training: bool = False, generator: np.random.Generator | None = None
    ) -> Array:
        """v = a, in a row"""
        outputs = self._outputs[: len(inputs)]
        np.copyto(outputs.reshape(inputs.shape), inputs)
        return outputs

    def backward(self, gradient: Array) -> Array:
        """∂a = ∂v, as an image"""
        height, width, channels = self.input_shape
        n = len(gradient)
        result = _room(self._gradient, height, channels, width, n).transpose(BATCH_FIRST)
        np.copyto(result, gradient.reshape(n, *self.input_shape))
        return result

    def formulas(self, x: str, y: str, k: str) -> dict[str, str]:
        """Nothing is computed."""
        return {"output": f"{y} = {x}, in a row", "input": f"∂{x} = ∂{y}, as an image"}
