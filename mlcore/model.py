"""The trained model: network, preparation and classes together, ready to answer, and its file.

`TrainingRun.model` makes one, `save_model` and `load_model` write and read its file, and the dashboard gives
it drawings to read. The file is a NumPy .npz with a JSON header; nothing in it is ever executed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import threading
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlcore.arrays import UInt8Array
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.errors import ModelFileError, SettingError
from mlcore.images.drawing import image_from_drawing, image_from_picture
from mlcore.images.frame import Frame, mnist_frame
from mlcore.images.pixels import bytes_like
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.model_file import STATE, Arrays, ModelFile, read_arrays, read_header, text_array
from mlcore.network.layers import Layer, parameter_count
from mlcore.network.network import CONVOLUTION_MICRO_BATCH, Network, build_layers, layer_table
from mlcore.quote import quoted

FORMAT = "digit-lab-model"
FORMAT_VERSION = 1
MOST_CLASSES = 1000
LARGEST_WORK = 32_000_000  # bytes that all layers' arrays may take for one image
MICRO_BATCH = 256  # images that are asked at once, at most; with convolutions CONVOLUTION_MICRO_BATCH
USUAL_WORK = 16_000_000  # bytes that those arrays may take together


class Model:
    """A trained network that takes images as they are and names their class.

    Parameters
    ----------
    network_config : NetworkConfig
    preparation : Preparation
        How images become inputs, as fitted to the training images.
    class_names : sequence of str
    parameters : float array (n_parameters,)
    training_config : TrainingConfig, optional
    card : mapping, optional
        How it was made: data, seed, steps, scores. Plain JSON values.
    state : dict of str to array, optional
        What is needed to continue training exactly (see `TrainingRun.from_model`).
    history : float64 array (records, columns), optional
        What its run told about itself (see `mlcore.training.records.history_array`).
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
        history: NDArray[np.float64] | None = None,
    ) -> None:
        self.network_config = network_config
        self.training_config = training_config or TrainingConfig()
        self.preparation = preparation
        self.class_names = tuple(class_names)
        self.card = dict(card or {})
        self.state = state
        self.history = history
        n_classes = len(self.class_names)
        micro_batch = _micro_batch(network_config, preparation, n_classes)
        self._network = Network(
            network_config, preparation, n_classes, micro_batch=micro_batch, initialize=False
        )
        self._network.parameters[...] = parameters
        self._lock = threading.Lock()  # the network writes into arrays of its own: one caller at a time

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """Let pickle and copy go by way of the model file."""
        buffer = io.BytesIO()
        save_model(self, buffer)
        return load_model, (buffer.getvalue(),)

    def __repr__(self) -> str:
        height, width = self.image_shape
        n_classes, n_parameters = len(self.class_names), self.parameter_count
        return f"Model(images {height}×{width}, {n_classes} classes, {n_parameters:,} parameters)"

    def summary(self) -> str:
        """Return a table of the layers: the shape of their outputs for one image, and their parameters."""
        return layer_table(self._network.layer_summaries())

    @property
    def fingerprint(self) -> str:
        """The sha256 of all that decides its answers: 2 ms for half a million parameters."""
        decisive = [
            *_fields_of(self.network_config),
            *_fields_of(self.preparation),
            ("class_names", self.class_names),
            ("parameters", self.parameters),
        ]
        digest = hashlib.sha256()
        for name, value in decisive:
            if isinstance(value, np.ndarray):
                digest.update(f"{name} {value.dtype.str} {value.shape}\n".encode())
                digest.update(np.ascontiguousarray(value).data)
            else:
                digest.update(f"{name} {json.dumps(value, default=dataclasses.asdict)}\n".encode())
        return digest.hexdigest()

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of the images it takes."""
        return self.preparation.image_shape

    @property
    def parameters(self) -> NDArray[np.floating]:
        """All its parameters, one flat vector, read-only."""
        view = self._network.parameters.view()
        view.flags.writeable = False
        return view

    @property
    def parameter_count(self) -> int:
        """How many parameters it has."""
        return self._network.parameter_count

    @property
    def multiply_adds(self) -> int:
        """How many products are added up for one answer: what it costs."""
        return sum(layer.multiply_adds for layer in self._network.layers)

    @property
    def work_bytes(self) -> int:
        """What the arrays take in which it answers: made once, and kept."""
        layers, network = self._network.layers, self._network
        return network.micro_batch * network.dtype.itemsize * sum(layer.values_per_image for layer in layers)

    @property
    def network(self) -> Network:
        """The network itself, to look inside; calling it is not safe from several threads."""
        return self._network

    @property
    def frame(self) -> Frame:
        """How ink lies in the images that it learned from."""
        return self.preparation.frame or mnist_frame(self.image_shape)

    @property
    def full_ink(self) -> int:
        """The level of the lightest pixels in the images that it learned from: 255, mostly."""
        return max(self.frame.paper, self.frame.ink)

    def image_from_drawing(self, drawing: NDArray[Any]) -> UInt8Array | None:
        """Return a drawing as an image like those that this model learned from, or None when it is blank.

        Parameters
        ----------
        drawing : uint8 array, ``(height, width)`` grey, ``(…, 3)`` RGB or ``(…, 4)`` RGBA
            As `mlcore.image_from_drawing` takes it.

        Returns
        -------
        uint8 array of `image_shape`, or None
            Placed in the model's `frame`: as large, as bright and in the same place as ink was in training.
        """
        return image_from_drawing(drawing, self.image_shape, self.frame)

    def image_from_picture(self, file: bytes | str | Path | BinaryIO) -> UInt8Array | None:
        """Return the digit in a picture file or photo as an image like those that this model learned from.

        Returns
        -------
        uint8 array of `image_shape`, or None
            None when nothing stands out from the paper.

        Raises
        ------
        DatasetError
            When the file is no picture, damaged or too large.
        """
        return image_from_picture(file, self.image_shape, self.frame)

    def predict_probabilities(self, images: ArrayLike) -> NDArray[np.floating]:
        """Return how likely each class is, float (n, classes), each row summing to one.

        Parameters
        ----------
        images : uint8 array (n, height, width)
            White ink on black, of the shape `image_shape`. Other types and scales are converted where it is
            plain what they mean: True, or 1 beside 0 alone, is full ink; floats up to 1 are fractions of it.
            A model that was trained on a table of numbers (`DigitClassifier`) takes floats as they are.

        Raises
        ------
        ValueError
            When the images have another shape, or pixels on another scale.
        """
        if self.preparation.floats:
            return self.probabilities_of(np.asarray(images, np.float32))
        return self.probabilities_of(bytes_like(images, self.full_ink))

    def probabilities_of(self, pixels: NDArray[Any]) -> NDArray[np.floating]:
        """Return the same for pixels that are known to be on the model's scale: no byte is converted.

        Parameters
        ----------
        pixels : uint8 or float32 array (n, height, width)
            As a `Dataset` has them.

        Raises
        ------
        ValueError
            When the images have another shape.
        """
        if pixels.ndim != 3 or pixels.shape[1:] != self.image_shape:
            message = _("This model takes images of shape (n, {height}, {width}), not {shape}.")
            height, width = self.image_shape
            raise ValueError(message.format(height=height, width=width, shape=pixels.shape))
        result = np.empty((len(pixels), len(self.class_names)), self._network.dtype)
        for start in range(0, len(pixels), 1024):
            block = pixels[start : start + 1024]
            with self._lock:
                result[start : start + 1024] = self._network.probabilities(block)
        return result

    def predict(self, images: ArrayLike) -> NDArray[np.int64]:
        """Return the likeliest class of each image, int (n,)."""
        predictions: NDArray[np.int64] = np.argmax(self.predict_probabilities(images), axis=1)
        return predictions


def _fields_of(settings: NetworkConfig | Preparation) -> list[tuple[str, Any]]:
    """Return every field with its name, so that none can be forgotten when one is added."""
    return [(field.name, getattr(settings, field.name)) for field in dataclasses.fields(settings)]


def _micro_batch(config: NetworkConfig, preparation: Preparation, n_classes: int) -> int:
    """Return how many images a model asks its network about at once: fewer where the layers are large."""
    layers = build_layers(config, preparation.pooled_shape, preparation.features, n_classes)
    bytes_per_image = np.dtype(config.precision).itemsize * sum(layer.values_per_image for layer in layers)
    return max(
        1, min(CONVOLUTION_MICRO_BATCH if config.filters else MICRO_BATCH, USUAL_WORK // bytes_per_image)
    )


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
        "frame": model.preparation.frame and dataclasses.asdict(model.preparation.frame),
        **({"floats": True} if model.preparation.floats else {}),
        "card": model.card,
    }
    arrays: Arrays = {"header": text_array(json.dumps(header)), "parameters": model.parameters}
    for name in ("kept", "mean", "deviation"):
        values = getattr(model.preparation, name)
        if values is not None:
            arrays[name] = values
    if model.history is not None:
        arrays["history"] = model.history
    for name, values in (model.state or {}).items():
        arrays[f"{STATE}{name}"] = values
    if hasattr(file, "write"):
        np.savez(file, allow_pickle=False, **arrays)
    else:
        with open(file, "wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)


def load_model(file: ModelFile, *, with_state: bool = True) -> Model:
    """Read a model that `save_model` wrote.

    Parameters
    ----------
    file : str, path, binary file or bytes
    with_state : bool
        Whether to keep what is needed to continue training, where the file has it; answers do not need it.

    Raises
    ------
    ModelFileError
        When the file is anything else, is damaged, or comes from a newer version. Nothing else is raised,
        whatever the bytes.
    """
    arrays = read_arrays(file, with_state=with_state)
    header = _read_header(arrays)
    try:
        return _model_from(header, arrays)
    except ModelFileError:
        raise
    except Exception as error:  # what a hostile header can bring about cannot be listed
        reason = str(error) if isinstance(error, SettingError) else ""
        message = _("The model file is damaged: its header and its numbers do not fit together. {reason}")
        raise ModelFileError(message.format(reason=reason).strip()) from error


def _read_header(arrays: Arrays) -> dict[str, Any]:
    try:
        header = read_header(arrays["header"])
        known = header["format"] == FORMAT
    except Exception as error:
        raise ModelFileError(
            _("This .npz file holds no model. A data set belongs on the Data page.")
        ) from error
    if not known:
        raise ModelFileError(_("This .npz file holds no model. A data set belongs on the Data page."))
    if header.get("version") != FORMAT_VERSION:
        message = _(
            "The model file has version {found}; this program reads version {known}. Update the program."
        )
        raise ModelFileError(message.format(found=quoted(header.get("version")), known=FORMAT_VERSION))
    return header


def _model_from(header: dict[str, Any], arrays: Arrays) -> Model:
    network_config = NetworkConfig(**_tuples(header["network"]))
    training_config = TrainingConfig(**_tuples(header["training"]))
    preparation = _preparation_from(header, arrays)
    class_names = _class_names_from(header["class_names"])
    if not isinstance(header["card"], dict):
        raise TypeError("card")
    layers = build_layers(network_config, preparation.pooled_shape, preparation.features, len(class_names))
    _check_work(layers, network_config)
    parameters, expected = arrays["parameters"], sum(parameter_count(layer) for layer in layers)
    if parameters.shape != (expected,) or parameters.dtype != network_config.precision:
        raise ValueError("parameters")
    state = {name.removeprefix(STATE): values for name, values in arrays.items() if name.startswith(STATE)}
    model = Model(
        network_config,
        preparation,
        class_names,
        parameters,
        training_config,
        header["card"],
        state or None,
        arrays.get("history"),
    )
    _check_answers(model)
    return model


def _preparation_from(header: dict[str, Any], arrays: Arrays) -> Preparation:
    height, width = header["image_shape"]
    levels, scale, floats = header.get("levels"), header["scale"], header.get("floats", False)
    whole = [height, width, header["pooling"], *([] if levels is None else [levels])]
    if not all(type(number) is int for number in whole) or type(scale) not in (int, float):
        raise TypeError("no numbers")
    if type(floats) is not bool:
        raise TypeError("floats")
    preparation = Preparation(
        (height, width),
        header["pooling"],
        arrays.get("kept"),
        float(scale),
        arrays.get("mean"),
        arrays.get("deviation"),
        levels,
        _frame_from(header.get("frame")),
        floats,
    )
    preparation.check()
    return preparation


def _frame_from(fields: Any) -> Frame | None:
    """Read how ink lies in the training images; older files say nothing of it."""
    return None if fields is None else Frame(**_tuples(fields))


def _class_names_from(names: Any) -> tuple[str, ...]:
    if not isinstance(names, list) or not 2 <= len(names) <= MOST_CLASSES or len({*names}) < len(names):
        raise ValueError("number of classes")
    for name in names:
        name.encode()  # half of a surrogate pair is no text: it could be neither shown nor saved
    return tuple(names)


def _check_work(layers: Sequence[Layer], config: NetworkConfig) -> None:
    """Refuse a network that would take very much memory for a single image."""
    values = sum(layer.values_per_image for layer in layers)
    if values * np.dtype(config.precision).itemsize > LARGEST_WORK:
        message = _(
            "The network in this model file is too large to be used: one image would take more than "
            "{limit:,.0f} MB. Choose a model for smaller images, or with fewer filters."
        )
        raise ModelFileError(message.format(limit=LARGEST_WORK / 1e6))


def _check_answers(model: Model) -> None:
    """Refuse a network whose numbers are not finite, or that answers plain images with what is no number."""
    height, width = model.image_shape
    images = np.zeros((4, height, width), np.uint8)
    images[1] = 255
    images[2, :, : width // 2] = 255
    images[3] = np.random.default_rng(0).integers(0, 256, (height, width))
    with np.errstate(all="ignore"):
        answers = model.probabilities_of(images)
    if not np.isfinite(model.parameters).all() or not np.isfinite(answers).all():
        raise ValueError("not finite")


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with lists, which is how JSON writes tuples, made tuples again."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
