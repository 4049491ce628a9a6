"""A second process that takes half of every batch, so that one run uses two cores.

The dashboard's workers use it while a run trains alone. Both processes see the same parameters in shared
memory: each computes the gradient of its half of the images, then each moves one half of the parameters (data
parallelism). The result is that of one process which takes its batches in halves
(`TrainingRun(in_halves=True)`), to the last bit; of one that does not, up to rounding, but for dropout and
augmentation, which draw separately for each half.
"""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import CACHE_LINE, Array, whole_lines
from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.datasets.dataset import BLOCK, Dataset
from mlcore.errors import SecondProcessError
from mlcore.images.preparation import Preparation
from mlcore.language import _
from mlcore.network.network import Network
from mlcore.training.batches import (
    BatchLearner,
    CompactImages,
    Images,
    PlainImages,
    class_weights_of,
    draws,
    open_batches,
    step_generator,
)
from mlcore.training.run import TrainingRun, middle_of
from mlcore.training.shared_memory import (
    BEGUN,
    CAN_SHARE,
    DONE,
    IMAGES,
    LEFT,
    RIGHT,
    STEP,
    Board,
    Plan,
    make_file,
    size_of,
    wait_for,
    waiting,
)

LEAST_PRODUCTS = 5_000_000
"""Products of a weight in one step from which a second process pays: below it two gain a tenth or less."""

PROCESS_BYTES = 45_000_000
"""What a second process takes, apart from what both see: Python, NumPy and mlcore."""


class Half:
    """One process's part of every step: a gradient over some images, then a move of half the parameters."""

    def __init__(
        self, board: Board, network: Network, images: Images, config: TrainingConfig, steps: int, side: int
    ) -> None:
        count = network.parameter_count
        in_line = CACHE_LINE // network.dtype.itemsize
        middle = count // 2 // in_line * in_line  # each side's part begins on a line of the cache
        self.mine = slice(0, middle) if side == 0 else slice(middle, count)
        self.board, self.network, self.config, self.side = board, network, config, side
        self.draws = draws(network.config, config)
        network.adopt(board["parameters"], board["gradients"][side, :count])
        labels = board["labels"]
        weights = class_weights_of(config, labels, network.n_classes, network.dtype)
        self.learner = BatchLearner(network, images, labels, None if weights is None else weights[labels])
        self.optimizer = config.make_optimizer(self.mine.stop - self.mine.start, network.dtype)
        self.optimizer.moments = board["moments"][:, self.mine]
        self.optimizer.steps = steps

    def set_gradients(
        self, positions: NDArray[np.intp], images: int, step: int, logits: Array
    ) -> Iterator[None]:
        """Set this side's gradient to its part of the mean over ``images`` images, with breaks."""
        generator = step_generator(self.config.seed, step, self.side) if self.draws else None
        return self.learner.set_gradients(positions, 1 / images, generator, logits)

    def move(self, rate: float, cost_decay: float) -> None:
        """Add up both gradients over this side's parameters and take the step there."""
        mine, board = self.mine, self.board
        parameters, gradient = board["parameters"][mine], board["gradients"][self.side, mine]
        gradient += board["gradients"][1 - self.side, mine]
        decayed = self.network.decayed[mine]
        if cost_decay:
            gradient += cost_decay * parameters * decayed
        self.optimizer.step(parameters, gradient, rate, decayed)


@dataclass(frozen=True)
class _Work:
    """What the second process has to know to begin."""

    plan: Plan
    path: str
    network_config: NetworkConfig
    training_config: TrainingConfig
    preparation: Preparation
    class_names: tuple[str, ...]
    micro_batch: int
    steps: int


class SecondProcess:
    """A second process, ready to share a run: ``with SecondProcess() as second: second.attach(run, split)``.

    From then on `train` gives half of every batch to it, until `release` or the end of the block; the run
    can then continue alone.

    Raises
    ------
    SecondProcessError
        When the processor or system cannot do it; by `attach`, when the run has a `gradient_hook`
        or `image_weights`; by `train`, when the process has died.
    """

    def __init__(self) -> None:
        if not CAN_SHARE:
            message = _("Two processes for one training need Linux or macOS on an x86 processor.")
            raise SecondProcessError(message)
        path = filter(None, (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH")))
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"from mlcore.training.second_process import _serve; _serve({os.getpid()})",
            ],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), "OPENBLAS_NUM_THREADS": "1"},
        )
        self._run: TrainingRun | None = None
        self._has_begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def attach(self, run: TrainingRun, split: Any) -> None:
        """Share this run, from its next step on; one that is under way is begun once more."""
        run.build(split)
        run.leave_step()
        if not _can_share(run):
            raise SecondProcessError(
                _(
                    "A training whose gradients are changed on purpose, or whose images have weights of "
                    "their own, runs in one process only."
                )
            )
        self.release()
        plan = _plan(run, split.train)
        handle, path = make_file(plan)
        os.close(handle)
        try:
            self._share(run, split.train, Board(plan, path), plan, path)
        finally:
            Path(path).unlink(missing_ok=True)  # the memory lives until both processes have let go of it

    def _share(self, run: TrainingRun, dataset: Dataset, board: Board, plan: Plan, path: str) -> None:
        network, config = run.network, run.training_config
        images = run.training_images if config.augmentation.is_none else PlainImages(dataset)
        _gather_all(images, board["images"])
        board["labels"][:] = dataset.labels
        work = _Work(
            plan,
            path,
            run.network_config,
            config,
            network.preparation,
            dataset.class_names,
            network.micro_batch,
            run.optimizer.steps,
        )
        assert self._process.stdin is not None
        try:
            pickle.dump(work, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise SecondProcessError(_("The second process of this training has died.")) from error
        self._board, self._round = board, 0
        wait_for(board["flags"], DONE, 1, self._lives)  # the other has opened the board
        board["flags"][DONE] = 0
        self._has_begun = True
        mine = slice(network.parameter_count)  # a row of the board has whole lines of the cache
        run.share(self, board["parameters"], board["gradients"][0, mine], board["moments"][:, mine])
        self._half = Half(board, network, _open_board(work, board), config, run.optimizer.steps, side=0)
        self._run = run

    def _lives(self) -> bool:
        return self._process.poll() is None

    def take_step(
        self, positions: NDArray[np.intp], step: int, rate: float, cost_decay: float, logits: Array
    ) -> Iterator[None]:
        """Do one step together and set the logits z (images, classes).

        Who gives it up at a break has the run back for itself, as it was before the step: neither side has
        moved a parameter, as the other waits for the left gradient, which is given away last.
        """
        board, flags, n = self._board, self._board["flags"], len(positions)
        self._round += 1
        middle, now = middle_of(n), self._round
        board["positions"][:n] = positions
        board["numbers"][:] = rate, cost_decay
        flags[STEP], flags[IMAGES] = step, n
        flags[BEGUN] = now
        try:
            yield from self._half.set_gradients(positions[:middle], n, step, logits[:middle])
            yield from waiting(flags, RIGHT, now, self._lives)
        except GeneratorExit:
            self.release()
            raise
        flags[LEFT] = now
        self._half.move(rate, cost_decay)
        logits[middle:] = board["logits"][middle:n]
        wait_for(flags, DONE, now, self._lives)

    def release(self) -> None:
        """Give the run back to its own process in its present state.

        After a `SecondProcessError` that is in the middle of a step; continue from a state saved before.
        """
        run, self._run = self._run, None
        if run is None:
            return
        run.leave_step()
        self._board["flags"][[BEGUN, LEFT]] = -1  # the other side lets go of the board, wherever it is
        run.stop_sharing()
        del self._half, self._board

    def close(self) -> None:
        """Release the run and end the second process."""
        self.release()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has died before it read all
                self._process.stdin.close()
        if not self._has_begun:
            self._process.kill()  # it is still being started: nobody need wait for that
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def is_worth_sharing(run: TrainingRun) -> bool:
    """Return whether two processes would train a run much faster than one; it must have been built.

    What they can share is only the work on images; small networks spend their time between two of them.
    """
    products = sum(layer.multiply_adds for layer in run.network.layers)
    return CAN_SHARE and _can_share(run) and run.batch_size * products >= LEAST_PRODUCTS


def _can_share(run: TrainingRun) -> bool:
    """Return whether all that its steps depend on is on the board."""
    return run.gradient_hook is None and run.image_weights is None


def bytes_needed(run: TrainingRun, dataset: Dataset) -> int:
    """Return about how much memory a second process takes for a run that has been built."""
    return size_of(_plan(run, dataset)) + PROCESS_BYTES


def _plan(run: TrainingRun, dataset: Dataset) -> Plan:
    """Return shapes and types of all that both processes see."""
    network, batch, n = run.network, run.batch_size, len(dataset)
    kind, count = network.dtype.name, network.parameter_count
    row = whole_lines(count * network.dtype.itemsize) // network.dtype.itemsize
    images = ((n, math.prod(dataset.image_shape)), "uint8")
    if run.training_config.augmentation.is_none:
        images = ((n, network.preparation.features), network.preparation.compact_dtype.name)
    return {
        "flags": ((48,), "int64"),
        "numbers": ((2,), "float64"),
        "parameters": ((count,), kind),
        "gradients": ((2, row), kind),
        "moments": ((run.optimizer.n_moments, row), kind),
        "positions": ((batch,), "int64"),
        "logits": ((batch, network.n_classes), kind),
        "labels": ((n,), "int64"),
        "images": images,
    }


def _gather_all(images: Images, out: NDArray[np.unsignedinteger[Any]]) -> None:
    """Write all images into the board: in compact form, or as they are when augmentation changes them."""
    for start in range(0, len(out), BLOCK):
        part = np.arange(start, min(start + BLOCK, len(out)))
        images.gather(part, out[start : start + BLOCK])


def _open_board(work: _Work, board: Board) -> Images:
    """Return the images on the board as batches take them."""
    plain, augmentation = CompactImages(board["images"]), work.training_config.augmentation
    if augmentation.is_none:
        return plain
    shape = work.preparation.image_shape
    dataset = Dataset(board["images"].reshape(-1, *shape), board["labels"], work.class_names, "board")
    return open_batches(dataset, work.preparation, augmentation, work.micro_batch, plain)


def _serve(parent: int) -> None:
    """Be the second process: share one run after the other until the first process closes the pipe.

    It is told who that is: when asked for its parent at the start, the system may name another one already.
    """
    while True:
        try:
            work = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            _serve_run(work, lambda: os.getppid() == parent)
        except SecondProcessError:
            return  # the first process is gone


def _serve_run(work: _Work, other_lives: Callable[[], bool]) -> None:
    board = Board(work.plan, work.path)
    Path(work.path).unlink(missing_ok=True)  # the first process does so too, unless it is killed before
    network = Network(
        work.network_config,
        work.preparation,
        len(work.class_names),
        micro_batch=work.micro_batch,
        initialize=False,
    )
    half = Half(board, network, _open_board(work, board), work.training_config, work.steps, side=1)
    flags, now = board["flags"], 0
    flags[DONE] = 1
    while True:
        now += 1
        if not wait_for(flags, BEGUN, now, other_lives):
            return
        n, step = int(flags[IMAGES]), int(flags[STEP])
        middle = middle_of(n)
        rate, cost_decay = (float(number) for number in board["numbers"])
        for _part in half.set_gradients(board["positions"][middle:n], n, step, board["logits"][middle:n]):
            if flags[BEGUN] < 0 or not other_lives():  # the step is given up
                return
        flags[RIGHT] = now
        if not wait_for(flags, LEFT, now, other_lives):
            return
        half.move(rate, cost_decay)
        flags[DONE] = now
