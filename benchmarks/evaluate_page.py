"""How long a visitor of Evaluate waits: for the page after a run, for a cell's images, a page of the gallery.

It watches a real browser on MNIST's 10,000 test images. `python -m benchmarks.evaluate_page` prints a table
and ends with 1 when a limit is missed; `--json FILE` writes the same for a program.
"""

import re
import statistics
import time
from collections.abc import Callable

from playwright.sync_api import Page

from benchmarks.report import Row, command_line, tell
from benchmarks.watched import watched_app
from tests.e2e.browser import new_context
from tests.e2e.steps import Visitor

MATRIX = '[data-key="confusions"]'
CLASSES = 10
CELLS = [(4, 9), (9, 4), (7, 2), (3, 5), (5, 3), (8, 8), (2, 7), (1, 1)]

IS_THERE = """(text) => {
  const said = [...document.querySelectorAll('[data-testid="stMain"] [data-testid="stCaptionContainer"]')];
  return said.some((caption) => caption.innerText.includes(text))
    && document.querySelectorAll(".dl-gallery img").length > 0
    && document.querySelectorAll('[data-key="confusions"] .heatmaplayer').length > 0;
}"""
CELL_IS_THERE = """([alt, none]) => {
  const words = document.querySelector(".st-key-cell_words")?.innerText ?? "";
  const shown = [...document.querySelector(".dl-gallery").querySelectorAll("img")];
  return words.includes(alt) && (shown.length > 0 || words.startsWith(none));
}"""
GALLERY_HAS_CHANGED = """(before) => {
  const first = [...document.querySelectorAll(".dl-gallery")].at(-1)?.querySelector("img");
  return first && first.alt !== before;
}"""
FIRST_OF_GALLERY = '() => [...document.querySelectorAll(".dl-gallery")].at(-1).querySelector("img").alt'


def seconds(page: Page, act: Callable[[], object], condition: str, argument: object) -> float:
    """Act, and return the seconds until a condition is true in the page."""
    begin = time.perf_counter()
    act()
    page.wait_for_function(condition, arg=argument)
    return time.perf_counter() - begin


def train(visitor: Visitor) -> None:
    """Train the default network to its end."""
    visitor.open("/train")
    visitor.press("Start")
    visitor.see("Finished", 300)


def open_evaluate(visitor: Visitor) -> tuple[float, float]:
    """Go to Evaluate after a run; return the seconds until its dev set is there, and then its test set."""
    link = visitor.menu().filter(has_text="Evaluate").first
    dev = seconds(visitor.page, link.click, IS_THERE, "of 1,000 images were classified correctly")
    visitor.wait_until_idle()
    visitor.main.get_by_role("radio", name="Test set").click()
    opener = visitor.main.get_by_role("button", name=re.compile("Open the test set"))
    opener.click(trial=True)
    test = seconds(visitor.page, opener.click, IS_THERE, "of 10,000 images were classified correctly")
    visitor.wait_until_idle()
    return dev, test


def open_cell(visitor: Visitor, true: int, guessed: int) -> float:
    """Click on a cell of the matrix; return the seconds until its words and images are there."""
    area = visitor.main.locator(f"{MATRIX} .nsewdrag")
    area.click(trial=True)
    box = area.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (guessed + 0.5) / CLASSES
    y = box["y"] + box["height"] * (true + 0.5) / CLASSES
    words = f"of {true} were classified " + ("correctly" if true == guessed else f"as {guessed}")
    return seconds(visitor.page, lambda: visitor.page.mouse.click(x, y), CELL_IS_THERE, [words, "0 of"])


def turn_page(visitor: Visitor, number: int) -> float:
    """Turn to a page of the gallery; return the seconds until its images are there."""
    pages = visitor.main.get_by_test_id("stPagination").last
    button = pages.get_by_role("button", name=f"Page {number}", exact=True)
    button.click(trial=True)
    before = visitor.page.evaluate(FIRST_OF_GALLERY)
    return seconds(visitor.page, button.click, GALLERY_HAS_CHANGED, before)


def open_image(visitor: Visitor) -> float:
    """Press an image of the gallery; return the seconds until it is open."""
    picture = visitor.main.locator(".dl-open").last
    picture.click(trial=True)
    shown = '() => document.querySelector(".stDialog .dl-bars") !== null'
    return seconds(visitor.page, picture.click, shown, None)


def main() -> None:
    """Measure, print, and end with 1 when a limit is missed."""
    options = command_line(__doc__).parse_args()
    with watched_app() as (server, browser):
        visitor = Visitor(new_context(browser), server.address)
        train(visitor)
        dev, test = open_evaluate(visitor)
        cells = [open_cell(visitor, *cell) for cell in CELLS]
        visitor.main.get_by_role("radio", name="Right", exact=True).click()
        visitor.see(re.compile(r"^9,\d\d\d images\."))
        pages = [turn_page(visitor, number) for number in (2, 3, 4)]
        rows = [
            Row("from the menu to Evaluate, 1,000 dev images", dev, 2.0, "s"),
            Row("from Open the test set to its 10,000 images", test, 2.0, "s"),
            Row("from the click on a cell to its images, median", statistics.median(cells), 0.5, "s"),
            Row("from the click on a cell to its images, slowest", max(cells), None, "s"),
            Row("from the click on a page of the gallery to it", max(pages), 1.5, "s"),
            Row("from the click on an image to it, large", open_image(visitor), None, "s"),
        ]
    tell(rows, options.json)


if __name__ == "__main__":
    main()
