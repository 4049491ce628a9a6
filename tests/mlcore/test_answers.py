"""A model's answers to images without labels, and the files in which they are handed in."""

import csv
import io

import numpy as np
import pytest

from mlcore import (
    Dataset,
    DatasetError,
    Model,
    UnlabelledImages,
    answer,
    answers,
    fit,
    load_dataset,
    load_model,
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


# How the ink lies


DIGITS = load_dataset("mnist-test").images[:200]


def of(images: np.ndarray) -> UnlabelledImages:
    return UnlabelledImages(images, tuple(map(str, range(len(images)))), "some")


def cropped(images: np.ndarray) -> np.ndarray:
    """Return each image cut down to its ink, at the size it had."""
    cut = []
    for image in images:
        rows, columns = np.flatnonzero(image.max(axis=1) > 30), np.flatnonzero(image.max(axis=0) > 30)
        inner = image[None, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        cut.append(resample_all(inner, (28, 28))[0])
    return np.array(cut)


def test_ink_of_another_size_or_in_another_place_than_the_model_knows_is_told_of() -> None:
    shipped = load_model("models/mnist.npz")
    assert answer(shipped, of(DIGITS)).notes == ()
    (note,) = answer(shipped, of(cropped(DIGITS))).notes
    assert note.startswith("The ink fills 100% of the ")
    assert note.endswith("learned from it fills 71%. Expect more mistakes.")
    scaled, note = answer(shipped, of(np.pad(DIGITS, ((0, 0), (18, 18), (18, 18))))).notes
    assert "64×64 pixels; they were scaled" in scaled
    assert "The ink fills 32% of the " in note
    (note,) = answer(shipped, of(np.roll(DIGITS, -4, axis=1))).notes
    assert note.startswith("The ink lies elsewhere")


def test_a_single_image_tells_nothing_of_how_the_ink_lies() -> None:
    assert answer(load_model("models/mnist.npz"), of(cropped(DIGITS[:1]))).notes == ()


def test_a_model_of_dark_ink_on_light_paper_is_asked_about_such_images() -> None:
    dark = Dataset(255 - SPLIT.train.images, SPLIT.train.labels, SPLIT.train.class_names, "dark")
    found = answer(fit(dark, progress=False), some())
    assert np.mean(found.guesses == SPLIT.dev.labels) > 0.7
    assert found.notes == ()


@pytest.mark.parametrize("paper", [0, 16])
def test_a_model_of_few_grey_levels_is_asked_about_such_images(paper: int) -> None:
    def levels_of(images: np.ndarray) -> np.ndarray:
        return np.abs(paper - np.rint(images * (16 / 255))).astype(np.uint8)

    few = Dataset(levels_of(SPLIT.train.images), SPLIT.train.labels, SPLIT.train.class_names, "few")
    model = fit(few, progress=False)
    expected = model.predict(levels_of(SPLIT.dev.images))
    np.testing.assert_array_equal(answer(model, some()).guesses, expected)


def test_images_that_are_almost_black_are_refused_rather_than_answered(model: Model) -> None:
    with pytest.raises(DatasetError, match="brightest pixel is 31"):
        answer(model, of(SPLIT.dev.images // 8))
