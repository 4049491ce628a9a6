"""The canvas in a real browser: what is on it and what is answered always match.

What follows a stroke is tested without a browser in `tests/dashboard/draw`.
"""

import re

import pytest

from tests.e2e.expecting import expect
from tests.e2e.steps import CANVAS, SEVEN, Stroke, Visitor

BAR: Stroke = ((0.3, 0.55), (0.65, 0.55))
ONE: Stroke = ((0.5, 0.2), (0.5, 0.8))
CORNER: Stroke = ((0.9, 0.03), (0.9, 0.4))
BLANK = "?"


def shows(visitor: Visitor, guess: str) -> None:
    expect(visitor.main.locator(".dl-guess")).to_have_text(guess)


# Between two pages there is no canvas for a moment: -1 then.
INK = """() => {
  const canvas = document.querySelector(".st-key-canvas_board [data-testid=stBidiComponentIsolated]")
    ?.shadowRoot.querySelector("canvas.dc-canvas.lower-canvas");
  if (!canvas) return -1;
  const values = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const bright = values.filter((value) => value > 200).length;
  return (bright - canvas.width * canvas.height) / 3; // three colours, and opacity
}"""


def ink(visitor: Visitor) -> int:
    """Return the white pixels on the canvas."""
    return int(visitor.page.evaluate(INK))


def has_ink(visitor: Visitor, amount: int) -> None:
    """Wait until the canvas shows this much: it is put in order a moment after the answer."""
    visitor.page.wait_for_function(f"amount => Math.floor(({INK})()) === amount", arg=amount)


def draw_another(visitor: Visitor, stroke: Stroke) -> None:
    """Draw a stroke, and wait until the network has seen it."""
    seen = visitor.main.locator(".dl-answer img")
    before = seen.get_attribute("src")
    visitor.draw(stroke)
    expect(seen).not_to_have_attribute("src", before or "")


def test_undo_clear_and_another_page_leave_canvas_and_answer_in_step(visitor: Visitor) -> None:
    visitor.open("/draw")
    shows(visitor, BLANK)
    visitor.draw(SEVEN)
    shows(visitor, "7")
    seven = ink(visitor)
    assert seven > 1000
    draw_another(visitor, BAR)
    visitor.go_to("Data")
    visitor.go_to("Draw")
    shows(visitor, "7")
    visitor.page.wait_for_function(f"amount => ({INK})() > amount", arg=seven)
    visitor.press("Undo")
    shows(visitor, "7")
    has_ink(visitor, seven)
    for _ in range(2):
        visitor.press("Clear")
        shows(visitor, BLANK)
        has_ink(visitor, 0)
        visitor.draw(ONE)
        shows(visitor, "1")


def test_the_canvas_has_words_and_a_stroke_may_begin_in_the_corner_where_it_hides_a_toolbar(
    phone_visitor: Visitor,
) -> None:
    phone_visitor.open("/draw")
    expect(phone_visitor.main.get_by_role("img", name="Canvas for drawing")).to_be_visible()
    expect(phone_visitor.main.locator(".dc-toolbar")).to_be_hidden()
    phone_visitor.draw(CORNER)
    shows(phone_visitor, "1")


def test_on_a_small_phone_canvas_buttons_and_answer_are_in_sight_together_and_drawing_does_not_scroll(
    phone_visitor: Visitor,
) -> None:
    phone_visitor.page.set_viewport_size({"width": 360, "height": 640})
    phone_visitor.open("/draw")
    phone_visitor.draw(SEVEN)
    shows(phone_visitor, "7")
    for part in (CANVAS, ".dl-verdict", ".dl-sure", ".st-key-canvas_board button >> nth=1"):
        expect(phone_visitor.main.locator(part)).to_be_in_viewport(ratio=1)
    assert phone_visitor.main.evaluate("element => element.scrollTop") == 0
    assert phone_visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


# From where to where the ink goes, across and down, as fractions of the canvas as it is shown.
EXTENT = """() => {
  const canvas = document.querySelector(".st-key-canvas_board [data-testid=stBidiComponentIsolated]")
    .shadowRoot.querySelector("canvas.dc-canvas.lower-canvas");
  const size = canvas.width;
  const { data } = canvas.getContext("2d").getImageData(0, 0, size, size);
  const [xs, ys] = [[], []];
  for (let k = 0; k < size * size; k++) {
    if (data[4 * k] > 127) (xs.push(k % size), ys.push(Math.floor(k / size)));
  }
  const least = (values) => values.reduce((a, b) => Math.min(a, b)) / size;
  const most = (values) => (values.reduce((a, b) => Math.max(a, b)) + 1) / size;
  return [least(xs), most(xs), least(ys), most(ys)];
}"""


@pytest.mark.parametrize(
    ("width", "least", "most"), [(1440, 420, 480), (1200, 420, 480), (1024, 340, 380), (768, 270, 290)]
)
def test_the_canvas_grows_with_the_screen_and_the_ink_stays_below_the_pointer(
    visitor: Visitor, width: int, least: int, most: int
) -> None:
    visitor.page.set_viewport_size({"width": width, "height": 900})
    visitor.open("/draw")
    visitor.draw(((0.6, 0.1), (0.4, 0.9)))
    expect(visitor.main.locator(".dl-guess")).not_to_have_text(BLANK)
    box = visitor.main.locator(CANVAS).last.bounding_box()
    assert box is not None
    assert least <= box["width"] <= most
    assert box["height"] == pytest.approx(box["width"], abs=1)
    radius = 12 / 280
    wanted = [0.4 - radius, 0.6 + radius, 0.1 - radius, 0.9 + radius]
    assert visitor.page.evaluate(EXTENT) == pytest.approx(wanted, abs=1.5 / 280)
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_drawing_that_was_cleared_comes_back_as_it_was(visitor: Visitor) -> None:
    visitor.open("/draw")
    visitor.draw(SEVEN)
    shows(visitor, "7")
    before = visitor.page.evaluate(EXTENT)
    visitor.press("Clear")
    shows(visitor, BLANK)
    has_ink(visitor, 0)
    visitor.press(re.compile("^Show again: 7"))
    shows(visitor, "7")
    visitor.page.wait_for_function(f"({INK})() > 1000")
    assert visitor.page.evaluate(EXTENT) == pytest.approx(before, abs=2 / 280)


TWO = ((0.1, 0.2), (0.4, 0), (0.8, 0.1), (0.8, 0.4), (0.1, 1), (0.9, 1))
ZERO = ((0.5, 0), (0.1, 0.3), (0.1, 0.7), (0.5, 1), (0.9, 0.7), (0.9, 0.3), (0.5, 0))
SIX = ((0.7, 0), (0.2, 0.4), (0.1, 0.8), (0.5, 1), (0.9, 0.8), (0.6, 0.55), (0.15, 0.7))


def test_a_number_on_the_wide_canvas_is_read_on_a_phone(phone_visitor: Visitor) -> None:
    phone_visitor.open("/draw")
    phone_visitor.main.get_by_role("radio", name="Number").click()
    phone_visitor.see("Write a number")
    row = [
        tuple((0.05 + 0.24 * k + 0.16 * x, 0.2 + 0.6 * y) for x, y in d)
        for k, d in enumerate((TWO, ZERO, TWO, SIX))
    ]
    phone_visitor.draw(*row, text="sure of all 4 digits")
    expect(phone_visitor.main.locator(".dl-guess")).to_have_text("2026")
    expect(phone_visitor.main.locator(".dl-digits .dl-bars")).to_have_count(4)
