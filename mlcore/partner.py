"""A second process that takes half of every batch, so that one run uses two cores.

It stands beside the training run on the path. Both processes see the same parameters in shared memory: each
computes the gradient of its half of the images, then each moves one half of the parameters. The result is
that of one process up to the rounding of a sum of two parts.
"""

from __future__ import annotations

import os
import pickle
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.config import NetworkConfig, TrainingConfig
from mlcore.language import _
from mlcore.network import Network
from mlcore.optimizers import OPTIMIZERS
from mlcore.preparation import Preparation
from mlcore.training import TrainingRun

Array = NDArray[np.floating]
Plan = dict[str, tuple[tuple[int, ...], str]]

LOOKS = 20_000  # looks at a flag before the wait becomes a sleep: about 5 ms
LONGEST_SLEEP = 0.005  # seconds
CACHE_LINE = 64  # bytes

# The two processes talk through flags in memory, without locks. That is right only where a processor shows
# its writes to others in the order in which they were made, as x86 does.
CAN_SHARE = platform.machine().lower() in {"x86_64", "amd64"} and os.name == "posix"

# Places in the flags: the number of the last round that was begun, had the gradient of the left and of the
# right half, and was done on the right; and how many images this round has, on the right and in all.
BEGUN, LEFT, RIGHT, DONE, ROWS, IMAGES = range(0, 48, 8)


class PartnerError(RuntimeError):
    """This run cannot be shared by two processes, or the second has died; the message says which."""


class Board:
    """Named arrays in one mapped file, the same memory in both processes."""

    def __init__(self, plan: Plan, path: str) -> None:
        starts, size = {}, 0
        for key, (shape, kind) in plan.items():
            starts[key] = size
            size += -(-int(np.prod(shape)) * np.dtype(kind).itemsize // CACHE_LINE) * CACHE_LINE
        if os.path.getsize(path) < size:
            os.truncate(path, size)
        memory = np.memmap(path, np.uint8, "r+", shape=(size,))
        self.arrays: dict[str, NDArray[Any]] = {
            key: np.ndarray(shape, kind, memory, starts[key]) for key, (shape, kind) in plan.items()
        }

    def __getitem__(self, key: str) -> NDArray[Any]:
        return self.arrays[key]


def _wait_for(
    flags: NDArray[np.int64], place: int, round_number: int, other_lives: Callable[[], bool]
) -> bool:
    """Return True once the flag has reached the round, False once it is negative: there will be no more."""
    looks, sleep = 0, 0.0002
    while flags[place] < round_number:
        if flags[place] < 0:
            return False
        looks += 1
        if looks < LOOKS:
            if looks % 64 == 0:
                os.sched_yield()
            continue
        if not other_lives():
            raise PartnerError(_("The second process of this training has died. Start the training again."))
        time.sleep(sleep)
        sleep = min(2 * sleep, LONGEST_SLEEP)
    return True


class Half:
    """One process's part of every step: a gradient over some images, then a move of half the parameters."""

    def __init__(self, board: Board, network: Network, config: TrainingConfig, steps: int, side: int) -> None:
        middle = network.parameter_count // 2
        self.mine = slice(0, middle) if side == 0 else slice(middle, network.parameter_count)
        self.board, self.network, self.side = board, network, side
        network.adopt(board["parameters"], board["gradients"][side])
        self.optimizer = OPTIMIZERS[config.optimizer].make(
            self.mine.stop - self.mine.start,
            network.dtype,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
        )
        self.optimizer.moments = board["moments"][:, self.mine]
        self.optimizer.steps = steps
        self._compact = np.empty((network.tile, board["images"].shape[1]), board["images"].dtype)

    def set_gradient(self, positions: NDArray[np.intp], images: int, outputs: Array) -> None:
        """Set this side's gradient to its part of the mean over ``images`` images."""
        tile = self.network.tile
        if len(positions) == 0:
            self.board["gradients"][self.side][:] = 0
        for start in range(0, len(positions), tile):
            part = positions[start : start + tile]
            out = self._compact[: len(part)]
            compact = np.take(self.board["images"], part, axis=0, out=out, mode="clip")
            labels = self.board["labels"][part]
            self.network.learn_from(
                compact, labels, 1 / images, None, start > 0, outputs[start : start + tile]
            )

    def move(self, rate: float, cost_decay: float) -> None:
        """Add up both gradients over this side's parameters and take the step there."""
        mine, board = self.mine, self.board
        parameters, gradient = board["parameters"][mine], board["gradients"][self.side][mine]
        gradient += board["gradients"][1 - self.side][mine]
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
    n_classes: int
    tile: int
    steps: int


class Partner:
    """A second process, ready to share a run: ``with Partner() as partner: partner.attach(run, split)``.

    From then on `train` gives half of every batch to it, until `release` or the end of the block; the run
    can then go on alone.

    Raises
    ------
    PartnerError
        By `attach`, when the run draws dropout or augmentation (whose chance belongs to one process), when
        the processor or system cannot do it, or when the process has died.
    """

    def __init__(self) -> None:
        if not CAN_SHARE:
            raise PartnerError(_("Two processes for one training need Linux or macOS on an x86 processor."))
        root = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from mlcore.partner import _serve; _serve()"],
            stdin=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": root, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._run: TrainingRun | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def attach(self, run: TrainingRun, split: Any) -> None:
        """Share this run, from its next step on."""
        run.build(split)
        config = run.training_config
        if run.network_config.dropout or not config.augmentation.is_none or config.has_flaws:
            raise PartnerError(
                _("A training with dropout, augmentation or wrong gradients runs in one process only.")
            )
        self.release()
        images, labels = run.compact_training_images()
        plan = _plan(run, images)
        folder = "/dev/shm" if os.path.isdir("/dev/shm") else None
        handle, path = tempfile.mkstemp(prefix="digit-lab-", dir=folder)
        os.close(handle)
        try:
            self._share(run, Board(plan, path), images, labels, plan, path)
        finally:
            os.unlink(path)  # the memory lives until both processes have let go of it

    def _share(
        self,
        run: TrainingRun,
        board: Board,
        images: NDArray[Any],
        labels: NDArray[Any],
        plan: Plan,
        path: str,
    ) -> None:
        board["images"][:], board["labels"][:] = images, labels
        board["parameters"][:], board["moments"][:] = run.network.parameters, run.optimizer.moments
        network = run.network
        work = _Work(
            plan,
            path,
            run.network_config,
            run.training_config,
            network.preparation,
            network.n_classes,
            network.tile,
            run.optimizer.steps,
        )
        assert self._process.stdin is not None
        try:
            pickle.dump(work, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise PartnerError(_("The second process of this training has died.")) from error
        self._half = Half(board, network, run.training_config, run.optimizer.steps, side=0)
        run.optimizer.moments = board["moments"]
        self._board, self._round = board, 0
        _wait_for(board["flags"], DONE, 1, self._lives)  # the other has opened the board
        board["flags"][DONE] = 0
        self._run = run
        run.partner = self

    def _lives(self) -> bool:
        return self._process.poll() is None

    def take_step(self, positions: NDArray[np.intp], rate: float, cost_decay: float) -> tuple[Array, Any]:
        """Do one step together; return the outputs p (images, classes) and the labels of its images."""
        board, flags, n = self._board, self._board["flags"], len(positions)
        self._round += 1
        middle, now = n // 2, self._round
        board["positions"][:n] = positions
        board["numbers"][:] = rate, cost_decay
        flags[ROWS], flags[IMAGES] = middle, n
        flags[BEGUN] = now
        self._half.set_gradient(positions[:middle], n, board["outputs"][:middle])
        flags[LEFT] = now
        _wait_for(flags, RIGHT, now, self._lives)
        self._half.move(rate, cost_decay)
        _wait_for(flags, DONE, now, self._lives)
        if self._run is not None:
            self._run.optimizer.steps = self._half.optimizer.steps
        return board["outputs"][:n], board["labels"][positions]

    def release(self) -> None:
        """Give the run back to its own process, exactly as it stands."""
        run, self._run = self._run, None
        if run is None:
            return
        self._board["flags"][BEGUN] = -1  # the other side lets go of the board
        run.partner = None
        run.network.adopt(run.network.parameters.copy(), np.zeros_like(run.network.parameters))
        run.optimizer.moments = run.optimizer.moments.copy()
        del self._half, self._board

    def close(self) -> None:
        """Release the run and end the second process."""
        self.release()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)


def _plan(run: TrainingRun, images: NDArray[Any]) -> Plan:
    """Return shapes and types of all that both processes see."""
    network, batch = run.network, run.batch_size
    kind, count = network.dtype.name, network.parameter_count
    return {
        "flags": ((48,), "int64"),
        "numbers": ((2,), "float64"),
        "parameters": ((count,), kind),
        "gradients": ((2, count), kind),
        "moments": ((run.optimizer.n_moments, count), kind),
        "positions": ((batch,), "int64"),
        "outputs": ((batch, network.n_classes), kind),
        "labels": ((len(images),), "int64"),
        "images": (images.shape, images.dtype.name),
    }


def _serve() -> None:
    """Be the second process: share one run after the other until the first process closes the pipe."""
    parent = os.getppid()
    while True:
        try:
            work = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            _serve_run(work, lambda: os.getppid() == parent)
        except PartnerError:
            return  # the first process is gone


def _serve_run(work: _Work, other_lives: Callable[[], bool]) -> None:
    board = Board(work.plan, work.path)
    network = Network(work.network_config, work.preparation, work.n_classes, tile=work.tile)
    half = Half(board, network, work.training_config, work.steps, side=1)
    flags, now = board["flags"], 0
    flags[DONE] = 1
    while True:
        now += 1
        if not _wait_for(flags, BEGUN, now, other_lives):
            return
        n, middle = int(flags[IMAGES]), int(flags[ROWS])
        rate, cost_decay = (float(number) for number in board["numbers"])
        half.set_gradient(board["positions"][middle:n], n, board["outputs"][middle:n])
        flags[RIGHT] = now
        _wait_for(flags, LEFT, now, other_lives)
        half.move(rate, cost_decay)
        flags[DONE] = now
