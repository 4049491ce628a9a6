"""The trained model: network, preparation and classes together, ready to answer, and its file.

It stands at the end of training on the path: a model file is written, read again anywhere, and a drawing
is answered. The file is a NumPy .npz with a JSON header; nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import zipfile
from collections.abc import Mapping
from os import PathLike
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.language import _
from mlcore.network import Network, network_summary
from mlcore.preparation import Preparation
from mlcore.settings import SettingError

FORMAT = "digit-lab-model"
FORMAT_VERSION = 1
Arrays = dict[str, NDArray[Any]]


class ModelFileError(ValueError):
    """The file is no model that this program can read; the message says what is wrong with it."""


class Model:
    """A trained network that takes images as they are and names their class.

    Parameters
    ----------
    network_config : NetworkConfig
    preparation : Preparation
        What was learnt about how images become inputs.
    class_names : sequence of str
    parameters : float array (n_parameters,)
    training_config : TrainingConfig, optional
    card : mapping, optional
        How it was made: data, seed, steps, scores. Plain JSON values.
    state : dict of str to array, optional
        What is needed to go on training exactly (see `TrainingRun.from_model`).
    """

    def __init__(
        self,
        network_config: NetworkConfig,
        preparation: Preparation,
        class_names: tuple[str, ...],
        parameters: NDArray[np.floating],
        training_config: TrainingConfig | None = None,
        card: Mapping[str, Any] | None = None,
        state: Arrays | None = None,
    ) -> None:
        self.network_config = network_config
        self.training_config = training_config or TrainingConfig()
        self.preparation = preparation
        self.class_names = tuple(class_names)
        self.card = dict(card or {})
        self.state = state
        self._network = Network(network_config, preparation, len(self.class_names), tile=256)
        self._network.parameters[...] = parameters
        self._lock = threading.Lock()  # the network writes into arrays of its own: one caller at a time

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """Let pickle and copy go by way of the model file."""
        buffer = io.BytesIO()
        save_model(self, buffer)
        return load_model, (buffer.getvalue(),)

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the images it takes."""
        return self.preparation.image_shape

    @property
    def parameters(self) -> NDArray[np.floating]:
        """Everything it has learnt, one flat vector, read-only."""
        view = self._network.parameters.view()
        view.flags.writeable = False
        return view

    @property
    def parameter_count(self) -> int:
        """How many numbers it has learnt."""
        return self._network.parameter_count

    @property
    def network(self) -> Network:
        """The network itself, to look inside; calling it is not safe from several threads."""
        return self._network

    def predict_probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.floating]:
        """Return how likely each class is, float (n, classes), each row summing to one.

        Parameters
        ----------
        images : uint8 array (n, height, width)
            White ink on black, of the shape `image_shape`.

        Raises
        ------
        ValueError
            When the images have another shape, or pixels that are no whole numbers from 0 to 255.
        """
        images = _as_bytes(np.asarray(images))
        if images.ndim != 3 or images.shape[1:] != self.image_shape:
            message = _("This model takes images of shape (n, {height}, {width}), not {shape}.")
            height, width = self.image_shape
            raise ValueError(message.format(height=height, width=width, shape=images.shape))
        result = np.empty((len(images), len(self.class_names)), self._network.dtype)
        for start in range(0, len(images), 1024):
            block = images[start : start + 1024]
            with self._lock:
                result[start : start + 1024] = self._network.probabilities(block)
        return result

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Return the likeliest class of each image, int (n,)."""
        predictions: NDArray[np.int64] = np.argmax(self.predict_probabilities(images), axis=1)
        return predictions


def _as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Refuse what a plain conversion would silently spoil: of pixels between 0 and 1 it leaves only black."""
    if images.dtype == np.uint8:
        return images
    whole = images.dtype.kind in "iu" or (
        images.dtype.kind == "f" and bool((images == np.rint(images)).all())
    )
    if not whole or (images.size and not 0 <= images.min() <= images.max() <= 255):
        raise ValueError(_("Pixels must be whole numbers from 0 to 255, as they are in a data set."))
    return images.astype(np.uint8)


def save_model(model: Model, file: str | PathLike[str] | BinaryIO) -> None:
    """Write the model as one .npz file: a JSON header and plain arrays, no pickle.

    The same model always gives the same bytes.
    """
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "network": dataclasses.asdict(model.network_config),
        "training": dataclasses.asdict(model.training_config),
        "class_names": model.class_names,
        "image_shape": model.image_shape,
        "pooling": model.preparation.pooling,
        "scale": model.preparation.scale,
        "levels": model.preparation.levels,
        "card": model.card,
    }
    arrays: Arrays = {"header": _text_array(json.dumps(header)), "parameters": model.parameters}
    for name in ("kept", "mean", "deviation"):
        values = getattr(model.preparation, name)
        if values is not None:
            arrays[name] = values
    for name, values in (model.state or {}).items():
        arrays[f"state.{name}"] = values
    if hasattr(file, "write"):
        np.savez(file, allow_pickle=False, **arrays)
    else:
        with open(file, "wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)


def load_model(file: str | PathLike[str] | BinaryIO | bytes) -> Model:
    """Read a model that `save_model` wrote.

    Raises
    ------
    ModelFileError
        When the file is anything else, is damaged, or comes from a newer version.
    """
    arrays = _read_arrays(io.BytesIO(file) if isinstance(file, bytes) else file)
    header = _read_header(arrays)
    try:
        return _model_from(header, arrays)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        reason = str(error) if isinstance(error, SettingError) else ""
        message = _("The model file is damaged: its header and its numbers do not fit together. {reason}")
        raise ModelFileError(message.format(reason=reason).strip()) from error


def _text_array(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def _read_arrays(file: str | PathLike[str] | BinaryIO) -> Arrays:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if "header.npy" not in archive.namelist():
                raise ModelFileError(_("This .npz file holds no model. A data set belongs on the Data page."))
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise ModelFileError(_("This .npz file is compressed, which no model made here is."))
            # Ours are stored as they are: what is read is never more than what was sent.
            assert archive.fp is not None
            if sum(entry.file_size for entry in entries) > archive.fp.seek(0, io.SEEK_END):
                raise ModelFileError(_("The model file claims to hold more than its own length."))
            arrays = {}
            for entry in entries:
                with archive.open(entry) as stream:
                    name = entry.filename.removesuffix(".npy")
                    arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
            return arrays
    except ModelFileError:
        raise
    except FileNotFoundError as error:
        raise ModelFileError(_("There is no file {name}.").format(name=error.filename)) from error
    except Exception as error:  # zipfile and NumPy answer to damage with struct.error, TokenError and more
        raise ModelFileError(_("This is not a model file, or it is damaged. Models end in .npz.")) from error


def _read_header(arrays: Arrays) -> dict[str, Any]:
    try:
        header = json.loads(arrays["header"].astype(np.uint8).tobytes())
        known = header["format"] == FORMAT
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise ModelFileError(
            _("This .npz file holds no model. A data set belongs on the Data page.")
        ) from error
    if not known:
        raise ModelFileError(_("This .npz file holds no model. A data set belongs on the Data page."))
    if header.get("version") != FORMAT_VERSION:
        message = _(
            "The model file has version {found}; this program reads version {known}. Update the program."
        )
        raise ModelFileError(message.format(found=header.get("version"), known=FORMAT_VERSION))
    return dict(header)


def _model_from(header: dict[str, Any], arrays: Arrays) -> Model:
    network_config = NetworkConfig(**_tuples(header["network"]))
    training_config = TrainingConfig(**_tuples(header["training"]))
    height, width = header["image_shape"]
    preparation = Preparation(
        (int(height), int(width)),
        int(header["pooling"]),
        arrays.get("kept"),
        float(header["scale"]),
        arrays.get("mean"),
        arrays.get("deviation"),
        header.get("levels"),
    )
    preparation.check()
    class_names = tuple(str(name) for name in header["class_names"])
    if not 2 <= len(class_names) <= 1000:
        raise ValueError("number of classes")
    parameters = arrays["parameters"]
    summaries = network_summary(
        network_config, preparation.image_shape, len(class_names), preparation.features
    )
    expected = sum(layer.parameters for layer in summaries)
    if parameters.shape != (expected,) or parameters.dtype.kind != "f" or not np.isfinite(parameters).all():
        raise ValueError("parameters")
    state = {
        name.removeprefix("state."): values for name, values in arrays.items() if name.startswith("state.")
    }
    card = header["card"]
    return Model(network_config, preparation, class_names, parameters, training_config, card, state or None)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with lists, which is how JSON writes tuples, made tuples again."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
