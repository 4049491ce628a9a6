"""The exported script and notebook, run in a bare process: NumPy alone, and the numbers of the run.

These are the tests of `mlcore.exports.script` and of the code that it is put together from.
"""

import atexit
import re
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from mlcore import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Dataset,
    EpochMetrics,
    ModelFileError,
    Split,
    TrainingRun,
    notebook_of,
    save_images,
    script_of,
    train,
)
from mlcore.config import PRECISIONS, SCALINGS
from mlcore.exports.formula_code import OPTIMIZER_CODE
from mlcore.exports.network_code import CONVOLUTION
from mlcore.exports.script import as_json
from mlcore.network.convolution import MaxPool2d
from tests.bare import BareProcess
from tests.mlcore.small import finish, small_run, small_split

SPLIT = small_split(n_train=70, n_dev=30, shape=(13, 11))


@cache
def shared_process() -> BareProcess:
    """The one that most tests share: the start of a Python takes longer than what they train."""
    process = BareProcess()
    atexit.register(process.close)
    return process


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    **{f"activation {name}": ({"activation": name}, {}) for name in ACTIVATIONS},
    **{f"initialization {name}": ({"initialization": name}, {}) for name in INITIALIZERS},
    **{f"loss {name}": ({"loss": name}, {}) for name in LOSSES},
    **{f"scaling {name}": ({"scaling": name}, {}) for name in SCALINGS},
    **{f"precision {name}": ({"precision": name}, {}) for name in PRECISIONS},
    **{f"optimizer {name}": ({}, {"optimizer": name, "weight_decay": 0.01}) for name in OPTIMIZERS},
    **{f"schedule {name}": ({}, {"schedule": name, "warmup": 0.3}) for name in SCHEDULES},
    "no hidden layer": ({"hidden_sizes": ()}, {}),
    "several hidden layers with dropout": ({"hidden_sizes": (9, 8, 7), "dropout": 0.3}, {}),
    "pooling": ({"pooling": 2}, {}),
    "pooling of three to levels": ({"pooling": 3, "scaling": "levels"}, {}),
    "standardised": ({"standardize": True}, {}),
    "rare pixels dropped": ({"drop_rare_pixels": 0.2}, {}),
    "all preparation at once": (
        {"drop_rare_pixels": 0.1, "standardize": True, "pooling": 2, "scaling": "levels"},
        {},
    ),
    "convolution": ({"filters": (4,), "kernel_size": 3}, {}),
    "two convolutions": ({"filters": (4, 3), "kernel_size": 3, "activation": "tanh", "hidden_sizes": ()}, {}),
    "convolution with dropout and augmentation": (
        {"filters": (4,), "kernel_size": 5, "dropout": 0.5},
        {"augment_shift": 1.0, "augment_elastic": 0.5, "weight_decay": 0.01},
    ),
    "all augmentation at once": (
        {"pooling": 2, "drop_rare_pixels": 0.05},
        {
            "augment_shift": 1.0,
            "augment_rotation": 10.0,
            "augment_scale": 0.1,
            "augment_shear": 0.2,
            "augment_elastic": 0.7,
            "augment_pen_width": 0.8,
            "augment_noise": 0.1,
        },
    ),
    "full batch of a convolution": ({"filters": (2,), "kernel_size": 3}, {"batch_size": None, "epochs": 3}),
    "many steps": ({"activation": "relu", "hidden_sizes": (3,)}, {"iterations": 410, "learning_rate": 0.1}),
    "full batch": ({}, {"batch_size": None, "epochs": 12}),
    "steps in place of epochs": ({}, {"iterations": 13, "evaluate_every": 4}),
    "samples": ({}, {"sample_size": 40}),
    "class weights": ({}, {"class_weights": "balanced", "weight_decay": 0.01}),
    "known bugs of the notebooks": ({}, {"bias_gradient": "summed", "gradient_divisor": 70}),
    "early stopping": ({}, {"patience": 2, "epochs": 40, "evaluate_every": 2}),
    "a sample of the training images": ({}, {"train_sample": 25}),
}


def run_alone(
    text: str, folder: Path, split: Split = SPLIT, process: BareProcess | None = None
) -> tuple[str, dict, dict]:
    """Run an exported script in an empty folder; return what it printed, its best and its last parameters."""
    save_images(split, folder / "images.npz")
    (folder / "train.py").write_text(text, "utf-8")
    printed = (process or shared_process()).run(folder)
    with np.load(folder / "trained-weights.npz") as best, np.load(folder / "last.npz") as last:
        return printed, dict(best), dict(last)


def flat(parameters: dict[str, np.ndarray]) -> np.ndarray:
    """The parameters of a script as the one vector that a network has: W1, b1, W2, b2 …"""
    return np.concatenate([values.ravel() for values in parameters.values()])


def expect_the_run(printed: str, best: dict, last: dict, run: TrainingRun) -> None:
    measured = [record for record in run.history if isinstance(record, EpochMetrics)]
    rows = re.findall(r"^epoch .*$", printed, re.MULTILINE)
    assert rows == [
        f"epoch {record.epoch:.2f}, step {record.step}: loss {record.train_loss:.4f}, "
        f"training accuracy {record.train_accuracy:.2%}, dev loss {record.dev_loss:.4f}, "
        f"dev accuracy {record.dev_accuracy:.2%}"
        for record in measured
    ]
    # Rounding may differ between two ways through BLAS; a wrong formula would be off by far more.
    tolerance = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(flat(last), run.network.parameters, **tolerance)
    np.testing.assert_allclose(flat(best), run.best_model().parameters, **tolerance)
    assert flat(last).dtype == run.network.dtype


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_script_trains_to_the_numbers_of_the_run(variant: str, tmp_path: Path) -> None:
    network, training = VARIANTS[variant]
    run = small_run(network, **training)
    finish(run, SPLIT)
    expect_the_run(*run_alone(script_of(run.model()), tmp_path), run)


@pytest.mark.parametrize("n_train", [70, 129])
def test_the_script_adds_up_the_halves_of_a_batch_where_the_run_did(n_train: int, tmp_path: Path) -> None:
    split = small_split(n_train=n_train, n_dev=30, shape=(13, 11))
    network = {"dropout": 0.3} if n_train == 70 else {"filters": (2,), "kernel_size": 3, "dropout": 0.3}
    run = small_run(network, batch_size=16 if n_train == 70 else 129, augment_shift=1.0)
    run.in_halves = True
    finish(run, split)
    expect_the_run(*run_alone(script_of(run.model()), tmp_path, split), run)


@pytest.mark.parametrize("network", [{}, {"standardize": True}], ids=str)
def test_the_script_leaves_out_the_blank_pixels_that_the_run_did(
    network: dict[str, Any], tmp_path: Path
) -> None:
    images = SPLIT.train.base.images.copy()
    images[:, :, :2] = 0
    framed = Dataset(images, SPLIT.train.base.labels, SPLIT.train.class_names, "framed")
    split = Split(framed.take(range(70)), framed.take(range(70, 100)))
    run = small_run(network)
    finish(run, split)
    assert run.model().card["blank_pixels"] == 2 * 13
    expect_the_run(*run_alone(script_of(run.model()), tmp_path, split), run)


def test_the_script_of_a_run_that_was_stopped_ends_where_it_was_stopped(tmp_path: Path) -> None:
    run = small_run(epochs=9, schedule="cosine")
    list(train(run, SPLIT, max_steps=11))
    text = script_of(run.model())
    assert "The run was stopped after 11 of 45 steps" in text
    with closing(BareProcess()) as own:
        expect_the_run(*run_alone(text, tmp_path, process=own), run)


def test_a_run_that_was_changed_on_the_way_has_no_script() -> None:
    run = small_run(epochs=2)
    list(train(run, SPLIT, max_steps=3))
    run.change(learning_rate=0.1)
    finish(run, SPLIT)
    with pytest.raises(ModelFileError, match="was changed on the way"):
        script_of(run.model())


def test_of_equal_values_the_script_gives_the_gradient_to_the_one_that_the_layer_does() -> None:
    generator = np.random.default_rng(0)
    values = generator.integers(0, 3, (7, 2, 9, 5)).astype(np.float32)  # height, channels, width, batch
    gradient = generator.standard_normal((3, 2, 4, 5), np.float32)
    names: dict[str, Any] = {"np": np, "DTYPE": np.float32}
    exec(CONVOLUTION, names)
    pooled, right_won, lower_won = names["max_pool"](values)
    back = names["max_pool_gradient"](gradient, right_won, lower_won, 7, 9)
    layer = MaxPool2d((7, 9, 2))
    layer.allocate(5, np.dtype(np.float32))
    assert np.array_equal(layer.forward(values.transpose(3, 0, 2, 1)), pooled.transpose(3, 0, 2, 1))
    assert np.array_equal(layer.backward(gradient.transpose(3, 0, 2, 1)), back.transpose(3, 0, 2, 1))


def test_a_formula_without_code_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_run(optimizer="nesterov")
    finish(run, SPLIT)
    monkeypatch.delitem(OPTIMIZER_CODE, "nesterov")
    with pytest.raises(ModelFileError, match="no code to export for nesterov"):
        script_of(run.model())


def test_the_script_holds_only_what_its_run_uses() -> None:
    run = small_run()
    finish(run, SPLIT)
    text = script_of(run.model())
    for unused in ("dropout", "augment", "WEIGHT_DECAY", "convolve", "add(", "MOMENTUM", "patience", "KEPT"):
        assert unused not in text
    assert max(map(len, text.splitlines())) <= 110


def test_an_early_evaluation_of_the_run_is_there_in_the_script_too(tmp_path: Path) -> None:
    run = small_run(batch_size=2, epochs=2)
    run.evaluates_early = True
    finish(run, SPLIT)
    assert [record.step for record in run.history if isinstance(record, EpochMetrics)] == [0, 3, 35, 70]
    expect_the_run(*run_alone(script_of(run.model()), tmp_path), run)


def test_the_notebook_is_valid_and_holds_the_code_of_the_script(tmp_path: Path) -> None:
    run = small_run({"dropout": 0.2, "filters": (2,), "kernel_size": 3}, augment_shift=1.0)
    finish(run, SPLIT)
    notebook = nbformat.reads(as_json(notebook_of(run.model())), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    text = script_of(run.model())
    assert all(part in text for part in code)
    expect_the_run(*run_alone("\n\n".join(code), tmp_path), run)


def test_a_name_from_a_file_stays_a_name_in_the_script(tmp_path: Path) -> None:
    trap = 'x"""\nraise SystemExit(3)\n"""\\ <img src=x> `'
    images = SPLIT.train.base.images
    names = ["a", 'b"""', "\u202ec\nraise"]
    data = Dataset(images, SPLIT.train.base.labels, names, trap)
    split = Split(data.take(slice(0, 70)), data.take(slice(70, None)))
    run = small_run()
    finish(run, split)
    text = script_of(run.model())
    assert trap not in text
    expect_the_run(*run_alone(text, tmp_path, split), run)
    headline = notebook_of(run.model())["cells"][0]["source"]
    assert "<" not in headline
    assert "`" not in headline
