"""How long the slider of Time travel takes to show another moment of a run: milliseconds a position.

`python -m benchmarks.time_travel` trains a network in the real app, draws a digit, and moves the slider in a
real browser, at full speed and slowed down fourfold, as a phone is. A position is shown when the
frame after it is painted, with its pictures decoded.
"""

import argparse
import re
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import sync_playwright

from tests.e2e.browser import Contexts, launch
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
SLOWER = {"desk": 1, "phone (four times slower)": 4}

MOVE = """async (place) => {
  const root = document.querySelector('.dl-flip');
  const slider = root.querySelector('input');
  const begun = performance.now();
  slider.value = String(place);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  await Promise.all([...root.querySelectorAll('img')].map((picture) => picture.decode()));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


def main() -> None:
    """Train, draw, move, and print a line for each kind of machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", default="?recipe=standard", help="query of the Train page")
    parser.add_argument("--picture", type=Path, help="where to save what the page shows")
    chosen = parser.parse_args()
    with AppServer() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = Visitor(Contexts(browser).take(phone=False), server.address)
        travel(visitor, chosen.settings)
        if chosen.picture:
            visitor.page.screenshot(path=chosen.picture, full_page=True)
        print("| on | positions | median | slowest |\n| --- | ---: | ---: | ---: |")
        for name, slower in SLOWER.items():
            times = moves(visitor, slower)
            print(f"| {name} | {len(times)} | {statistics.median(times):.0f} ms | {max(times):.0f} ms |")
        browser.close()


def travel(visitor: Visitor, settings: str) -> None:
    """Train a network to its end, draw a seven, and open Time travel."""
    visitor.open(f"/train{settings}")
    visitor.press("Start")
    visitor.see_curves()
    visitor.see("Finished", 600)
    visitor.go_to("Draw")
    visitor.draw(SEVEN)
    visitor.go_to("Inside")
    visitor.main.get_by_text("Time travel", exact=True).click()
    visitor.see(re.compile("dev images right"))
    visitor.page.wait_for_function("document.querySelectorAll('.dl-flip .dl-bars li').length > 1")
    visitor.page.wait_for_function("document.querySelector('.dl-flip input').max > 2")


def moves(visitor: Visitor, slower: int) -> list[float]:
    """Return the milliseconds of each move, five times to and fro over all positions."""
    visitor.page.context.new_cdp_session(visitor.page).send(
        "Emulation.setCPUThrottlingRate", {"rate": slower}
    )
    last = int(visitor.page.locator(".dl-flip input").get_attribute("max") or 0)
    order = [*range(last, -1, -1), *range(1, last + 1)] * 5
    return [float(visitor.page.evaluate(MOVE, place)) for place in order]


if __name__ == "__main__":
    main()
