"""The figures agree with scikit-learn's on random data, and with paper and pencil on small ones."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from mlcore import (
    DatasetError,
    McNemar,
    accuracy,
    calibration,
    class_scores,
    confusion_matrix,
    log_loss,
    mcnemar,
    most_confident_mistakes,
    top_k_accuracy,
)
from mlcore.metrics import likely_accuracy

seeds = st.integers(0, 2**32)
few = settings(max_examples=15)  # scikit-learn's figures take their time


def random_answers(seed: int, n: int = 200, classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that lean towards them; every class occurs and is guessed."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(n) % classes)
    logits = generator.normal(0, 1, (n, classes))
    logits[np.arange(n), labels] += 1.5
    p = np.exp(logits)
    return labels, p / p.sum(axis=1, keepdims=True)


@few
@given(seeds)
def test_accuracy_and_confusion_matrix_agree_with_scikit_learn(seed: int) -> None:
    labels, p = random_answers(seed)
    guesses = p.argmax(axis=1)
    matrix = confusion_matrix(labels, guesses, 5)
    np.testing.assert_array_equal(matrix, reference.confusion_matrix(labels, guesses, labels=range(5)))
    assert accuracy(labels, guesses) == pytest.approx(reference.accuracy_score(labels, guesses))
    assert matrix.sum() == len(labels)
    assert np.trace(matrix) == (labels == guesses).sum()


@few
@given(seeds)
def test_scores_of_classes_agree_with_scikit_learn(seed: int) -> None:
    labels, p = random_answers(seed)
    guesses = p.argmax(axis=1)
    scores = class_scores(confusion_matrix(labels, guesses, 5))
    found = (scores.precision, scores.recall, scores.f1, scores.support)
    expected = reference.precision_recall_fscore_support(
        labels, guesses, labels=range(5), zero_division=np.nan
    )
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other)


def test_scores_by_hand() -> None:
    # class 0: 8 of 10 found, 8 of 9 guesses right, F1 = 16/19
    # class 1: 4 of 5 found, 4 of 6 guesses right, F1 = 8/11; class 2 neither is nor is guessed
    scores = class_scores(np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]]))
    np.testing.assert_allclose(scores.precision, [8 / 9, 4 / 6, np.nan])
    np.testing.assert_allclose(scores.recall, [8 / 10, 4 / 5, np.nan])
    np.testing.assert_allclose(scores.f1, [16 / 19, 8 / 11, np.nan])
    assert scores.support.tolist() == [10, 5, 0]


@few
@given(seeds)
def test_log_loss_and_top_k_agree_with_scikit_learn(seed: int) -> None:
    labels, p = random_answers(seed)
    assert log_loss(labels, p) == pytest.approx(reference.log_loss(labels, p))
    for k in (1, 2, 3):
        assert top_k_accuracy(labels, p, k) == pytest.approx(
            reference.top_k_accuracy_score(labels, p, k=k, labels=range(5))
        )
    assert top_k_accuracy(labels, p, 1) == pytest.approx(accuracy(labels, p.argmax(axis=1)))
    assert top_k_accuracy(labels, p, 5) == 1


def test_a_probability_of_zero_for_the_true_class_costs_much_but_not_everything() -> None:
    assert 700 < log_loss(np.array([0]), np.array([[0.0, 1.0]])) < math.inf


@given(seeds)
def test_the_most_confident_mistakes_come_first_and_none_is_missing(seed: int) -> None:
    labels, p = random_answers(seed)
    positions = most_confident_mistakes(labels, p)
    guesses = p.argmax(axis=1)
    assert sorted(positions) == np.flatnonzero(guesses != labels).tolist()
    assert (np.diff(p[positions, guesses[positions]]) <= 0).all()


def test_mistakes_by_hand() -> None:
    p = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    # guesses 0 1 1 0; wrong are 1 (sure to 0.7), 2 (0.8) and 3 (0.6)
    assert most_confident_mistakes(np.array([0, 0, 0, 1]), p).tolist() == [2, 1, 3]


def test_calibration_by_hand() -> None:
    # two answers sure to 0.6, one of them right; two sure to 0.95, both right
    p = np.array([[0.6, 0.4], [0.6, 0.4], [0.95, 0.05], [0.95, 0.05]])
    found = calibration(np.array([0, 1, 0, 0]), p, bins=10)
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 2, 0, 0, 0, 2]  # 0.6 belongs to (0.5, 0.6]
    np.testing.assert_allclose(found.confidence[[5, 9]], [0.6, 0.95])
    np.testing.assert_allclose(found.accuracy[[5, 9]], [0.5, 1.0])
    assert np.isnan(found.accuracy[0])
    # 2/4 · |0.6 - 0.5| + 2/4 · |0.95 - 1|
    assert found.error == pytest.approx(0.075)


@few
@given(seeds, st.integers(1, 30))
def test_bins_of_calibration_hold_every_answer_once(seed: int, bins: int) -> None:
    labels, p = random_answers(seed)
    found = calibration(labels, p, bins)
    sure = p.max(axis=1)
    inside = [(found.edges[i] < sure) & (sure <= found.edges[i + 1]) for i in range(bins)]
    assert found.counts.tolist() == [int(some.sum()) for some in inside]
    assert found.counts.sum() == len(labels)
    assert 0 <= found.error <= 1
    full = found.counts > 0
    np.testing.assert_allclose(found.confidence[full], [sure[some].mean() for some in inside if some.any()])


@few
@given(seeds, st.integers(1, 30))
def test_calibration_is_that_of_scikit_learn(seed: int, bins: int) -> None:
    labels, p = random_answers(seed)
    found, right = calibration(labels, p, bins), p.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, p.max(axis=1), n_bins=bins)
    full = found.counts > 0
    np.testing.assert_allclose(found.accuracy[full], accuracy)
    np.testing.assert_allclose(found.confidence[full], confidence)
    weights = found.counts[full] / len(labels)
    assert found.error == pytest.approx(float(weights @ np.abs(accuracy - confidence)))


def test_certain_answers_fall_into_the_last_bin() -> None:
    found = calibration(np.array([0]), np.array([[1.0, 0.0]]), bins=4)
    assert found.counts.tolist() == [0, 0, 0, 1]
    assert found.error == 0


@few
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 40))
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int, both: int) -> None:
    n = only_first + only_second + both
    labels, first, second = np.zeros(n), np.zeros(n), np.zeros(n)
    second[:only_first] = 1
    first[only_first : only_first + only_second] = 1
    found = mcnemar(labels, first, second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    different = only_first + only_second
    expected = binomtest(only_first, different).pvalue if different else 1.0
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert mcnemar(labels, second, first).p_value == found.p_value


def test_mcnemar_by_hand() -> None:
    # the first alone is right 5 times, the second once: 2 (C(6,0) + C(6,1)) / 2⁶ = 14/64
    labels = np.zeros(6)
    found = mcnemar(labels, np.array([0, 0, 0, 0, 0, 1]), np.array([1, 1, 1, 1, 1, 0]))
    assert found.p_value == pytest.approx(14 / 64)


def test_mcnemar_of_many_thousands_of_images_is_a_number() -> None:
    n = 100_000
    first = np.arange(n) % 2
    found = mcnemar(np.zeros(n), first, 1 - first)
    assert found.p_value == 1.0
    assert mcnemar(np.zeros(n), np.zeros(n), np.ones(n)).p_value == 0.0


def test_lists_are_taken_as_arrays() -> None:
    assert accuracy([1, 2], [1, 3]) == 0.5
    assert accuracy(["one", "two"], ["one", "six"]) == 0.5
    assert confusion_matrix([0, 1], [1.0, 1.0], 2).tolist() == [[0, 1], [0, 1]]
    assert class_scores([[8, 2], [0, 10]]).recall.tolist() == [0.8, 1.0]
    assert mcnemar([1] * 6, [1] * 6, [0] * 6).p_value == pytest.approx(2 / 2**6)
    assert log_loss([0], [[0.5, 0.5]]) == pytest.approx(math.log(2))
    assert top_k_accuracy([1], [[0.5, 0.5]], 2) == 1
    assert most_confident_mistakes([1], [[0.7, 0.3]]).tolist() == [0]
    assert calibration([1], [[0.7, 0.3]]).error == pytest.approx(0.7)


P = [[0.9, 0.1], [0.2, 0.8]]


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: accuracy([1, 2], [1]), "same length"),
        (lambda: accuracy(np.ones((2, 1)), np.ones(2)), r"not \(2, 1\) and \(2,\)"),
        (lambda: accuracy(np.array(["1", "2"]), np.array([1, 2])), "all be names, not <U1 and int64"),
        (lambda: accuracy([0.5], [0.5]), "whole numbers"),
        (lambda: confusion_matrix([0, 2], [0, 1], 2), "from 0 to 1"),
        (lambda: confusion_matrix([0, -1], [0, 1], 2), "from 0 to 1"),
        (lambda: class_scores([[1, 2]]), "as many rows as columns"),
        (lambda: mcnemar([1], [1, 1], [1]), "same length"),
        (lambda: log_loss([0], P), "as many labels as rows"),
        (lambda: log_loss([0, 2], P), "from 0 to 1"),
        (lambda: log_loss([0, 1], [0, 1]), "one column per class"),
        (lambda: log_loss([0, 1], [[3.0, -1.0], [0.0, 1.0]]), "between 0 and 1, not between -1 and 3"),
        (lambda: log_loss([0, 1], [[np.nan, 1.0], [0.0, 1.0]]), "between 0 and 1"),
        (lambda: top_k_accuracy([0, 1], np.ones((2, 2), int), 1), "floating-point"),
        (lambda: calibration([0, 1, 1], P), "as many labels as rows"),
        (lambda: most_confident_mistakes(["a", "b"], P), "from 0 to 1"),
    ],
)
def test_what_does_not_fit_together_is_refused_with_a_sentence(
    ask: Callable[[], object], sentence: str
) -> None:
    with pytest.raises(DatasetError, match=sentence):
        ask()


def test_of_no_images_there_is_no_figure() -> None:
    none, p = np.zeros(0, int), np.zeros((0, 3))
    assert math.isnan(accuracy(none, none))
    assert math.isnan(log_loss(none, p))
    assert math.isnan(top_k_accuracy(none, p, 1))
    assert math.isnan(calibration(none, p).error)
    assert most_confident_mistakes(none, p).tolist() == []
    assert confusion_matrix(none, none, 3).tolist() == [[0] * 3] * 3
    assert mcnemar(none, none, none).p_value == 1


@pytest.mark.parametrize(("right", "n"), [(0, 10), (9, 10), (10, 10), (9_946, 10_000), (1, 2)])
def test_the_interval_of_an_accuracy_is_wilsons(right: int, n: int) -> None:
    expected = binomtest(right, n).proportion_ci(0.95, "wilson")
    assert likely_accuracy(right, n) == pytest.approx((expected.low, expected.high), abs=2e-5)


def test_of_no_answers_every_accuracy_is_possible() -> None:
    assert likely_accuracy(0, 0) == (0.0, 1.0)


def test_the_interval_of_a_difference_holds_the_true_one_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    n, only_first, only_second = 500, 0.06, 0.03
    held = 0
    for _time in range(2000):
        b, c, _same = generator.multinomial(n, [only_first, only_second, 1 - only_first - only_second])
        low, high = McNemar(int(b), int(c), 0.5).likely_difference(n)
        held += low <= only_first - only_second <= high
    assert 0.93 <= held / 2000 <= 0.97


def test_two_models_that_never_differ_may_still_differ_a_little_on_new_images() -> None:
    low, high = McNemar(0, 0, 1.0).likely_difference(100)
    assert -0.03 < low < 0 < high < 0.03
