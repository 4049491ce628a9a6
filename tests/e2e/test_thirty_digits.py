"""Thirty digits drawn with a real pen, by mouse and by finger, and what is no digit; a photo on lined paper.

The ten shapes are written upright, slanted and narrow; the network has to read all of them.
"""

import io
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw, ImageFilter

from dashboard.home.handwriting import smooth
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Stroke, Visitor

# Points that a smooth line goes through, from 0 to 1 across the canvas from its top left corner.
SHAPES: dict[str, tuple[Stroke, ...]] = {
    "0": (((0.5, 0.2), (0.33, 0.35), (0.32, 0.65), (0.5, 0.8), (0.67, 0.65), (0.66, 0.35), (0.52, 0.2)),),
    "1": (((0.42, 0.3), (0.52, 0.2), (0.51, 0.5), (0.5, 0.8)),),
    "2": (((0.33, 0.34), (0.45, 0.2), (0.64, 0.27), (0.6, 0.48), (0.34, 0.76), (0.5, 0.75), (0.7, 0.77)),),
    "3": (((0.34, 0.26), (0.52, 0.2), (0.64, 0.33), (0.48, 0.47), (0.66, 0.62), (0.54, 0.78), (0.33, 0.74)),),
    "4": (((0.42, 0.2), (0.33, 0.52), (0.52, 0.53), (0.72, 0.52)), ((0.6, 0.32), (0.58, 0.55), (0.56, 0.82))),
    "5": (
        ((0.4, 0.22), (0.37, 0.46), (0.55, 0.44), (0.66, 0.6), (0.54, 0.78), (0.34, 0.74)),
        ((0.4, 0.22), (0.66, 0.21)),
    ),
    "6": (((0.6, 0.2), (0.42, 0.38), (0.35, 0.62), (0.48, 0.79), (0.64, 0.68), (0.54, 0.54), (0.38, 0.62)),),
    "7": (((0.32, 0.23), (0.5, 0.23), (0.68, 0.22), (0.56, 0.5), (0.47, 0.8)),),
    "8": (
        (
            (0.64, 0.28),
            (0.5, 0.2),
            (0.38, 0.32),
            (0.5, 0.48),
            (0.64, 0.64),
            (0.5, 0.8),
            (0.37, 0.66),
            (0.5, 0.5),
            (0.64, 0.28),
        ),
    ),
    "9": (((0.63, 0.32), (0.49, 0.21), (0.36, 0.36), (0.48, 0.5), (0.63, 0.34), (0.62, 0.55), (0.58, 0.8)),),
}

HANDS = {"upright": (1.0, 1.0, 0.0), "slanted": (1.15, 1.1, -0.25), "narrow": (0.6, 0.75, 0.1)}
"""How wide and high a hand writes, and how far it moves to the right towards the bottom."""


def written(digit: str, hand: str) -> list[Stroke]:
    """Return the strokes of a digit as a hand writes it."""
    width, height, slant = HANDS[hand]
    return [
        tuple(
            (0.5 + width * (x - 0.5) + slant * (y - 0.5), 0.5 + height * (y - 0.5))
            for x, y in smooth(line, 4)
        )
        for line in SHAPES[digit]
    ]


def taken_for(visitor: Visitor, digits: list[tuple[str, str]]) -> Iterator[str]:
    """Draw one digit after the other on a clear canvas, and yield what each is taken for."""
    guess = visitor.main.locator(".dl-guess")
    visitor.open("/draw", "Draw a digit")
    for digit, hand in digits:
        expect(guess).to_have_text("?")
        visitor.draw(*written(digit, hand), text="Second guess")
        yield guess.inner_text()
        visitor.press("Clear")


@pytest.mark.parametrize("phone", [False, True], ids=["mouse", "finger"])
def test_fifteen_digits_are_read_of_those_drawn_by(phone: bool, new_visitor: NewVisitor) -> None:
    digits = [(digit, hand) for hand in HANDS for digit in SHAPES][phone::2]
    found = taken_for(new_visitor(phone=phone), digits)
    assert [*zip(digits, found, strict=True)] == [((digit, hand), digit) for digit, hand in digits]


SCRIBBLE: Stroke = tuple(((0.22, 0.78)[k % 2], 0.2 + 0.065 * k) for k in range(10))
LETTER_M: Stroke = ((0.25, 0.8), (0.3, 0.2), (0.5, 0.55), (0.7, 0.2), (0.75, 0.8))


def photo_on_lined_paper(digit: str) -> bytes:
    """Return a picture of a digit in dark ink on light paper with blue lines."""
    page = Image.new("RGB", (480, 480), (236, 233, 222))
    pen = ImageDraw.Draw(page)
    for y in range(30, 480, 40):
        pen.line([(0, y), (480, y + 3)], fill=(150, 175, 215), width=2)
    for line in written(digit, "upright"):
        pen.line([(480 * x, 480 * y) for x, y in line], fill=(35, 35, 60), width=16, joint="curve")
    file = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(1)).save(file, "JPEG")
    return file.getvalue()


def test_a_scribble_and_a_letter_are_no_digit_and_a_digit_on_lined_paper_is_read(visitor: Visitor) -> None:
    visitor.open("/draw", "Draw a digit")
    for stroke in (SCRIBBLE, LETTER_M):
        visitor.draw(stroke, text="That is no digit that I know.")
        expect(visitor.main.locator(".dl-guess")).to_have_text("?")
        visitor.press("Clear", "Draw a digit: the answer")
    visitor.main.get_by_role("radio", name="File").click()
    visitor.see("Choose a picture")
    visitor.main.locator(".st-key-draw_file input[type=file]").set_input_files(
        {"name": "paper.jpg", "mimeType": "image/jpeg", "buffer": photo_on_lined_paper("5")}
    )
    expect(visitor.main.locator(".dl-guess")).to_have_text("5")
