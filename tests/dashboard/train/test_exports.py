"""The files that a run is taken home as: each is made, and is what its line says.

These are the tests of `dashboard.train.exports` and `dashboard.train.report`.
"""

import io
import json
import re
import zipfile
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from safetensors.numpy import load as load_safetensors

from dashboard.runs.status import Progress, RunStatus
from dashboard.train.exports import OFFERS, Source, why_not_exportable
from dashboard.train.report import run_report
from mlcore import Dataset, Split, TrainingConfig, TrainingRun, load_dataset, split_dataset, train
from tests.dashboard.train.records import status

SPLIT = split_dataset(load_dataset("digits-8x8"), dev_size=200)


def trained(split: Split = SPLIT) -> tuple[TrainingRun, RunStatus]:
    run = TrainingRun(training_config=TrainingConfig(epochs=2))
    records = list(train(run, split))
    progress = Progress(run.step, run.epoch, run.images_seen, run.best, run.step)
    facts = {
        "run_id": "abcdef0123",
        "state": "finished",
        "seconds_trained": 3.0,
        "training": run.training_config,
    }
    return run, replace(status(*records, best=run.best), progress=progress, **facts)


def source_of(split: Split = SPLIT) -> Source:
    run, told = trained(split)
    return Source(told, run.model, run.best_model, lambda: split)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.ending)
def test_every_file_is_made_and_holds_what_its_name_says(offer) -> None:
    source = source_of()
    made = offer.make(source)
    data = made.encode() if isinstance(made, str) else made
    match offer.ending.rpartition(".")[2]:
        case "ipynb":
            nbformat.validate(nbformat.reads(data.decode(), as_version=4))
            assert source.images_name in data.decode()
        case "py":
            compile(data, "train.py", "exec")
            assert f'np.load("{source.images_name}")' in data.decode()
        case "npz":
            with np.load(io.BytesIO(data)) as arrays:
                assert np.array_equal(arrays["dev_images"], SPLIT.dev.images)
                assert np.array_equal(arrays["train_labels"], SPLIT.train.labels)
        case "safetensors":
            found = load_safetensors(data)
            flat = np.concatenate([found[name].ravel() for name in ("W1", "b1", "W2", "b2")])
            assert np.array_equal(flat, source.chosen().parameters)
        case "html":
            assert data.startswith(b"<!doctype html>")
        case "onnx":
            import onnx

            onnx.checker.check_model(onnx.load_from_string(data))
        case "zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                assert archive.namelist() == ["model.h", "main.c"]
                assert b"model_weights1" in archive.read("model.h")
            assert "bytes of constants" in offer.size(source.chosen())
        case other:
            raise AssertionError(other)


def test_the_report_needs_no_network_and_shows_settings_curves_matrix_and_mistakes() -> None:
    run, told = trained()
    text = run_report(told, run.best_model(), SPLIT.dev)
    outside = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", outside)
    assert "<script src=" not in text
    for part in ("Learning curves", "Confusion matrix", "Most confident mistakes", "Learning rate", "Adam"):
        assert part in outside
    assert outside.count("data:image/png;base64,") > 3
    assert text.count("Plotly.newPlot(") >= 2


def test_names_in_a_report_stay_names() -> None:
    trap = "<script>alert(1)</script>"
    names = [trap, *"123456789"]
    base = Dataset(SPLIT.train.base.images, SPLIT.train.base.labels, names, trap)
    split = split_dataset(base, dev_size=200)
    run, told = trained(split)
    told = replace(told, data=replace(told.data, name=trap))
    assert trap not in run_report(told, run.best_model(), split.dev)


def test_a_run_that_was_changed_on_the_way_says_why_it_has_no_program() -> None:
    run = TrainingRun(training_config=TrainingConfig(epochs=2))
    list(train(run, SPLIT, max_steps=2))
    assert why_not_exportable(run.model()) == ""
    run.change(epochs=1)
    assert "changed on the way" in why_not_exportable(run.model())


def test_the_notebook_is_text_that_other_programs_read() -> None:
    offer = next(offer for offer in OFFERS if offer.ending.endswith("ipynb"))
    cells = json.loads(offer.make(source_of()))["cells"]
    assert {cell["cell_type"] for cell in cells} == {"markdown", "code"}
