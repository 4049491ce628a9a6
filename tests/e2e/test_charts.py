"""Charts under a visitor's hands: legend, close-up and the menu that saves one as a picture or a web page.

They are drawn by one component for all pages.
"""

import re
from pathlib import Path

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor

MATRIX, BARS = '[data-key="confusions"]', '[data-key="class_chart"]'


def saved(visitor: Visitor, chart: str, what: str) -> Path:
    """Save a chart by its own menu and return the file."""
    menu = visitor.main.locator(f"{chart} .dl-menu")
    menu.locator("summary").click()
    with visitor.page.expect_download() as download:
        menu.get_by_role("button", name=what).click()
    expect(menu).not_to_have_attribute("open", "")
    return Path(download.value.path())


def test_a_chart_is_saved_as_picture_and_drawing(visitor: Visitor) -> None:
    visitor.open("/evaluate?set=test", "of 10,000 images were classified correctly")
    expect(visitor.main.locator(f"{MATRIX} .heatmaplayer")).to_be_attached()
    assert saved(visitor, MATRIX, "PNG").read_bytes().startswith(b"\x89PNG")
    drawing = saved(visitor, MATRIX, "SVG").read_text("utf-8")
    assert drawing.startswith("<svg")
    assert "guessed" in drawing


def test_a_chart_saved_as_a_web_page_is_drawn_without_the_app(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    visitor.open("/data", "60,000")
    expect(visitor.main.locator(f"{BARS} .barlayer .point").first).to_be_visible()
    page = saved(visitor, BARS, "HTML").read_text("utf-8")
    reader = new_visitor()
    reader.page.set_content(page)
    expect(reader.page.locator(".barlayer .point").first).to_be_visible()
    expect(reader.page.get_by_text("Images", exact=True).first).to_be_visible()


def test_a_chart_tells_in_words_what_it_shows_and_the_keyboard_hides_a_part_and_shows_it_again(
    visitor: Visitor,
) -> None:
    visitor.open("/data", "60,000")
    chart = visitor.main.locator(BARS).locator(".dl-plot")
    expect(chart).to_have_attribute("role", "img")
    expect(chart).to_have_attribute("aria-label", re.compile("Images of each class"))
    bars = visitor.main.locator(f"{BARS} .barlayer .trace")
    expect(bars).to_have_count(2)
    dev = visitor.main.locator(BARS).get_by_role("button", name="Dev set")
    for pressed, count in (("false", 1), ("true", 2)):
        dev.focus()
        visitor.page.keyboard.press("Enter")
        expect(dev).to_have_attribute("aria-pressed", pressed)
        expect(bars).to_have_count(count)
