"""A visitor without mouse or finger draws a digit: by keys alone, with what a screen reader hears."""

from playwright.sync_api import Locator

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor
from tests.e2e.test_accessibility import LOOKS, violations


def press_until_focused(visitor: Visitor, target: Locator, key: str) -> None:
    """Press a key, as often as there may be things to focus on the page, until this has the focus."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        visitor.page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {target}.")


def test_a_digit_drawn_by_keys_alone_is_heard_on_its_way_and_answered(visitor: Visitor) -> None:
    visitor.open("/draw", "Draw a digit")
    opener = visitor.main.locator("summary", has_text="Draw with the keyboard")
    opener.focus()
    visitor.page.keyboard.press("Enter")
    grid = visitor.main.get_by_role(
        "application", name="Grid for drawing with the keyboard, 28 columns by 28"
    )
    expect(grid).to_be_visible()
    press_until_focused(visitor, grid, "Tab")
    place = visitor.main.locator(".dl-place")
    expect(place).to_have_text("Row 15, column 15: empty.")
    keys = visitor.page.keyboard
    for _ in range(8):
        keys.press("Home")
    expect(place).to_have_text("Row 7, column 7: empty.")
    keys.press("Space")
    expect(place).to_have_text("Pen down. Row 7, column 7: ink.")
    for _ in range(13):
        keys.press("ArrowRight")
    for _ in range(5):
        keys.press("End")
        keys.press("ArrowDown")
    for _ in range(4):
        keys.press("ArrowDown")
    expect(visitor.main.locator(".dl-guess")).to_have_text("?")  # the pen is not lifted yet
    keys.press("Enter")
    expect(place).to_contain_text("Pen up.")
    expect(visitor.main.locator(".dl-guess")).to_have_text("7")
    expect(visitor.page.locator(".dl-live")).to_contain_text("sure")  # what is read out
    expect(grid).to_be_focused()
    keys.press("ArrowUp")
    expect(place).to_have_text("Row 20, column 15: ink.")
    visitor.press("Undo")
    expect(visitor.main.locator(".dl-guess")).to_have_text("?")
    assert violations(visitor, LOOKS[:1]) == []
    grid.focus()
    expect(place).to_have_text("Row 20, column 15: empty.")
