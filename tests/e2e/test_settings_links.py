"""The settings in an address: they follow what is changed, and a link shows somebody else the same.

What a link may carry is tested without a browser in `tests/dashboard/test_link.py`.
"""

import re

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor

HIDE_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"


def has_number(visitor: Visitor, label: str, number: str) -> None:
    expect(visitor.main.get_by_role("spinbutton", name=label)).to_have_value(number)


OPENS_ANOTHER = """main => {
  main.scrollTo(0, 200);
  const before = main.scrollTop;
  history.pushState(null, "", "/data");
  return [before, main.scrollTop];
}"""


def has_query(visitor: Visitor, query: str) -> None:
    expect(visitor.page).to_have_url(re.compile(f"{re.escape(query)}$"))


def test_the_address_follows_the_settings_and_a_copied_link_shows_somebody_else_the_same(
    new_visitor: NewVisitor,
) -> None:
    visitor, friend = new_visitor(), new_visitor()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.open("/network?recipe=deep&settings=1~epochs-5~wings-2", "left out: wings-2.")
    has_query(visitor, "/network?recipe=deep&settings=1~epochs-5")
    visitor.page.evaluate("window.sameDocument = true")
    visitor.fill("Epochs", "6")
    has_query(visitor, "?recipe=deep&settings=1~epochs-6")
    visitor.wait_until_idle()
    visitor.page.go_back()
    has_number(visitor, "Epochs", "5")
    visitor.fill("Dropout", "0.3")
    has_query(visitor, "settings=1~dropout-0.3~epochs-5")
    visitor.go_to("Data")
    has_query(visitor, "/data?recipe=deep&settings=1~dropout-0.3~epochs-5")
    visitor.page.go_back()  # one press for one step
    has_query(visitor, "/network?recipe=deep&settings=1~dropout-0.3~epochs-5")
    visitor.press("Copy link", "Link copied.")
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{visitor.address}/network?recipe=deep&settings=1~dropout-0.3~epochs-5"
    assert visitor.page.evaluate("window.sameDocument")  # no page was loaded again
    assert visitor.main.evaluate(OPENS_ANOTHER) == [200, 0]  # a new page begins at its top

    friend.open(link.removeprefix(visitor.address))
    has_number(friend, "Dropout", "0.3")
    has_number(friend, "Epochs", "5")


def test_without_a_clipboard_the_link_stands_in_a_field_selected(visitor: Visitor) -> None:
    visitor.begin_each_page_with(HIDE_CLIPBOARD)
    visitor.open("/train", "This is what will be trained")
    visitor.press("Copy link", "Copy the link from here:")
    field = visitor.main.get_by_role("textbox", name="Copy link")
    expect(field).to_have_value(f"{visitor.address}/train?recipe=standard")
    expect(field).to_be_focused()
    chosen = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert field.evaluate(chosen) == field.input_value()
