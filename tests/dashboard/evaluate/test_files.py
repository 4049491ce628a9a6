"""The CSV files of Evaluate: what they hold is what the page counts."""

import csv
import io

import numpy as np
import pytest

from dashboard.evaluate.compare import positions_of
from dashboard.evaluate.files import (
    calibration_csv,
    classes_csv,
    confusions_csv,
    coverage_csv,
    predictions_csv,
)
from mlcore import Evaluation, TrainingConfig, evaluate, fit, load_dataset, split_dataset


@pytest.fixture(scope="module")
def both() -> list[Evaluation]:
    """Two networks on the same images, the second one worse."""
    split = split_dataset(load_dataset("digits-8x8"), 400)
    models = [fit(split, training=TrainingConfig(epochs=n), progress=False) for n in (8, 2)]
    return [evaluate(model, split.dev) for model in models]


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text))]


def test_the_answers_of_models_stand_side_by_side(both: list[Evaluation]) -> None:
    first, second = both
    some = np.array([5, 0, 399])
    found = rows(predictions_csv({"a": first, "b": second}, some))
    assert [int(row["image"]) - 1 for row in found] == some.tolist()
    assert [int(row["label"]) for row in found] == first.labels[some].tolist()
    assert [int(row["b: answer"]) for row in found] == second.guesses[some].tolist()
    given = [float(row["a: probability of the label"]) for row in found]
    np.testing.assert_allclose(given, first.true_probability[some], atol=1e-6)
    assert len(rows(predictions_csv({"a": first}))) == 400


def test_confusions_and_classes_are_those_of_the_evaluation(both: list[Evaluation]) -> None:
    found = both[1]
    matrix = [[int(row[name]) for name in found.class_names] for row in rows(confusions_csv(found))]
    np.testing.assert_array_equal(matrix, found.matrix)
    classes = rows(classes_csv(found))
    assert [int(row["right"]) for row in classes] == np.diag(found.matrix).tolist()
    np.testing.assert_allclose([float(row["f1"]) for row in classes], found.scores.f1, atol=1e-6)
    assert all(float(row["recall_low"]) < float(row["recall_high"]) for row in classes)


def test_calibration_and_coverage_count_every_image(both: list[Evaluation]) -> None:
    found = both[0]
    assert sum(int(row["images"]) for row in rows(calibration_csv(found))) == 400
    coverage = rows(coverage_csv(found, (0.0, 0.9, 1.1)))
    assert [int(row["answered"]) for row in coverage] == [400, found.above(0.9).n, 0]
    assert coverage[0]["right"] == str(found.right)
    assert coverage[2]["accuracy"] == ""


def test_images_are_chosen_by_how_the_models_answer_them(both: list[Evaluation]) -> None:
    first, second = both
    every = np.arange(400)
    a, b = (one.guesses == one.labels for one in both)
    expected = {
        "differ": first.guesses != second.guesses,
        "lost": ~a & b,
        "wrong": ~a | ~b,
        "all": every >= 0,
    }
    for kind, wanted in expected.items():
        found = positions_of(kind, both, every)
        assert set(found) == set(np.flatnonzero(wanted))
        assert (np.diff(first.confidence[found]) <= 0).all()
    assert set(positions_of("all", both, every[:7])) == set(range(7))
