"""One budget of memory for all that visitors bring and make: data sets, models, runs, answers.

Code that is about to hold something large calls `Budget.reserve` first, and gets room or a sentence for the
visitor. It knows no Streamlit, so that workers and tests use it as the pages do.
"""

import gc
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dashboard.environment import number_of_environment
from mlcore.errors import DigitLabError
from mlcore.language import _

SPARE = 48_000_000
"""Bytes that stay free on the machine whatever the books say: an answer, a page, a picture need some."""

SHARE = 0.5
"""Of the memory that is free when the server starts; the rest is for the app itself and what all share."""

VARIABLE = "DIGITLAB_MEMORY_MB"
"""The environment variable that sets the budget instead, in MB."""


class NoRoom(DigitLabError):
    """There is no room for this in the server's memory; the message is a sentence for the visitor."""

    def __init__(self, needed: int, left: int) -> None:
        message = _(
            "This takes about {needed:,.0f} MB of memory, and the server has {left:,.0f} MB left for its "
            "visitors. Try something smaller, or try again in a few minutes."
        )
        super().__init__(message.format(needed=max(1, needed / 1e6), left=max(0, left) / 1e6))
        self.needed, self.left = needed, left


class Reservation:
    """Room that was granted, until `release`; may be used in a `with` block."""

    def __init__(self, budget: "Budget", amount: int) -> None:
        self._budget = budget
        self.amount = amount

    def resize(self, amount: int) -> None:
        """Ask for more room, or give some back.

        When there is not enough, what is kept for visitors who have left is given up first.

        Raises
        ------
        NoRoom
            When there is not as much; the reservation stays as it was.
        """
        with suppress(NoRoom):
            return self._budget._change(self, amount)
        while True:
            gc.collect()  # data that somebody has replaced may wait for that
            try:
                return self._budget._change(self, amount)
            except NoRoom as refusal:
                if not self._budget.give_up(refusal.needed - refusal.left):
                    raise

    def release(self) -> None:
        """Give the room back; doing so twice is once."""
        self._budget._change(self, 0)

    def split(self, amount: int) -> "Reservation":
        """Return a part of this reservation as one of its own."""
        return self._budget._split(self, amount)

    def until_gone(self, holder: object) -> Self:
        """Release it as soon as nothing refers to ``holder`` any more; return it."""
        weakref.finalize(holder, self.release).atexit = False
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Budget:
    """How much memory visitors may take together, and how much of it is taken; safe from any thread.

    Parameters
    ----------
    limit : int or None
        Bytes for all reservations together; None is no limit.
    available : callable
        Returns the bytes that this process may still take, or None where the system does not tell.

    Attributes
    ----------
    give_up : callable
        Is asked, before anything is refused, to let go of something that can be spared: how many bytes are
        missing. Returns whether it did.
    """

    def __init__(
        self, limit: int | None, available: Callable[[], int | None] = lambda: bytes_available()
    ) -> None:
        self.limit = limit
        self.give_up: Callable[[int], bool] = lambda missing: False
        self._available = available
        self._lock = threading.RLock()  # a reservation may be released by the garbage collector, at any place
        self._taken = 0

    @classmethod
    def of_machine(cls) -> Self:
        """Return the budget that this machine or container can afford, or that `VARIABLE` sets."""
        megabytes = number_of_environment(VARIABLE)
        if megabytes is not None:
            return cls(int(megabytes * 1e6))
        available = bytes_available()
        return cls(None if available is None else int(available * SHARE))

    @property
    def taken(self) -> int:
        """Bytes reserved at the moment."""
        return self._taken

    @property
    def left(self) -> int | None:
        """Bytes that may still be reserved, or None when nothing limits them."""
        available = self._available()
        bounds = [] if self.limit is None else [self.limit - self._taken]
        if available is not None:
            bounds.append(available - SPARE)
        return max(0, min(bounds)) if bounds else None

    def reserve(self, amount: int) -> Reservation:
        """Return room for this many bytes.

        Raises
        ------
        NoRoom
            When there is not as much.
        """
        reservation = Reservation(self, 0)
        reservation.resize(amount)
        return reservation

    def _change(self, reservation: Reservation, amount: int) -> None:
        with self._lock:
            more = amount - reservation.amount
            if more > 0:
                left = self.left
                if left is not None and more > left:
                    raise NoRoom(amount, left + reservation.amount)
            self._taken += more
            reservation.amount = amount

    def _split(self, reservation: Reservation, amount: int) -> Reservation:
        with self._lock:
            if not 0 <= amount <= reservation.amount:
                raise ValueError(f"{amount} of {reservation.amount} bytes")
            reservation.amount -= amount
            return Reservation(self, amount)


# ---- what the machine has --------------------------------------------------------------------------------


def bytes_available(root: Path = Path("/")) -> int | None:
    """Return how much memory this process may still take, or None where the system does not tell.

    A container's limit counts where it is lower than the machine's memory.

    Parameters
    ----------
    root : Path
        Below which ``proc`` and ``sys`` lie; tests lay out their own.
    """
    known = [amount for amount in (_machine_bytes(root), *_group_bytes(root)) if amount is not None]
    return max(0, min(known)) if known else None


def _machine_bytes(root: Path) -> int | None:
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, ValueError, OSError):
            return None


def _group_bytes(root: Path) -> Iterator[int | None]:
    """Yield what is left in each control group that this process is in, of version 2 and of version 1."""
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            top = root / "sys/fs/cgroup"
            names = ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # In a container the path may be the one that the host sees: what is not there is passed over. A
        # group is bound by those above it too.
        group = top / path.strip("/")
        for folder in (group, *group.parents):
            yield _group_left(folder, *names)
            if folder == top:
                break


def _group_left(folder: Path, limit: str, usage: str, cache: str) -> int | None:
    try:
        bound, used = int((folder / limit).read_text()), int((folder / usage).read_text())
    except (OSError, ValueError):  # no such file, or the word "max"
        return None
    # Pages of files that nobody has read lately are dropped when memory is needed.
    reclaimable = next(
        (int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.split()[0] == cache), 0
    )
    return bound - max(0, used - reclaimable)


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().splitlines() if line.strip()]
    except OSError:
        return []
