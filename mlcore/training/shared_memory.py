"""Memory that two processes see: named arrays in one mapped file, and flags by which they wait.

`SecondProcess` makes it and hands its path to the process it has started.
"""

from __future__ import annotations

import math
import os
import platform
import tempfile
import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import whole_lines
from mlcore.errors import SecondProcessError
from mlcore.language import _

Plan = dict[str, tuple[tuple[int, ...], str]]
"""Shape and type of each array by its name."""

LOOKS = 20_000  # looks at a flag before the wait becomes a sleep: about 5 ms
LONGEST_SLEEP = 0.005  # seconds

# The two processes talk through flags in memory, without locks. That is right only where a processor shows
# its writes to others in the order in which they were made, as x86 does.
CAN_SHARE = platform.machine().lower() in {"x86_64", "amd64"} and os.name == "posix"

# Places in the flags, each on a cache line of its own: the number of the last round that was begun, had the
# gradient of the left and of the right half, and was done on the right; which step this round is, and how
# many images it has.
BEGUN, LEFT, RIGHT, DONE, STEP, IMAGES = range(0, 48, 8)


class Board:
    """Named arrays in one mapped file, the same memory in both processes."""

    def __init__(self, plan: Plan, path: str) -> None:
        starts, size = {}, 0
        for key, (shape, kind) in plan.items():
            starts[key] = size
            size += _bytes_of(shape, kind)
        memory = np.memmap(path, np.uint8, "r+", shape=(size,))
        self.arrays: dict[str, NDArray[Any]] = {
            key: np.ndarray(shape, kind, memory, starts[key]) for key, (shape, kind) in plan.items()
        }

    def __getitem__(self, key: str) -> NDArray[Any]:
        return self.arrays[key]


def wait_for(
    flags: NDArray[np.int64], place: int, round_number: int, other_lives: Callable[[], bool]
) -> bool:
    """Return True once the flag has reached the round, False once it is negative: there will be no more."""
    wait = waiting(flags, place, round_number, other_lives)
    while True:
        try:
            next(wait)
        except StopIteration as end:
            return bool(end.value)


def waiting(
    flags: NDArray[np.int64], place: int, round_number: int, other_lives: Callable[[], bool]
) -> Generator[None, None, bool]:
    """Do what `wait_for` does, with a break after each sleep."""
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
            message = _("The second process of this training has died. Start the training again.")
            raise SecondProcessError(message)
        time.sleep(sleep)
        sleep = min(2 * sleep, LONGEST_SLEEP)
        yield
    return True


def make_file(plan: Plan) -> tuple[int, str]:
    """Return an open file, and its path, that has room for the plan: in memory where there is enough."""
    size, problem = size_of(plan), None
    for folder in ("/dev/shm", None):
        if folder and not os.path.isdir(folder):
            continue
        try:
            return _make_file_in(folder, size)
        except OSError as error:  # a container's shared memory is often small
            problem = error
    raise SecondProcessError(_("There is no room for a second process of this training.")) from problem


def _make_file_in(folder: str | None, size: int) -> tuple[int, str]:
    handle, path = tempfile.mkstemp(prefix="digit-lab-", dir=folder)
    try:
        _take_room(handle, size)
    except OSError:
        os.close(handle)
        os.unlink(path)
        raise
    return handle, path


def _take_room(handle: int, size: int) -> None:
    """Make a file as large as that, for certain: writing to it later cannot fail for want of room."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.truncate(handle, size)


def size_of(plan: Plan) -> int:
    """Return the bytes of all arrays together."""
    return sum(_bytes_of(shape, kind) for shape, kind in plan.values())


def _bytes_of(shape: tuple[int, ...], kind: str) -> int:
    """Return the bytes of an array, filled up to whole lines of the processor's cache."""
    return whole_lines(math.prod(shape) * np.dtype(kind).itemsize)
