"""Export to ONNX: a trained model, with its preparation, as a file that other programs can run.

Notebooks and scripts call `export_onnx`. Only this module needs the package onnx; any ONNX runtime can run
the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.formulas.activations import ACTIVATIONS, LEAK
from mlcore.formulas.losses import Loss
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.convolution import Conv2d, Flatten, MaxPool2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear

try:
    from onnx import TensorProto, checker, helper, numpy_helper
except ImportError as error:
    raise ImportError(_("The export to ONNX needs the package onnx. Install it: pip install onnx")) from error

OPSET = 17  # 2022: old enough for every runtime in use
IR_VERSION = 8  # the file format of that time

INPUT, OUTPUT = "images", "probabilities"

# ONNX's name of each activation, with its attributes.
ACTIVATION_OPERATORS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": LEAK}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "softplus": ("Softplus", {}),
    "identity": ("Identity", {}),
}


def export_onnx(model: Model, file: str | PathLike[str] | BinaryIO) -> None:
    """Write a model as an ONNX file that answers as `Model.predict_probabilities` does, up to rounding.

    It takes ``images``, uint8 (n, height, width) for any n, or float32 from a model of a table, and gives
    ``probabilities``, float32 (n, classes). The names of the classes and the card are in the file's metadata.

    Parameters
    ----------
    model : Model
    file : path or binary file
    """
    graph = _Graph()
    values = _add_preparation(graph, model.preparation)
    if model.network_config.filters:
        height, width = model.preparation.pooled_shape
        values = graph.reshape(values, (-1, 1, height, width))
    for layer in model.network.layers:
        values = LAYER_EXPORTS[type(layer)](graph, values, layer)
    _add_outputs(graph, values, model.network.loss)
    proto = _model_proto(graph, model)
    checker.check_model(proto)
    data: bytes = proto.SerializeToString()
    if hasattr(file, "write"):
        file.write(data)
    else:
        with open(file, "wb") as stream:
            stream.write(data)


class _Graph:
    """The nodes and constants of a graph that is being made; every value gets a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        output = output or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, values: NDArray[Any] | float) -> str:
        """Add a constant, float32 unless it is of whole numbers, and return its name."""
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def reshape(self, values: str, shape: tuple[int, ...]) -> str:
        """Add a change of shape; -1 is the number of images."""
        return self.add("Reshape", values, self.constant(np.array(shape)))


def _add_preparation(graph: _Graph, preparation: Preparation) -> str:
    """Do what `Preparation` does: pool, select, back to levels, scale, standardise."""
    height, width = preparation.image_shape
    pixels = graph.add("Cast", INPUT, to=TensorProto.FLOAT)
    side = preparation.pooling
    if side > 1:
        rows, columns = preparation.pooled_shape
        pixels = graph.reshape(pixels, (-1, 1, height, width))
        after = np.array([0, 0, 0, 0, 0, 0, rows * side - height, columns * side - width])
        pixels = graph.add("Pad", pixels, graph.constant(after), mode="constant")
        pixels = graph.add("AveragePool", pixels, kernel_shape=[side, side], strides=[side, side])
    values = graph.add("Flatten", pixels, axis=1)
    if preparation.kept is not None:
        values = graph.add("Gather", values, graph.constant(preparation.kept), axis=1)
    if preparation.levels is None:
        values = graph.add("Mul", values, graph.constant(preparation.scale * side**2))
    else:
        levels = graph.add("Mul", values, graph.constant(preparation.levels / 255))
        values = graph.add("Mul", graph.add("Round", levels), graph.constant(preparation.scale))
    if preparation.mean is not None and preparation.deviation is not None:
        values = graph.add("Sub", values, graph.constant(preparation.mean))
        values = graph.add("Div", values, graph.constant(preparation.deviation))
    return values


def _linear(graph: _Graph, values: str, layer: Layer) -> str:
    weights, biases = (graph.constant(layer.parameters[name]) for name in ("weights", "biases"))
    return graph.add("Gemm", values, weights, biases)


def _activation(graph: _Graph, values: str, layer: Layer) -> str:
    assert isinstance(layer, Activation)
    name = next(name for name, activation in ACTIVATIONS.items() if activation is layer.activation)
    operator, attributes = ACTIVATION_OPERATORS[name]
    return graph.add(operator, values, **attributes)


def _nothing(graph: _Graph, values: str, layer: Layer) -> str:
    return values


def _convolution(graph: _Graph, values: str, layer: Layer) -> str:
    weights, biases = (graph.constant(layer.parameters[name]) for name in ("weights", "biases"))
    return graph.add("Conv", values, weights, biases)


def _max_pool(graph: _Graph, values: str, layer: Layer) -> str:
    return graph.add("MaxPool", values, kernel_shape=[2, 2], strides=[2, 2])


def _flatten(graph: _Graph, values: str, layer: Layer) -> str:
    # ONNX keeps the channels first, a row of ours has them last.
    return graph.add("Flatten", graph.add("Transpose", values, perm=[0, 2, 3, 1]), axis=1)


LAYER_EXPORTS: dict[type[Layer], Callable[[_Graph, str, Layer], str]] = {
    Linear: _linear,
    Activation: _activation,
    Dropout: _nothing,  # it acts while training only
    Conv2d: _convolution,
    MaxPool2d: _max_pool,
    Flatten: _flatten,
}


def _add_outputs(graph: _Graph, logits: str, loss: Loss) -> None:
    """Make probabilities of the logits, as `Network.probabilities` does."""
    if not loss.is_softmax:  # the logarithms of sigmoid outputs
        logits = graph.add("Neg", graph.add("Softplus", graph.add("Neg", logits)))
    graph.add("Softmax", logits, output=OUTPUT, axis=1)


def _model_proto(graph: _Graph, model: Model) -> Any:
    height, width = model.image_shape
    kind = TensorProto.FLOAT if model.preparation.floats else TensorProto.UINT8
    images = helper.make_tensor_value_info(INPUT, kind, ["n", height, width])
    probabilities = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", len(model.class_names)])
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "digit-lab", [images], [probabilities], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="Digit Lab",
    )
    about = {"class_names": json.dumps(model.class_names), "card": json.dumps(model.card)}
    helper.set_model_props(proto, about)
    return proto
