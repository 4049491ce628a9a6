"""A model's answers to labelled images: the same as asked one by one, and counted right.

The figures of the Evaluate page are these.
"""

import copy
import math
from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from mlcore import (
    Dataset,
    DatasetError,
    Evaluation,
    LearnedNothing,
    Model,
    NetworkConfig,
    TrainingConfig,
    calibration,
    class_scores,
    evaluate,
    fit,
    load_dataset,
    load_model,
    most_confident_mistakes,
    save_model,
    split_dataset,
    top_k_accuracy,
)
from mlcore.evaluation import Wanted, misfit
from mlcore.images.frame import mnist_frame
from mlcore.images.marks import stroke_widths
from mlcore.images.preparation import Preparation


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits-8x8")


@pytest.fixture(scope="module")
def model(digits: Dataset) -> Model:
    return trained(digits)


def trained(dataset: Dataset, epochs: int = 1, **network: object) -> Model:
    training = TrainingConfig(epochs=epochs)
    return fit(split_dataset(dataset, 0.2), network=NetworkConfig(**network), training=training)


@pytest.fixture(scope="module")
def found(model: Model, digits: Dataset) -> Evaluation:
    return evaluate(model, digits)


def test_the_answers_are_those_of_the_model(model: Model, digits: Dataset, found: Evaluation) -> None:
    probabilities = model.predict_probabilities(digits.images)
    np.testing.assert_array_equal(found.guesses, probabilities.argmax(axis=1))
    np.testing.assert_array_equal(found.confidence, probabilities.max(axis=1))
    assert 0 < found.wrong < len(digits)
    assert found.accuracy == np.mean(probabilities.argmax(axis=1) == digits.labels)


def test_a_subset_is_asked_without_copying_its_pixels(model: Model, digits: Dataset) -> None:
    dev = split_dataset(digits, 0.3).dev
    answers = evaluate(model, dev)
    np.testing.assert_array_equal(answers.guesses, model.predict(digits.images[dev.rows]))
    assert dev._images is None


def test_the_scores_are_those_of_all_probabilities_together(
    model: Model, digits: Dataset, found: Evaluation
) -> None:
    probabilities = model.predict_probabilities(digits.images)
    assert found.among_three == top_k_accuracy(digits.labels, probabilities, 3)
    assert found.calibration.error == calibration(digits.labels, probabilities).error
    np.testing.assert_array_equal(found.mistakes, most_confident_mistakes(digits.labels, probabilities))
    np.testing.assert_array_equal(found.scores.recall, class_scores(found.matrix).recall)


def test_a_cell_holds_its_images_the_most_confident_first(found: Evaluation) -> None:
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


class Stub:
    """Guesses a, a, a, b."""

    class_names = ("a", "b")
    image_shape = (4, 4)
    full_ink = 255

    def probabilities_of(self, images: np.ndarray) -> np.ndarray:
        return np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]], np.float32)


def of_four() -> Evaluation:
    labels = np.array([0, 0, 1, 1])
    return evaluate(Stub(), Dataset(np.zeros((4, 4, 4), np.uint8), labels, ("a", "b"), "few"))


def test_the_likely_accuracy_by_hand() -> None:
    # n = 4, p = 3/4, z = 1.96, z² = 3.8416: centre (0.75 + 3.8416/8) / (1 + 3.8416/4) = 1.2302 / 1.9604
    # = 0.62753; margin 1.96 √(0.1875/4 + 3.8416/64) / 1.9604 = 1.96 · 0.32693 / 1.9604 = 0.32686
    low, high = of_four().likely_accuracy
    assert math.isclose(low, 0.30067, abs_tol=1e-4)
    assert math.isclose(high, 0.95439, abs_tol=1e-4)


def test_an_evaluation_is_printed_as_its_main_figures() -> None:
    assert repr(of_four()) == "Evaluation(3 of 4 right: accuracy 75.0%, likely 30.1% to 95.4%)"


def test_one_answer_for_everything_is_told_whatever_its_accuracy() -> None:
    constant = one_answer_of("b", [0, 1, 1, 1])
    assert (constant.only_answer, constant.accuracy, constant.learned_nothing) == (1, 0.75, True)
    assert of_four().only_answer is None
    assert not of_four().learned_nothing  # three of four right, and each class is half of the images


def test_two_answers_that_are_no_better_than_one_are_told_too() -> None:
    names, images = ("a", "b"), np.zeros((4, 4, 4), np.uint8)
    found = evaluate(Stub(), Dataset(images, np.array([0, 0, 0, 0]), names, "few"))
    assert (found.only_answer, found.accuracy) == (None, 0.75)
    assert found.learned_nothing  # who always says a is right four times


def one_answer_of(name: str, labels: list[int]) -> Evaluation:
    """What `evaluate` makes of a model that answers all images alike."""
    answer = ("a", "b").index(name)

    class Constant(Stub):
        def probabilities_of(self, images: np.ndarray) -> np.ndarray:
            return np.eye(2, dtype=np.float32)[np.full(len(images), answer)]

    dataset = Dataset(np.zeros((len(labels), 4, 4), np.uint8), np.array(labels), ("a", "b"), "few")
    return evaluate(Constant(), dataset)


def test_a_model_for_other_images_or_classes_is_refused_in_words(model: Model, digits: Dataset) -> None:
    assert misfit(model, digits) == ""
    larger = Dataset(np.zeros((2, 28, 28), np.uint8), [0, 1], digits.class_names, "larger")
    assert "8×8 pixels, but those of the data set have 28×28" in misfit(model, larger)
    letters = Dataset(np.zeros((2, 8, 8), np.uint8), [0, 1], ("a", "b"), "letters")
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9. The data set has others: a, b." in misfit(model, letters)
    assert "has no images" in misfit(model, digits.take(slice(0)))
    levels = Dataset(digits.images // 16, digits.labels, digits.class_names, "levels")
    assert "brightest pixel is 15; in the images that the model learned from it is 25" in misfit(
        model, levels
    )
    with pytest.raises(DatasetError, match="The data set has others: a, b"):
        evaluate(model, letters)


def test_more_classes_than_a_byte_can_tell_apart_are_counted_right() -> None:
    names = tuple(f"class {k}" for k in range(300))
    images = np.random.default_rng(0).integers(0, 256, (600, 2, 2), np.uint8)
    many = Dataset(images, np.arange(600) % 300, names, "many")
    with pytest.warns(LearnedNothing):  # there is nothing to learn in noise
        model = trained(many, hidden_sizes=())
    found = evaluate(model, many)
    np.testing.assert_array_equal(found.labels, many.labels)
    np.testing.assert_array_equal(found.guesses, model.predict(images))


def test_every_change_of_a_model_changes_its_fingerprint(digits: Dataset, model: Model) -> None:
    others = [trained(digits, epochs=2), trained(digits, activation="tanh"), trained(digits, pooling=2)]
    assert len({one.fingerprint for one in [model, trained(digits), *others]}) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"levels": 1},
        {"scale": 0.5},
        {"kept": np.arange(64)},
        {"mean": np.zeros(64)},
        {"deviation": np.ones(64)},
        {"frame": mnist_frame((8, 8))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_the_preparation_decides_the_answers(model: Model, change: dict) -> None:
    other = copy.copy(model)
    other.preparation = replace(model.preparation, **change)
    assert other.fingerprint != model.fingerprint


@dataclass(frozen=True)
class LaterPreparation(Preparation):
    """One with a field that somebody adds later."""

    inverted: bool = False


def test_a_field_that_is_added_to_the_preparation_is_not_forgotten(model: Model) -> None:
    known = {field.name: getattr(model.preparation, field.name) for field in fields(Preparation)}
    one, other = copy.copy(model), copy.copy(model)
    one.preparation, other.preparation = LaterPreparation(**known), LaterPreparation(**known, inverted=True)
    assert one.fingerprint != other.fingerprint


def test_a_model_has_the_same_fingerprint_when_it_was_saved_and_loaded(model: Model, tmp_path) -> None:
    save_model(model, tmp_path / "model.npz")
    assert load_model(tmp_path / "model.npz").fingerprint == model.fingerprint


# What is wanted of the images


def test_the_images_that_are_wanted_come_in_the_order_that_is_wanted(
    model: Model, digits: Dataset, found: Evaluation
) -> None:
    p = model.predict_probabilities(digits.images)
    everywhere = np.arange(len(digits))
    np.testing.assert_array_equal(found.select(Wanted()), found.mistakes)
    by_loss = found.select(Wanted(outcome="all", order="loss"))
    true = p[everywhere, digits.labels]
    assert sorted(by_loss.tolist()) == everywhere.tolist()
    assert (np.diff(true[by_loss]) >= 0).all()
    closest = found.select(Wanted(outcome="right", order="closest"))
    best, second = np.sort(p, axis=1)[:, -1], np.sort(p, axis=1)[:, -2]
    assert (np.diff((best - second)[closest]) >= 0).all()
    assert (found.guesses[closest] == found.labels[closest]).all()


def test_filters_hold_together(found: Evaluation) -> None:
    true, guessed = found.confusions()[0]
    cell = found.select(Wanted(true, guessed))
    np.testing.assert_array_equal(cell, found.cell(true, guessed))
    some = found.select(Wanted(outcome="all", least=0.5, most=0.8))
    assert ((found.confidence[some] >= 0.5) & (found.confidence[some] <= 0.8)).all()
    assert len(some) == ((found.confidence >= 0.5) & (found.confidence <= 0.8)).sum()
    assert len(found.select(Wanted(true, guessed, outcome="right"))) == 0


def test_of_the_answers_above_a_threshold_the_right_ones_are_counted(found: Evaluation) -> None:
    least = float(np.median(found.confidence))
    sure = found.confidence >= least
    answered = found.above(least)
    assert answered.n == sure.sum()
    assert answered.accuracy == np.mean((found.guesses == found.labels)[sure])
    assert found.above(0.0).n == len(found.labels)
    assert math.isnan(found.above(1.1).accuracy)
    assert found.above(1.1).likely_accuracy == (0.0, 1.0)


def test_without_some_images_the_others_are_counted(found: Evaluation) -> None:
    rest = found.without(found.mistakes)
    assert (rest.n, rest.accuracy) == (found.right, 1.0)


def test_what_only_another_model_reads_is_a_mistake_of_this_one(found: Evaluation) -> None:
    better = replace(found, guesses=found.labels)
    np.testing.assert_array_equal(found.only_right(better), found.mistakes)
    assert len(found.only_right(found)) == 0


def test_unsure_answers_and_thick_or_thin_strokes_are_found(found: Evaluation, digits: Dataset) -> None:
    unsure = found.select(Wanted(outcome="unsure"))
    assert set(unsure) == set(np.flatnonzero(found.confidence < 0.9))
    widths = stroke_widths(digits.images)
    thin, thick = (
        found.select(Wanted(outcome="all", strokes=strokes), widths) for strokes in ("thin", "thick")
    )
    assert widths[thin].max() < widths[thick].min()
    assert min(len(thin), len(thick)) >= len(digits) / 4
    both = found.select(Wanted(true=4, outcome="all", strokes="thick"), widths)
    assert set(both) == set(thick) & set(np.flatnonzero(digits.labels == 4))


def test_the_right_answers_among_some_images_are_counted(found: Evaluation) -> None:
    some = np.arange(0, 900, 3)
    assert found.among(some).n == 300
    assert found.among(some).right == int((found.guesses == found.labels)[some].sum())
    assert math.isnan(found.among(some[:0]).accuracy)
    rest = found.without(some)
    assert (rest.n, rest.right) == (len(found.labels) - 300, found.right - found.among(some).right)
