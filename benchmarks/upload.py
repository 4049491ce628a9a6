"""What it costs to upload Kaggle's train.csv: time until it is shown, the server's memory, others' waiting.

It watches the head of the path from outside, with a real server and browser. `python -m benchmarks.upload`
prints a table and ends with 1 when a limit is missed; `--json FILE` writes the same for a program, and
`--closed` waits until the server has forgotten a visitor who closed the tab (four minutes).
"""

import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import use_own_kernel
from benchmarks.report import MEGABYTE, Row, command_line, tell
from mlcore import load_dataset
from tests.e2e.browser import launch, new_context
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import IDLE

IMAGES = 42_000  # as Kaggle's "Digit Recognizer" has them
UPLOADS = 3
SETTLED = 5.0  # seconds after which memory is measured at rest
FORGOTTEN = 240.0  # seconds after which Streamlit has dropped a session whose tab was closed


class Watch:
    """Looks at the server from the side: its memory, and how long it takes to answer somebody else."""

    def __init__(self, server: AppServer) -> None:
        self.process = psutil.Process(server.process.pid)
        self.address = server.address
        self.peak = 0
        self.answers: list[float] = []
        self._stop = threading.Event()

    def memory(self) -> int:
        """Return the bytes that the server and its workers hold now."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(process.memory_info().rss for process in processes)

    def processor_seconds(self) -> float:
        """Return the time that the server has worked since it was started."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note the highest memory and every answer's time while the block runs."""
        self.peak, self.answers = self.memory(), []
        threads = [threading.Thread(target=work) for work in (self._watch_memory, self._ask)]
        self._stop.clear()
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _watch_memory(self) -> None:
        while not self._stop.wait(0.01):
            self.peak = max(self.peak, self.memory())

    def _ask(self) -> None:
        while not self._stop.wait(0.1):
            start = time.perf_counter()
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=60):
                self.answers.append(time.perf_counter() - start)


def write_kaggle_csv(path: Path) -> None:
    """Write a table like Kaggle's train.csv from the first images of MNIST: 42,000 rows, 76 MB."""
    mnist = load_dataset("mnist")
    names = ["label", *(f"pixel{k}" for k in range(28 * 28))]
    with path.open("w", encoding="ascii") as file:
        file.write(",".join(names) + "\n")
        for label, image in zip(mnist.labels[:IMAGES], mnist.images[:IMAGES], strict=True):
            file.write(f"{label},{','.join(map(str, image.ravel().tolist()))}\n")


def visit(page: Page, address: str) -> None:
    """Look at the home page and open the page Data."""
    page.goto(address)
    expect(page.locator(IDLE)).to_be_visible(timeout=60_000)
    page.goto(f"{address}/data")
    wait_for_images(page)


def wait_for_images(page: Page) -> None:
    """Wait until sample images are there and the app has nothing more to do."""
    expect(page.locator(".dl-grid img").first).to_be_visible(timeout=60_000)
    expect(page.locator(IDLE)).to_be_visible(timeout=60_000)


def upload(page: Page, path: Path) -> float:
    """Upload the file on the page Data; return the seconds from choosing it until its images are there."""
    start = time.perf_counter()
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("heading", name=path.stem, exact=True)).to_be_visible(timeout=60_000)
    wait_for_images(page)
    return time.perf_counter() - start


def measure(folder: Path, closed: bool) -> list[Row]:
    """Upload some tables, one after the other, with someone else on the server; return what it cost."""
    tables = [folder / f"train-{number}.csv" for number in range(1, UPLOADS + 1)]
    for table in tables:
        if table is tables[0]:
            write_kaggle_csv(table)
        else:
            table.hardlink_to(tables[0])
    print(f"Kaggle's train.csv: {IMAGES:,} images, {tables[0].stat().st_size / MEGABYTE:.0f} MB")
    with AppServer() as server, sync_playwright() as playwright:
        browser = launch(playwright)
        visit(new_context(browser).new_page(), server.address)  # loads what all visitors share
        page = new_context(browser).new_page()
        visit(page, server.address)
        page.get_by_test_id("stMain").get_by_text("Your own").click()
        expect(page.locator("input[type=file]")).to_be_attached()
        time.sleep(SETTLED)
        watch = Watch(server)
        before = watch.memory()
        begun = watch.processor_seconds()
        with watch.watching():
            seconds = [upload(page, table) for table in tables]
        worked = (watch.processor_seconds() - begun) / UPLOADS
        time.sleep(SETTLED)
        shown = watch.memory()
        page.get_by_test_id("stTopNavLink").filter(has_text="Home").click()
        expect(page).to_have_title("Digit Lab")
        time.sleep(SETTLED)
        left = watch.memory()
        rows = [
            Row("from choosing the file to its images (median)", statistics.median(seconds), 5.0, "s"),
            Row("the server's processor time for it", worked, None, "s"),
            Row("memory at its peak", (watch.peak - before) / MEGABYTE, 350.0, "MB"),
            Row("memory with the data set on the page", (shown - before) / MEGABYTE, None, "MB"),
            Row("memory when the visitor is on another page", (left - before) / MEGABYTE, 60.0, "MB"),
            Row("somebody else's wait, the longest", 1000 * max(watch.answers), 500.0, "ms"),
            Row("somebody else's wait, the median", 1000 * statistics.median(watch.answers), None, "ms"),
        ]
        if closed:
            page.context.close()
            time.sleep(FORGOTTEN)
            gone = (watch.memory() - before) / MEGABYTE
            rows.append(Row("memory when the visitor has closed the tab", gone, 60.0, "MB"))
        return rows


def main() -> None:
    """Measure, print, and end with 1 when a limit is missed."""
    parser = command_line(__doc__)
    parser.add_argument("--closed", action="store_true", help="also wait until a closed tab is forgotten")
    options = parser.parse_args()
    print(f"kernel: {use_own_kernel()}")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.closed)
    tell(rows, options.json)


if __name__ == "__main__":
    main()
