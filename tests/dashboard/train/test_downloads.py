"""What is downloaded from a run: the history as a table, the model as a file.

These are the tests of `dashboard.train.downloads`.
"""

import csv
import io
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard.models.take_home import model_file
from dashboard.train.downloads import HISTORY_COLUMNS, history_csv
from dashboard.ui.wording import LONGEST_NAME, file_stem
from mlcore import TrainingConfig, TrainingRun, load_dataset, load_model, split_dataset, train

SPLIT = split_dataset(load_dataset("digits-8x8"), dev_size=200)


def test_the_history_has_a_row_for_each_record_and_the_columns_that_are_documented() -> None:
    run = TrainingRun(training_config=TrainingConfig(epochs=2))
    records = list(train(run, SPLIT))
    rows = list(csv.DictReader(io.StringIO(history_csv(records))))
    assert list(rows[0]) == list(HISTORY_COLUMNS)
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert int(row["step"]) == record.step
        assert float(row["epoch"]) == record.epoch
        assert (row["dev_accuracy"] == "") == (row["batch_loss"] != "")
    assert float(rows[-1]["dev_accuracy"]) == records[-1].dev_accuracy  # type: ignore[union-attr]


def test_a_model_file_answers_to_the_last_bit_as_the_model_it_was_made_from() -> None:
    run = TrainingRun(training_config=TrainingConfig(epochs=1))
    list(train(run, SPLIT))
    model = run.model()
    again = load_model(io.BytesIO(model_file(model)))
    images = SPLIT.dev.images
    assert np.array_equal(model.predict_probabilities(images), again.predict_probabilities(images))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nSet-Cookie: x", "x" * 5000, "\u202egpj.exe", "", "<b>.csv"]
)
def test_a_file_that_is_taken_home_has_a_plain_and_short_name_whatever_the_data_are_called(name: str) -> None:
    status: Any = SimpleNamespace(data=SimpleNamespace(name=name), run_id="-_abcdefgh")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", file_stem(status))
    assert len(file_stem(status)) <= LONGEST_NAME + 7
