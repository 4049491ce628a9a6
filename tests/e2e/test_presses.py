"""A click reaches what was pressed, also when the page moves before the mouse or the finger lets go."""

import re

from playwright.sync_api import Locator

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor, box_at_rest

MOVE = "main => main.style.paddingTop = `${200 + (Number.parseFloat(main.style.paddingTop) || 0)}px`"


def press_while_the_page_moves(visitor: Visitor, target: Locator) -> None:
    _down(visitor, target)
    visitor.main.evaluate(MOVE)
    visitor.page.mouse.up()


def tap_while_the_page_moves(visitor: Visitor, target: Locator) -> None:
    x, y = _middle(target)
    finger = visitor.context.new_cdp_session(visitor.page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    visitor.main.evaluate(MOVE)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()


def press_and_think_better_of_it(visitor: Visitor, target: Locator) -> None:
    x, y = _down(visitor, target)
    visitor.page.mouse.move(x, y + 100, steps=4)
    visitor.page.mouse.up()


def _down(visitor: Visitor, target: Locator) -> tuple[float, float]:
    middle = _middle(target)
    visitor.page.mouse.move(*middle)
    visitor.page.mouse.down()
    return middle


def _middle(target: Locator) -> tuple[float, float]:
    box = box_at_rest(target)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_click_reaches_what_was_pressed_though_the_page_moves(visitor: Visitor) -> None:
    visitor.open("/network?recipe=standard")
    visitor.context.grant_permissions(["clipboard-write"])
    button, said = (
        visitor.main.get_by_role("button", name="Copy link"),
        visitor.main.get_by_text("Link copied."),
    )
    press_and_think_better_of_it(visitor, button)
    expect(said).to_have_count(0)
    press_while_the_page_moves(visitor, button)
    expect(said).to_be_visible()
    press_while_the_page_moves(visitor, visitor.main.get_by_text("Find a learning rate"))
    expect(visitor.main.locator("details[open]").filter(has_text="Find a learning rate")).to_be_visible()
    press_while_the_page_moves(visitor, visitor.main.get_by_role("link", name="Next: Train"))
    expect(visitor.page).to_have_title(re.compile("^Train"))


def test_a_tap_reaches_what_was_touched_though_the_page_moves(phone_visitor: Visitor) -> None:
    phone_visitor.open("/network?recipe=standard")
    tap_while_the_page_moves(phone_visitor, phone_visitor.main.get_by_text("Find a learning rate"))
    opened = phone_visitor.main.locator("details[open]").filter(has_text="Find a learning rate")
    expect(opened).to_be_visible()
