"""A number on a wide canvas: its strokes are put together to digits, which are read."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from mlcore import NoDigitError, load_model
from mlcore.images.strokes import Stroke
from mlcore.number import cut_at_joints, read_number, read_number_in_picture
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


def joined(text: str) -> list[Stroke]:
    """Return a number written without lifting the pen."""
    points = [point for stroke in number(text, 0.35) for point in stroke.points]
    return [Stroke(tuple(points), 9.0)]


def on_paper(strokes: list[Stroke], *, lines: bool = False) -> bytes:
    """Return a picture of dark strokes on light paper, 640 by 280 pixels."""
    page = Image.new("L", (640, 280), 235)
    pen = ImageDraw.Draw(page)
    for stroke in strokes:
        pen.line([*stroke.points], fill=40, width=9, joint="curve")
    for column in range(40, 640, 150) if lines else ():
        pen.line([(column, 0), (column + 200, 280)], fill=40, width=6)
    file = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(1)).save(file, "PNG")
    return file.getvalue()


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


@pytest.mark.parametrize("text", ["26", "2063", "7"])
def test_digits_that_are_joined_in_one_stroke_are_read_without_the_joints(text: str) -> None:
    assert read(joined(text)) == text


@pytest.mark.parametrize("text", ["2026", "7", "4518"])
def test_a_number_on_paper_is_read(text: str) -> None:
    found = read_number_in_picture(MODEL, REFUSAL, on_paper(number(text, 0.3)))
    assert "".join(str(np.argmax(digit.probabilities)) for digit in found) == text


def test_digits_that_touch_on_paper_are_cut() -> None:
    found = read_number_in_picture(MODEL, REFUSAL, on_paper(number("2735", -0.02)))
    assert "".join(str(np.argmax(digit.probabilities)) for digit in found) == "2735"


def test_blank_paper_has_no_digits_and_lines_through_them_are_refused() -> None:
    assert read_number_in_picture(MODEL, REFUSAL, on_paper([])) == []
    with pytest.raises(NoDigitError, match="lines on the paper"):
        read_number_in_picture(MODEL, REFUSAL, on_paper(number("2026", 0.3), lines=True))


def test_a_drawing_as_large_as_a_browser_may_send_is_cut_in_a_moment() -> None:
    generator = np.random.default_rng(0)
    places = np.stack([np.arange(2000) / 4, generator.uniform(0, 100, 2000)], axis=1)
    points = tuple((x, y) for x, y in places.tolist())
    pieces = cut_at_joints(Stroke(points, 9.0), 100.0)
    assert sum(len(part.points) - 1 for part, _is_joint in pieces) == 1999


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
