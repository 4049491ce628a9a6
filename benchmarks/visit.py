"""What a visit costs: time from the click to a good network, and the server's memory with five visitors.

It watches the whole path from outside, with a real server and browser. `python -m benchmarks.visit` prints a
table and ends with 1 when a limit is missed; `--json FILE` writes the same for a program.
"""

import re
import sys
import time

from playwright.sync_api import Browser

from benchmarks.report import MEGABYTE, Row, command_line, tell
from benchmarks.watched import watched_app
from tests.e2e.browser import new_context
from tests.e2e.server import AppServer
from tests.e2e.steps import SEVEN, Visitor

GOOD = 97.0  # per cent of the dev set
LOOKS = ("time", "weights", "image", "lab", "map")
"""What five visitors look at on Inside, each at something else; the first one has a run."""


def dev_accuracy(visitor: Visitor) -> float:
    """Return the dev accuracy that the page Train shows, in per cent; 0 while it shows none."""
    values = visitor.main.get_by_test_id("stMetric").filter(has_text="Dev accuracy")
    if not values.count():
        return 0.0
    number = re.match(r"[\d.]+", values.first.get_by_test_id("stMetricValue").inner_text())
    return float(number[0]) if number else 0.0


def seconds_to_a_good_network(visitor: Visitor) -> tuple[float, float]:
    """Press Start with all defaults; return the seconds until 97 % is shown, and until the end."""
    visitor.open("/train")
    visitor.press("Start")
    started, good = time.perf_counter(), 0.0
    while not good:
        if dev_accuracy(visitor) >= GOOD:
            good = time.perf_counter() - started
        elif time.perf_counter() - started > 120:
            sys.exit(f"The defaults did not reach {GOOD} % within two minutes.")
        time.sleep(0.05)
    visitor.see("Finished", 120)
    return good, time.perf_counter() - started


def memory_with_visitors(browser: Browser, server: AppServer) -> float:
    """Let five people visit, each with Evaluate and Inside open in further tabs, while one of them trains.

    Returns
    -------
    float
        The most MB that server and workers held together, memory that they share counted once.
    """
    visitors = [Visitor(new_context(browser), server.address) for _look in LOOKS]
    visitors[0].start_endless_run("deep")
    most = 0.0
    for visitor, path in zip(visitors[1:], ["/data", "/evaluate", "/draw", "/network"], strict=True):
        visitor.open(path)
        most = max(most, server.memory())
    visitors[3].draw(SEVEN)
    for visitor, look in zip(visitors, LOOKS, strict=True):
        for path in ("/evaluate", f"/inside?look={look}"):
            visitor.open_another_tab(path)
            most = max(most, server.memory())
    for _ in range(20):
        most = max(most, server.memory())
        time.sleep(0.25)
    visitors[0].press("Stop", "Stopped")
    return most / MEGABYTE


def main() -> None:
    """Measure, print, and end with 1 when a limit is missed."""
    options = command_line(__doc__).parse_args()
    with watched_app() as (server, browser):
        good, finished = seconds_to_a_good_network(Visitor(new_context(browser), server.address))
        rows = [
            Row(f"from the click on Start to {GOOD:g} % on the dev set", good, 10.0, "s"),
            Row("from the click on Start to the end of the defaults", finished, None, "s"),
            Row(
                "memory: MNIST, one run going, five visitors with Evaluate and Inside open",
                memory_with_visitors(browser, server),
                690.0,
                "MB",
            ),
        ]
    tell(rows, options.json)


if __name__ == "__main__":
    main()
