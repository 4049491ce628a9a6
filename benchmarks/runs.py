"""What training in the background costs, as ratios measured in one go: speed, drawing, stop, leftovers.

`python benchmarks/runs.py` prints a table of what `dashboard.runs` promises and what this machine measured;
`--json FILE` writes it. Run it on a quiet machine; each promise is measured in rounds, the two sides of a
ratio in turn, and the median round counts.
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import dashboard  # noqa: F401  isort: skip

import numpy as np
import psutil

from dashboard.runs.executors import loky_executor
from dashboard.runs.limits import Limits
from dashboard.runs.second_process import VARIABLE
from dashboard.runs.service import RunService
from mlcore import (
    EpochMetrics,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    image_from_drawing,
    load_dataset,
    load_model,
    split_dataset,
    train,
)

ROOT = Path(__file__).resolve().parents[1]
NETWORK = NetworkConfig()
ENDLESS = TrainingConfig(epochs=10_000)


@dataclass(frozen=True)
class Line:
    """One line of the table: what was measured and, where something is promised, how it must be."""

    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the promise is kept."""
        if self.at_least is None and self.at_most is None:
            return ""
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return "kept" if low <= self.value <= high else "BROKEN"

    def __str__(self) -> str:
        bound = f"≥ {self.at_least:g}" if self.at_least is not None else ""
        bound = f"≤ {self.at_most:g}" if self.at_most is not None else bound
        return f"{self.what:<66}{self.value:>12,.4g} {self.unit:<9}{bound:<8}{self.verdict}"


# ---- the bare loop ----------------------------------------------------------------------------------------


def bare_speed(seconds: float) -> float:
    """Return the images a second of `mlcore.train` alone, in memory, without a service; runs in a worker.

    It has the worker's priority and its one BLAS thread, so that only the service makes a difference.
    """
    split = split_dataset(load_dataset("mnist"))
    run = TrainingRun(NETWORK, ENDLESS)
    for record in train(run, split):
        if isinstance(record, EpochMetrics) and record.step:
            break  # the first epoch warms up
    begin, images = time.perf_counter(), run.images_seen
    for _record in train(run, split):
        if time.perf_counter() - begin >= seconds:
            break
    return (run.images_seen - images) / (time.perf_counter() - begin)


def alone(seconds: float) -> float:
    """Return the bare loop's speed in a fresh process."""
    executor = loky_executor()
    try:
        speed: float = executor.submit(bare_speed, seconds).result()
        return speed
    finally:
        executor.shutdown()


# ---- with the service --------------------------------------------------------------------------------------


@contextmanager
def going(service: RunService, split: Split, runs: int) -> Iterator[list[str]]:
    """Keep this many runs going, past their first epoch, inside the block."""
    started = [service.start(f"visitor {k}", split, NETWORK, ENDLESS) for k in range(runs)]
    try:
        wait_until(lambda: all(service.status(run_id).progress.epoch > 1 for run_id in started))
        yield started
    finally:
        for k, run_id in enumerate(started):
            service.delete(run_id, f"visitor {k}")


@contextmanager
def watched(service: RunService, runs: list[str]) -> Iterator[None]:
    """Let a page poll each run every second, as Train does: status, new records, curves as JSON."""
    closed = threading.Event()

    def poll(run_id: str) -> None:
        while not closed.wait(1.0):
            status = service.status(run_id)
            json.dumps([[r.step, r.learning_rate] for r in status.history])

    pages = [threading.Thread(target=poll, args=(run_id,)) for run_id in runs]
    for page in pages:
        page.start()
    try:
        yield
    finally:
        closed.set()
        for page in pages:
            page.join()


def speed(service: RunService, runs: list[str], seconds: float) -> float:
    """Return the images a second of all runs together, by this process's clock."""

    def seen() -> int:
        return sum(service.status(run_id).progress.images_seen for run_id in runs)

    begin, images = time.perf_counter(), seen()
    time.sleep(seconds)
    return (seen() - images) / (time.perf_counter() - begin)


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for something that comes about soon."""
    deadline = time.perf_counter() + seconds
    while not condition():
        if time.perf_counter() > deadline:
            raise TimeoutError("it did not come about")
        time.sleep(0.002)


def measure_speed(service: RunService, split: Split, rounds: int, seconds: float) -> Iterator[Line]:
    """Compare a polled run with the bare loop, two runs with one, and a second core with none."""
    single = RunService(clean_up_every=None, make_executor=partial(loky_executor, {VARIABLE: "never"}))
    bare, one, two, shared, halves = [], [], [], [], []
    try:
        for _round in range(rounds):
            bare.append(alone(seconds))
            for where, runs, found in (
                (single, 1, one),
                (single, 2, two),
                (service, 1, shared),
                (service, 2, halves),
            ):
                with going(where, split, runs) as started, watched(where, started):
                    found.append(speed(where, started, seconds))
    finally:
        single.close()

    def ratio(above: list[float], below: list[float]) -> float:
        return statistics.median(a / b for a, b in zip(above, below, strict=True))

    yield Line("bare loop", statistics.median(bare), "images/s")
    yield Line("one run on one core, its page polling each second", statistics.median(one), "images/s")
    yield Line("  of the bare loop's speed", ratio(one, bare), "times", at_least=0.9)
    yield Line("two runs on one core each, throughput of one", ratio(two, one), "times", at_least=1.6)
    yield Line(
        "one run that may use a second core, of the bare loop's speed",
        ratio(shared, bare),
        "times",
        at_least=1.2,
    )
    yield Line("two runs that may, now on one core each, throughput of one", ratio(halves, one), "times")


def measure_drawing(service: RunService, split: Split, rounds: int) -> Iterator[Line]:
    """Compare the time that a drawing's answer takes in this process without and with runs going."""
    quiet, busy, busier = [], [], []
    for _round in range(rounds):
        quiet.append(answer_seconds())
        with going(service, split, 1) as runs, watched(service, runs):
            busy.append(answer_seconds())
        with going(service, split, 2) as runs, watched(service, runs):
            busier.append(answer_seconds())
    yield Line("a drawing's answer, no run", statistics.median(quiet) * 1000, "ms")
    ratios = [b / q for b, q in zip(busy, quiet, strict=True)]
    yield Line("a drawing's answer during a run", statistics.median(ratios), "times", at_most=1.5)
    ratios = [b / q for b, q in zip(busier, quiet, strict=True)]
    yield Line("a drawing's answer during two runs", statistics.median(ratios), "times", at_most=1.5)


def answer_seconds(answers: int = 150) -> float:
    """Return the median time from a 280×280 canvas to ten probabilities, a stroke each 10 ms."""
    model = load_model(ROOT / "models" / "mnist.npz")
    canvas = np.zeros((280, 280, 4), np.uint8)
    canvas[..., 3] = 255
    canvas[60:220, 130:150, :3] = 255
    times = []
    for _answer in range(answers):
        time.sleep(0.01)
        begin = time.perf_counter()
        image = image_from_drawing(canvas, model.image_shape)
        assert image is not None
        model.predict_probabilities(image[None])
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def measure_stop(service: RunService, split: Split, stops: int) -> Iterator[Line]:
    """Time how long it takes until a run has stopped, alone and in a class of twelve on the same workers."""
    for visitors, what in ((1, "stop, one run: slowest"), (12, "stop, twelve runs: slowest")):
        times = []
        for _stop in range(stops):
            with going_soon(service, split, visitors) as runs:
                begin = time.perf_counter()
                service.stop(runs[-1], f"visitor {visitors - 1}", patience=10)
                times.append(time.perf_counter() - begin)
                assert service.status(runs[-1]).state == "stopped"
        yield Line(what, max(times), "s", at_most=0.5)


@contextmanager
def going_soon(service: RunService, split: Split, runs: int) -> Iterator[list[str]]:
    """Keep this many runs going inside the block, from their first turn on."""
    started = [service.start(f"visitor {k}", split, NETWORK, ENDLESS) for k in range(runs)]
    try:
        wait_until(lambda: all(service.status(run_id).state == "running" for run_id in started))
        yield started
    finally:
        for k, run_id in enumerate(started):
            service.delete(run_id, f"visitor {k}")


def measure_start(split: Split) -> Iterator[Line]:
    """Time from the click to the first measurement, in a server that has no worker yet, and again."""
    service = RunService(clean_up_every=None)
    try:
        for what in ("start to the first step, no worker yet", "start to the first step, worker there"):
            begin = time.perf_counter()
            run_id = service.start("visitor", split, NETWORK, ENDLESS)
            wait_until(lambda run_id=run_id: service.status(run_id).progress.step > 0)  # type: ignore[misc]
            yield Line(what, time.perf_counter() - begin, "s")
            service.delete(run_id, "visitor")
    finally:
        service.close()


def measure_poll(service: RunService, split: Split) -> Iterator[Line]:
    """Time one status, which takes as long however long the history is."""
    with going(service, split, 1) as (run_id,):
        begin = time.perf_counter()
        for _poll in range(1000):
            service.status(run_id)
        yield Line("one status", (time.perf_counter() - begin) * 1000, "µs")


# ---- memory and leftovers ----------------------------------------------------------------------------------


def workers() -> list[psutil.Process]:
    """Return the processes that train."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended since
            if "popen_loky" in " ".join(child.cmdline()):
                found.append(child)
    return found


def megabytes(process: psutil.Process) -> tuple[float, float]:
    """Return resident and proportional memory; the latter counts what processes share only once."""
    full = process.memory_full_info()
    return full.rss / 1e6, getattr(full, "pss", full.uss) / 1e6


def measure_memory(service: RunService, split: Split) -> Iterator[Line]:
    """Weigh a worker with one run on MNIST, and with six."""
    for runs in (2, 12):
        with going(service, split, runs):
            weights = [megabytes(worker) for worker in workers()]
        rss, pss = (statistics.mean(column) for column in zip(*weights, strict=True))
        yield Line(f"a worker with MNIST and {runs // 2} run(s), resident", rss, "MB")
        yield Line(f"a worker with MNIST and {runs // 2} run(s), its share", pss, "MB")


def measure_leftovers(split: Split) -> Iterator[Line]:
    """Count what is left of two runs once they are reaped, and of the service once it is closed."""
    before = {child.pid for child in workers()}
    service = RunService(limits=Limits(grace_seconds=0, idle_seconds=0), clean_up_every=None)
    for k in range(2):
        service.start(f"visitor {k}", split, NETWORK, ENDLESS)
    wait_until(lambda: len({child.pid for child in workers()} - before) == 2)
    own = megabytes(psutil.Process())[0]
    folder = service.store.folder
    service.clean_up()
    wait_until(lambda: not (list(folder.iterdir()) or service._scheduler.slots[0].jobs))
    service.clean_up()
    deadline = time.perf_counter() + 30
    while {child.pid for child in workers()} - before and time.perf_counter() < deadline:
        time.sleep(0.01)
        service.clean_up()
    yield Line("files left of reaped runs", len(list(folder.iterdir())), "", at_most=0)
    yield Line("processes left of reaped runs", len({w.pid for w in workers()} - before), "", at_most=0)
    yield Line(
        "memory of this process after, beyond before", megabytes(psutil.Process())[0] - own, "MB", at_most=5
    )
    service.close()
    yield Line("folders left of a closed service", int(folder.exists()), "", at_most=0)


# ---- the table ---------------------------------------------------------------------------------------------


def all_lines(quick: bool) -> Iterator[Line]:
    """Measure everything, quickest first."""
    rounds, seconds = (1, 2.0) if quick else (5, 5.0)
    split = split_dataset(load_dataset("mnist"))
    yield from measure_start(split)
    yield from measure_leftovers(split)
    service = RunService(clean_up_every=None)
    try:
        yield from measure_poll(service, split)
        yield from measure_stop(service, split, 3 if quick else 10)
        yield from measure_memory(service, split)
        yield from measure_drawing(service, split, rounds)
        yield from measure_speed(service, split, rounds, seconds)
    finally:
        service.close()


def main() -> int:
    """Print the table; the exit status is 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the lines as JSON too")
    parser.add_argument("--quick", action="store_true", help="one round of everything, to see that it works")
    options = parser.parse_args()
    lines = []
    for line in all_lines(options.quick):
        print(line, flush=True)
        lines.append(line)
    if options.json:
        rows = [{**asdict(line), "verdict": line.verdict} for line in lines]
        Path(options.json).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return int(any(line.verdict == "BROKEN" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
