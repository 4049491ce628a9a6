"""An exported model answers in onnxruntime as the model does, whatever is in it."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from mlcore import ACTIVATIONS, LOSSES, Model, NetworkConfig, fit_preparation
from mlcore.network.network import LAYERS, Network
from mlcore.onnx import ACTIVATION_OPERATORS, LAYER_EXPORTS, export_onnx

NAMES = tuple("abcd")


def made(shape: tuple[int, int] = (12, 11), **settings: Any) -> Model:
    """A model with random parameters, its preparation fitted to random images."""
    config = NetworkConfig(**({"hidden_sizes": (7,)} | settings))
    preparation = fit_preparation(
        images(50, shape),
        pooling=config.pooling,
        scaling=config.scaling,
        standardize=config.standardize,
        drop_rare_pixels=config.drop_rare_pixels,
    )
    network = Network(config, preparation, len(NAMES), seed=1)
    return Model(config, preparation, NAMES, network.parameters, card={"dataset": "made"})


def images(n: int, shape: tuple[int, int] = (12, 11)) -> np.ndarray:
    generator = np.random.default_rng(n)
    pixels = generator.integers(0, 256, (n, *shape), np.uint8)
    pixels[generator.random(pixels.shape) < 0.5] = 0
    pixels[:, 0] = 0  # a row that is never lit
    return pixels


def session_of(model: Model) -> onnxruntime.InferenceSession:
    buffer = io.BytesIO()
    export_onnx(model, buffer)
    return onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])


def assert_agrees(model: Model, pixels: np.ndarray, rounding: float = 0.0) -> None:
    (theirs,) = session_of(model).run(["probabilities"], {"images": pixels})
    np.testing.assert_allclose(theirs, model.predict_probabilities(pixels), atol=1e-5 + rounding)


def rounding_of(model: Model, pixels: np.ndarray) -> float:
    """Return how far the network itself is from what it would answer in double precision."""
    config = replace(model.network_config, precision="float64")
    exact = Model(config, model.preparation, NAMES, model.network.parameters.astype(np.float64))
    return float(np.abs(exact.predict_probabilities(pixels) - model.predict_probabilities(pixels)).max())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden_sizes": ()},
        {"hidden_sizes": (9, 8, 7), "dropout": 0.5},
        {"pooling": 2},
        {"pooling": 3, "standardize": True},
        {"scaling": "maximum"},
        {"scaling": "levels"},
        {"scaling": "levels", "pooling": 2},
        {"drop_rare_pixels": 0.0},
        {"drop_rare_pixels": 0.0, "standardize": True, "pooling": 2},
        {"filters": (3,), "kernel_size": 3},
        {"filters": (3, 4), "kernel_size": 3, "hidden_sizes": ()},
        {"filters": (3,), "kernel_size": 5, "dropout": 0.2, "standardize": True},
        {"precision": "float64"},
    ],
    ids=str,
)
def test_answers_agree(settings: dict[str, Any]) -> None:
    assert_agrees(made(**settings), images(33))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_answers_agree_with_every_activation(activation: str) -> None:
    assert_agrees(made(activation=activation, filters=(2,), kernel_size=3), images(9))


@pytest.mark.parametrize("loss", LOSSES)
def test_answers_agree_with_every_loss(loss: str) -> None:
    assert_agrees(made(loss=loss), images(9))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("pooling", [1, 2])
@pytest.mark.parametrize("hidden", [(), (7,), (64, 64, 64), (256,)], ids=str)
def test_answers_agree_when_pixels_are_not_scaled(hidden: tuple[int, ...], pooling: int, loss: str) -> None:
    model, pixels = made(hidden_sizes=hidden, scaling="none", pooling=pooling, loss=loss), images(64)
    assert_agrees(model, pixels, rounding=rounding_of(model, pixels))  # large inputs leave few digits behind


def test_answers_agree_when_every_output_says_no() -> None:
    model = made(loss="sigmoid_cross_entropy", hidden_sizes=())
    model.network.layers[0].parameters["biases"][...] = -1000.0
    assert_agrees(model, images(3))


def test_one_image_and_none_are_answered_too() -> None:
    for n in (0, 1):
        assert_agrees(made(), images(5)[:n])


def test_every_layer_and_activation_of_the_tables_can_be_exported() -> None:
    assert set(LAYER_EXPORTS) == set(LAYERS.values())
    assert set(ACTIVATION_OPERATORS) == set(ACTIVATIONS)


def test_the_file_says_what_the_classes_are_called(tmp_path: Path) -> None:
    export_onnx(made(), tmp_path / "model.onnx")
    about = onnxruntime.InferenceSession(tmp_path / "model.onnx").get_modelmeta().custom_metadata_map
    assert json.loads(about["class_names"]) == list(NAMES)
    assert json.loads(about["card"]) == {"dataset": "made"}


def test_without_the_package_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "mlcore.onnx")
    with pytest.raises(ImportError, match="pip install onnx"):
        import mlcore.onnx  # noqa: F401
