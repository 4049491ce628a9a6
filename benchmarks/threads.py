"""Two cores for one training: two threads of OpenBLAS, or a second process; alone, and beside a busy program.

`python -m benchmarks.threads` prints images a second in each case, in times of one thread alone; it needs two
cores. OpenBLAS waits for its threads by spinning, which costs most when another program wants a core.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.machine import use_own_kernel
from mlcore import NetworkConfig, Split, TrainingConfig, TrainingRun, load_dataset, train
from mlcore.training.second_process import SecondProcess

SECONDS = 4.0
ROUNDS = 3
NETWORKS = {
    "784-128-10": NetworkConfig(hidden_sizes=(128,)),
    "784-512-256-10": NetworkConfig(hidden_sizes=(512, 256)),
    "8@5×5-pool-16@5×5-pool-10": NetworkConfig(filters=(8, 16), hidden_sizes=()),
}
TRAINING = TrainingConfig(batch_size=128, epochs=10_000, evaluate_every=1_000_000)
WAYS = {"one thread": 1, "two threads": 2, "second process": 1}
"""Each way to train, with the threads that OpenBLAS has in each process."""


def speed(network: str, way: str) -> float:
    """Return how many images a second this process trains on."""
    images = load_dataset("mnist")
    split = Split(images, images.take([0]))
    run = TrainingRun(NETWORKS[network], TRAINING)
    run.build(split)
    with ExitStack() as stack:
        if way == "second process":
            stack.enter_context(SecondProcess()).attach(run, split)
        records = train(run, split)
        for _warm in range(3):
            next(records)
        begun, seen = time.perf_counter(), run.images_seen
        while time.perf_counter() - begun < SECONDS:
            next(records)
        return (run.images_seen - seen) / (time.perf_counter() - begun)


def measure(network: str, way: str) -> float:
    """Return what a process of its own found, with the way's threads."""
    command = [sys.executable, "-m", "benchmarks.threads", network, way]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": str(WAYS[way])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


@contextmanager
def busy_program() -> Iterator[None]:
    """Let another program hold one core."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as program:
        try:
            yield
        finally:
            program.kill()


def main() -> None:
    """Print the table, or what one way reaches."""
    if len(sys.argv) == 3:
        print(json.dumps(speed(*sys.argv[1:])))
        return
    print(use_own_kernel())
    print(f"| network | {' | '.join(WAYS)} | {' | '.join(f'{way}, beside a busy program' for way in WAYS)} |")
    print("| --- |" + " ---: |" * 2 * len(WAYS))
    for network in NETWORKS:
        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for way in WAYS:
                found.setdefault(way, []).append(measure(network, way))
                with busy_program():
                    found.setdefault(f"{way}, busy", []).append(measure(network, way))
        middle = {name: statistics.median(speeds) for name, speeds in found.items()}
        columns = [*WAYS, *(f"{way}, busy" for way in WAYS)]
        ratios = (f"{middle[name] / middle['one thread']:.2f}" for name in columns)
        print(f"| {network} | {' | '.join(ratios)} |", flush=True)


if __name__ == "__main__":
    main()
