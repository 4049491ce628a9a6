"""What a visit costs: time from the click to a good network, and the server's memory with five visitors.

It watches the whole path from outside, with a real server and browser. `python -m benchmarks.visit` prints a
table and ends with 1 when a limit is missed; `--json FILE` writes the same for a program.
"""

import re
import sys
import time

import psutil
from playwright.sync_api import Browser

from benchmarks.report import MEGABYTE, Row, command_line, tell
from benchmarks.watched import watched_app
from tests.e2e.browser import new_context
from tests.e2e.server import AppServer
from tests.e2e.steps import SEVEN, Visitor

GOOD = 97.0  # per cent of the dev set
VISITORS = 5


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


def memory(server: AppServer) -> float:
    """Return the MB that server and workers hold together, memory that they share counted once."""
    processes = [psutil.Process(server.process.pid)]
    processes += processes[0].children(recursive=True)
    return sum(process.memory_full_info().pss for process in processes) / MEGABYTE


def memory_with_visitors(browser: Browser, server: AppServer) -> float:
    """Let five people visit with Evaluate and Inside open, one of them train; return the most MB seen."""
    contexts = [new_context(browser) for _ in range(VISITORS)]
    visitors = [Visitor(context, server.address) for context in contexts]
    visitors[0].open("/network?recipe=deep")
    visitors[0].go_to("Train")
    visitors[0].press("Start", "Training")
    for visitor, path in zip(visitors[1:], ["/data", "/evaluate", "/draw", "/network"], strict=True):
        visitor.open(path)
    visitors[3].draw(SEVEN)
    tabs = [
        (Visitor(context, server.address), path) for context in contexts for path in ("/evaluate", "/inside")
    ]
    for visitor, path in tabs:
        visitor.open(path)
    most = 0.0
    for _ in range(20):
        most = max(most, memory(server))
        time.sleep(0.25)
    visitors[0].see("Training")
    visitors[0].press("Stop", "Stopped")
    return most


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
