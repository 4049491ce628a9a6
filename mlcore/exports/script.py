"""A run as a program that needs NumPy only: `script_of` for a file of Python, `notebook_of` for Jupyter.

Both hold the same cells, and train the same network to the same numbers. The Train page offers them, and
notebooks and scripts call them.
"""

from __future__ import annotations

import json
import re
import textwrap
from os import PathLike
from typing import Any, BinaryIO

import numpy as np

from mlcore.datasets.split import Split
from mlcore.errors import ModelFileError
from mlcore.exports.cell import Cell, lines
from mlcore.exports.data_code import augmentation_cells, data_cell, preparation_cell
from mlcore.exports.formula_code import (
    ACTIVATION_CODE,
    INITIALIZER_CODE,
    LOSS_CODE,
    OPTIMIZER_CODE,
    SCHEDULE_CODE,
)
from mlcore.exports.network_code import layers_of, network_cells
from mlcore.exports.passport import Passport
from mlcore.exports.training_code import is_full_batch, micro_batch, training_cells
from mlcore.language import _
from mlcore.model import Model
from mlcore.network.layers import Linear, parameter_count
from mlcore.quote import quoted

DATA_FILE = "images.npz"
WIDTH = 108
LONGEST_NAME = 40


def exportable(model: Model) -> Passport:
    """Return the passport of a model whose run can be written out as a program.

    Raises
    ------
    ModelFileError
        When the model does not say how it was made, its run does not follow from its settings, or one of
        its formulas has no code to export.
    """
    run = Passport.of(model).checked()
    for name, table in (
        (run.network.activation, ACTIVATION_CODE),
        (run.network.loss, LOSS_CODE),
        (run.network.initialization, INITIALIZER_CODE),
        (run.training.optimizer, OPTIMIZER_CODE),
        (run.training.schedule, SCHEDULE_CODE),
    ):
        if name not in table:
            message = _("There is no code to export for {name}. Add it to mlcore/exports/formula_code.py.")
            raise ModelFileError(message.format(name=quoted(name)))
    return run


def script_of(model: Model, data_file: str = DATA_FILE) -> str:
    """Return a program that trains a model's network once more, with NumPy alone.

    It goes through the same images in the same order, with the same random numbers and the same arithmetic:
    on the same version of NumPy and the same kind of processor it ends with the same weights, elsewhere with
    the same up to rounding. It reads the images from a file that `save_images` writes.

    Parameters
    ----------
    model : Model
        As `TrainingRun.model` or `load_model` gives it.
    data_file : str
        The name of the file of images, which lies beside the program.

    Raises
    ------
    ModelFileError
        When there is no such program (see `exportable`).
    """
    run = exportable(model)
    title, about = opening(run, data_file)
    parts = [f'"""{title}\n\n{_wrapped(about)}\n"""\n\n{_imports(run, data_file)}']
    for cell in cells(run, data_file):
        rule = "-" * (WIDTH - 7 - len(cell.heading))
        text = textwrap.indent(_wrapped(cell.text), "# ")
        space = "\n\n\n" if cell.code.startswith("def ") else "\n\n"
        parts.append(f"# ---- {cell.heading} {rule}\n#\n{text}{space}{cell.code.strip()}")
    return "\n\n\n".join(parts) + "\n"


def notebook_of(model: Model, data_file: str = DATA_FILE) -> dict[str, Any]:
    """Return the same program as a Jupyter notebook (nbformat 4.5), to be written as JSON.

    Parameters
    ----------
    model, data_file
        As for `script_of`.
    """
    run = exportable(model)
    title, about = opening(run, data_file)
    parts = [_markdown(f"# {title.removesuffix('.')}\n\n{about}"), _code(_imports(run, data_file))]
    for cell in cells(run, data_file):
        parts += [_markdown(f"## {cell.heading}\n\n{cell.text}"), _code(cell.code.strip())]
    return {
        "cells": [{**part, "id": f"cell-{number}"} for number, part in enumerate(parts)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def as_json(notebook: dict[str, Any]) -> str:
    """Return a notebook as the text of its file."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def save_images(split: Split, file: str | PathLike[str] | BinaryIO) -> None:
    """Write the images of a split as `script_of` and `notebook_of` read them: a compressed .npz, no pickle.

    Its arrays are ``train_images`` and ``dev_images``, uint8 (n, height, width), ``train_labels`` and
    ``dev_labels``, int64 (n,), and ``class_names``; also ``lit_columns``, when others are blank in every
    image of the data set.
    """
    columns = split.train.lit_columns
    np.savez_compressed(
        file,
        allow_pickle=False,
        **({} if columns is None else {"lit_columns": columns}),
        train_images=split.train.images,
        train_labels=split.train.labels,
        dev_images=split.dev.images,
        dev_labels=split.dev.labels,
        class_names=np.array(split.train.class_names),
    )


def cells(run: Passport, data_file: str) -> list[Cell]:
    """Return the cells of the program, in their order."""
    return [
        data_cell(run, data_file),
        Cell("The settings", "The hyperparameters, as the run had them.", _settings(run)),
        preparation_cell(run),
        *augmentation_cells(run),
        *network_cells(run),
        *training_cells(run),
    ]


def opening(run: Passport, data_file: str) -> tuple[str, str]:
    """Return the title, and the sentences below it."""
    layers = layers_of(run)
    sizes = [layer.output_shape[-1] for layer in layers if "weights" in layer.parameter_shapes]
    learned = sum(parameter_count(layer) for layer in layers)
    kind = "convolutional network" if run.network.filters else "neural network"
    title = f"Train a {kind} on {_harmless(run.dataset) or 'images'} with NumPy alone."
    size = f"{learned:,} parameters"
    if run.network.drop_rare_pixels is not None and isinstance(layers[0], Linear):
        size = f"at most {size}"
    about = (
        f"Data: the file {_harmless(data_file)}. Download it where this one came from (the Train page of "
        "Digit Lab), and put it into the folder in which you run this.\n\n"
        "This is a run of the app, written out: the same images in the same order, the same random "
        "numbers, the same arithmetic. So the accuracies that it prints are those of the run; on another "
        "version of NumPy or another processor, rounding may differ in the last digits.\n\n"
        f"The network: {run.features_word} inputs, then {', '.join(map(str, sizes))} outputs; {size}. Only "
        "the parts that this run uses are here. The names are those of the formulas: x inputs, W weights, "
        "b biases, z weighted sums, a activations, p probabilities, y targets, d and g gradients."
    )
    if run.last_step < run.total_steps and run.training.patience is None:
        about += (
            f"\n\nThe run was stopped after {run.last_step:,} of {run.total_steps:,} steps, and so is this."
        )
    return title, about


def _settings(run: Passport) -> str:
    config, n = run.training, run.n_train
    rows = [
        ("SEED", config.seed, "the same seed gives the same network"),
        ("N_CLASSES", len(run.class_names), ", ".join(_harmless(name) for name in run.class_names[:12])),
        ("LEARNING_RATE", config.learning_rate, "the size of a step"),
        ("LAST_STEP", run.last_step, _length(run)),
        ("TOTAL_STEPS", run.total_steps, "the length that the schedule is made for"),
        ("EVALUATE_EVERY", config.evaluate_every_steps(n), "steps"),
        ("MICRO_BATCH", micro_batch(run), "images that go through the network at once, at most"),
    ]
    if not is_full_batch(run):
        rows.insert(2, ("BATCH_SIZE", config.images_per_step(n), "images used for one step"))
    if config.sample_size and not is_full_batch(run):
        rows.append(("SAMPLE_SIZE", config.sample_size, "images of a sample"))
    if config.weight_decay:
        rows.append(("WEIGHT_DECAY", config.weight_decay, "λ, which pulls weights towards zero"))
    if config.optimizer in ("momentum", "nesterov"):
        rows.append(("MOMENTUM", config.momentum, "μ, the fraction of the last step that is kept"))
    if config.schedule in ("linear", "cosine"):
        rows.append(("WARMUP", config.warmup, "the fraction of the training during which the rate rises"))
    if run.network.dropout and run.network.hidden_sizes:
        rows.append(
            ("DROPOUT", run.network.dropout, "the fraction of hidden neurons switched off in each step")
        )
    precision = f"DTYPE = np.{run.network.precision}"
    return lines(*[f"{name} = {value!r}  # {about}" for name, value, about in rows], precision, "")


def _length(run: Passport) -> str:
    epochs = run.last_step / run.training.steps_per_epoch(run.n_train)
    return f"steps; {epochs:.4g} passes over the training images"


def _imports(run: Passport, data_file: str) -> str:
    uses_math = any("math." in cell.code for cell in cells(run, data_file))
    return "import math\n\nimport numpy as np" if uses_math else "import numpy as np"


def _harmless(name: str) -> str:
    """Return a name that may come from a file so that it can neither end a text in quotes nor format one.

    >>> _harmless('digits \\"\\"\\" <b>.csv')
    'digits b.csv'
    """
    return " ".join(re.sub(r"[^\w .()+-]", "", quoted(name, LONGEST_NAME)).split())


def _wrapped(text: str) -> str:
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        textwrap.fill(part, WIDTH - 2, break_long_words=False, break_on_hyphens=False) for part in paragraphs
    )


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
