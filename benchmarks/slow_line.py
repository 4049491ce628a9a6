"""First visits on a slow line: seconds until there is something to read, and until all is there.

`python -m benchmarks.slow_line` opens each page in a browser that has nothing yet, at 400 kB/s with 100 ms to
the server, prints a table and ends with 1 when a limit is missed. It does so a second time without packed
files, to show what the front door (dashboard/server/front_door.py) saves; `--json FILE` writes the
rows for a program.
"""

import sys
from dataclasses import asdict, dataclass

from playwright.sync_api import Browser

from benchmarks.report import command_line, write
from benchmarks.watched import watched_app
from dashboard.navigation import PAGES
from tests.e2e.browser import DESKTOP
from tests.e2e.server import AppServer

BYTES_PER_SECOND, LATENCY = 400_000, 100  # of the line, and milliseconds to the server and back
LIMIT = 4.0  # seconds until there is something to read
PATIENCE = 90_000  # milliseconds
HEAVY = {
    "data": ".dl-plot svg.main-svg",
    "train": ".dl-plot svg.main-svg",
    "evaluate": ".dl-plot svg.main-svg",
}
HEAVY |= {"draw": "canvas.upper-canvas"}
"""By page, what may come later."""

NOTE_FIRST_TEXT = """(() => {
  const look = () => {
    if (document.querySelector('[data-testid="stMain"] h1')?.innerText) window.firstText = performance.now();
    else requestAnimationFrame(look);
  };
  look();
})()"""


@dataclass(frozen=True)
class Visit:
    """One first visit of a page.

    Attributes
    ----------
    page : str
    packed : bool
        Whether the browser took packed files.
    text, heavy : float or None
        Seconds until the first heading, and until the chart or canvas where the page has one.
    kilobytes : float
        What came over the line until all of it was there.
    """

    page: str
    packed: bool
    text: float
    heavy: float | None
    kilobytes: float


def visit(browser: Browser, server: AppServer, page_name: str, *, packed: bool) -> Visit:
    """Open a page in a new browser profile on the slow line."""
    headers = {} if packed else {"Accept-Encoding": "identity"}
    context = browser.new_context(**DESKTOP, extra_http_headers=headers)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    received: list[float] = []
    line.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    speed = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY, **speed})
    page.add_init_script(NOTE_FIRST_TEXT)
    page.goto(f"{server.address}/{'' if page_name == 'home' else page_name}", wait_until="commit")
    page.wait_for_function("window.firstText", timeout=PATIENCE)
    heavy = None
    if page_name in HEAVY:
        page.locator(HEAVY[page_name]).first.wait_for(timeout=PATIENCE)
        heavy = page.evaluate("performance.now()") / 1000
    text = page.evaluate("firstText") / 1000
    context.close()
    return Visit(page_name, packed, text, heavy, sum(received) / 1000)


def as_row(one: Visit) -> str:
    """Return a visit as a row of the table."""
    later = "" if one.heavy is None else f"{one.heavy:.1f}"
    packed = "yes" if one.packed else "no"
    return f"{one.page:10}{packed:>8}{one.text:>10.1f}{later:>10}{one.kilobytes:>8.0f}"


def main() -> None:
    """Measure, print, and end with 1 when a limit is missed."""
    options = command_line(__doc__).parse_args()
    with watched_app() as (server, browser):
        context = browser.new_context()  # the server's first visitor is not a usual one
        context.new_page().goto(server.address, wait_until="networkidle")
        context.close()
        names = [entry.name for entry in PAGES]
        print(f"{'page':10}{'packed':>8}{'text (s)':>10}{'all (s)':>10}{'kB':>8}")
        visits = []
        for packed in (True, False):
            for name in names:
                visits.append(visit(browser, server, name, packed=packed))
                print(as_row(visits[-1]), flush=True)
    write([asdict(one) for one in visits], options.json)
    late = [one.page for one in visits if one.packed and one.text > LIMIT]
    if late:
        sys.exit(f"Later than {LIMIT:g} s: {', '.join(late)}")


if __name__ == "__main__":
    main()
