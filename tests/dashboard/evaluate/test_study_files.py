"""The CSV files of the studies: what they hold is what the studies found."""

import csv
import io

import numpy as np
import pytest

from dashboard.evaluate.study_files import (
    court_csv,
    influence_csv,
    learning_curve_csv,
    lives_csv,
    robustness_csv,
    slices_over_run_csv,
)
from dashboard.runs.snapshots import Snapshot
from mlcore import Dataset, Influence, LearningCurve, Robustness, Size, Slice, Strength
from tests.dashboard.evaluate.test_study_words import LIVES

DATA = Dataset(np.zeros((5, 2, 2), np.uint8), [0, 1, 1, 0, 1], ("no", "yes, sir"), "five")
PART = DATA.take([4, 2, 0])


def rows(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text))]


def test_robustness_has_a_row_for_each_strength_with_its_interval() -> None:
    found = Robustness(10, {"rotation": (Strength(0, 9, 10), Strength(5, 8, 10))})
    first, second = rows(robustness_csv({"mine": found}))
    assert (first["model"], first["distortion"], second["strength"]) == ("mine", "rotation", "5")
    assert float(second["low"]) < float(second["accuracy"]) == 0.8 < float(second["high"])


def test_the_learning_curve_has_a_row_for_each_size() -> None:
    (row,) = rows(learning_curve_csv(LearningCurve((Size(1000, (800, 900), 1000),))))
    assert (row["training_images"], row["networks"]) == ("1000", "2")
    assert float(row["accuracy"]) == pytest.approx(0.85)


def test_disputed_labels_are_named_with_what_was_decided() -> None:
    sure = np.array([0.9, 0.8], np.float32)
    first, second = rows(court_csv(DATA, np.array([1, 3]), np.array([0, 1]), sure, ["relabel", ""]))
    assert first == {
        "image": "2",
        "label": "yes, sir",
        "suggested": "no",
        "probability": "0.900000",
        "decision": "relabel",
    }
    assert (second["label"], second["suggested"], second["decision"]) == ("no", "yes, sir", "")


def test_the_life_of_each_training_image_has_its_place_in_the_whole_data_set() -> None:
    found = rows(lives_csv(LIVES, PART, np.array([4, 2, 0])))
    assert [row["image"] for row in found] == ["5", "3", "1"]
    assert [row["kind"] for row in found] == ["hard", "ambiguous", "easy"]
    assert [row["learned"] for row in found] == ["", "2", "1"]


def test_teachers_have_their_pushes_for_and_against() -> None:
    pushes = np.array([0.5], np.float32), np.array([-0.25], np.float32)
    found = rows(
        influence_csv(
            Influence(np.array([2]), pushes[0], np.array([0]), pushes[1]), PART, np.array([4, 2, 0])
        )
    )
    assert [(row["image"], row["push"]) for row in found] == [("1", "0.5"), ("5", "-0.25")]


def test_slices_have_a_row_for_each_snapshot() -> None:
    one = Slice.of(DATA, np.array([0, 1, 2, 3]), "some")
    found = rows(slices_over_run_csv([one], [Snapshot(1, 0.5, 8), Snapshot(2, 1.0, 8)], np.array([[1], [4]])))
    assert [(row["epoch"], row["correct"], row["accuracy"]) for row in found] == [
        ("0.500", "1", "0.250000"),
        ("1.000", "4", "1.000000"),
    ]
