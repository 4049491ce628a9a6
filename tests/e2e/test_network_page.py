"""Setting a network as a visitor sees it: recipes, controls, the picture, the estimate.

What needs no browser is in `tests/pages/test_network.py`.
"""

import re

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor, distance

PICTURE = "svg.dl-network"


def between(visitor: Visitor, upper: str, lower: str) -> float:
    """Return how far one field lies below another."""
    fields = (visitor.main.get_by_role("spinbutton", name=label) for label in (upper, lower))
    return distance(*fields)


def test_the_picture_and_the_figures_follow_the_settings_at_once(visitor: Visitor) -> None:
    visitor.open("/network", "128 neurons, ReLU")
    visitor.fill("Hidden layers", "2")
    visitor.see("Hidden layer 2")
    visitor.fill("Layer 2 (neurons)", "32")
    visitor.see("32 neurons, ReLU")
    visitor.see("104,938")  # 784·128 + 128 + 128·32 + 32 + 32·10 + 10
    expect(visitor.main.get_by_test_id("stMetricValue").last).to_have_text(
        re.compile(r"^a few seconds$|\d (s|min)$")
    )


def test_a_link_carries_its_recipe_and_the_address_follows_the_choice(visitor: Visitor) -> None:
    visitor.open("/network?recipe=deep", "512 neurons")
    visitor.choose("Recipe", "No hidden layer")
    visitor.see("7,850")
    expect(visitor.page).to_have_url(re.compile(r"/network\?recipe=softmax-regression$"))


def test_what_was_set_is_there_after_a_visit_to_other_pages(visitor: Visitor) -> None:
    visitor.open("/network", "128 neurons, ReLU")
    visitor.fill("Layer 1 (neurons)", "77")
    visitor.see("77 neurons, ReLU")
    visitor.go_to("Data")
    visitor.go_to("Train")
    visitor.see("77 hidden neurons")
    visitor.go_to("Network")
    expect(visitor.main.get_by_role("spinbutton", name="Layer 1 (neurons)")).to_have_value("77")


def test_quick_changes_are_all_taken(visitor: Visitor) -> None:
    visitor.open("/network", "128 neurons, ReLU")
    visitor.fill("Layer 1 (neurons)", "64")
    visitor.fill("Epochs", "3")
    visitor.fill("Learning rate", "0.002")
    visitor.see("Training ends after 3 epochs")
    visitor.wait_until_idle()
    visitor.go_to("Train")
    visitor.see("64 hidden neurons")
    visitor.see("Adam, learning rate 0.002, batches of 128, 3 epochs")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_first_tap_after_typing_leads_on_with_the_value_in_force(
    phone: bool, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(phone=phone)
    visitor.open("/network", "128 neurons, ReLU")
    for epochs in range(21, 24):
        visitor.main.get_by_role("spinbutton", name="Epochs").fill(f"{epochs}")
        link = visitor.main.get_by_role("link", name="Next: Train")
        link.tap() if phone else link.click()
        expect(visitor.page).to_have_title(re.compile("^Train"))
        visitor.see(f", {epochs} epochs")
        visitor.go_to("Network")
        expect(visitor.main.get_by_role("spinbutton", name="Epochs")).to_have_value(f"{epochs}")


def test_a_number_is_read_as_it_is_typed_or_refused_in_words_and_nothing_moves(visitor: Visitor) -> None:
    visitor.open("/network", "128 neurons, ReLU")
    rate = visitor.main.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0,005")
    rate.press("Tab")
    expect(rate).to_have_value("0.005")
    rate.press("ArrowUp")
    expect(rate).to_have_value("0.006")
    rate.fill("")
    rate.press("Enter")
    expect(rate).to_have_value("0.006")
    before = between(visitor, "Learning rate", "Seed")
    rate.fill("500")
    rate.press("Enter")
    expect(visitor.main.get_by_role("alert").filter(visible=True)).to_have_text(
        "At most 100. The value stays 0.006."
    )
    expect(rate).to_have_value("0.006")
    expect(rate).to_have_attribute("aria-invalid", "true")
    assert between(visitor, "Learning rate", "Seed") == before
    batch = visitor.main.get_by_role("spinbutton", name="Batch size")
    batch.fill("")
    batch.press("Enter")
    visitor.see("the full batch")
    visitor.go_to("Train")
    visitor.see("Adam, learning rate 0.006, the full batch")


def test_on_a_phone_the_picture_follows_the_form_and_can_be_read(phone_visitor: Visitor) -> None:
    phone_visitor.open("/network?recipe=deep", "512 neurons")
    for dark in (False, True):
        phone_visitor.prefer(dark=dark)
        phone_visitor.wait_until_idle()
        picture_can_be_read(phone_visitor)


def picture_can_be_read(visitor: Visitor) -> None:
    """Assert that the picture is below the form, on the screen, and in letters of a size to read."""
    picture = visitor.main.locator(PICTURE)
    seed = visitor.main.get_by_role("spinbutton", name="Seed").element_handle()
    # Both in one look, so that nothing moves between them.
    left, right, top, above = picture.evaluate(
        """(picture, seed) => {
          const box = picture.getBoundingClientRect();
          return [box.left, box.right, box.top, seed.getBoundingClientRect().top];
        }""",
        seed,
    )
    assert left >= 0
    assert right <= 375
    assert top > above
    heights = picture.locator("text.note").evaluate_all(
        "all => all.map(text => text.getBoundingClientRect().height)"
    )
    assert min(heights) >= 11
    right = picture.locator("text").evaluate_all(
        "all => Math.max(...all.map(text => text.getBoundingClientRect().right))"
    )
    assert right <= 375
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 375
