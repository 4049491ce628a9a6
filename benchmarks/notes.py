"""What it costs to note the health of the layers with a measurement, beside an epoch of training.

`python -m benchmarks.notes` prints a table. Processor time counts, and notes and steps take turns, so that it
hardly matters what else the machine does.
"""

import os
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np

from benchmarks.machine import use_own_kernel
from mlcore import NetworkConfig, Split, SplitSettings, TrainingConfig, TrainingRun, load_dataset, train
from mlcore.training.batches import room_for
from mlcore.training.layer_health import PROBE_IMAGES, layer_healths

ROUNDS = 9
CASES = {
    "784-128-10, MNIST": ("mnist", NetworkConfig()),
    "784-512-256-10, MNIST": ("mnist", NetworkConfig(hidden_sizes=(512, 256))),
    "10@5×5-pool-20@5×5-pool-64-10, MNIST": ("mnist", NetworkConfig(filters=(10, 20), hidden_sizes=(64,))),
    "64-128-10, digits of 8×8 pixels": ("digits-8x8", NetworkConfig()),
}


def note(run: TrainingRun, split: Split) -> None:
    """Do what a run does for a note."""
    network = run.network
    n = min(PROBE_IMAGES, network.micro_batch, len(split.train))
    compact = run.training_images.gather(np.arange(n), room_for(network)[:n])
    shares = np.full((n, 1), 1 / n, network.dtype)
    layer_healths(network, run.optimizer, compact, split.train.labels[:n], shares, rate=run.learning_rate)


def measure(dataset: str, network: NetworkConfig) -> tuple[float, float]:
    """Return the processor seconds of a note, and of an epoch without measurements; medians of the rounds."""
    split = SplitSettings().split(load_dataset(dataset))
    run = TrainingRun(network, TrainingConfig(epochs=10_000, evaluate_every=1_000_000))
    run.build(split)
    next(train(run, split))  # the measurement before the first step, with a note
    steps = min(run.steps_per_epoch, 50)
    notes, epochs = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        note(run, split)
        noted = time.process_time()
        for _record in train(run, split, max_steps=steps):
            pass
        notes.append(noted - started)
        epochs.append((time.process_time() - noted) * run.steps_per_epoch / steps)
    return statistics.median(notes), statistics.median(epochs)


def main() -> None:
    """Print the table, in a process that takes the kernel of people's machines."""
    if len(sys.argv) == 1:
        subprocess.run([sys.executable, "-m", "benchmarks.notes", use_own_kernel()], check=True)
        return
    print(sys.argv[1])
    print("| network | a note, ms | an epoch, ms | part of it |")
    print("| --- | ---: | ---: | ---: |")
    for name, case in CASES.items():
        note, epoch = measure(*case)
        print(f"| {name} | {note * 1e3:.2f} | {epoch * 1e3:.1f} | {note / epoch:.2%} |", flush=True)


if __name__ == "__main__":
    main()
