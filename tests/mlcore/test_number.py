"""A number on a wide canvas: its strokes are put together to digits, which are read."""

import numpy as np
import pytest

from mlcore import load_model
from mlcore.images.strokes import Stroke
from mlcore.number import read_number
from mlcore.refusal import refusal_of
from models.pen_font import DIGITS, written
from tests.house import ROOT

MODEL = load_model(ROOT / "models" / "mnist.npz")
REFUSAL = refusal_of(load_model(ROOT / "models" / "refusals" / "mnist.npz"))


def number(text: str, gap: float) -> list[Stroke]:
    """Return a number in print, each digit 110 units high, with gaps of this part of that."""
    strokes, x = [], 20.0
    for name in text:
        lines = written(DIGITS[name][0], np.random.default_rng(int(name)))
        left, right = min(line[:, 0].min() for line in lines), max(line[:, 0].max() for line in lines)
        for line in lines:
            strokes.append(Stroke(tuple((x + 110 * (a - left), 60 + 110 * b) for a, b in line.tolist()), 9.0))
        x += 110 * (right - left + gap)
    return strokes


def read(strokes: list[Stroke]) -> str:
    found = read_number(MODEL, REFUSAL, strokes, 640, 280)
    return "".join(MODEL.class_names[int(np.argmax(digit.probabilities))] for digit in found)


@pytest.mark.parametrize("text", ["2026", "7", "4518", "3690"])
def test_a_number_is_read_from_left_to_right_in_whatever_order_it_was_written(text: str) -> None:
    strokes = number(text, 0.3)
    assert read(strokes) == text
    assert read(strokes[::-1]) == text


def test_digits_that_touch_are_told_apart() -> None:
    assert read(number("2735", -0.03)) == "2735"


def test_a_stray_tap_and_what_lies_outside_are_no_digits() -> None:
    assert read([*number("25", 0.3), Stroke(((600.0, 250.0),), 9.0)]) == "25"
    assert read([Stroke(((700.0, 20.0), (700.0, 200.0)), 9.0)]) == ""


def test_each_stroke_belongs_to_one_digit() -> None:
    strokes = number("45", 0.3)
    found = read_number(MODEL, REFUSAL, strokes, 640, 280)
    assert sorted(stroke.points for digit in found for stroke in digit.strokes) == sorted(
        stroke.points for stroke in strokes
    )
    assert all(digit.image.shape == (28, 28) and digit.doubt < 0.5 for digit in found)
