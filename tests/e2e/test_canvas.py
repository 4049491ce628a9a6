"""The canvas in a real browser: what is on it and what is answered never part.

It stands at the pen itself; what follows a stroke is tested without a browser in `tests/dashboard`.
"""

from playwright.sync_api import expect

from tests.e2e.steps import CANVAS, SEVEN, Stroke, Visitor

BAR: Stroke = ((0.3, 0.55), (0.65, 0.55))
ONE: Stroke = ((0.5, 0.2), (0.5, 0.8))
CORNER: Stroke = ((0.9, 0.03), (0.9, 0.4))
BLANK = "?"


def shows(visitor: Visitor, guess: str) -> None:
    expect(visitor.main.locator(".dl-guess")).to_have_text(guess)


def ink(visitor: Visitor) -> int:
    """Return the white pixels on the canvas."""
    script = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter(v => v > 200).length"
    opaque: int = visitor.main.locator("canvas.dc-canvas.lower-canvas").evaluate(script)
    return (opaque - 280 * 280) // 3  # three colours of each white pixel, and the opacity of all


def has_ink(visitor: Visitor, amount: int) -> None:
    """Wait until the canvas shows this much: it is put in order a moment after the answer."""
    for _ in range(100):
        if ink(visitor) == amount:
            return
        visitor.page.wait_for_timeout(100)
    assert ink(visitor) == amount


def test_undo_clear_and_another_page_leave_canvas_and_answer_in_step(visitor: Visitor) -> None:
    visitor.open("/draw")
    shows(visitor, BLANK)
    visitor.draw(SEVEN)
    shows(visitor, "7")
    seven = ink(visitor)
    visitor.draw(BAR)
    visitor.page.wait_for_timeout(1000)  # the browser tells of a stroke a moment later
    visitor.go_to("Data")
    visitor.go_to("Draw")
    shows(visitor, "7")
    assert ink(visitor) > seven > 1000
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
