"""One contender trains one network in this process and prints what it took: seconds an epoch and accuracy.

`benchmarks/training.py` starts it once for each contender, so that nobody inherits another's threads or
memory. Run by hand: `python benchmarks/contenders.py ours b 1`.
"""

import json
import os
import sys

if __name__ == "__main__":
    # Threads are fixed before anything that multiplies matrices is imported.
    # Ours takes its second core as a second process, each with one thread.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1" if sys.argv[1].startswith("ours") else sys.argv[3]
    os.environ["XLA_FLAGS"] = (
        f"--xla_cpu_multi_thread_eigen={'true' if sys.argv[3] != '1' else 'false'} "
        f"intra_op_parallelism_threads={sys.argv[3]}"
    )

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from mlcore import NetworkConfig, Split, TrainingConfig, TrainingRun, accuracy, load_dataset, train
from mlcore.training.second_process import SecondProcess

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """A network and how it is trained; `epochs` are timed after one epoch that is not."""

    title: str
    hidden_sizes: tuple[int, ...]
    n_images: int
    batch_size: int | None
    epochs: int
    filters: tuple[int, ...] = ()


CASES = {
    "a": Case("784-10-10, full batch, gradient descent", (10,), 41_000, None, 40),
    "b": Case("784-128-10, batch 128, Adam", (128,), 60_000, 128, 4),
    "c": Case("784-512-256-10, batch 128, Adam", (512, 256), 60_000, 128, 2),
    "d": Case("784-32-10, batch 32, Adam", (32,), 60_000, 32, 4),
    "cnn": Case("8@5×5-pool-16@5×5-pool-10, batch 128, Adam", (), 60_000, 128, 2, (8, 16)),
}
RATES = {None: 0.1}  # by batch size: gradient descent takes 0.1, Adam 0.001


@dataclass(frozen=True)
class Result:
    """Seconds an epoch, and what the network then gets right of the 10,000 test images."""

    seconds: float
    accuracy: float


def images_and_labels(n: int) -> tuple[Array, Array]:
    """Return the first n training images as uint8 (n, 784) and their labels."""
    dataset = load_dataset("mnist")
    return dataset.images[:n].reshape(n, -1), dataset.labels[:n]


def timed(case: Case, epoch: Callable[[], None], guesses: Callable[[Array], Array]) -> Result:
    """Run one epoch for warmth, then the timed ones; `guesses` answers for uint8 test images (n, 784)."""
    epoch()
    started = time.perf_counter()
    for _ in range(case.epochs):
        epoch()
    seconds = (time.perf_counter() - started) / case.epochs
    test = load_dataset("mnist-test")
    return Result(seconds, accuracy(test.labels, guesses(test.images.reshape(len(test), -1))))


def starting_weights(case: Case) -> list[Array]:
    """Return the weights of each layer, float32 (inputs, outputs), from which all dense contenders start.

    scikit-learn is the exception: it draws its own. Biases start at 0.
    """
    generator = np.random.default_rng(0)
    return [
        (generator.standard_normal((i, o)) * np.sqrt(2 / i)).astype(np.float32)
        for i, o in pairwise((784, *case.hidden_sizes, 10))
    ]


def batches(generator: np.random.Generator, n: int, size: int | None) -> list[Array]:
    """Return the positions of each batch of one epoch, shuffled unless the batch is full."""
    if size is None:
        return [np.arange(n)]
    order = generator.permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


def ours(case: Case, threads: int, **network: Any) -> Result:
    """`mlcore` as it is; with two threads, two processes share each batch."""
    dataset = load_dataset("mnist")
    split = Split(dataset.take(range(case.n_images)), dataset.take([0]))
    quiet = {"evaluate_every": 1_000_000, "train_sample": 1}
    full = case.batch_size is None
    config = TrainingConfig(
        optimizer="gradient_descent" if full else "adam",
        learning_rate=RATES.get(case.batch_size, 0.001),
        batch_size=case.batch_size,
        epochs=case.epochs + 1,
        **quiet,  # type: ignore[arg-type]
    )
    if case.filters:
        network["filters"] = case.filters
    run = TrainingRun(NetworkConfig(hidden_sizes=case.hidden_sizes, **network), config)
    run.build(split)
    if not case.filters:
        linear = [layer for layer in run.network.layers if layer.parameters]
        kept = run.network.preparation.kept
        for layer, weights in zip(linear, starting_weights(case), strict=True):
            rows = kept if layer is linear[0] and kept is not None else slice(None)
            layer.parameters["weights"][:] = weights[rows]

    def epoch() -> None:
        for _ in train(run, split, max_steps=run.steps_per_epoch):
            pass

    height, width = dataset.image_shape

    def guesses(images: Array) -> Array:
        return run.model().predict(images.reshape(-1, height, width))

    if threads == 1:
        return timed(case, epoch, guesses)
    with SecondProcess() as second:
        second.attach(run, split)
        return timed(case, epoch, guesses)


def ours_pruned(case: Case, threads: int) -> Result:
    """`mlcore` without the pixels that are lit in under 1 % of the images."""
    return ours(case, threads, drop_rare_pixels=0.01)


def numpy_loop(case: Case, threads: int) -> Result:
    """A textbook loop: float32 copies, new arrays at every step, the bias as a row sum."""
    pixels, labels = images_and_labels(case.n_images)
    x, y = (pixels / 255).astype(np.float32), np.eye(10, dtype=np.float32)[labels]
    generator = np.random.default_rng(0)
    weights = starting_weights(case)
    parameters = [*weights, *(np.zeros(w.shape[1], np.float32) for w in weights)]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    layers = len(weights)
    step = 0

    def forward(a: Array) -> list[Array]:
        activations = [a]
        for layer in range(layers):
            z = activations[-1] @ parameters[layer] + parameters[layers + layer]
            activations.append(np.maximum(z, 0) if layer < layers - 1 else z)
        return activations

    def epoch() -> None:
        nonlocal step
        for rows in batches(generator, case.n_images, case.batch_size):
            step += 1
            activations = forward(x[rows] if case.batch_size else x)
            z = activations[-1]
            e = np.exp(z - z.max(axis=1, keepdims=True))
            d = (e / e.sum(axis=1, keepdims=True) - (y[rows] if case.batch_size else y)) / len(rows)
            gradients: list[Array] = [np.empty(0)] * (2 * layers)
            for layer in reversed(range(layers)):
                gradients[layer] = activations[layer].T @ d
                gradients[layers + layer] = d.sum(axis=0)
                if layer:
                    d = (d @ parameters[layer].T) * (activations[layer] > 0)
            for i, g in enumerate(gradients):
                if case.batch_size is None:
                    parameters[i] = parameters[i] - 0.1 * g
                    continue
                m = 0.9 * moments[i][0] + 0.1 * g
                v = 0.999 * moments[i][1] + 0.001 * g * g
                moments[i] = (m, v)
                m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.999**step)
                parameters[i] = parameters[i] - 0.001 * m_hat / (np.sqrt(v_hat) + 1e-8)

    def guesses(images: Array) -> Array:
        return np.asarray(forward((images / 255).astype(np.float32))[-1].argmax(axis=1))

    return timed(case, epoch, guesses)


def floor(case: Case, threads: int) -> Result:
    """The same matrix products alone, on float32 arrays that are there already. It learns nothing."""
    generator = np.random.default_rng(0)
    n = case.batch_size or case.n_images
    sizes = (784, *case.hidden_sizes, 10)
    a = [generator.standard_normal((n, size), np.float32) for size in sizes]
    w = [generator.standard_normal(pair, np.float32) for pair in pairwise(sizes)]
    g = [np.empty_like(part) for part in w]
    steps = -(-case.n_images // n)

    def epoch() -> None:
        for _ in range(steps):
            for layer in range(len(w)):
                np.matmul(a[layer], w[layer], out=a[layer + 1])
            for layer in reversed(range(len(w))):
                np.matmul(a[layer].T, a[layer + 1], out=g[layer])
                if layer:
                    np.matmul(a[layer + 1], w[layer].T, out=a[layer])

    return timed(case, epoch, lambda images: np.zeros(len(images)))


def torch_eager(case: Case, threads: int, fused: bool = False) -> Result:
    """PyTorch on the CPU, eager mode, tensors in memory."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pixels, labels = images_and_labels(case.n_images)
    x, y = torch.from_numpy(pixels.astype(np.float32) / 255), torch.from_numpy(labels.copy())
    modules: list[Any] = []
    if case.filters:
        modules.append(torch.nn.Unflatten(1, (1, 28, 28)))
        channels = 1
        for filters in case.filters:
            modules += [torch.nn.Conv2d(channels, filters, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
            channels = filters
        modules += [torch.nn.Flatten(), torch.nn.LazyLinear(10)]
    else:
        for weights in starting_weights(case):
            linear = torch.nn.Linear(*weights.shape)
            linear.weight.data[:] = torch.from_numpy(weights.T)
            linear.bias.data.zero_()
            modules += [linear, torch.nn.ReLU()]
        modules.pop()
    model = torch.nn.Sequential(*modules)
    model(x[:2])
    optimizer: Any = (
        torch.optim.SGD(model.parameters(), lr=0.1, fused=fused or None)
        if case.batch_size is None
        else torch.optim.Adam(model.parameters(), fused=fused or None)
    )
    generator = np.random.default_rng(0)

    def epoch() -> None:
        for rows in batches(generator, case.n_images, case.batch_size):
            chosen = torch.from_numpy(rows)
            optimizer.zero_grad(set_to_none=True)
            batch, target = (x[chosen], y[chosen]) if case.batch_size else (x, y)
            torch.nn.functional.cross_entropy(model(batch), target).backward()
            optimizer.step()

    def guesses(images: Array) -> Array:
        with torch.no_grad():
            return np.asarray(model(torch.from_numpy(images.astype(np.float32) / 255)).argmax(1))

    return timed(case, epoch, guesses)


def torch_fused(case: Case, threads: int) -> Result:
    """PyTorch eager with its fused optimizer."""
    return torch_eager(case, threads, fused=True)


class _Jax:
    """The network, the cost and one step in JAX, and what changes with each step."""

    def __init__(self, case: Case) -> None:
        import jax
        import jax.numpy as jnp

        pixels, labels = images_and_labels(case.n_images)
        self.x, self.y = jnp.asarray(pixels.astype(np.float32) / 255), jnp.asarray(labels)
        parameters = [(jnp.asarray(w), jnp.zeros(w.shape[1], jnp.float32)) for w in starting_weights(case)]
        zeros = jax.tree_util.tree_map(jnp.zeros_like, parameters)
        # Two arrays of zeros: a step is given both to overwrite.
        self.state: Any = (parameters, zeros, jax.tree_util.tree_map(jnp.zeros_like, zeros), jnp.float32(0))
        self.is_full = case.batch_size is None

    def forward(self, p: Any, a: Any) -> Any:
        """Return the logits."""
        import jax

        for w, b in p[:-1]:
            a = jax.nn.relu(a @ w + b)
        return a @ p[-1][0] + p[-1][1]

    def step(self, state: Any, rows: Any) -> Any:
        """Return the state after gradient descent on the full batch, or Adam on these rows."""
        import jax
        import jax.numpy as jnp

        def cost(p: Any, a: Any, target: Any) -> Any:
            z = jax.nn.log_softmax(self.forward(p, a))
            return -jnp.take_along_axis(z, target[:, None], 1).mean()

        tree = jax.tree_util.tree_map
        p, m, v, t = state
        batch, target = (self.x, self.y) if self.is_full else (self.x[rows], self.y[rows])
        g = jax.grad(cost)(p, batch, target)
        if self.is_full:
            return tree(lambda a, b: a - 0.1 * b, p, g), m, v, t
        t = t + 1
        m = tree(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = tree(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        c1, c2 = 1 - 0.9**t, 1 - 0.999**t
        p = tree(lambda a, b, c: a - 0.001 * (b / c1) / (jnp.sqrt(c / c2) + 1e-8), p, m, v)
        return p, m, v, t

    def guesses(self, images: Array) -> Array:
        """Return the answers for uint8 images (n, 784)."""
        return np.asarray(self.forward(self.state[0], images.astype(np.float32) / 255).argmax(1))


def jax_jit(case: Case, threads: int) -> Result:
    """JAX on the CPU, one jitted training step, parameters donated."""
    import jax
    import jax.numpy as jnp

    work, generator = _Jax(case), np.random.default_rng(0)
    jitted = jax.jit(work.step, donate_argnums=0)

    def epoch() -> None:
        for rows in batches(generator, case.n_images, case.batch_size):
            work.state = jitted(work.state, jnp.asarray(rows))
        jax.block_until_ready(work.state)

    return timed(case, epoch, work.guesses)


def jax_scan(case: Case, threads: int) -> Result:
    """JAX as its experts write it: an epoch is one compiled `lax.scan`, without its last, smaller batch."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    work, generator = _Jax(case), np.random.default_rng(0)
    size = case.batch_size or case.n_images
    full = case.n_images // size
    scanned = jax.jit(
        lambda state, order: lax.scan(lambda s, rows: (work.step(s, rows), None), state, order)[0],
        donate_argnums=0,
    )

    def epoch() -> None:
        order = generator.permutation(case.n_images)[: full * size].reshape(full, size)
        work.state = jax.block_until_ready(scanned(work.state, jnp.asarray(order)))

    return timed(case, epoch, work.guesses)


def scikit_learn(case: Case, threads: int) -> Result:
    """scikit-learn's MLPClassifier by `partial_fit`, one call an epoch."""
    from sklearn.neural_network import MLPClassifier

    pixels, labels = images_and_labels(case.n_images)
    x = (pixels / 255).astype(np.float32)
    model = MLPClassifier(
        case.hidden_sizes,
        solver="sgd" if case.batch_size is None else "adam",
        learning_rate_init=RATES.get(case.batch_size, 0.001),
        momentum=0.0 if case.batch_size is None else 0.9,
        nesterovs_momentum=False,
        batch_size=case.batch_size or case.n_images,
        alpha=0.0,
        random_state=0,
    )
    classes = np.arange(10)

    def guesses(images: Array) -> Array:
        return np.asarray(model.predict((images / 255).astype(np.float32)))

    return timed(case, lambda: model.partial_fit(x, labels, classes=classes), guesses)


CONTENDERS: dict[str, Callable[[Case, int], Result]] = {
    "floor": floor,
    "ours": ours,
    "ours, pruned": ours_pruned,
    "numpy loop": numpy_loop,
    "torch eager": torch_eager,
    "torch fused": torch_fused,
    "jax jit": jax_jit,
    "jax scan": jax_scan,
    "scikit-learn": scikit_learn,
}
DENSE_ONLY = {"floor", "ours, pruned", "numpy loop", "jax jit", "jax scan", "scikit-learn"}
ON_NUMPY = ("floor", "ours", "ours, pruned", "numpy loop", "scikit-learn")
"""Whose products are NumPy's: the others bring their own, whatever kernel OpenBLAS takes."""

if __name__ == "__main__":
    contender, case_name, thread_count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    outcome = CONTENDERS[contender](CASES[case_name], thread_count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": outcome.seconds, "accuracy": outcome.accuracy, "peak_mb": peak}))
