"""What the choices in the core save: two ways to the same result, timed in turn in one process.

`python -m benchmarks.pairs` prints a table, `--json FILE` writes it for `benchmarks.speed_page`. Processor
time counts, and the two ways take turns, so that it hardly matters what else the machine does.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import numpy as np

from benchmarks.machine import use_own_kernel
from benchmarks.report import write
from mlcore import OPTIMIZERS, NetworkConfig, Split, TrainingConfig, TrainingRun, load_dataset, train
from mlcore.arrays import zeros_on_lines
from mlcore.network.convolution import Conv2d, MaxPool2d
from mlcore.training import batches, run

ROUNDS = 15
Way = Callable[[int], Any]
"""Does the same thing a number of times."""
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Pair:
    """A choice: the way that was taken, and the other one, with what each costs in µs of processor time."""

    what: str
    ours: float
    other: float

    @property
    def gain(self) -> float:
        """How many times as long the other way takes."""
        return self.other / self.ours


def compare(what: str, ours: Way, other: Way, times: int) -> Pair:
    """Go both ways in turn, ``times`` times a round; the median round of each counts."""
    taken: dict[Way, list[float]] = {ours: [], other: []}
    for place in range(ROUNDS):
        for way in (ours, other) if place % 2 else (other, ours):
            started = time.process_time()
            way(times)
            taken[way].append((time.process_time() - started) / times * 1e6)
    return Pair(what, statistics.median(taken[ours]), statistics.median(taken[other]))


def repeat(call: Callable[[], Any]) -> Way:
    """Return a way to do this call."""

    def way(times: int) -> None:
        for _ in range(times):
            call()

    return way


# ---- single calls ------------------------------------------------------------------------------------------


def calls() -> list[Pair]:
    """Compare ways to compute a part of a step."""
    generator = np.random.default_rng(0)

    def floats(*shape: int) -> Array:
        return generator.standard_normal(shape, np.float32)

    x, w, z, p = floats(32, 784), floats(784, 32), floats(128, 128), floats(128, 10)
    product, zeros, ones = np.empty((32, 32), np.float32), np.zeros_like(z), np.ones((10, 1), np.float32)
    tall = floats(2048, 10)
    return [
        compare(
            "`np.dot`, not `np.matmul`: 32×784 by 784×32",
            repeat(lambda: np.dot(x, w, out=product)),
            repeat(lambda: np.matmul(x, w, out=product)),
            2000,
        ),
        compare(
            "sums of rows as a product with ones, not `sum`: 128×10",
            repeat(lambda: np.dot(p, ones)),
            repeat(lambda: p.sum(axis=1)),
            5000,
        ),
        compare(
            "one largest logit for all rows, not each row's: 128×10",
            repeat(lambda: (np.maximum.reduce(p, None), np.minimum.reduce(p, None))),
            repeat(lambda: p.max(axis=1)),
            5000,
        ),
        compare(
            "the largest of columns that lie one after the other, not of rows: 2,048×10",
            repeat(lambda: np.ascontiguousarray(tall.T).max(axis=0)),
            repeat(lambda: tall.max(axis=1)),
            500,
        ),
        compare(
            "the larger of z and an array of zeros, not the number 0: 128×128",
            repeat(lambda: np.maximum(z, zeros, out=z)),
            repeat(lambda: np.maximum(z, 0, out=z)),
            2000,
        ),
        compare(
            "a product for each row of outputs, not of inputs: 64 images of 12×12×10", *convolution(), 30
        ),
        compare("pooling compares rows before columns: 64 images of 24×24×8", *pooling(), 30),
        compare("arrays that begin on a line of the cache: Adam of b", adam_at(0), adam_at(16), 50),
    ]


def adam_at(place: int) -> Way:
    """Return steps of Adam on arrays that begin so many bytes after a line of the cache does."""
    count, first = 93_194, place // 4  # as many parameters as 717-128-10 has

    def room(rows: int) -> Array:
        return zeros_on_lines((rows, count + first), np.float32)[:, first:]

    optimizer = OPTIMIZERS["adam"].make(count, np.dtype(np.float32))
    optimizer.moments, (parameters, gradients) = room(2), room(2)

    def step() -> None:
        gradients[...] = 0.01
        optimizer.step(parameters, gradients, 0.001)

    return repeat(step)


def convolution() -> tuple[Way, Way]:
    """Return a convolution forward as the layer does it, and with each row of inputs read once.

    The windows of a row of outputs are k rows of inputs. The other way multiplies each row of inputs by all
    rows of W that meet it, and adds up the k products of each row of outputs.
    """
    layer = Conv2d((12, 12, 10), 20, 5)
    layer.parameters = {"weights": np.zeros((20, 10, 5, 5), np.float32), "biases": np.zeros(20, np.float32)}
    layer.allocate(64, np.dtype(np.float32))
    images = np.random.default_rng(0).standard_normal((12, 10, 12, 64), np.float32).transpose(3, 0, 2, 1)
    moved, matrix = np.empty((12, 10, 5, 8, 64), np.float32), np.zeros((5 * 20, 50), np.float32)
    outputs, product = np.empty((8, 20, 512), np.float32), np.empty((100, 512), np.float32)

    def by_inputs() -> None:
        planes = images.transpose(1, 3, 2, 0)
        for j in range(5):
            moved[:, :, j] = planes[:, :, j : j + 8]
        outputs[...] = 0
        for y in range(12):
            first, last = max(0, y - 4), min(8, y + 1)
            of_row = product[: (last - first) * 20]
            rows = matrix[(first - y + 4) * 20 : (last - y + 4) * 20]
            np.dot(rows, moved[y].reshape(50, 512), out=of_row)
            outputs[first:last] += of_row.reshape(-1, 20, 512)
        np.add(outputs, layer.parameters["biases"][:, None], out=outputs)

    return repeat(lambda: layer.forward(images)), repeat(by_inputs)


def pooling() -> tuple[Way, Way]:
    """Return max-pooling forward as the layer does it, and with columns before rows."""
    layer = MaxPool2d((24, 24, 8))
    layer.allocate(64, np.dtype(np.float32))
    memory = np.random.default_rng(0).standard_normal((24, 8, 24, 64), np.float32)
    images = memory.transpose(3, 0, 2, 1)  # as a convolution leaves them
    pairs, right = np.empty((24, 8, 12, 64), np.float32), np.empty((24, 8, 12, 64), np.float32)
    result, lower = np.empty((12, 8, 12, 64), np.float32), np.empty((12, 8, 12, 64), np.float32)

    def columns_first() -> None:
        np.maximum(memory[:, :, ::2], memory[:, :, 1::2], out=pairs)
        np.greater(memory[:, :, 1::2], memory[:, :, ::2], out=right)
        np.maximum(pairs[::2], pairs[1::2], out=result)
        np.greater(pairs[1::2], pairs[::2], out=lower)

    return repeat(lambda: layer.forward(images)), repeat(columns_first)


# ---- whole steps -------------------------------------------------------------------------------------------

B = NetworkConfig(hidden_sizes=(128,))
C = NetworkConfig(hidden_sizes=(512, 256))
D = NetworkConfig(hidden_sizes=(32,))
BATCH = TrainingConfig(batch_size=128)
FULL = TrainingConfig(batch_size=None, optimizer="gradient_descent", learning_rate=0.1)


def steps() -> list[Pair]:
    """Compare trainings that differ in one choice, by the processor time of a step."""
    return [
        compare("blank pixels left out: b", trained(B, BATCH), trained(B, BATCH, all_pixels=True), 30),
        compare("blank pixels left out: c", trained(C, BATCH), trained(C, BATCH, all_pixels=True), 8),
        compare(
            "blank pixels left out: d",
            trained(D, replace(BATCH, batch_size=32)),
            trained(D, replace(BATCH, batch_size=32), all_pixels=True),
            100,
        ),
        compare("layers, not one closure: b", trained(B, BATCH), closed(B, BATCH), 30),
        compare(
            "layers, not one closure: d",
            trained(D, replace(BATCH, batch_size=32)),
            closed(D, replace(BATCH, batch_size=32)),
            100,
        ),
        compare(
            "float32, not float64: b", trained(B, BATCH), trained(replace(B, precision="float64"), BATCH), 30
        ),
        compare(
            "a batch in one, not in two halves: b", trained(B, BATCH), trained(B, BATCH, halves=True), 30
        ),
        compare(
            "micro-batches of 1,024, not 4,096: a",
            trained(NetworkConfig(hidden_sizes=(10,)), FULL),
            trained(NetworkConfig(hidden_sizes=(10,)), FULL, micro_batch=4096),
            1,
        ),
    ]


def closed(network: NetworkConfig, training: TrainingConfig) -> Way:
    """Return a way to take the same steps in one closure, with every view of a full batch bound before.

    It chooses neither batches nor rates, and counts neither loss nor accuracy: the least that a step takes.
    """
    images = load_dataset("mnist")
    training_run = TrainingRun(network, training)
    training_run.build(Split(images, images.take([0])))
    model, optimizer, pixels = training_run.network, training_run.optimizer, training_run.training_images
    (w1, b1), (w2, b2) = (part.parameters.values() for part in model.layers if part.parameters)
    (gw1, gb1), (gw2, gb2) = (part.gradients.values() for part in model.layers if part.parameters)
    n, rate, scale = training.batch_size or 1, training.learning_rate, np.float32(1 / 255)
    compact, x = np.empty((n, len(w1)), np.uint8), np.empty((n, len(w1)), np.float32)
    a, d, z = (
        np.empty((n, len(b1)), np.float32),
        np.empty((n, len(b1)), np.float32),
        np.empty((n, 10), np.float32),
    )
    y, zeros, ones = model.loss.targets(10, z.dtype), np.zeros_like(a), np.ones(n, np.float32)
    x_turned, a_turned, w2_turned = x.T, a.T, w2.T
    order = np.random.default_rng(0).permutation(len(images) // n * n).reshape(-1, n)

    def step(chosen: Array) -> None:
        x[...] = pixels.gather(chosen, compact)
        np.dot(x, w1, a)
        np.multiply(a, scale, a)
        np.add(a, b1, a)
        np.maximum(a, zeros, a)
        np.dot(a, w2, z)
        np.add(z, b2, z)
        model.loss.activate(z)
        np.subtract(z, y.take(images.labels[chosen], 0), z)
        np.multiply(z, 1 / n, z)
        np.dot(ones, z, gb2)
        np.dot(a_turned, z, gw2)
        np.dot(z, w2_turned, d)
        np.multiply(d, a > 0, d)
        np.dot(ones, d, gb1)
        np.multiply(d, scale, d)
        np.dot(x_turned, d, gw1)
        optimizer.step(model.parameters, model.gradients, rate)

    def way(times: int) -> None:
        for place in range(times):
            step(order[place % len(order)])

    return way


def trained(
    network: NetworkConfig,
    training: TrainingConfig,
    *,
    all_pixels: bool = False,
    halves: bool = False,
    micro_batch: int | None = None,
) -> Way:
    """Return a way to take steps of training on MNIST, with the choice made in another way where asked."""
    images = load_dataset("mnist")
    split = Split(images, images.take([0]))
    quiet = replace(training, epochs=10_000, evaluate_every=1_000_000, train_sample=1)
    usual = run.pixels_to_train_on, batches.FULL_MICRO_BATCH
    if all_pixels:
        run.pixels_to_train_on = lambda *_: None  # type: ignore[assignment]
    if micro_batch is not None:
        batches.FULL_MICRO_BATCH = micro_batch
    try:
        training_run = TrainingRun(network, quiet, in_halves=halves)
        training_run.build(split)
    finally:
        run.pixels_to_train_on, batches.FULL_MICRO_BATCH = usual
    return lambda times: list(train(training_run, split, max_steps=times))


def main() -> None:
    """Print what each choice saves; in a process that takes the kernel of people's machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    parser.add_argument("--kernel", help=argparse.SUPPRESS)  # what the process that measures was given
    chosen = parser.parse_args()
    if chosen.kernel is None:
        command = [sys.executable, "-m", "benchmarks.pairs", "--kernel", use_own_kernel()]
        subprocess.run([*command, *sys.argv[1:]], check=True)
        return
    print(chosen.kernel)
    print("| choice | µs | the other way, µs | times as long |")
    print("| --- | ---: | ---: | ---: |")
    found = []
    for pair in (*calls(), *steps()):
        print(f"| {pair.what} | {pair.ours:.1f} | {pair.other:.1f} | {pair.gain:.2f} |", flush=True)
        found.append({"what": pair.what, "ours": pair.ours, "other": pair.other})
    write({"kernel": chosen.kernel, "pairs": found}, chosen.json)


if __name__ == "__main__":
    main()
