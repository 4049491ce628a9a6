"""What a class of visitors costs: how long an answer to a stroke takes, processor and memory.

Each visitor is a real session over a websocket, without a browser, so that dozens fit beside the server:
`python -m benchmarks.load` lets 10, 30 and 60 of them draw every two seconds, with and without two runs that
train, lets 100 be idle, and lets others come and go for ten minutes (`--hours 1` for an hour). In the scene
``browser`` one of 1, 10 and 30 who draw is a real browser, which times what a person sees. It prints a table,
ends with 1 when a limit is missed, and writes all numbers to `benchmarks/results/load.json`.
"""

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.machine import use_own_kernel
from benchmarks.report import MEGABYTE, Row, command_line, judge, print_table, write
from tests.e2e import steps
from tests.e2e.browser import launch, new_context
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.wire import COOKIE, LARGEST, STREAMLIT, Page, new_cookie, stream

RESULTS = Path(__file__).parent / "results" / "load.json"
STROKE_EVERY = 2.0  # seconds
LIMITS = {(30, 2): 350.0, (60, 2): 500.0}  # ms for 95 of 100 answers, by visitors and runs
SEEN_LIMITS = {10: (300.0, 500.0)}  # ms for the median and 95 of 100 answers in a browser, by visitors
IDLE = 100
ARRIVE_EVERY = 2.0  # seconds between two visitors who come and go
LOOK_EVERY = 30.0  # seconds between two looks at the server's memory
SETTLED = 300.0  # seconds until as many are forgotten as come
LARGEST_GROWTH = 30.0  # MB from then to the end
PATIENCE = 120.0  # seconds

SEVEN = {"type": "Path", "strokeWidth": 24, "path": [["M", 78, 67], ["L", 196, 67], ["L", 126, 224]]}
DASH = {"type": "Path", "strokeWidth": 24, "path": [["M", 110, 150], ["L", 180, 150]]}
BLANK = "?"
GUESS = '<p class="dl-guess">'

# Until Python has answered, the browser shows an answer of its own and marks it as such.
TIME_ANSWERS = """
window.answerTimes = [];
const card = () => document.querySelector(".dl-answer");
document.addEventListener("pointerup", () => {
  const lifted = performance.now();
  const look = () => {
    if (card() && !("live" in card().dataset)) answerTimes.push(performance.now() - lifted);
    else requestAnimationFrame(look);
  };
  if (card() && "live" in card().dataset) look();
}, { capture: true });
"""

collect_as_streamlit_does = False


class Visitor:
    """One session: sends what a browser would, and takes in what comes until something is there."""

    def __init__(self, socket: ClientConnection, address: str, cookie: str) -> None:
        self.page = Page()
        self.socket = socket
        self.address, self.cookie = address, cookie
        self._due: dict[str, float] = {}

    async def run(self, message: bytes) -> None:
        """Send a message, and wait until the script that it starts has come to its end."""
        goal = self.page.finished + 1
        await self.socket.send(message)
        await self.until(lambda: self.page.finished >= goal)

    async def until(self, there: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Take in what comes, and run again the fragments that ask for it, until something is there."""
        deadline = time.monotonic() + patience
        while not there():
            now = time.monotonic()
            if now > deadline:
                raise TimeoutError("The server did not answer in time.")
            for fragment in [name for name, due in self._next_runs(now) if due <= now]:
                self._due[fragment] = now + self.page.repeats[fragment]
                await self.socket.send(self.page.repeat(fragment))
            wait = min([due for _name, due in self._next_runs(now)] + [deadline]) - now
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait) + 0.001):
                    self.page.take(await self.socket.recv(decode=False))

    def _next_runs(self, now: float) -> list[tuple[str, float]]:
        seconds = self.page.repeats
        self._due = {name: self._due.get(name, now + every) for name, every in seconds.items()}
        return list(self._due.items())

    # ---- what a visitor does -----------------------------------------------------------------------------

    async def begin_to_draw(self) -> None:
        """Open the page Draw."""
        await self.run(self.page.open("draw"))

    async def answer(self, *strokes: dict[str, Any]) -> float:
        """Lift the pen, or press Clear with no stroke; return the seconds until the page stands again.

        Raises
        ------
        LookupError
            When the page does not show the answer to this drawing.
        """
        message = self.page.draw(list(strokes)) if strokes else self.page.press("Clear")
        start = time.perf_counter()
        await self.run(message)
        seconds = time.perf_counter() - start
        guess = self.guess()
        if (guess == BLANK) == bool(strokes) or (strokes == (SEVEN,) and guess != "7"):
            raise LookupError(f"The answer to {len(strokes)} strokes was {guess!r}.")
        return seconds

    def guess(self) -> str:
        """Return the class that the page shows, or `BLANK`."""
        card = next(html.body for html in self.page.elements("html") if GUESS in html.body)
        found: str = card.split(GUESS)[1].split("<")[0]
        return found

    async def begin_to_train(self, epochs: int, data: str = "mnist") -> None:
        """Choose a data set, set the epochs, start a run, and see it on the page."""
        await self.run(self.page.open(""))
        await self.run(self.page.go_to("data", f"data={data}"))
        await self.run(self.page.go_to("network"))
        await self.run(self.page.fill("Epochs", epochs))
        await self.run(self.page.go_to("train"))
        await self.run(self.page.press("Start"))
        await self.until(lambda: any(badge.label == "Pause" for badge in self.page.elements("button")))

    def epochs(self) -> float:
        """Return how many epochs the page says that the run has behind it."""
        metric, _fragment = self.page.find("metric", lambda metric: metric.label == "Epoch")
        return float(metric.body.split()[0].replace(",", ""))

    async def bring(self, name: str, content: bytes) -> None:
        """Upload a data set, and wait until the page shows it."""
        await self.run(self.page.go_to("data"))
        await self.run(self.page.choose("Data set", "Your own"))
        await self.socket.send(self.page.ask_for_room(name))
        await self.until(lambda: "file_urls_response" in self.page.answers)
        place = self.page.answers["file_urls_response"].file_urls_response.file_urls[0].upload_url
        await asyncio.to_thread(self._send_file, place, name, content)
        await self.socket.send(self.page.bring(name, len(content)))
        title = name.rpartition(".")[0]
        await self.until(lambda: any(title in heading.body for heading in self.page.elements("heading")))

    def _send_file(self, place: str, name: str, content: bytes) -> None:
        mark = b"----a-mark-that-is-in-no-file"
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"\r\n".join([b"--" + mark, head.encode() + content, b"--" + mark + b"--", b""])
        headers = {
            "Content-Type": f"multipart/form-data; boundary={mark.decode()}",
            "Cookie": f"{COOKIE}={self.cookie}",
            "X-Xsrftoken": self.cookie,
        }
        request = urllib.request.Request(f"{self.address}{place}", body, headers, method="PUT")
        urllib.request.urlopen(request, timeout=PATIENCE).close()


@asynccontextmanager
async def visit(server: AppServer) -> AsyncIterator[Visitor]:
    """Let one visitor come, with a browser of their own, and leave at the end of the block."""
    cookie = await asyncio.to_thread(new_cookie, server.address)
    headers = {"Cookie": f"{COOKIE}={cookie}"}
    async with connect(
        stream(server.address), additional_headers=headers, subprotocols=STREAMLIT, max_size=LARGEST
    ) as socket:
        yield Visitor(socket, server.address, cookie)


async def come(server: AppServer, stack: AsyncExitStack, number: int) -> list[Visitor]:
    """Let this many visitors come, one after the other."""
    return [await stack.enter_async_context(visit(server)) for _ in range(number)]


# ---- how the server fares ----------------------------------------------------------------------------------


class Meter:
    """Reads processor time and memory of the server, its workers and this process."""

    def __init__(self, server: AppServer) -> None:
        self.server = server
        self.start = self._seconds()

    def _seconds(self) -> dict[str, float]:
        processes = {"server": [psutil.Process(self.server.process.pid)], "workers": self.server.workers()}
        spent = {"time": time.perf_counter(), "visitors": time.process_time()}
        for name, group in processes.items():
            spent[name] = 0.0
            for process in group:
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    spent[name] += times.user + times.system
        return spent

    def read(self) -> dict[str, float]:
        """Return the shares of one core that were used since the start, and the memory held now, in MB."""
        now = self._seconds()
        seconds = now["time"] - self.start["time"]
        cores = {f"{name}_cores": (now[name] - self.start[name]) / seconds for name in now if name != "time"}
        return cores | {"seconds": seconds} | memory(self.server)


def memory(server: AppServer) -> dict[str, float]:
    """Return the MB that the server and its workers hold; what processes share is counted once."""
    main = psutil.Process(server.process.pid).memory_full_info()
    return {
        "server_mb": (getattr(main, "pss", 0) or main.uss) / MEGABYTE,
        "all_mb": server.memory() / MEGABYTE,
    }


def percentile(values: list[float], part: float) -> float:
    """Return the value that this part of all values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


# ---- the scenes --------------------------------------------------------------------------------------------


async def keep_drawing(visitor: Visitor, until: float, generator: random.Random) -> list[float]:
    """Draw, add a stroke, clear, every two seconds; return the seconds that each answer took."""
    await asyncio.sleep(generator.uniform(0, STROKE_EVERY))  # nobody draws in step with the others
    seconds: list[float] = []
    drawings: tuple[tuple[dict[str, Any], ...], ...] = ((SEVEN,), (SEVEN, DASH), ())
    while time.monotonic() < until:
        due = time.monotonic() + STROKE_EVERY
        seconds.append(await visitor.answer(*drawings[len(seconds) % len(drawings)]))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    return seconds


async def measure_drawing(visitors: int, runs: int, seconds: float) -> dict[str, Any]:
    """Let visitors draw beside runs on a fresh server; return how long answers took, and what they cost."""
    generator = random.Random(visitors)
    with start_server() as server:
        async with AsyncExitStack() as stack:
            training = await come(server, stack, runs)
            for visitor in training:
                await visitor.begin_to_train(10_000)
            drawing = await come(server, stack, visitors)
            for visitor in drawing:
                await visitor.begin_to_draw()
            stop = asyncio.Event()
            watching = [asyncio.create_task(visitor.until(stop.is_set, 1e6)) for visitor in training]
            meter, before = Meter(server), sum(visitor.epochs() for visitor in training)
            end = time.monotonic() + seconds
            answers = await asyncio.gather(*(keep_drawing(visitor, end, generator) for visitor in drawing))
            found = meter.read()
            stop.set()
            await asyncio.gather(*watching)
            epochs = sum(visitor.epochs() for visitor in training) - before
        times = [second for one in answers for second in one]
        check_log(server)
    return {
        "visitors": visitors,
        "runs": runs,
        "answers": len(times),
        "answers_wanted": round(visitors * seconds / STROKE_EVERY),
        "median_ms": 1000 * statistics.median(times),
        "p95_ms": 1000 * percentile(times, 0.95),
        "longest_ms": 1000 * max(times),
        "processor_ms": 1000 * found["server_cores"] * found["seconds"] / len(times),
        "epochs_a_minute": 60 * epochs / found["seconds"],
        **found,
    }


def draw_in_browser(address: str, seconds: float) -> list[float]:
    """Draw and clear in a browser; return the seconds from each lifting of the pen to Python's answer."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        visitor = steps.Visitor(new_context(browser), address)
        visitor.begin_each_page_with(TIME_ANSWERS)
        visitor.open("/draw")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            due = time.monotonic() + STROKE_EVERY
            visitor.draw(steps.SEVEN, text="% sure")
            visitor.press("Clear")
            expect(visitor.main.locator(".dl-guess")).to_have_text(
                BLANK
            )  # it also clears what comes too soon
            visitor.wait_until_idle()
            visitor.page.wait_for_timeout(1000 * max(0.0, due - time.monotonic()))
        found: list[float] = visitor.page.evaluate("answerTimes")
        browser.close()
    return [milliseconds / 1000 for milliseconds in found]


async def measure_browser(visitors: int, seconds: float) -> dict[str, Any]:
    """Let visitors draw, one of them in a browser; return how long that one waits for Python's answers."""
    generator = random.Random(visitors)
    with start_server() as server:
        async with AsyncExitStack() as stack:
            others = await come(server, stack, visitors - 1)
            for visitor in others:
                await visitor.begin_to_draw()
            end = time.monotonic() + seconds
            drawing = [asyncio.create_task(keep_drawing(visitor, end, generator)) for visitor in others]
            times = await asyncio.to_thread(draw_in_browser, server.address, seconds)
            await asyncio.gather(*drawing)
        check_log(server)
    return {
        "visitors": visitors,
        "answers": len(times),
        "median_ms": 1000 * statistics.median(times),
        "p95_ms": 1000 * percentile(times, 0.95),
        "longest_ms": 1000 * max(times),
    }


async def measure_idle(visitors: int, seconds: float) -> dict[str, Any]:
    """Let many open the home page and do nothing, beside one who draws; return what they cost."""
    with start_server() as server:
        async with AsyncExitStack() as stack:
            (drawer,) = await come(server, stack, 1)
            await drawer.begin_to_draw()
            await drawer.answer(SEVEN)
            before = memory(server)["server_mb"]
            for visitor in await come(server, stack, visitors):
                await visitor.run(visitor.page.open(""))
            meter = Meter(server)
            answers = await keep_drawing(drawer, time.monotonic() + seconds, random.Random(0))
            found = meter.read()
        check_log(server)
    each = (found["server_mb"] - before) / visitors
    return {"visitors": visitors, "mb_each": each, "p95_ms": 1000 * percentile(answers, 0.95), **found}


async def measure_churn(seconds: float) -> dict[str, Any]:
    """Let visitors come, draw, upload or train, and leave; return the server's memory over the time."""
    with start_server() as server:
        meter, problems, visits = Meter(server), list[str](), set[asyncio.Task[None]]()
        looks: list[dict[str, float]] = []
        begin = time.monotonic()
        number, next_look = 0, 0.0
        while (now := time.monotonic() - begin) < seconds:
            if now >= next_look:
                looks.append({"seconds": now, **memory(server), **handles(server)})
                print({name: round(value) for name, value in looks[-1].items()}, flush=True)
                next_look += LOOK_EVERY
            task = asyncio.create_task(one_visit(server, number, problems))
            visits.add(task)
            task.add_done_callback(visits.discard)
            number += 1
            await asyncio.sleep(ARRIVE_EVERY)
        await asyncio.gather(*visits)
        looks.append({"seconds": time.monotonic() - begin, **memory(server), **handles(server)})
        found = meter.read()
        if "Traceback" in server.log():
            problems.append(f"The server met an error:\n{server.log()}")
    return {"visits": number, "problems": problems, "growth_mb": growth(looks), **found, "looks": looks}


async def one_visit(server: AppServer, number: int, problems: list[str]) -> None:
    """Come, look around, draw; each third visitor uploads a data set, each tenth trains; leave."""
    try:
        async with visit(server) as visitor:
            await visitor.run(visitor.page.open(""))
            await visitor.run(visitor.page.go_to("draw"))
            for strokes in ((SEVEN,), (SEVEN, DASH), ()):
                await asyncio.sleep(STROKE_EVERY)
                await visitor.answer(*strokes)
            if number % 3 == 0:
                await visitor.bring(f"digits-{number}.csv", table(number))
            if number % 10 == 0:
                await visitor.begin_to_train(2, "digits-8x8")
            await visitor.run(visitor.page.go_to("evaluate"))
    except Exception as error:  # it is reported at the end: the others continue
        problems.append(f"visit {number}: {type(error).__name__}: {error}")


def table(number: int, images: int = 400) -> bytes:
    """Return a data set of noise as CSV, another one for each number: 400 images of 28×28, 0.9 MB."""
    generator = random.Random(number)
    rows = (bytes(28 * 28), generator.randbytes(28 * 28))
    head = ",".join(["label", *(f"pixel{k}" for k in range(28 * 28))])
    noise = [f"{k % 10},{','.join(map(str, generator.sample(rows[1], 28 * 28)))}" for k in range(images)]
    return "\n".join([head, *noise]).encode()


def handles(server: AppServer) -> dict[str, float]:
    """Return how many files and threads the server has open."""
    process = psutil.Process(server.process.pid)
    return {"files": process.num_fds() if psutil.POSIX else 0, "threads": process.num_threads()}


def growth(looks: list[dict[str, float]]) -> float:
    """Return by how many MB the server has grown, from when as many left as came to the end.

    Both are medians of a few looks, so that one garbage collection decides nothing.
    """
    settled = [look["all_mb"] for look in looks if look["seconds"] >= min(SETTLED, looks[-1]["seconds"] / 2)]
    few = max(1, len(settled) // 4)
    return statistics.median(settled[-few:]) - statistics.median(settled[:few])


def start_server() -> AppServer:
    """Return a server as users start it, or, to compare, with Streamlit's own garbage collection."""
    return AppServer(
        environment={"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"} if collect_as_streamlit_does else {}
    )


def check_log(server: AppServer) -> None:
    """End when the server met an error: its times would mean nothing."""
    if "Traceback" in server.log():
        sys.exit(f"The server met an error:\n{server.log()}")


# ---- the table ---------------------------------------------------------------------------------------------


def rows_of(results: dict[str, Any]) -> list[Row]:
    """Return the table of everything that was measured."""
    rows = []
    for scene in results["drawing"]:
        who = f"{scene['visitors']} draw beside {scene['runs']} runs"
        limit = LIMITS.get((scene["visitors"], scene["runs"]))
        rows += [
            Row(f"{who}: the median answer", scene["median_ms"], None, "ms"),
            Row(f"{who}: 95 of 100 answers", scene["p95_ms"], limit, "ms"),
            Row(f"{who}: the server's processor time for each", scene["processor_ms"], None, "ms"),
            Row(f"{who}: the server's cores", scene["server_cores"], None, ""),
            Row(f"{who}: the workers' cores", scene["workers_cores"], None, ""),
            Row(f"{who}: the visitors' cores (this process)", scene["visitors_cores"], None, ""),
            Row(f"{who}: memory of all", scene["all_mb"], None, "MB"),
        ]
        if scene["runs"]:
            rows.append(Row(f"{who}: epochs a minute", scene["epochs_a_minute"], None, ""))
    for scene in results["browser"]:
        who = f"{scene['visitors']} draw, seen in a browser"
        median, p95 = SEEN_LIMITS.get(scene["visitors"], (None, None))
        rows += [
            Row(f"{who}: the median answer", scene["median_ms"], median, "ms"),
            Row(f"{who}: 95 of 100 answers", scene["p95_ms"], p95, "ms"),
        ]
    for scene in results["idle"]:
        rows += [
            Row(f"{scene['visitors']} idle: memory for each", scene["mb_each"], None, "MB"),
            Row(f"{scene['visitors']} idle: the server's cores", scene["server_cores"], None, ""),
            Row(f"{scene['visitors']} idle: 95 of 100 answers to one who draws", scene["p95_ms"], None, "ms"),
        ]
    for scene in results["churn"]:
        who = f"{scene['visits']} visits in {scene['seconds'] / 60:.0f} min"
        rows += [
            Row(f"{who}: growth", scene["growth_mb"], LARGEST_GROWTH, "MB"),
            Row(f"{who}: memory at the end", scene["all_mb"], None, "MB"),
            Row(f"{who}: visits that failed", len(scene["problems"]), 0.5, ""),
        ]
    return rows


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the scenes that were asked for."""
    results: dict[str, Any] = {"kernel": use_own_kernel(), "processors": os.cpu_count()}
    print(f"kernel: {results['kernel']}; processors: {results['processors']}")
    results |= {"drawing": [], "browser": [], "idle": [], "churn": []}
    if "drawing" in options.scenes:
        for runs in options.runs:
            for visitors in options.visitors:
                results["drawing"].append(await measure_drawing(visitors, runs, options.seconds))
                print(f"{visitors} visitors beside {runs} runs: done", flush=True)
    if "browser" in options.scenes:
        for visitors in options.seen:
            results["browser"].append(await measure_browser(visitors, options.seconds))
            print(f"{visitors} visitors, one in a browser: done", flush=True)
    if "idle" in options.scenes:
        results["idle"].append(await measure_idle(IDLE, options.seconds))
    if "churn" in options.scenes:
        results["churn"].append(await measure_churn(3600 * options.hours))
    return results


def main() -> None:
    """Measure, print, keep, and end with 1 when a limit is missed."""
    parser = command_line(__doc__)
    parser.set_defaults(json=RESULTS)
    scenes = ["drawing", "browser", "idle", "churn"]
    parser.add_argument("--scenes", nargs="+", choices=scenes, default=scenes)
    parser.add_argument("--visitors", nargs="+", type=int, default=[10, 30, 60], help="who draw")
    parser.add_argument("--seen", nargs="+", type=int, default=[1, 10, 30], help="one of them in a browser")
    parser.add_argument("--runs", nargs="+", type=int, default=[0, 2], help="that train beside them")
    parser.add_argument("--seconds", type=float, default=30.0, help="of drawing, for each scene")
    parser.add_argument("--hours", type=float, default=1 / 6, help="of coming and going")
    parser.add_argument("--collect", action="store_true", help="garbage after each script, as Streamlit does")
    options = parser.parse_args()
    global collect_as_streamlit_does
    collect_as_streamlit_does = options.collect
    results = asyncio.run(measure(options))
    rows = rows_of(results)
    print_table(rows)
    write({**results, "rows": [asdict(row) for row in rows]}, options.json)
    judge(rows)


if __name__ == "__main__":
    main()
