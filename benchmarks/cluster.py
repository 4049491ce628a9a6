"""What a second worker of a Dask cluster brings, what a turn there costs, and what is sent.

`python -m benchmarks.cluster` starts a scheduler and two workers on this machine, and prints a table;
`--json FILE` writes it. Run it on a quiet machine with two cores: rounds take turns, and the median counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import psutil

from benchmarks.machine import use_own_kernel
from benchmarks.runs import Line, wait_until
from dashboard.runs.cluster import Cluster
from dashboard.runs.executors import local_workers, loky_executor
from dashboard.runs.second_process import VARIABLE
from dashboard.runs.service import RunService
from mlcore import NetworkConfig, Split, TrainingConfig, load_dataset, split_dataset
from mlcore.model import save_model

ROOT = Path(__file__).resolve().parents[1]
NETWORK = NetworkConfig()
ENDLESS = TrainingConfig(epochs=10_000)
LEAST_GAIN = 1.8
PATIENCE = 30.0


@contextmanager
def lab(workers: int) -> Iterator[tuple[str, int]]:
    """Have a scheduler and workers inside the block; yield the address and the process of the scheduler."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "scheduler.json")

        def start(*command: str) -> "subprocess.Popen[bytes]":
            options = ("--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *command, *options],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        def address() -> str:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                return str(json.loads(file.read_text())["address"])
            return ""

        processes = [start("scheduler", "--port", "0", "--scheduler-file", str(file))]
        try:
            wait_until(lambda: address() != "")
            for _worker in range(workers):
                processes.append(start("worker", address(), "--no-nanny", "--nthreads", "1"))
            yield address(), processes[0].pid
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.wait(PATIENCE)


def steps_a_second(service: RunService, split: Split, runs: int, seconds: float) -> float:
    """Return the steps that this many runs take together in a second, once all have begun."""
    started = [service.start(f"visitor {k}", split, NETWORK, ENDLESS) for k in range(runs)]
    wait_until(lambda: all(service.status(run_id).progress.step > 100 for run_id in started))
    begin, before = time.perf_counter(), sum(service.status(run_id).progress.step for run_id in started)
    time.sleep(seconds)
    steps = sum(service.status(run_id).progress.step for run_id in started) - before
    spent = time.perf_counter() - begin
    for k, run_id in enumerate(started):
        service.delete(run_id, f"visitor {k}")
    return steps / spent


def all_lines(rounds: int, seconds: float) -> Iterator[Line]:
    """Measure everything."""
    split = split_dataset(load_dataset("mnist"))
    os.environ[VARIABLE] = "never"  # one run has one core, so that two workers have twice as many as one
    sums: dict[str, list[float]] = {"here": [], "one": [], "two": []}
    with lab(2) as (address, scheduler), closing(Cluster(address)) as cluster:
        wait_until(lambda: cluster.size == 2)
        with (
            closing(RunService(local_workers(), make_executor=loky_executor, clean_up_every=None)) as here,
            closing(RunService(clean_up_every=None, **cluster.for_runs())) as there,
        ):
            for _round in range(rounds):
                sums["here"].append(steps_a_second(here, split, 2, seconds))
                sums["one"].append(steps_a_second(there, split, 1, seconds))
                sums["two"].append(steps_a_second(there, split, 2, seconds))
            yield from sizes(there, split)
        yield from call_costs(cluster, psutil.Process(scheduler))
    here_, one, two = (statistics.median(sums[name]) for name in ("here", "one", "two"))
    yield Line("steps a second of one run on one worker", one, "steps/s")
    yield Line("steps a second of two runs on two workers", two, "steps/s")
    yield Line("steps a second of two runs on this machine's own workers", here_, "steps/s")
    yield Line("two workers against one", two / one, "times", at_least=LEAST_GAIN)
    yield Line("two workers of the cluster against two of this machine", two / here_, "times")


def call_costs(cluster: Cluster, scheduler: psutil.Process, calls: int = 500) -> Iterator[Line]:
    """Time a call of a worker that does nothing, by the clock and by what it takes of two processors."""
    executor, here = cluster.make_executor(), psutil.Process()
    executor.submit(os.getpid).result()
    begin = time.perf_counter()
    before = [sum(process.cpu_times()[:2]) for process in (here, scheduler)]
    for _call in range(calls):
        executor.submit(os.getpid).result()
    spent = time.perf_counter() - begin
    after = [sum(process.cpu_times()[:2]) for process in (here, scheduler)]
    executor.shutdown()
    yield Line("a call of a worker and its answer", 1000 * spent / calls, "ms")
    for what, first, last in zip(("the server", "the scheduler"), before, after, strict=True):
        yield Line(f"of it, processor time of {what}", 1000 * (last - first) / calls, "ms")


def _megabytes(path: str) -> float:
    return Path(path).stat().st_size / 1e6


def sizes(service: RunService, split: Split) -> Iterator[Line]:
    """Weigh what is sent: the data, once to each worker, and a checkpoint."""
    stored = service.store.keep_split(split)
    yield Line("data of MNIST, to each worker once", sum(map(_megabytes, set(stored.paths))), "MB")
    service.store.release(stored)
    run_id = service.start("visitor", split, NETWORK, TrainingConfig(epochs=1))
    wait_until(lambda: not service.status(run_id).live)
    with tempfile.TemporaryDirectory() as folder:
        save_model(service.model(run_id), Path(folder, "model.npz"))
        yield Line("a model of the network by default", _megabytes(str(Path(folder, "model.npz"))), "MB")
    checkpoint = next(Path(service.store.folder).glob("*/run.npz"))
    yield Line("a checkpoint of it, from its worker to the server", _megabytes(str(checkpoint)), "MB")
    service.delete(run_id, "visitor")


def main() -> int:
    """Print the table; the exit status is 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the lines as JSON too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    options = parser.parse_args()
    print(use_own_kernel())
    lines = []
    for line in all_lines(options.rounds, options.seconds):
        print(line, flush=True)
        lines.append(line)
    if options.json:
        rows = [{**asdict(line), "verdict": line.verdict} for line in lines]
        Path(options.json).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return int(any(line.verdict == "BROKEN" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
