"""A model's answers to images without labels, and the files in which they are handed in."""

import csv
import io

import numpy as np
import pytest

from mlcore import (
    Model,
    UnlabelledImages,
    answer,
    answers,
    fit,
    load_dataset,
    split_dataset,
    submission_with_probabilities,
)
from mlcore.images.resample import resample_all

SPLIT = split_dataset(load_dataset("digits-8x8"), 300)


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(SPLIT, progress=False)


def some(n: int = 300) -> UnlabelledImages:
    return UnlabelledImages(SPLIT.dev.images[:n], tuple(f"{k}.png" for k in range(n)), "some")


def test_the_answers_are_the_models_own_in_the_order_of_the_images(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "BLOCK", 70)
    found, probabilities = answer(model, some()), model.predict_probabilities(SPLIT.dev.images)
    np.testing.assert_array_equal(found.guesses, probabilities.argmax(axis=1))
    np.testing.assert_allclose(found.confidence, probabilities.max(axis=1), rtol=1e-5)
    assert found.notes == ()
    assert len(found) == 300


def test_the_least_sure_come_first(model: Model) -> None:
    found = answer(model, some())
    assert (np.diff(found.confidence[found.least_sure]) >= 0).all()


def test_a_submission_has_a_row_an_image_and_nothing_else(model: Model) -> None:
    found = answer(model, some(3))
    rows = list(csv.reader(io.StringIO(found.submission())))
    guesses = model.predict(SPLIT.dev.images[:3])
    assert rows == [["ImageId", "Label"], *([f"{k}.png", str(guess)] for k, guess in enumerate(guesses))]


def test_classes_that_are_words_are_labels_in_a_submission() -> None:
    found = answers.Answers(
        ("cat, small", "dog"), ("1", "2"), np.array([1, 0], np.uint8), np.ones(2, np.float32)
    )
    assert found.submission() == 'ImageId,Label\n1,dog\n2,"cat, small"\n'


def test_a_submission_with_probabilities_has_a_column_more_for_each_class(model: Model) -> None:
    rows = list(csv.reader(io.StringIO(submission_with_probabilities(model, some(5)))))
    assert rows[0] == ["ImageId", "Label", *"0123456789"]
    assert [row[:2] for row in rows] == list(csv.reader(io.StringIO(answer(model, some(5)).submission())))
    expected = model.predict_probabilities(SPLIT.dev.images[:5])
    np.testing.assert_allclose(np.array([row[2:] for row in rows[1:]], float), expected, atol=5e-5)


def test_images_of_another_size_are_scaled_to_the_models_with_a_note(model: Model) -> None:
    larger = UnlabelledImages(resample_all(SPLIT.dev.images, (16, 16)), some().names, "large")
    found = answer(model, larger)
    assert found.notes == ("The images have 16×16 pixels; they were scaled to the 8×8 that the model takes.",)
    assert np.mean(found.guesses == SPLIT.dev.labels) > 0.9
