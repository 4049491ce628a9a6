"""How long the page Runs takes with as many runs as a visitor may have: to open it, and to choose one.

`python -m benchmarks.many_runs` fills a store with runs of different settings, measures in a real browser
from a click to what it shows, and ends with 1 when a limit is missed; `--json FILE` writes the rows.
"""

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, Locator

from benchmarks.report import Row, command_line, tell
from benchmarks.watched import watched_app
from dashboard.browser import browser_token
from dashboard.runs.archive import FOLDER_VARIABLE, Archive
from dashboard.runs.kept import row_of
from dashboard.runs.service import RunService
from mlcore import NetworkConfig, TrainingConfig, load_dataset, split_dataset
from tests.e2e.browser import new_context
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor
from tests.e2e.wire import COOKIE

RUNS = 500
LONGEST = 1.5  # seconds, as is promised
EPOCHS = 60  # as many points as the small curve of a list has
RATES = (0.001, 0.002, 0.004, 0.008)
ROW = 35  # pixels of a row of the table


def fill(folder: Path, owner: str, runs: int) -> None:
    """Fill a folder of runs with copies of one that was trained, each with other settings and results."""
    split = split_dataset(load_dataset("digits-8x8"), dev_size=200, train_size=200)
    training = TrainingConfig(epochs=EPOCHS)
    with closing(RunService(1, archive=Archive(folder))) as service:
        run_id = service.start(owner, split, NetworkConfig(hidden_sizes=(8,)), training)
        service.wait_for(lambda: service.rests(run_id), 120.0)
        made = row_of(service._runs[run_id], folder)
    with closing(Archive(folder)) as archive:
        for number in range(2, runs + 1):
            settings = replace(training, learning_rate=RATES[number % len(RATES)], seed=number)
            curve = [accuracy * (1 - number / 10 / runs) for accuracy in made.about["curve"]]
            about = {**made.about, "number": number, "training": asdict(settings), "curve": curve}
            new = replace(made, run_id=secrets.token_hex(16), started=made.started + number, about=about)
            archive.put(new)


def seconds(act: Callable[[], object], shown: Locator, times: int, back: Callable[[], object]) -> list[float]:
    """Return how long it takes from an act until something is there, each time after going back."""
    found = []
    for _time in range(times):
        back()
        expect(shown).to_have_count(0)
        begin = time.perf_counter()
        act()
        expect(shown).to_have_count(1)
        found.append(time.perf_counter() - begin)
    return found


def processor_seconds(server: AppServer) -> float:
    """Return how long the server has computed so far, on a busy machine as on a quiet one."""
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


def measure(server: AppServer, context: BrowserContext, runs: int, times: int) -> list[Row]:
    """Open the page from the menu and by its address, and choose a run; return the median of each."""
    visitor = Visitor(context, server.address)
    table = visitor.main.locator(f'[role="grid"][aria-rowcount="{runs + 1}"]')
    chosen = visitor.main.get_by_role("button", name="Open on Train")

    def click_row() -> None:
        rows = visitor.main.get_by_test_id("stDataFrame").first
        rows.click(position={"x": 15, "y": ROW + ROW // 2})

    visitor.open("/")
    link = visitor.menu().filter(has_text="Runs").first
    home = lambda: visitor.go_to("Home")  # noqa: E731
    begun = processor_seconds(server)
    from_menu = seconds(link.click, table, times, home)
    spent = (processor_seconds(server) - begun) / times
    by_address = seconds(lambda: visitor.page.goto(f"{server.address}/runs"), table, times, home)
    pick = seconds(click_row, chosen, times, lambda: visitor.open("/runs"))
    what = f"{runs} runs:"
    return [
        Row(f"{what} from the click in the menu to the table", statistics.median(from_menu), LONGEST, "s"),
        Row(f"{what} the slowest of {times}", max(from_menu), None, "s"),
        Row(f"{what} the server's processor time for it, and for Home", spent, None, "s"),
        Row(f"{what} from the address to the table, a new tab", statistics.median(by_address), None, "s"),
        Row(f"{what} from the click on a run to its buttons", statistics.median(pick), LONGEST, "s"),
    ]


def main() -> None:
    """Fill, measure, print, and end with 1 when a limit is missed."""
    parser = command_line(__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--times", type=int, default=7, help="that each is measured; the median counts")
    options = parser.parse_args()
    cookie = f"2|00000000|{secrets.token_hex(16)}|{int(time.time())}"
    with tempfile.TemporaryDirectory() as folder:
        owner = browser_token(cookie)
        assert owner is not None
        fill(Path(folder), owner, options.runs)
        with watched_app({FOLDER_VARIABLE: folder}) as (server, browser):
            context = new_context(browser)
            context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.address}])
            rows = measure(server, context, options.runs, options.times)
    tell(rows, options.json)


if __name__ == "__main__":
    main()
