"""A trained model as C code: a header with weights in 8 bits, and a small program that answers images.

Notebooks call `write_c_files`; the Train page offers both files. They need a C compiler and nothing else, and
so run on a microcontroller, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.errors import ModelFileError
from mlcore.exports.browser import tell_story
from mlcore.exports.cell import lines
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.convolution import Conv2d, Flatten, MaxPool2d
from mlcore.network.layers import Activation, Dropout, Layer, Linear
from mlcore.quote import quoted
from mlcore.study.lab import quantise

MOST_PARAMETERS = 2_000_000
"""Of a model that is written as C code: about 8 MB of text, which a compiler takes a few seconds for."""

BITS = 8  # of a weight

NUMBERS_A_LINE = 24

_HERE = Path(__file__).parent


def c_files(model: Model) -> dict[str, str]:
    """Return a model as C code, by the name of the file: ``model.h`` and ``main.c``.

    Each weight is a whole number from -127 to 127, times a scale for each neuron or filter. The program reads
    images as numbers from 0 to 255 and prints for each the class and the probabilities, which are those of
    ``change_model(model, LabChanges(bits=8))``.

    Parameters
    ----------
    model : Model
        One of images.

    Raises
    ------
    ModelFileError
        When the model takes a table of numbers, or is too large.
    """
    if model.preparation.floats:
        raise ModelFileError(
            _("The C program reads images, and this model takes a table of numbers. Use it from Python.")
        )
    if model.parameter_count > MOST_PARAMETERS:
        message = _("C code can hold a model of {most:,} parameters at most, and this one has {n:,}.")
        raise ModelFileError(message.format(most=MOST_PARAMETERS, n=model.parameter_count))
    return {"model.h": _header(model), "main.c": (_HERE / "main.c").read_text("utf-8")}


def write_c_files(model: Model, folder: str | PathLike[str]) -> None:
    """Write what `c_files` returns into a folder, which is made when it is not there.

    ``cc -O2 -o answer main.c -lm`` in that folder makes the program, and ``./answer image.txt`` answers.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, text in c_files(model).items():
        Path(folder, name).write_text(text, encoding="utf-8")


def fits_c_files(model: Model) -> bool:
    """Return whether `c_files` can be made of a model."""
    return not model.preparation.floats and model.parameter_count <= MOST_PARAMETERS


@dataclass(frozen=True)
class Footprint:
    """What a model takes where it runs as C code.

    Attributes
    ----------
    constants, memory : int
        Bytes: of weights, scales and all else that never changes, and of the arrays in which it works.
    multiplications : int
        Products of a weight and a value for one answer.
    """

    constants: int
    memory: int
    multiplications: int


def footprint(model: Model) -> Footprint:
    """Return the size of a model in 8 bits, and the work of one answer."""
    layers, preparation = _weighing(model), model.preparation
    weights = sum(layer.parameters["weights"].size for layer in layers)
    outputs = sum(len(layer.parameters["biases"]) for layer in layers)
    fitted = (preparation.kept, preparation.mean, preparation.deviation)
    numbers = 2 * outputs + sum(len(values) for values in fitted if values is not None)
    return Footprint(weights + 4 * numbers, 4 * sum(_room(model)), model.multiply_adds)


def _weighing(model: Model) -> list[Layer]:
    return [layer for layer in model.network.layers if layer.parameters]


def _by_output(layer: Layer) -> NDArray[np.floating]:
    """Return weights (outputs, inputs), the inputs of a filter by rows, columns and channels."""
    weights = layer.parameters["weights"]
    if isinstance(layer, Conv2d):
        return weights.transpose(0, 2, 3, 1).reshape(len(weights), -1)
    return weights.T


# The header


def _header(model: Model) -> str:
    kinds = {type(layer) for layer in model.network.layers}
    height, width = model.image_shape
    return lines(
        _about(model),
        "#ifndef MODEL_H",
        "#define MODEL_H",
        "",
        "#include <math.h>",
        "#include <stdint.h>",
        "",
        f"#define MODEL_HEIGHT {height}",
        f"#define MODEL_WIDTH {width}",
        f"#define MODEL_CLASSES {len(model.class_names)}",
        "",
        _array("char *const", "names[MODEL_CLASSES]", [_text(name) for name in model.class_names], 8),
        *_constants(model),
        _prepare(model.preparation),
        *(code for kind, code in CODE.items() if kind in kinds),
        _activation(model) if Activation in kinds else "",
        _softmax(model),
        _forward(model),
        ANSWER,
        "#endif",
        "",
    )


def _about(model: Model) -> str:
    size = footprint(model)
    told = [
        "A trained neural network in C: weights in 8 bits, all else in float.",
        "",
        tell_story(model),
        "",
        *model.summary().splitlines(),
        "",
        f"Constants: {size.constants:,} bytes. Working memory: {size.memory:,} bytes.",
        f"One answer: {size.multiplications:,} multiplications.",
        "",
        "model_probabilities(pixels, probabilities) answers an image, row by row, each pixel from 0 to 255;",
        "model_likeliest(probabilities) is the place of the class in model_names. The working memory is",
        "static: one thread at a time.",
    ]
    # No name from a file ends the comment or begins another, and no backslash joins a line to the next one.
    safe = (line.replace("*/", "* /").replace("/*", "/ *").replace("\\", "|") for line in told)
    return "\n".join(["/*", *(f" * {line}".rstrip() for line in safe), " */"])


def _text(name: str) -> str:
    """Return a name as a C string: what is not plain goes as octal bytes.

    >>> _text('a"é')
    '"a\\\\042\\\\303\\\\251"'
    """
    plain = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in quoted(name).encode()
    )
    return f'"{plain}"'


def _array(kind: str, name: str, values: list[str], a_line: int = NUMBERS_A_LINE) -> str:
    rows = [", ".join(values[k : k + a_line]) for k in range(0, len(values), a_line)]
    return f"static const {kind} model_{name} = {{\n    " + ",\n    ".join(rows) + "};\n"


def _floats(name: str, values: NDArray[Any]) -> str:
    return _array("float", f"{name}[{len(values)}]", [_float(value) for value in values], 8)


def _float(value: float) -> str:
    """Return a number as a C float.

    >>> _float(0.1), _float(2), _float(1e-9)
    ('0.1f', '2.0f', '1e-09f')
    """
    return f"{np.float32(value)!s}f"


def _constants(model: Model) -> Iterator[str]:
    for number, layer in enumerate(_weighing(model), 1):
        weights, scales = quantise(_by_output(layer), BITS)
        yield _array("int8_t", f"weights{number}[{weights.size}]", [str(w) for w in weights.ravel().tolist()])
        yield _floats(f"scales{number}", scales[:, 0])
        yield _floats(f"biases{number}", layer.parameters["biases"])
    preparation = model.preparation
    if preparation.kept is not None:
        yield _array("int32_t", f"kept[{len(preparation.kept)}]", [str(k) for k in preparation.kept.tolist()])
    if preparation.mean is not None and preparation.deviation is not None:
        yield _floats("mean", preparation.mean)
        yield _floats("deviation", preparation.deviation)


def _prepare(preparation: Preparation) -> str:
    """Return the function that makes the network's inputs of pixels."""
    _height, width = preparation.pooled_shape
    n = preparation.pooling
    body = [f"        const int place = {'k' if preparation.kept is None else 'model_kept[k]'};"]
    if n == 1:
        body.append("        float value = pixels[place];")
    else:
        body += [
            f"        const int top = place / {width} * {n}, left = place % {width} * {n};",
            "        float value = 0;",
            f"        for (int row = top; row < top + {n} && row < MODEL_HEIGHT; row++)",
            f"            for (int column = left; column < left + {n} && column < MODEL_WIDTH; column++)",
            "                value += pixels[row * MODEL_WIDTH + column];",
        ]
    if preparation.levels is not None:
        body.append(f"        value = rintf(value * {_float(preparation.levels / (255 * n**2))});")
    value = f"value * {_float(preparation.scale)}"
    if preparation.mean is not None:
        value = f"({value} - model_mean[k]) / model_deviation[k]"
    return lines(
        "/* Makes the network's inputs of an image. */",
        "static void model_prepare(const uint8_t *pixels, float *inputs)",
        "{",
        f"    for (int k = 0; k < {preparation.features}; k++) {{",
        *body,
        f"        inputs[k] = {value};",
        "    }",
        "}",
        "",
    )


CODE: dict[type[Layer], str] = {
    Linear: """\
/* z[o] = scale[o] * sum of weights[o][k] * x[k] + bias[o] */
static void model_linear(const int8_t *weights, const float *scales, const float *biases,
                         int inputs, int outputs, const float *x, float *z)
{
    for (int o = 0; o < outputs; o++) {
        float sum = 0;
        for (int k = 0; k < inputs; k++) sum += (float)*weights++ * x[k];
        z[o] = scales[o] * sum + biases[o];
    }
}
""",
    Conv2d: """\
/* The same for each window of an image, whose values lie by rows, columns and channels. */
static void model_convolution(const int8_t *weights, const float *scales, const float *biases,
                              int width, int channels, int rows, int columns, int filters, int size,
                              const float *x, float *z)
{
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            const int8_t *weight = weights;
            for (int filter = 0; filter < filters; filter++) {
                float sum = 0;
                for (int i = 0; i < size; i++) {
                    const float *line = x + ((row + i) * width + column) * channels;
                    for (int k = 0; k < size * channels; k++) sum += (float)*weight++ * line[k];
                }
                *z++ = scales[filter] * sum + biases[filter];
            }
        }
    }
}
""",
    MaxPool2d: """\
/* The largest of each square of 2 by 2 values. */
static void model_max_pool(int width, int rows, int columns, int channels, const float *x, float *m)
{
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            const float *upper = x + (2 * row * width + 2 * column) * channels;
            const float *lower = upper + width * channels;
            for (int k = 0; k < channels; k++, upper++, lower++)
                *m++ = fmaxf(fmaxf(upper[0], lower[0]), fmaxf(upper[channels], lower[channels]));
        }
    }
}
""",
}
"""The functions of the layers that move values from one array to another."""

ACTIVATIONS_IN_C = {
    "relu": "fmaxf(z, 0)",
    "leaky_relu": "fmaxf(z, 0.01f * z)",
    "tanh": "tanhf(z)",
    "sigmoid": "(tanhf(z / 2) + 1) / 2",
    "softplus": "fmaxf(z, 0) + log1pf(expf(-fabsf(z)))",
    "identity": "z",
}
"""The activation functions of a sum z."""


def _activation(model: Model) -> str:
    return lines(
        "static void model_activate(int count, float *a)",
        "{",
        "    for (int k = 0; k < count; k++) {",
        "        const float z = a[k];",
        f"        a[k] = {ACTIVATIONS_IN_C[model.network_config.activation]};",
        "    }",
        "}",
        "",
    )


def _softmax(model: Model) -> str:
    """Return the function that makes probabilities of logits, as `Network.probabilities` does."""
    alone = "    for (int k = 0; k < MODEL_CLASSES; k++) z[k] = fminf(z[k], 0) - log1pf(expf(-fabsf(z[k])));"
    of_sigmoids = (
        "/* Softmax; of classes that each answer for themselves, of the logarithms of their sigmoids. */"
    )
    is_softmax = model.network.loss.is_softmax
    return lines(
        "/* Softmax */" if is_softmax else of_sigmoids,
        "static void model_softmax(float *z, float *probabilities)",
        "{",
        *([] if is_softmax else [alone]),
        "    float most = z[0], sum = 0;",
        "    for (int k = 1; k < MODEL_CLASSES; k++) most = fmaxf(most, z[k]);",
        "    for (int k = 0; k < MODEL_CLASSES; k++) sum += probabilities[k] = expf(z[k] - most);",
        "    for (int k = 0; k < MODEL_CLASSES; k++) probabilities[k] /= sum;",
        "}",
        "",
    )


def _moving(model: Model) -> list[Layer]:
    """Return the layers that move values from one array to the other."""
    return [layer for layer in model.network.layers if isinstance(layer, (Linear, Conv2d, MaxPool2d))]


def _room(model: Model) -> tuple[int, int]:
    """Return how many values each of the two arrays must hold, between which all layers move values."""
    counts = [model.preparation.features, *(math.prod(layer.output_shape) for layer in _moving(model))]
    return max(counts[::2]), max(counts[1::2])


def _forward(model: Model) -> str:
    calls, number = [], 0
    here, there = "a", "b"
    for layer in model.network.layers:
        if isinstance(layer, (Dropout, Flatten)):  # which change nothing here
            continue
        if isinstance(layer, Activation):
            calls.append(f"model_activate({math.prod(layer.output_shape)}, {here});")
            continue
        stored = ""
        if layer.parameters:
            number += 1
            stored = f"model_weights{number}, model_scales{number}, model_biases{number}, "
        name, sizes = _call(layer)
        calls.append(f"model_{name}({stored}{', '.join(map(str, sizes))}, {here}, {there});")
        here, there = there, here
    first, second = _room(model)
    return lines(
        "/* Answers an image: how likely each class is. */",
        "static void model_probabilities(const uint8_t *pixels, float *probabilities)",
        "{",
        f"    static float a[{first}], b[{second}];",
        "    model_prepare(pixels, a);",
        *(f"    {call}" for call in calls),
        f"    model_softmax({here}, probabilities);",
        "}",
        "",
    )


def _call(layer: Layer) -> tuple[str, tuple[int, ...]]:
    """Return the name of a layer's function, and the sizes that it is given."""
    if isinstance(layer, Conv2d):
        _rows, width, channels = layer.input_shape
        return "convolution", (width, channels, *layer.output_shape, layer.kernel_size)
    if isinstance(layer, MaxPool2d):
        return "max_pool", (layer.input_shape[1], *layer.output_shape)
    if isinstance(layer, Linear):
        return "linear", (*layer.input_shape, *layer.output_shape)
    raise TypeError(f"the C code knows no layer of the kind {layer.kind!r}")


ANSWER = """\
/* Returns the likeliest class. */
static int model_likeliest(const float *probabilities)
{
    int best = 0;
    for (int k = 1; k < MODEL_CLASSES; k++)
        if (probabilities[k] > probabilities[best]) best = k;
    return best;
}
"""
