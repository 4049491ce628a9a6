"""A model's answers to labelled images: the same as asked one by one, worked out once, counted right.

They stand between the trained model and the page Evaluate.
"""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest

from dashboard.evaluate import cache as evaluation
from dashboard.evaluate.cache import Evaluation, Evaluations, evaluate, misfit, model_fingerprint
from dashboard.evaluate.confusion_chart import shades
from dashboard.evaluate.gallery import answer_pictures
from mlcore import (
    Dataset,
    Model,
    NetworkConfig,
    TrainingConfig,
    TrainingRun,
    calibration,
    load_dataset,
    most_confident_mistakes,
    split_dataset,
    top_k_accuracy,
    train,
)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits-8x8")


@pytest.fixture(scope="module")
def model(digits: Dataset) -> Model:
    return trained(digits, epochs=1)


def trained(dataset: Dataset, epochs: int = 1, **network: object) -> Model:
    run = TrainingRun(NetworkConfig(**network), TrainingConfig(epochs=epochs))
    for _record in train(run, split_dataset(dataset, 0.2)):
        pass
    return run.model()


@pytest.fixture(scope="module")
def found(model: Model, digits: Dataset) -> Evaluation:
    return evaluate(model, digits)


def test_the_answers_are_those_of_the_model(model: Model, digits: Dataset, found: Evaluation) -> None:
    probabilities = model.predict_probabilities(digits.images)
    np.testing.assert_array_equal(found.guesses, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(found.confidence, probabilities.max(axis=1))
    assert 0 < found.wrong < len(digits)
    assert found.accuracy == np.mean(probabilities.argmax(axis=1) == digits.labels)


def test_a_part_of_a_data_set_is_asked_without_copying_its_pixels(model: Model, digits: Dataset) -> None:
    dev = split_dataset(digits, 0.3).dev
    answers = evaluate(model, dev)
    np.testing.assert_array_equal(answers.guesses, model.predict(digits.images[dev.rows]))
    assert dev._images is None


def test_the_same_model_and_images_are_asked_once(
    model: Model, digits: Dataset, found: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "_evaluate", None)
    assert evaluate(model, digits) is found
    assert evaluate(model, digits.with_name("under another name")) is found


def test_as_many_evaluations_are_kept_as_fit_the_latest_asked_for(found: Evaluation) -> None:
    kept, made = Evaluations(2 * found.nbytes), []

    def get(name: str) -> None:
        kept.get((name, ""), lambda: made.append(name) or replace(found))

    for name in ("a", "b", "a", "c", "a", "b"):
        get(name)
    assert made == ["a", "b", "c", "b"]


def test_the_scores_are_those_of_all_probabilities_together(model: Model, digits: Dataset) -> None:
    answers, probabilities = evaluate(model, digits), model.predict_probabilities(digits.images)
    assert answers.among_three == top_k_accuracy(digits.labels, probabilities, 3)
    assert answers.calibration.error == calibration(digits.labels, probabilities).error
    np.testing.assert_array_equal(answers.mistakes, most_confident_mistakes(digits.labels, probabilities))


def test_every_change_of_a_model_changes_its_fingerprint(digits: Dataset, model: Model) -> None:
    others = [trained(digits, epochs=2), trained(digits, activation="tanh"), trained(digits, pooling=2)]
    assert len({model_fingerprint(one) for one in [model, trained(digits), *others]}) == 4


def test_a_cell_holds_its_images_the_surest_first(found: Evaluation) -> None:
    for true, guessed in [(1, 1), *found.confusions()[:3]]:
        positions = found.cell(true, guessed)
        assert len(positions) == found.matrix[true, guessed]
        assert (found.labels[positions] == true).all()
        assert (found.guesses[positions] == guessed).all()
        assert (np.diff(found.confidence[positions]) <= 0).all()


def test_the_confusions_are_all_cells_with_mistakes_the_fullest_first(found: Evaluation) -> None:
    counts = [found.matrix[cell] for cell in found.confusions()]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 0
    assert sum(counts) == found.wrong
    assert all(true != guessed for true, guessed in found.confusions())


def test_the_likely_accuracy_by_hand() -> None:
    # n = 4, p = 3/4, z = 1.96, z² = 3.8416: centre (0.75 + 3.8416/8) / (1 + 3.8416/4) = 1.2302 / 1.9604
    # = 0.62753; margin 1.96 √(0.1875/4 + 3.8416/64) / 1.9604 = 1.96 · 0.32693 / 1.9604 = 0.32686
    labels = np.array([0, 0, 1, 1])
    few = Dataset(np.zeros((4, 4, 4), np.uint8), labels, ("a", "b"), "few")

    class Stub:
        """Guesses a, a, a, b."""

        class_names = ("a", "b")

        def predict_probabilities(self, images: np.ndarray) -> np.ndarray:
            return np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]], np.float32)

    low, high = evaluation._evaluate(Stub(), few).likely_accuracy
    assert math.isclose(low, 0.30067, abs_tol=1e-4)
    assert math.isclose(high, 0.95439, abs_tol=1e-4)


def test_a_model_for_other_images_or_classes_is_refused_in_words(model: Model, digits: Dataset) -> None:
    assert misfit(model, digits) == ""
    larger = Dataset(np.zeros((2, 28, 28), np.uint8), [0, 1], digits.class_names, "larger")
    assert "8×8 pixels, but those of the data set have 28×28" in misfit(model, larger)
    letters = Dataset(np.zeros((2, 8, 8), np.uint8), [0, 1], ("a", "b"), "letters")
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9. The data set has others: a, b." in misfit(model, letters)


def test_a_model_is_asked_about_no_more_images_than_it_can_answer_in_time(
    model: Model, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = digits.take(slice(500))
    monkeypatch.setattr(evaluation, "MOST_MULTIPLY_ADDS", 500 * model.multiply_adds)
    assert misfit(model, some) == ""
    monkeypatch.setattr(evaluation, "MOST_MULTIPLY_ADDS", 499 * model.multiply_adds)
    assert "about 500 images here: about 499 would be possible" in misfit(model, some)


def test_a_cell_in_words(found: Evaluation) -> None:
    true, guessed = found.confusions()[0]
    of_class = found.matrix[true].sum()
    words = found.in_words((true, guessed))
    assert words.startswith(
        f"{found.matrix[true, guessed]} of {of_class} images of {true} were taken for {guessed}"
    )
    assert "were recognised" in found.in_words((true, true))


def test_each_picture_says_true_class_guess_and_probability(found: Evaluation, digits: Dataset) -> None:
    first = found.mistakes[0]
    picture = answer_pictures(found, digits, found.mistakes[:1])[0]
    np.testing.assert_array_equal(picture.image, digits.images[first])
    true, guessed = digits.labels[first], found.guesses[first]
    assert picture.caption.startswith(f"{true} → {guessed}\n")
    assert picture.alt.startswith(f"Image {first + 1:,}: a {true}, taken for a {guessed}, ")
    assert picture.alt.endswith("% sure")


def test_a_single_mistake_in_a_thousand_can_be_seen_in_the_matrix() -> None:
    assert shades(np.array([[999, 1], [0, 0]])).tolist()[0][1] > 0.05


def test_grey_levels_are_part_of_what_decides_an_answer(model: Model) -> None:
    coarse = copy.copy(model)
    coarse.preparation = replace(model.preparation, levels=1)
    assert model_fingerprint(coarse) != model_fingerprint(model)
