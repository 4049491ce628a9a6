"""Which drawings meet a dare, judged by the model that ships with the app.

These are the tests of `dashboard.draw.dares`.
"""

from itertools import pairwise

import numpy as np
import pytest

from dashboard.draw.answer import answer_of
from dashboard.draw.dares import DARES, attempt_of, is_met, possible_dares
from dashboard.draw.drawing import digit_drawn
from dashboard.draw.strokes import as_objects
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from dashboard.shipped import shipped_model
from mlcore.images.strokes import Point, Stroke

DIGITS = [str(digit) for digit in range(10)]
PLAIN_ONE = [[(140, 50), (140, 230)]]
SEVEN = [[(80, 60), (200, 60), (140, 230)]]
EIGHT: list[list[Point]] = [
    [
        (180, 80),
        (140, 55),
        (105, 80),
        (115, 115),
        (165, 150),
        (175, 195),
        (140, 225),
        (105, 200),
        (115, 160),
        (165, 115),
        (180, 80),
    ]
]
THREE = [[(75, 60), (140, 40), (185, 75), (130, 130), (190, 165), (150, 225), (80, 215)]]
TINY_THREE = [[(120, 120), (140, 110), (155, 122), (135, 138), (155, 150), (145, 165), (120, 160)]]
FIVE = [[(190, 60), (110, 60), (105, 130), (150, 120), (190, 160), (175, 210), (130, 230), (90, 210)]]
FIVE_WITH_A_HAT = [FIVE[0][1:], FIVE[0][1::-1]]
NEITHER_ONE_NOR_SEVEN = [[(112, 60), (150, 60), (140, 230)]]

# For each dare a drawing that is what its words say, and one that is not.
DRAWINGS = {
    "open-four": ([[(90, 50), (80, 140), (190, 140)], [(185, 70), (175, 240)]], SEVEN),
    "confused": (NEITHER_ONE_NOR_SEVEN, PLAIN_ONE),
    "barred-seven": ([*SEVEN, [(110, 150), (190, 150)]], EIGHT),
    "one-stroke-five": (FIVE, FIVE_WITH_A_HAT),
    "tiny-three": (TINY_THREE, THREE),
    "torn": (NEITHER_ONE_NOR_SEVEN, SEVEN),
    "footed-one": ([[(110, 90), (145, 55), (145, 230)], [(105, 230), (185, 230)]], SEVEN),
    "sure-eight": (EIGHT, THREE),
}


def strokes(lines: list[list[Point]], width: float) -> list[Stroke]:
    """Return lines as strokes with points between their points, as a hand makes them."""
    return [Stroke(tuple(_fine(line)), width) for line in lines]


def _fine(line: list[Point]) -> list[Point]:
    places = [
        tuple(np.add(np.multiply(a, 1 - t), np.multiply(b, t)))
        for a, b in pairwise(line)
        for t in np.arange(8) / 8
    ]
    return [(float(x), float(y)) for x, y in [*places, line[-1]]]


def meets(key: str, lines: list[list[Point]]) -> bool:
    model, drawn = shipped_model("mnist"), strokes(lines, 10 if lines is TINY_THREE else 24)
    answer = answer_of(model, digit_drawn(Session(drawing={"objects": as_objects(drawn)}), model))
    assert answer is not None
    return is_met(DARES[key], attempt_of(answer, drawn, SIZE))


@pytest.mark.parametrize("key", DARES)
def test_a_dare_is_met_by_what_its_words_say_and_not_by_another_drawing(key: str) -> None:
    wanted, another = DRAWINGS[key]
    assert [meets(key, wanted), meets(key, another)] == [True, False]


def test_a_tap_by_accident_is_no_second_stroke() -> None:
    assert meets("one-stroke-five", [*FIVE, [(275, 275), (276, 275)]])


def test_a_model_of_other_classes_is_asked_only_what_it_can_answer() -> None:
    assert possible_dares(DIGITS) == [*DARES]
    assert possible_dares(["shirt", "4"]) == ["open-four", "confused", "torn"]


def test_every_dare_that_wants_a_digit_names_it() -> None:
    assert all(dare.digit in dare.words and dare.digit in dare.rule for dare in DARES.values())
