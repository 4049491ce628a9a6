"""The figures of the pages Data and Evaluate: every number in them is one of the data.

They are made without a browser, as in a notebook.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard.data.class_chart import class_figure
from dashboard.evaluate.calibration_chart import calibration_figure
from dashboard.evaluate.compare import comparison_in_words
from dashboard.evaluate.gallery import ORDERS
from dashboard.evaluate.sure import coverage_figure, threshold_in_words
from dashboard.models.confusion_chart import AXIS_NAME, MOST_NUMBERS, VIEWS, confusion_figure, in_words
from mlcore import Evaluation, McNemar, calibration, confusion_matrix
from mlcore import evaluation as answers
from mlcore.metrics import likely_accuracy

GENERATOR = np.random.default_rng(7)


def an_evaluation(n_classes: int, names: Sequence[str] = ()) -> Evaluation:
    """Return the evaluation of 200 made-up answers, about half of them right."""
    labels = GENERATOR.integers(0, n_classes, 200)
    probabilities = GENERATOR.dirichlet(np.full(n_classes, 0.3), 200)
    probabilities[np.arange(200), labels] += 0.5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    guesses = probabilities.argmax(axis=1)
    return Evaluation(
        class_names=tuple(names or (f"class {k}" for k in range(n_classes))),
        labels=labels,
        guesses=guesses.astype(np.uint8),
        confidence=probabilities.max(axis=1).astype(np.float32),
        true_probability=probabilities[np.arange(200), labels].astype(np.float32),
        second=np.sort(probabilities, axis=1)[:, -2].astype(np.float32),
        matrix=confusion_matrix(labels, guesses, n_classes),
        among_three=1.0,
        calibration=calibration(labels, probabilities),
        mistakes=np.flatnonzero(guesses != labels),
    )


def test_the_matrix_has_its_counts_its_sentences_and_a_frame_around_the_cell() -> None:
    evaluation = an_evaluation(4)
    figure = confusion_figure(evaluation, (2, 1))
    (heatmap,) = figure.data
    counts = [[int(text or 0) for text in row] for row in heatmap.text]
    np.testing.assert_array_equal(counts, evaluation.matrix)
    assert heatmap.hovertext[2][1] == in_words(evaluation, (2, 1))
    frame = figure.layout.shapes[0]
    assert (frame.y0, frame.y1, frame.x0, frame.x1) == (1.5, 2.5, 0.5, 1.5)
    assert figure.layout.yaxis.range == (3.5, -0.5), "the first class is at the top"


def test_a_matrix_of_many_classes_has_room_for_its_names_but_not_for_counts() -> None:
    few, many = confusion_figure(an_evaluation(MOST_NUMBERS)), confusion_figure(an_evaluation(90))
    assert few.data[0].text is not None
    assert many.data[0].text is None
    assert len(few.layout.xaxis.ticktext) == MOST_NUMBERS
    assert many.layout.xaxis.ticktext == tuple(f"class {k}" for k in range(90))
    assert many.layout.meta["least_width"] == "54.0rem", "it scrolls where the page is narrower"


def test_long_names_are_shortened_beside_the_matrix_and_stay_apart() -> None:
    names = [f"{'a name that goes on and on ' * 4}number {k % 2}" for k in range(3)]
    ticks = confusion_figure(an_evaluation(3, names)).layout.yaxis.ticktext
    assert len(set(ticks)) == 3
    assert max(map(len, ticks)) <= AXIS_NAME + len(" (2)")


def test_the_bars_of_a_class_stack_up_to_all_of_its_images() -> None:
    table = pd.DataFrame({"name": ["a", "b"], "training": [5, 6], "dev": [1, 2], "unused": [0, 0]})
    figure = class_figure(table.assign(total=table["training"] + table["dev"]))
    assert [bar.name for bar in figure.data] == ["Training", "Dev set"], "a part without images has no bar"
    np.testing.assert_array_equal(np.sum([bar.y for bar in figure.data], axis=0), [6, 8])
    assert figure.layout.barmode == "stack"
    assert len({bar.marker.pattern.shape for bar in figure.data}) == 2, "colour is not the only sign"


def test_calibration_shows_the_accuracy_at_each_confidence_beside_the_diagonal() -> None:
    found = an_evaluation(3).calibration
    ideal, curve = calibration_figure(found).data
    assert ideal.x == ideal.y == (0, 100)
    used = found.counts > 0
    assert curve.customdata == tuple(found.counts[used])
    np.testing.assert_allclose(curve.y, 100 * found.accuracy[used], atol=0.01)
    np.testing.assert_allclose(curve.x, 100 * found.confidence[used], atol=0.01)
    accuracy, n = found.accuracy[used][0], found.counts[used][0]
    _low, high = likely_accuracy(round(accuracy * n), n)
    assert curve.error_y.array[0] == pytest.approx(100 * (high - accuracy), abs=0.01)


@pytest.mark.parametrize("n_classes", [2, 10, 60])
def test_every_figure_is_json_that_a_browser_can_read(n_classes: int) -> None:
    evaluation = an_evaluation(n_classes)
    nobody = replace(evaluation.calibration, counts=np.zeros_like(evaluation.calibration.counts))
    for figure in (
        confusion_figure(evaluation),
        calibration_figure(evaluation.calibration),
        calibration_figure(nobody),
    ):
        json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def numbers(view: str, matrix: np.ndarray) -> np.ndarray:
    """The numbers in the cells of the matrix; an empty cell is 0."""
    evaluation = replace(an_evaluation(3), matrix=matrix)
    (heatmap,) = confusion_figure(evaluation, view=view).data
    return np.array([[float(text or 0) for text in row] for row in heatmap.text])


def test_the_cells_show_counts_shares_of_rows_or_columns_or_mistakes_alone() -> None:
    matrix = np.array([[60, 20, 20], [0, 0, 0], [40, 0, 60]])
    np.testing.assert_array_equal(numbers("counts", matrix), matrix)
    np.testing.assert_allclose(numbers("rows", matrix), [[60, 20, 20], [0, 0, 0], [40, 0, 60]])
    np.testing.assert_allclose(numbers("columns", matrix), [[60, 100, 25], [0, 0, 0], [40, 0, 75]])
    np.testing.assert_array_equal(numbers("mistakes", matrix), matrix - np.diag([60, 0, 60]))


@pytest.mark.parametrize("view", VIEWS)
def test_in_every_view_the_shades_are_from_0_to_1(view: str) -> None:
    (heatmap,) = confusion_figure(an_evaluation(4), view=view).data
    assert 0 <= np.min(heatmap.z) <= np.max(heatmap.z) <= 1


def test_every_order_of_the_gallery_is_one_of_an_evaluation() -> None:
    assert ORDERS.keys() == answers.ORDERS.keys()


def test_the_curve_of_thresholds_begins_with_all_answers_and_marks_the_chosen_one() -> None:
    evaluation = an_evaluation(4)
    curve, marker = coverage_figure(evaluation, 0.7).data
    assert (curve.x[0], curve.y[0]) == (100, round(100 * evaluation.accuracy, 3))
    answered = evaluation.above(0.7)
    assert (marker.x, marker.y) == ((answered.n / 2,), (round(100 * answered.accuracy, 3),))
    assert (np.diff(curve.x) <= 0).all()


def test_the_axis_of_thresholds_ends_just_above_all_correct() -> None:
    evaluation = an_evaluation(4)
    flawless = replace(evaluation, guesses=evaluation.labels, mistakes=np.empty(0, np.intp))
    for found, least in ((evaluation, 0), (flawless, 98)):
        low, high = coverage_figure(found, 0.7).layout.yaxis.range
        assert least < low <= 99
        assert 100 < high <= 100 + 0.05 * (100 - low)


def test_a_threshold_in_words_counts_answers_and_what_is_left() -> None:
    evaluation = an_evaluation(4)
    n = evaluation.above(0.7).n
    words = threshold_in_words(evaluation, 0.7)
    assert words.startswith(f"It answers {n} of 200 images")
    assert words.endswith(f"{200 - n} are left to a person.")
    assert (
        threshold_in_words(evaluation, 1.01) == "It is never that sure: all 200 images are left to a person."
    )


@pytest.mark.parametrize(
    ("found", "judgement"),
    [
        (McNemar(5, 5, 1.0), "There is no difference."),
        (
            McNemar(7, 5, 0.77),
            "A difference this small happens by luck in 77 of 100 cases: it says nothing.",
        ),
        (McNemar(5, 20, 0.004), "The second is better: luck makes such a difference in 4 of 1,000 cases."),
        (McNemar(90, 5, 1e-9), "The first is better: luck makes such a difference in fewer than 1 of 1,000"),
    ],
)
def test_two_models_are_compared_in_words(found: McNemar, judgement: str) -> None:
    evaluation = an_evaluation(3)
    words = comparison_in_words(found, ("Mine", "Yours"), (evaluation, evaluation))
    assert judgement in words
    assert f"Only the first is right about {found.only_first} images" in words
