"""The canvas in a real browser: what is on it and what is answered always match.

What follows a stroke is tested without a browser in `tests/dashboard/draw`.
"""

from playwright.sync_api import expect

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


def test_a_stroke_may_begin_in_the_corner_where_the_canvas_hides_a_toolbar(phone_visitor: Visitor) -> None:
    phone_visitor.open("/draw")
    expect(phone_visitor.main.locator(".dc-toolbar")).to_be_hidden()
    phone_visitor.draw(CORNER)
    shows(phone_visitor, "1")


def test_the_canvas_has_words_for_those_who_cannot_see_it(visitor: Visitor) -> None:
    visitor.open("/draw")
    expect(visitor.main.get_by_role("img", name="Canvas for drawing")).to_be_visible()


def test_on_a_phone_canvas_and_answer_are_in_sight_together_and_drawing_does_not_scroll(
    phone_visitor: Visitor,
) -> None:
    phone_visitor.open("/draw")
    phone_visitor.draw(SEVEN)
    shows(phone_visitor, "7")
    expect(phone_visitor.main.locator(CANVAS)).to_be_in_viewport(ratio=1)
    expect(phone_visitor.main.locator(".dl-verdict")).to_be_in_viewport(ratio=1)
    assert phone_visitor.main.evaluate("element => element.scrollTop") == 0
    assert phone_visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
