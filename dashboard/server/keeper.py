"""What visitors had, kept for the next session of the same browser: after a reload, a lost line, a break.

The `Session` of a visitor is kept while it is used, and a copy of it for a while after the visitor has left.
It knows no Streamlit.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Generic, Protocol, Self, TypeVar

from dashboard.environment import number_of_environment

VARIABLE = "DIGITLAB_KEEP_MINUTES"
"""The environment variable that sets how long what a visitor had is kept, in minutes."""


class Keepable(Protocol):
    """What one visitor has."""

    @property
    def bytes_brought(self) -> int:
        """How large the data sets and models are that the visitor brought."""

    def continued(self) -> Self:
        """Return the same as a beginning for another session, which goes its own way from there."""

    def let_go(self) -> None:
        """Give up what the visitor brought, to make room for others."""

    def forget(self) -> None:
        """Become like new."""


StateT = TypeVar("StateT", bound=Keepable)


@dataclass(frozen=True)
class KeepLimits:
    """What is kept for visitors who have left.

    Attributes
    ----------
    minutes : float
        How long it is kept.
    browsers : int
        For how many of them; who left first is forgotten first.
    most_bytes : int
        How large all that they brought may be together. When the server needs memory, it goes before.
    """

    minutes: float = 60.0
    browsers: int = 500
    most_bytes: int = 1_000_000_000

    @classmethod
    def of_environment(cls) -> Self:
        """Return the usual limits, or those that `VARIABLE` sets."""
        minutes = number_of_environment(VARIABLE)
        return cls() if minutes is None else cls(minutes=minutes)


@dataclass
class _Entry(Generic[StateT]):
    """What one session had: whose it was, how lately it was used, and since when the visitor is away."""

    browser: str
    state: StateT
    used: int
    left_at: float | None = None


class Keeper(Generic[StateT]):
    """Knows what each browser had; safe from any thread.

    Parameters
    ----------
    connected : callable
        Says whether the session of this id is connected right now.
    limits : KeepLimits, optional
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        connected: Callable[[str], bool],
        limits: KeepLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or KeepLimits()
        self._connected = connected
        self._clock = clock
        self._lock = threading.RLock()
        self._turns = count()
        self._entries: dict[str, _Entry[StateT]] = {}

    def note(self, browser: str, session: str, state: StateT) -> None:
        """Note that a session of this browser uses this state now."""
        with self._lock:
            self._entries[session] = _Entry(browser, state, next(self._turns))

    def take(self, browser: str) -> StateT | None:
        """Return what a new session of this browser begins with; None when nothing is known of it.

        A session that has just lost its connection is taken to be the one that comes back. Without any, it
        is what the browser used last; an open tab keeps what it has.
        """
        with self._lock:
            mine = {name: entry for name, entry in self._entries.items() if entry.browser == browser}
            if not mine:
                return None
            lost = [
                name for name, entry in mine.items() if entry.left_at is None and not self._connected(name)
            ]
            name = max(lost or mine, key=lambda name: mine[name].used)
            entry = mine[name]
            if lost or entry.left_at is not None:
                del self._entries[name]
            return entry.state.continued()

    def leave(self, session: str) -> None:
        """Note that a session has gone for good: of its browser's, only what was used last is kept."""
        with self._lock:
            gone = self._entries.get(session)
            if gone is None:
                return
            gone.state, gone.left_at = gone.state.continued(), self._clock()
            absent = [(name, entry.used) for name, entry in self._absent() if entry.browser == gone.browser]
            for name, used in absent:
                if used < max(used for _name, used in absent):
                    del self._entries[name]
            self.look()

    def forget(self, browser: str) -> None:
        """Forget all that a browser had, in its open tabs too, because the visitor wants it so."""
        with self._lock:
            for name, entry in list(self._entries.items()):
                if entry.browser == browser:
                    entry.state.forget()
                    del self._entries[name]

    def look(self) -> None:
        """Forget what has been kept for long enough, and what is above the limits."""
        with self._lock:
            now = self._clock()
            for name, entry in self._absent():
                assert entry.left_at is not None
                too_many = len(self._absent()) > self.limits.browsers
                if too_many or now - entry.left_at >= 60 * self.limits.minutes:
                    del self._entries[name]
            while self._bytes() > self.limits.most_bytes:
                self._let_one_go()

    def give_up(self, needed: int) -> bool:
        """Give up what one absent visitor brought, who left first; return whether anything was given up.

        Nothing is when all of it would not be enough.
        """
        with self._lock:
            return self._bytes() >= needed and self._let_one_go()

    def _absent(self) -> list[tuple[str, _Entry[StateT]]]:
        """Return what is kept for visitors who have left, who left first before the others."""
        absent = [(name, entry) for name, entry in self._entries.items() if entry.left_at is not None]
        return sorted(absent, key=lambda found: found[1].left_at or 0.0)

    def _bytes(self) -> int:
        return sum(entry.state.bytes_brought for _name, entry in self._absent())

    def _let_one_go(self) -> bool:
        for _name, entry in self._absent():
            if entry.state.bytes_brought:
                entry.state.let_go()
                return True
        return False
