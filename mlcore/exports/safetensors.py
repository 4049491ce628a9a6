"""Export to safetensors: the parameters of a model as a file that programs of many languages read.

Notebooks, scripts and the Train page call `export_safetensors`. The format is a length, a header in JSON and
the numbers one after the other: a few lines here, in place of a package.
"""

from __future__ import annotations

import dataclasses
import json
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.model import Model

TYPES = {"f4": "F32", "f8": "F64", "i8": "I64"}
"""The format's names of NumPy's types."""

ALIGNMENT = 8  # bytes: the numbers begin at a multiple of it


def export_safetensors(model: Model, file: str | PathLike[str] | BinaryIO) -> None:
    """Write the parameters of a model as a safetensors file.

    They are called ``W1``, ``b1``, ``W2`` … as in the exported script: (inputs, outputs) of a linear layer,
    (filters, channels, rows, columns) of a convolution. ``kept``, ``mean`` and ``deviation`` are those of the
    preparation, where it has them. Settings, classes and card are in the metadata, as JSON.

    Parameters
    ----------
    model : Model
    file : path or binary file
    """
    data = safetensors_bytes({**named_parameters(model), **_preparation_of(model)}, _about(model))
    if hasattr(file, "write"):
        file.write(data)
    else:
        with open(file, "wb") as stream:
            stream.write(data)


def named_parameters(model: Model) -> dict[str, NDArray[np.floating]]:
    """Return the weights and biases of each layer, by the names that the formulas give them."""
    layers = [layer for layer in model.network.layers if layer.parameters]
    return {
        f"{name[0].upper() if name == 'weights' else name[0]}{number}": values
        for number, layer in enumerate(layers, 1)
        for name, values in layer.parameters.items()
    }


def safetensors_bytes(arrays: dict[str, NDArray[Any]], metadata: dict[str, str]) -> bytes:
    """Return arrays as the bytes of a safetensors file.

    Eight bytes say how long the header is; it says of each array which bytes after it are its own.

    >>> safetensors_bytes({"b1": np.zeros(1, np.float32)}, {})[8:]
    b'{"__metadata__":{},"b1":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}       \\x00\\x00\\x00\\x00'
    """
    header: dict[str, Any] = {"__metadata__": metadata}
    blocks, start = [], 0
    for name, values in arrays.items():
        block = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        place = [start, start + len(block)]
        header[name] = {"dtype": TYPES[values.dtype.str[1:]], "shape": values.shape, "data_offsets": place}
        blocks.append(block)
        start += len(block)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text + b"".join(blocks)


def _preparation_of(model: Model) -> dict[str, NDArray[Any]]:
    named = {name: getattr(model.preparation, name) for name in ("kept", "mean", "deviation")}
    return {
        name: values.astype(np.int64) if values.dtype.kind in "iu" else values
        for name, values in named.items()
        if values is not None
    }


def _about(model: Model) -> dict[str, str]:
    parts = {
        "network": dataclasses.asdict(model.network_config),
        "training": dataclasses.asdict(model.training_config),
        "class_names": model.class_names,
        "image_shape": model.image_shape,
        "scale": model.preparation.scale,
        "card": model.card,
    }
    return {name: json.dumps(values) for name, values in parts.items()}
