"""The C code of a model: compiled by this machine's C compiler, it answers as the model in 8 bits does.

These are the tests of `mlcore.exports.c_header`.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import mlcore.exports.c_header
from mlcore import (
    ACTIVATIONS,
    LabChanges,
    Model,
    ModelFileError,
    NetworkConfig,
    change_model,
    load_dataset,
    load_model,
)
from mlcore.exports.c_header import (
    ACTIVATIONS_IN_C,
    CODE,
    c_files,
    fits_c_files,
    footprint,
    write_c_files,
)
from mlcore.images.preparation import Preparation
from mlcore.network.convolution import Flatten
from mlcore.network.layers import Activation, Dropout
from mlcore.network.network import LAYERS, Network
from tests.house import ROOT
from tests.waiting import PATIENCE

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1")
HOW_TO_GET_ONE = (
    "No C compiler was found, and the C code that is taken home is never left untested. Get one, on Debian "
    "with `apt-get install gcc libc6-dev`."
)


@pytest.fixture(scope="session")
def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert found, HOW_TO_GET_ONE
    return found


def made(
    config: NetworkConfig, shape: tuple[int, int] = (14, 13), classes: int = 4, **preparation: object
) -> Model:
    """Return a model with random weights, large enough that its answers differ."""
    prepared = Preparation(shape, **preparation)
    network = Network(config, prepared, classes, seed=1)
    return Model(config, prepared, tuple("abcdefghijklm"[:classes]), 3 * network.parameters)


def rounded(model: Model) -> Model:
    return change_model(model, LabChanges(bits=8))


def models() -> Iterator[tuple[str, Model]]:
    generator = np.random.default_rng(1)
    for activation in ACTIVATIONS:
        filters = {"filters": (3, 4), "kernel_size": 3} if activation in ("relu", "tanh") else {}
        config = NetworkConfig(hidden_sizes=(7, 6), activation=activation, dropout=0.5, **filters)
        yield activation, made(config)
    yield "no hidden layer", made(NetworkConfig(hidden_sizes=(), precision="float64"))
    dead = made(NetworkConfig(hidden_sizes=(5,)))
    yield "a neuron without weights", change_model(dead, LabChanges(pruned=0.97))
    yield "levels, uneven squares", made(NetworkConfig(hidden_sizes=(5,)), pooling=4, levels=16, scale=1 / 16)
    yield (
        "all preparations, sigmoids",
        made(
            NetworkConfig(hidden_sizes=(9,), loss="sigmoid_cross_entropy"),
            pooling=2,
            kept=np.sort(generator.choice(49, 20, replace=False)),
            mean=generator.uniform(0, 0.3, 20),
            deviation=generator.uniform(0.2, 1, 20),
            scale=1 / (4 * 255),
        ),
    )


def program(model: Model, compiler: str, folder: Path) -> Path:
    """Return the compiled program of a model."""
    write_c_files(model, folder)
    command = [compiler, *STRICT, "-o", "answer", "main.c", "-lm"]
    made = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=5 * PATIENCE, check=False
    )
    assert made.returncode == 0, made.stderr
    return folder / "answer"


def answers(answer: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [answer], input=text, capture_output=True, text=True, timeout=5 * PATIENCE, check=False
    )


def asked(answer: Path, images: np.ndarray, classes: int) -> tuple[list[str], np.ndarray]:
    """Return the names and the probabilities that a program prints for images."""
    text = "\n".join(" ".join(map(str, image.ravel().tolist())) for image in images)
    printed = answers(answer, text).stdout.splitlines()
    rows = [printed[k : k + 1 + classes] for k in range(0, len(printed), 1 + classes)]
    return [row[0] for row in rows], np.array([[float(line.split()[-1]) for line in row[1:]] for row in rows])


def test_every_model_answers_in_c_as_its_8_bits_do_in_python(compiler: str, tmp_path: Path) -> None:
    images = np.random.default_rng(2).integers(0, 256, (60, 14, 13), dtype=np.uint8)
    images[0], images[1] = 0, 255
    for name, model in models():
        answer = program(model, compiler, tmp_path / name)
        names, probabilities = asked(answer, images, 4)
        expected = rounded(model).probabilities_of(images)
        assert np.ptp(expected, axis=0).max() > 0.05, name
        assert np.abs(probabilities - expected).max() < 1e-4, name
        assert names == [model.class_names[k] for k in probabilities.argmax(axis=1)], name


def test_the_shipped_model_reads_digits_in_c_as_in_python(compiler: str, tmp_path: Path) -> None:
    model = load_model(ROOT / "models" / "mnist.npz")
    digits = load_dataset("mnist-test").take(slice(300))
    answer = program(model, compiler, tmp_path)
    names, probabilities = asked(answer, digits.images, 10)
    assert np.abs(probabilities - rounded(model).probabilities_of(digits.images)).max() < 1e-4
    right = [name == digits.class_names[label] for name, label in zip(names, digits.labels, strict=True)]
    assert np.mean(right) > 0.98
    header = (tmp_path / "model.h").read_text("utf-8")
    size = footprint(model)
    assert size.constants == 46_608 + 2 * 4 * 122
    assert size.memory == 4 * (9216 + 2304)
    assert size.multiplications == model.multiply_adds
    assert f"Constants: {size.constants:,} bytes. Working memory: {size.memory:,} bytes." in header
    assert f"One answer: {size.multiplications:,} multiplications." in header
    assert "trained on" in header


def test_numbers_may_lie_between_commas_and_a_wrong_one_is_told(compiler: str, tmp_path: Path) -> None:
    answer = program(made(NetworkConfig(hidden_sizes=()), shape=(2, 2)), compiler, tmp_path)
    assert len(answers(answer, "0, 255,\n17 ,3\n").stdout.splitlines()) == 5
    for text, place in (("", 1), ("0 1 2", 4), ("0 256 1 2", 2), ("0 1 -1 2", 3), ("0 1 2 3 x", 1)):
        told = answers(answer, text)
        assert told.returncode == 1
        assert (
            told.stderr == f"An image is 4 numbers from 0 to 255, and number {place} is missing or is none.\n"
        )
    lost = subprocess.run(
        [answer, "no-such-file"], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert lost.returncode == 1
    assert "no-such-file cannot be opened" in lost.stderr


def test_names_from_a_file_are_text_in_c_whatever_they_are(compiler: str, tmp_path: Path) -> None:
    names = ('"); system("true', "a\\", "??/", "sieben ist שבע")
    model = made(NetworkConfig(hidden_sizes=()), shape=(2, 2))
    hostile = Model(
        model.network_config,
        model.preparation,
        names,
        model.parameters,
        card={"dataset": "*/ int main; /* \\", "train_size": 3},
    )
    printed = answers(program(hostile, compiler, tmp_path), "1 2 3 4").stdout.splitlines()
    assert [line.rpartition(" ")[0] for line in printed[1:]] == list(names)
    header = (tmp_path / "model.h").read_text("utf-8")
    assert header.count("*/") == len(re.findall(r"/\*(?s:.*?)\*/", header))
    assert "* / int main" in header


def test_the_c_code_knows_every_layer_and_every_activation() -> None:
    assert {*CODE, Activation, Dropout, Flatten} == set(LAYERS.values())
    assert set(ACTIVATIONS_IN_C) == set(ACTIVATIONS)


def test_a_model_that_c_code_cannot_hold_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    table = made(NetworkConfig(hidden_sizes=()), floats=True)
    assert not fits_c_files(table)
    with pytest.raises(ModelFileError, match="a table of numbers"):
        c_files(table)
    model = made(NetworkConfig(hidden_sizes=()))
    assert fits_c_files(model)
    monkeypatch.setattr(mlcore.exports.c_header, "MOST_PARAMETERS", 3)
    assert not fits_c_files(model)
    with pytest.raises(ModelFileError, match="3 parameters at most, and this one has 732"):
        c_files(model)
