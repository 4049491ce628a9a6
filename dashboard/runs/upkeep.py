"""The thread that looks after the run service: whether workers answer, and what has to go.

`RunService` starts it with its first job, so that an unused service has none.
"""

import logging
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

WATCH_EVERY = 1.0
"""Seconds between two looks whether all workers answer."""


class Upkeep:
    """Calls two functions from a thread of its own until it is closed.

    Parameters
    ----------
    watch : callable
        Is called every second.
    clean_up : callable
        Is called every ``every`` seconds.
    every : float or None
        None leaves calling both to others.
    """

    def __init__(
        self, watch: Callable[[], object], clean_up: Callable[[], object], every: float | None
    ) -> None:
        self._watch, self._clean_up, self._every = watch, clean_up, every
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it is there."""
        if self._thread is None and self._every is not None:
            self._thread = threading.Thread(
                target=self._run, args=(self._every,), name="runs-keeper", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Call neither function any more."""
        self._closed.set()

    def _run(self, every: float) -> None:
        next_clean_up, failures = time.monotonic() + every, 0
        while not self._closed.wait(min(WATCH_EVERY, every)):
            try:
                self._watch()
                if time.monotonic() >= next_clean_up:
                    next_clean_up = time.monotonic() + every
                    self._clean_up()
                    failures = 0
            except Exception:
                failures += 1
                if failures == 1:  # once, and not each second for a week
                    _log.exception("Cleaning up failed; it is tried again until it succeeds")
