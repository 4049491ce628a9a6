"""From the start of a process to 98, 99 and 99.3 % of MNIST's test images: ours, PyTorch, JAX, scikit-learn.

`python -m benchmarks.race` prints the board, `--json FILE` writes it for machines. Imports, reading the
files, compiling, training and the answers to the 10,000 test images all count. PyTorch and JAX take part when
they are installed (`make frameworks`). Processor seconds, of all threads and processes, are told beside: with
one core they hardly depend on what else the machine does.
"""

import argparse
import gzip
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import cos, pi, radians
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Changes:
    """How far images are changed at random, at most: see `mlcore.Augmentation`."""

    shift: float
    rotation: float
    scale: float
    shear: float


@dataclass(frozen=True)
class Goal:
    """What fraction of the test images is to be right, and the training that gets there.

    All train the same network by the same schedule (one cycle), the batches in an order of their own. Squares
    of 2×2 pixels become one, and pixels that are blank in 97 % of the images are left out, when there are
    no filters.
    """

    accuracy: float
    hidden_sizes: tuple[int, ...]
    epochs: int
    batch_size: int
    rate: float
    filters: tuple[int, ...] = ()
    in_two: bool = False  # whether a second process of ours pays for its start
    smoothing: float = 0.0  # the part of each target that is spread over all classes
    changes: Changes | None = None


GOALS = {
    "98": Goal(0.98, (192,), 3, 256, 0.03, smoothing=0.1),
    "99": Goal(0.99, (), 3, 128, 0.015, (8, 16), in_two=True),
    "99.3": Goal(
        0.993, (64,), 3, 64, 0.008, (10, 20), True, smoothing=0.1, changes=Changes(0.8, 6.0, 0.08, 0.08)
    ),
}


# ---- what everybody needs who is not ours ---------------------------------------------------------------


def read_pixels(name: str) -> Array:
    """Return the images of an IDX file, uint8 (n, 28, 28)."""
    data = gzip.decompress((ROOT / f"data/mnist/{name}-images-idx3-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=16).reshape(-1, 28, 28)


def read_labels(name: str) -> Array:
    """Return the labels of an IDX file, int64 (n,)."""
    data = gzip.decompress((ROOT / f"data/mnist/{name}-labels-idx1-ubyte.gz").read_bytes())
    return np.frombuffer(data, np.uint8, offset=8).astype(np.int64)


def inputs_of(goal: Goal, *sets: Array) -> list[Array]:
    """Return each set of images as float32 inputs: (n, features), or (n, 28, 28) for filters."""
    if goal.filters:
        return [images.astype(np.float32) / 255 for images in sets]
    squares = [
        images.reshape(-1, 14, 2, 14, 2).sum(axis=(2, 4), dtype=np.float32).reshape(-1, 196) / (4 * 255)
        for images in sets
    ]
    kept = np.count_nonzero(squares[0], axis=0) > 0.03 * len(squares[0])
    return [values[:, kept] for values in squares]


def one_cycle(goal: Goal, steps: int) -> Iterator[float]:
    """Yield the learning rate of each step: up in the first 30 %, then down to almost nothing."""
    for step in range(steps):
        progress = step / steps
        if progress < 0.3:
            yield goal.rate * (1 / 25 + 24 / 25 * (0.5 - 0.5 * cos(pi * progress / 0.3)))
        else:
            yield goal.rate * (1e-4 + 0.9999 * (0.5 + 0.5 * cos(pi * (progress - 0.3) / 0.7)))


def first_weights(generator: np.random.Generator, *shape: int) -> Array:
    """Draw weights as He et al. (2015): the last axis is the outputs, the others are inputs."""
    deviation = np.sqrt(2 / np.prod(shape[:-1]))
    return (generator.standard_normal(shape) * deviation).astype(np.float32)


# ---- the contenders: each trains, and returns its answers for the test images ---------------------------


def ours(goal: Goal, seed: int, cores: int) -> float:
    """`mlcore`, with a second process where that pays; nothing is measured on the way."""
    sys.path.insert(0, str(ROOT))
    from contextlib import ExitStack

    from mlcore import NetworkConfig, Split, TrainingConfig, TrainingRun, accuracy, load_dataset, train
    from mlcore.training.second_process import SecondProcess

    with ExitStack() as stack:
        second = stack.enter_context(SecondProcess()) if goal.in_two and cores > 1 else None
        images = load_dataset("mnist")
        split = Split(images, images.take([0]))
        plain: dict[str, Any] = {} if goal.filters else {"pooling": 2, "drop_rare_pixels": 0.03}
        loss = "smoothed_cross_entropy" if goal.smoothing else "cross_entropy"
        changes = {
            f"augment_{name}": most for name, most in (vars(goal.changes) if goal.changes else {}).items()
        }
        run = TrainingRun(
            NetworkConfig(hidden_sizes=goal.hidden_sizes, filters=goal.filters, loss=loss, **plain),
            TrainingConfig(
                **changes,
                learning_rate=goal.rate,
                batch_size=goal.batch_size,
                epochs=goal.epochs,
                schedule="one_cycle",
                seed=seed,
                evaluate_every=1_000_000,
                train_sample=1,
            ),
        )
        if second is not None:
            second.attach(run, split)
        for _record in train(run, split):
            pass
        test = load_dataset("mnist-test")
        return accuracy(test.labels, run.model().predict(test.images))


def torch_eager(goal: Goal, seed: int, cores: int) -> float:
    """PyTorch, eager, with its fused Adam: compiling takes longer than the whole race."""
    import torch
    from torch import nn

    torch.set_num_threads(cores)
    torch.manual_seed(seed)
    x, x_test = (torch.from_numpy(v) for v in inputs_of(goal, read_pixels("train"), read_pixels("t10k")))
    y, y_test = (torch.from_numpy(read_labels(name)) for name in ("train", "t10k"))
    modules: list[nn.Module] = [nn.Unflatten(1, (1, 28))] if goal.filters else []
    channels = 1
    for filters in goal.filters:
        modules += [nn.Conv2d(channels, filters, 5), nn.MaxPool2d(2), nn.ReLU()]
        channels = filters
    if goal.filters:
        modules.append(nn.Flatten())
    for size in goal.hidden_sizes:
        modules += [nn.LazyLinear(size), nn.ReLU()]
    model = nn.Sequential(*modules, nn.LazyLinear(10))
    model(x[:2])
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    rates = one_cycle(goal, goal.epochs * -(-len(x) // goal.batch_size))

    def changed(images: Any, most: Changes) -> Any:
        n = len(images)

        def draw(bound: float) -> Any:
            return (2 * torch.rand(n) - 1) * bound

        angle, wide, tall = draw(radians(most.rotation)), 1 + draw(most.scale), 1 + draw(most.scale)
        across, down = (draw(most.shift) * 2 / 28 for _ in range(2))
        upper = torch.stack([wide * angle.cos(), draw(most.shear) - angle.sin(), across], 1)
        lower = torch.stack([angle.sin(), tall * angle.cos(), down], 1)
        where = nn.functional.affine_grid(torch.stack([upper, lower], 1), [n, 1, 28, 28], False)
        return nn.functional.grid_sample(images[:, None], where, align_corners=False)[:, 0]

    for _epoch in range(goal.epochs):
        for chosen in torch.randperm(len(x)).split(goal.batch_size):
            optimizer.param_groups[0]["lr"] = next(rates)
            optimizer.zero_grad(set_to_none=True)
            images = changed(x[chosen], goal.changes) if goal.changes else x[chosen]
            loss = nn.functional.cross_entropy(model(images), y[chosen], label_smoothing=goal.smoothing)
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        return float((model(x_test).argmax(1) == y_test).float().mean())


def jax_jit(goal: Goal, seed: int, cores: int) -> float:
    """JAX: an epoch is one compiled `lax.scan`, a call a step with filters; the images on the device."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    pixels, test_pixels = inputs_of(goal, read_pixels("train"), read_pixels("t10k"))
    x, y = jnp.asarray(pixels), jnp.asarray(read_labels("train"))
    generator = np.random.default_rng(seed)
    parameters: list[Any] = []
    channels, side = 1, 28
    for filters in goal.filters:
        parameters.append((first_weights(generator, 5, 5, channels, filters), np.zeros(filters, np.float32)))
        channels, side = filters, (side - 4) // 2
    inputs = channels * side**2 if goal.filters else pixels.shape[1]
    for size in (*goal.hidden_sizes, 10):
        parameters.append((first_weights(generator, inputs, size), np.zeros(size, np.float32)))
        inputs = size

    def forward(p: Any, a: Any) -> Any:
        convolutions = len(goal.filters)
        if convolutions:
            a = a[..., None]
        for w, b in p[:convolutions]:
            a = (
                lax.conv_general_dilated(a, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
                + b
            )
            a = jax.nn.relu(lax.reduce_window(a, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"))
        a = a.reshape(len(a), -1)
        for w, b in p[convolutions:-1]:
            a = jax.nn.relu(a @ w + b)
        return a @ p[-1][0] + p[-1][1]

    def cost(p: Any, a: Any, target: Any) -> Any:
        logs, e = jax.nn.log_softmax(forward(p, a)), goal.smoothing
        return -(jnp.take_along_axis(logs, target[:, None], 1) * (1 - e)).mean() - e * logs.mean()

    centred = jnp.mgrid[:28, :28].reshape(2, -1) - 13.5  # of each pixel: row, column

    def changed(key: Any, images: Any, most: Changes) -> Any:
        bounds = np.array([radians(most.rotation), *[most.scale] * 2, most.shear, *[most.shift] * 2])
        drawn = jax.random.uniform(key, (len(images), 6), minval=-1, maxval=1) * bounds

        def change(image: Any, by: Any) -> Any:
            c, s = jnp.cos(by[0]), jnp.sin(by[0])
            matrix = jnp.array([[(1 + by[1]) * c, s], [by[3] - s, (1 + by[2]) * c]])
            where = matrix @ centred + 13.5 + by[4:, None]
            return jax.scipy.ndimage.map_coordinates(image, list(where), order=1).reshape(28, 28)

        return jax.vmap(change)(images, drawn)

    tree = jax.tree_util.tree_map

    def descend(state: Any, batch: Any) -> Any:
        (p, m, v, t), (rows, rate, key) = state, batch
        images = changed(key, x[rows], goal.changes) if goal.changes else x[rows]
        g = jax.grad(cost)(p, images, y[rows])
        t = t + 1
        m = tree(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = tree(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        p = tree(lambda a, b, c: a - rate * (b / c1) / (jnp.sqrt(c / c2) + 1e-8), p, m, v)
        return (p, m, v, t), None

    one = jax.jit(lambda state, batch: descend(state, batch)[0], donate_argnums=0)
    scanned = jax.jit(lambda state, batches: lax.scan(descend, state, batches)[0], donate_argnums=0)

    def epoch(state: Any, batches: Any) -> Any:
        if not goal.filters:
            return scanned(state, batches)
        for batch in zip(*batches, strict=True):  # within a scan a convolution takes four times as long
            state = one(state, batch)
        return state

    p = tree(jnp.asarray, parameters)
    state = (p, tree(jnp.zeros_like, p), tree(jnp.zeros_like, p), jnp.float32(0))
    full = len(x) // goal.batch_size  # a scan has batches of one size
    rates = np.fromiter(one_cycle(goal, goal.epochs * full), np.float32).reshape(goal.epochs, full)
    keys = jax.random.split(jax.random.key(seed), rates.shape)
    for part, drawn in zip(rates, keys, strict=True):
        order = generator.permutation(len(x))[: full * goal.batch_size].reshape(full, -1)
        state = epoch(state, (jnp.asarray(order), jnp.asarray(part), drawn))
    guesses = np.asarray(jax.jit(forward)(state[0], test_pixels)).argmax(axis=1)
    return float((guesses == read_labels("t10k")).mean())


def scikit_learn(goal: Goal, seed: int, cores: int) -> float:
    """`MLPClassifier`: 20 epochs, or fewer when it is there after one of them."""
    from sklearn.neural_network import MLPClassifier

    x, x_test = inputs_of(goal, read_pixels("train"), read_pixels("t10k"))
    y, y_test = read_labels("train"), read_labels("t10k")
    model = MLPClassifier((256,), batch_size=256, learning_rate_init=0.002, random_state=seed)
    best = 0.0
    for _epoch in range(20):
        model.partial_fit(x, y, classes=np.arange(10))
        best = max(best, float((model.predict(x_test) == y_test).mean()))
        if best >= goal.accuracy:
            break
    return best


CONTENDERS: dict[str, Callable[[Goal, int, int], float]] = {
    "ours": ours,
    "PyTorch": torch_eager,
    "JAX": jax_jit,
    "scikit-learn": scikit_learn,
}


# ---- the board -------------------------------------------------------------------------------------------


def measure(who: str, goal: str, seed: int, cores: int) -> dict[str, Any]:
    """Return seconds from the start of a process to its last answer, and what fraction was right."""
    command = [sys.executable, __file__, "--one", who, goal, str(seed), str(cores)]
    threads = "1" if who == "ours" else str(cores)  # ours takes its second core as a second process
    variables = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    eigen = f"--xla_cpu_multi_thread_eigen={'true' if cores > 1 else 'false'}"
    environment = os.environ | dict.fromkeys(variables, threads) | {"XLA_FLAGS": eigen}
    started, used = time.perf_counter(), _processor_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds, used = time.perf_counter() - started, _processor_seconds() - used
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]}
    return {"seconds": seconds, "processor": used, "accuracy": float(done.stdout.splitlines()[-1])}


def _processor_seconds() -> float:
    """Return what all processes that were started and have ended took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compare(goal: str, seeds: int, cores: int, contenders: list[str]) -> dict[str, Any]:
    """Let all contenders run in turn, with each seed; return what each did."""
    has_none = {"scikit-learn"} if GOALS[goal].filters else set()
    rows: dict[str, list[dict[str, Any]]] = {who: [] for who in contenders if who not in has_none}
    for seed in range(seeds):
        for who in rows:
            if not any("error" in row for row in rows[who]):
                rows[who].append(measure(who, goal, seed, cores))
    return {who: _summary(results) for who, results in rows.items()}


def _summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    if any("error" in row for row in results):
        return results[-1]
    return {
        "seconds": statistics.median(row["seconds"] for row in results),
        "processor": statistics.median(row["processor"] for row in results),
        "accuracy": statistics.mean(row["accuracy"] for row in results),
        "each": results,
    }


def print_board(goal: str, cores: int, rows: dict[str, dict[str, Any]]) -> None:
    """Print one goal: who came to which accuracy, in how many seconds, and how many times ours that is."""
    wanted, first = GOALS[goal].accuracy, rows.get("ours", {}).get("seconds")
    print(f"\nto {wanted:.1%} of the test images with {cores} core{'s' if cores > 1 else ''}")
    print("| who | seconds from the start | × ours | processor seconds | mean accuracy | there |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for who, row in rows.items():
        if "error" in row:
            print(f"| {who} | – | – | – | – | {row['error']} |")
            continue
        ratio = f"{row['seconds'] / first:.1f}" if first else "–"
        there = "yes" if row["accuracy"] >= wanted else "no"
        times = f"{row['seconds']:.2f} | {ratio} | {row['processor']:.2f}"
        print(f"| {who} | {times} | {row['accuracy']:.4f} | {there} |", flush=True)


def main() -> None:
    """Run the race that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goals", nargs="+", choices=GOALS, default=list(GOALS))
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--seeds", type=int, default=3, help="runs of each; median seconds, mean accuracy")
    parser.add_argument("--cores", nargs="+", type=int, choices=(1, 2), default=[1, 2])
    parser.add_argument("--json", type=Path, help="where to write the numbers; those of other goals stay")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)  # contender, goal, seed, cores
    chosen = parser.parse_args()
    if chosen.one:
        who, goal, seed, cores = chosen.one
        print(CONTENDERS[who](GOALS[goal], int(seed), int(cores)))
        return
    from benchmarks.machine import use_own_kernel
    from benchmarks.report import write_beside

    kernel = use_own_kernel()
    print(kernel)
    all_cores = sorted(os.sched_getaffinity(0))
    for goal in chosen.goals:
        for cores in chosen.cores:
            os.sched_setaffinity(0, all_cores[-cores:])
            rows = compare(goal, chosen.seeds, cores, chosen.contenders)
            print_board(goal, cores, rows)
            write_beside({"kernel": kernel, f"{goal}/{cores}": rows}, chosen.json)


if __name__ == "__main__":
    main()
