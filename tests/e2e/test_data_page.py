"""The page Data in a real browser: what it shows, what it remembers, and that it fits a phone.

What needs no browser is in `tests/pages/test_data.py`.
"""

import re

import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor, distance


def figure(visitor: Visitor, label: str, value: str) -> None:
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text=label).first
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(value)


CHART = '[data-key="class_chart"]'


def chart_is_there(visitor: Visitor) -> None:
    expect(visitor.main.locator(f"{CHART} .barlayer .point").first).to_be_visible()


def distance_to_chart(visitor: Visitor) -> float:
    """Return how far below the control of the dev set the chart begins."""
    return distance(visitor.main.get_by_role("spinbutton", name="Dev set"), visitor.main.locator(CHART))


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_page_shows_samples_averages_and_a_chart_and_fits_the_screen(
    new_visitor: NewVisitor, phone: bool
) -> None:
    visitor = new_visitor(phone=phone)
    visitor.open("/data", "60,000")
    for dark in (False, True):
        visitor.prefer(dark=dark)
        visitor.wait_until_idle()
        expect(visitor.main.get_by_alt_text(re.compile("^[0-9], image [0-9,]+$"))).to_have_count(60)
        expect(visitor.main.get_by_alt_text(re.compile("^The average image of class"))).to_have_count(10)
        chart_is_there(visitor)
        width = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert width <= 0


def test_the_choice_is_kept_on_other_pages_and_in_the_address(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    visitor.open("/data", "60,000")
    visitor.main.get_by_text("8×8 digits").click()
    figure(visitor, "Images", "1,797")
    expect(visitor.page).to_have_url(re.compile(r"\?data=digits-8x8$"))
    visitor.go_to("Network")
    visitor.go_to("Data")
    figure(visitor, "Images", "1,797")

    friend = new_visitor()
    friend.open("/data?data=digits-8x8")
    figure(friend, "Images", "1,797")


def test_back_returns_to_the_data_set_before(visitor: Visitor) -> None:
    visitor.open("/data?data=mnist", "60,000")
    visitor.main.get_by_text("8×8 digits").click()
    figure(visitor, "Images", "1,797")
    visitor.page.go_back()
    figure(visitor, "Images", "60,000")


def test_samples_of_one_class_and_then_others_of_it(visitor: Visitor) -> None:
    visitor.open("/data", "60,000")
    samples = visitor.main.get_by_alt_text(re.compile("^[0-9], image [0-9,]+$"))
    visitor.main.get_by_test_id("stButtonGroup").last.get_by_text("7", exact=True).click()
    sevens = visitor.main.get_by_alt_text(re.compile("^7, image"))
    expect(sevens).to_have_count(60)
    first = samples.first.get_attribute("alt")
    visitor.press("Show other images")
    expect(samples.first).not_to_have_attribute("alt", first or "")
    expect(sevens).to_have_count(60)


def test_the_split_follows_its_controls_and_the_chart_does_not_jump(visitor: Visitor) -> None:
    visitor.open("/data", "60,000")
    chart_is_there(visitor)
    before = distance_to_chart(visitor)
    visitor.fill("Dev set", "6000")
    figure(visitor, "Training", "54,000")
    figure(visitor, "Dev set", "6,000")
    visitor.wait_until_idle()
    assert distance_to_chart(visitor) == before
    visitor.main.get_by_text("Same share of each class").click()
    visitor.main.get_by_text("Show as a table").click()
    expect(visitor.main.get_by_test_id("stDataFrame")).to_be_visible()
    visitor.go_to("Train")
    visitor.go_to("Data")
    figure(visitor, "Dev set", "6,000")


def test_a_split_that_cannot_be_had_is_told_in_a_sentence(visitor: Visitor) -> None:
    visitor.open("/data", "60,000")
    visitor.fill("Training images", "59000")
    figure(visitor, "Training", "59,000")
    visitor.fill("Dev set", "5000")
    visitor.see(re.compile("Use at most 55,000 training images"))
    figure(visitor, "Dev set", "1,000")
