"""Whether the recipes with a promise keep it: accuracy on the 10,000 test images, and seconds of training.

`python -m benchmarks.recipes` prints the table, `--json FILE` writes it for `benchmarks.speed_page`. Every
run has a process of its own; the machine should be quiet.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: a second core is a process
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import time
from contextlib import ExitStack

from benchmarks.machine import use_own_kernel
from benchmarks.report import write_beside
from mlcore import BatchMetrics, accuracy, load_dataset, start_recipe, train
from mlcore.training.second_process import SecondProcess

# Mean accuracy of ten seeds, and seconds of training by cores, with the kernel that OpenBLAS takes on a
# processor with AVX-512 (SkylakeX). "standard" promises nothing: it tells how fast the machine is just now.
PROMISES: dict[str, tuple[float, dict[int, float]]] = {
    "standard": (0.0, {}),
    "tenths-of-a-second": (0.980, {1: 0.35, 2: 0.35}),
    "one-percent": (0.990, {1: 8.0, 2: 5.5}),
    "convolution": (0.993, {1: 22.0, 2: 12.5}),
    "large-convolution": (0.995, {2: 120.0}),
}


def processor_seconds() -> float:
    """Return the processor's seconds of this process and of those it started that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run(name: str, seed: int, cores: int) -> dict[str, float]:
    """Train once in this process; measurements on the way and getting ready are outside the clock."""
    training, split = start_recipe(name, seed=seed)
    begun = time.perf_counter()
    training.build(split)
    ready = time.perf_counter()
    seconds, cpu = 0.0, processor_seconds()
    shared = cores > 1
    with ExitStack() as stack:
        if shared:
            stack.enter_context(SecondProcess()).attach(training, split)
        last = time.perf_counter()
        for record in train(training, split):
            now = time.perf_counter()
            seconds += (now - last) * isinstance(record, BatchMetrics)
            last = now
    test = load_dataset("mnist-test")
    return {
        "accuracy": accuracy(test.labels, training.model().predict(test.images)),
        "seconds": seconds,
        "cpu_seconds": processor_seconds() - cpu,
        "ready_seconds": ready - begun,
        "processes": 1 + shared,
    }


def measure(name: str, seed: int, cores: int) -> dict[str, float]:
    """Return what a process of its own found."""
    command = [sys.executable, __file__, "--one", name, str(seed), str(cores)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def print_row(name: str, cores: int, rows: list[dict[str, float]]) -> None:
    """Print one line: promise, accuracy of each seed and their mean, seconds, whether the promise is kept."""
    least, within = PROMISES[name]
    mean = statistics.mean(row["accuracy"] for row in rows)
    seconds, ready, cpu = (
        statistics.median(row[key] for row in rows) for key in ("seconds", "ready_seconds", "cpu_seconds")
    )
    each = " ".join(f"{row['accuracy']:.4f}" for row in rows)
    promise, kept = "–", "–"
    if cores in within:
        promise = f"{least:.1%} in {within[cores]} s"
        kept = "yes" if mean >= least and seconds <= within[cores] else "no"
    times = f"{seconds:.2f} | {ready:.2f} | {cpu:.2f}"
    print(f"| {name} | {cores} | {promise} | {each} | {mean:.4f} | {times} | {kept} |", flush=True)


def main() -> None:
    """Run the recipes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=PROMISES, default=list(PROMISES))
    parser.add_argument("--cores", nargs="+", type=int, choices=(1, 2), default=[1, 2])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--json", type=Path, help="where to write the numbers; those of other recipes stay")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # name, seed and cores of a single run
    chosen = parser.parse_args()
    if chosen.one:
        name, seed, cores = chosen.one
        print(json.dumps(run(name, int(seed), int(cores))))
        return
    kernel = use_own_kernel()
    print(kernel)
    print(
        "| recipe | cores | promise | accuracy of each seed | mean | seconds | getting ready | CPU | kept |"
    )
    print("| --- | ---: | --- | --- | ---: | ---: | ---: | ---: | --- |")
    for name in chosen.recipes:
        for cores in chosen.cores:
            rows = [measure(name, seed, cores) for seed in range(chosen.seeds)]
            print_row(name, cores, rows)
            promise = (PROMISES[name][0], PROMISES[name][1].get(cores))
            write_beside(
                {"kernel": kernel, f"{name}/{cores}": {"promise": promise, "runs": rows}}, chosen.json
            )


if __name__ == "__main__":
    main()
