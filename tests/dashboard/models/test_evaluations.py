"""The evaluations that a server keeps: each computed once, as many as fit, and none that takes too long.

These are the tests of `dashboard.models.evaluations`.
"""

from dataclasses import replace

import numpy as np
import pytest

import mlcore.answers
import mlcore.evaluation
from dashboard.latest import Latest
from dashboard.models import evaluations as cache
from dashboard.models.answers import answer_pictures
from dashboard.models.confusion_chart import in_words, shades
from dashboard.models.evaluations import evaluate, misfit
from mlcore import Dataset, Evaluation, Model, TrainingConfig, UnlabelledImages, fit, load_dataset


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits-8x8")


@pytest.fixture(scope="module")
def model(digits: Dataset) -> Model:
    return fit(digits, training=TrainingConfig(epochs=1))


@pytest.fixture(scope="module")
def found(model: Model, digits: Dataset) -> Evaluation:
    return evaluate(model, digits)


def test_the_same_model_and_images_are_asked_once(
    model: Model, digits: Dataset, found: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlcore.evaluation, "evaluate", None)
    assert evaluate(model, digits) is found
    renamed = Dataset(digits.images, digits.labels, digits.class_names, "under another name")
    assert evaluate(model, renamed) is found


def test_as_many_evaluations_are_kept_as_fit_the_latest_asked_for(found: Evaluation) -> None:
    kept, made = Latest(2 * found.nbytes), []

    def get(name: str) -> None:
        kept.get((name, ""), lambda: made.append(name) or replace(found))

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]


def test_a_model_is_asked_about_no_more_images_than_it_can_answer_in_time(
    model: Model, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = digits.take(slice(500))
    monkeypatch.setattr(cache, "MOST_MULTIPLY_ADDS", 500 * model.multiply_adds)
    assert misfit(model, some) == ""
    monkeypatch.setattr(cache, "MOST_MULTIPLY_ADDS", 499 * model.multiply_adds)
    assert "on 500 images here; about 499 are possible" in misfit(model, some)


def test_of_two_reasons_the_one_that_fewer_images_would_not_mend_is_told(
    model: Model, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_MULTIPLY_ADDS", 0)
    larger = Dataset(np.zeros((2, 28, 28), np.uint8), [0, 1], digits.class_names, "larger")
    assert "8×8 pixels, but those of the data set have 28×28" in misfit(model, larger)


def test_a_cell_in_words(found: Evaluation) -> None:
    true, guessed = found.confusions()[0]
    of_class = found.matrix[true].sum()
    words = in_words(found, (true, guessed))
    assert words.startswith(
        f"{found.matrix[true, guessed]} of {of_class} images of {true} were classified as {guessed}"
    )
    assert "were classified correctly" in in_words(found, (true, true))


def test_each_picture_says_true_class_guess_and_probability(found: Evaluation, digits: Dataset) -> None:
    first = found.mistakes[0]
    picture = answer_pictures(found, digits, found.mistakes[:1])[0]
    np.testing.assert_array_equal(picture.image, digits.images[first])
    true, guessed = digits.labels[first], found.guesses[first]
    assert picture.caption.startswith(f"{true} → {guessed}\n")
    assert picture.alt.startswith(f"Image {first + 1:,}: a {true}, classified as {guessed}, ")
    assert picture.alt.endswith("% sure")


def test_a_single_mistake_in_a_thousand_can_be_seen_in_the_matrix() -> None:
    assert shades(np.array([[999, 1], [0, 0]])).tolist()[0][1] > 0.05


def test_the_same_images_without_labels_are_answered_once(
    model: Model, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tuple(map(str, range(len(digits))))
    found = cache.answer(model, UnlabelledImages(digits.images, names, "one"))
    monkeypatch.setattr(mlcore.answers, "answer", None)
    assert cache.answer(model, UnlabelledImages(digits.images, names, "other")) is found
    assert found.nbytes >= 5 * len(digits)
