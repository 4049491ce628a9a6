"""What Evaluate says and draws of what its studies found."""

import numpy as np
import pytest

from dashboard.evaluate.lives import learned_in_words, lives_figure, lives_in_words
from dashboard.evaluate.more_images import curve_figure, curve_in_words
from dashboard.evaluate.slices import chance_in_words
from dashboard.evaluate.teachers import influence_in_words, retrained_in_words
from mlcore import Dataset, ImageLives, Influence, LearningCurve, Retrained, Size
from mlcore.evaluation import Answered

CURVE = LearningCurve((Size(1000, (800, 800), 1000), Size(2000, (900, 900), 1000)))
DATA = Dataset(np.zeros((3, 2, 2), np.uint8), [0, 1, 1], ("no", "yes"), "three")
LIVES = ImageLives(
    (1.0, 2.0),
    np.array([0.1, 0.6, 0.9], np.float32),
    np.array([0.1, 0.4, 0.0], np.float32),
    np.array([np.nan, 2.0, 1.0], np.float32),
    np.array([0, 1, 0], np.uint8),
    np.array([1, 1, 1], np.uint8),
)


def test_what_twice_as_many_images_would_bring_stands_first() -> None:
    first, rest = curve_in_words(CURVE).split(". ", 1)
    assert first.startswith("Twice as many images would bring about 95.0")
    assert rest == "All 2,000 bring 90.00 %, half of them 80.00 %."


def test_more_images_never_promise_more_than_all_right() -> None:
    perfect = LearningCurve((Size(20, (90,), 100), Size(40, (100,), 100)))
    assert "about 100.00 % accuracy" in curve_in_words(perfect)


def test_the_expected_curve_goes_on_to_twice_as_many_images() -> None:
    measured, expected = curve_figure(CURVE).data
    assert measured.x == (1000, 2000)
    assert expected.x == (1000, 2000, 4000)
    assert expected.y[-1] == pytest.approx(95.0, abs=0.1)


def test_images_are_counted_by_kind_and_drawn_with_it() -> None:
    words = lives_in_words(LIVES)
    assert words.startswith("1 of 3 training images are easy, 1 ambiguous and 1 hard.")
    assert "1 were still misread at the end, and 1 were forgotten" in words
    hard, ambiguous, easy = lives_figure(LIVES).data
    assert (hard.y, ambiguous.y, easy.y) == ((10.0,), (60.0,), (90.0,))


def test_when_an_image_was_learned_is_said_with_how_often_it_was_lost() -> None:
    assert [learned_in_words(LIVES, place) for place in range(3)] == [
        "wrong",
        "epoch 2 (1× lost)",
        "epoch 1",
    ]


def test_who_taught_an_answer_is_told_from_nobody() -> None:
    some, none = np.array([1, 2]), np.empty(0, np.intp)
    pushes = np.ones(2, np.float32)
    assert influence_in_words(Influence(some, pushes, none, pushes[:0]), DATA, 1) == (
        "Of the 2 training images that pushed it most towards yes, 2 have that label."
    )
    assert influence_in_words(Influence(none, pushes[:0], none, pushes[:0]), DATA, 1).startswith(
        "No training image"
    )


def test_both_trainings_are_told_by_how_sure_they_are_of_the_answer() -> None:
    again = Retrained(np.array([0.1, 0.9]), np.array([0.4, 0.6]))
    assert retrained_in_words(again, 24, 1, ("no", "yes")) == (
        "Trained again with all images, it is 90.0 % sure of yes; without these 24, 60.0 %. "
        "Both times it answers yes: these images alone did not decide it."
    )
    changed = Retrained(np.array([0.1, 0.9]), np.array([0.6, 0.4]))
    assert retrained_in_words(changed, 24, 1, ("no", "yes")).endswith(
        "With them it answers yes, without them no."
    )


@pytest.mark.parametrize(
    ("right", "words"), [(80, "much lower"), (100, "much higher"), (95, "due to chance")]
)
def test_a_slice_is_told_from_chance(right: int, words: str) -> None:
    assert words in chance_in_words(Answered(100, right), 0.94)
