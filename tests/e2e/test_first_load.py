"""The first moments of a page: there is something to read before charts and canvas come, and nothing jumps.

Each page is opened by a visitor whose browser has nothing yet, at a desk and on a phone. What a page loads on
its way comes last of all, as it does on a slow machine.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from dashboard.navigation import PAGES, PageEntry
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.test_addresses import address, is_inside

GOOD = 0.1
"""Of the cumulative layout shift (https://web.dev/articles/cls): the largest burst within five seconds."""

WATCH = """(() => {
  window.shifts = [];
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value, startTime, sources }) => ({
    value, time: startTime, what: sources.map(({ node }) => node?.textContent?.trim().slice(0, 40) ?? ""),
  })))).observe({ type: "layout-shift", buffered: true });
  window.first = {};
  const holdsCanvas = ({ shadowRoot }) => shadowRoot?.querySelector("canvas");
  const heavy = () => document.querySelector(".js-plotly-plot")
    || [...document.querySelectorAll(".st-key-canvas *")].some(holdsCanvas);
  const look = () => {
    const now = performance.now();
    if (document.querySelector('[data-testid="stMain"] h1')?.innerText) first.text ??= now;
    if (heavy()) first.heavy ??= now;
    requestAnimationFrame(look);
  };
  look();
})()"""

LATER = {
    "data": ".dl-plot svg.main-svg",
    "train": ".dl-plot svg.main-svg",
    "evaluate": ".dl-plot svg.main-svg",
    "inside": ".dl-plot svg.main-svg",
}
LATER |= {"draw": "canvas.upper-canvas"}


LAST_STYLE = re.compile(r"/bidi-components/\S*\.css$")
STYLED = "canvas => getComputedStyle(canvas).outlineStyle === 'solid'"
PARTS = re.compile(r"/static/js/[^/]+\.js$")


def hold_parts(page: Page) -> Callable[[], None]:
    """Hold the scripts that a page asks for once it is connected, and return what lets them come."""
    held: list[Route] = []
    is_connected, may_come = False, False

    def connect(_socket: object) -> None:
        nonlocal is_connected
        is_connected = True

    def let_come() -> None:
        nonlocal may_come
        may_come = True
        for route in held:
            route.continue_()

    page.on("websocket", connect)
    page.route(
        PARTS, lambda route: held.append(route) if is_connected and not may_come else route.continue_()
    )
    return let_come


def burst(shifts: list[dict[str, float]]) -> float:
    """Return the cumulative layout shift: the largest sum of moves less than a second apart, within five.

    >>> burst([{"time": 0, "value": 0.1}, {"time": 900, "value": 0.2}, {"time": 2000, "value": 0.25}])
    0.3
    """
    bursts: list[tuple[float, float, float]] = []  # begin, end, sum
    for shift in shifts:
        begin, end, total = bursts[-1] if bursts else (0.0, float("-inf"), 0.0)
        if shift["time"] - end < 1000 and shift["time"] - begin < 5000:
            bursts[-1] = (begin, shift["time"], total + shift["value"])
        else:
            bursts.append((shift["time"], shift["time"], shift["value"]))
    return round(max((total for _begin, _end, total in bursts), default=0.0), 3)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_text_comes_first_and_nothing_jumps(entry: PageEntry, phone: bool, new_visitor: NewVisitor) -> None:
    visitor = new_visitor(phone=phone)
    visitor.begin_each_page_with(WATCH)  # which closes the tab in the end, and with it what is held
    let_parts_come = hold_parts(visitor.page)
    visitor.open(f"{address(entry)}?kept=yes")
    let_parts_come()
    expect(visitor.main.get_by_test_id("stSkeleton")).to_have_count(0)
    if entry.name in LATER:
        visitor.page.locator(LATER[entry.name]).first.wait_for()
    visitor.wait_until_idle()
    is_inside(visitor, entry)
    first = visitor.page.evaluate("first")
    assert ("heavy" in first) is (entry.name in LATER)
    assert first["text"] < first.get("heavy", float("inf"))
    shifts = visitor.page.evaluate("shifts")
    assert burst(shifts) <= GOOD, shifts


def test_the_canvas_stays_where_it_is_when_the_style_of_its_component_comes_last(
    new_visitor: NewVisitor,
) -> None:
    visitor = new_visitor(phone=True)
    visitor.begin_each_page_with(WATCH)
    held: list[Route] = []
    visitor.route_requests(LAST_STYLE, held.append)
    visitor.open("/draw?kept=yes")
    canvas = visitor.page.locator(LATER["draw"]).first
    canvas.wait_for()
    place = canvas.bounding_box()
    assert held
    assert not canvas.evaluate(STYLED)
    for route in held:
        route.continue_()
    visitor.page.wait_for_function(f"canvas => ({STYLED})(canvas)", arg=canvas.element_handle())
    visitor.wait_until_idle()
    assert canvas.bounding_box() == place
    shifts = visitor.page.evaluate("shifts")
    assert burst(shifts) <= GOOD / 2, shifts
