"""Which sessions are there, and what is to be done when one has gone.

The pages note a session at each script run; runs and uploads are told when it has gone for good. The same
thread collects garbage, so that no visitor waits for it.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

_log = logging.getLogger(__name__)

PATIENCE = 130.0
"""Seconds after which a session without a connection has gone: Streamlit lets it come back for 120."""

COLLECT_EVERY = 60.0
"""Seconds between two collections of garbage: what a visitor replaced is gone within a minute."""


def is_connected(session: str) -> bool:
    """Say whether a session's browser is connected; without a server, as in a page's test, it always is."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session)


def session_id() -> str:
    """Return Streamlit's name for the session that this script runs for; no other visitor learns it."""
    context = get_script_run_ctx(suppress_warning=True)
    return "" if context is None else context.session_id


class Presence:
    """Knows the sessions that have run a script and are not gone; safe from any thread.

    Parameters
    ----------
    gone : callable
        Is given the id of each session that has gone, in another thread.
    connected : callable
        Says whether the session of this id is connected right now.
    clock : callable
        Seconds.
    look_every : float or None
        Seconds between two looks; None leaves calling `look` to others.
    each_look : callable
        Is called at each look, in another thread.
    """

    def __init__(
        self,
        gone: Callable[[str], object],
        *,
        connected: Callable[[str], bool] = is_connected,
        clock: Callable[[], float] = time.monotonic,
        look_every: float | None = 5.0,
        each_look: Callable[[], object] = lambda: None,
    ) -> None:
        self._gone = gone
        self._connected = connected
        self._clock = clock
        self._look_every = look_every
        self._each_look = each_look
        self._lock = threading.RLock()
        self._collected = clock()
        self._seen: dict[str, float] = {}
        self._callbacks: dict[str, list[Callable[[], object]]] = {}
        self._closed = threading.Event()
        self._janitor: threading.Thread | None = None

    def heartbeat(self, session: str) -> None:
        """Note that a session is connected."""
        with self._lock:
            self._seen[session] = self._clock()
            if self._janitor is None and self._look_every is not None:
                self._janitor = threading.Thread(target=self._keep_looking, name="presence", daemon=True)
                self._janitor.start()

    def on_gone(self, session: str, callback: Callable[[], object]) -> None:
        """Have ``callback`` called, once and in another thread, when the session has gone."""
        with self._lock:
            self._callbacks.setdefault(session, []).append(callback)
            self.heartbeat(session)

    def look(self) -> None:
        """See who has gone since the last look, call what waits for that, and collect garbage in its time."""
        with self._lock:
            now = self._clock()
            callbacks: list[Callable[[], object]] = [self._each_look]
            for session, seen in list(self._seen.items()):
                if self._connected(session):
                    self._seen[session] = now
                elif now - seen >= PATIENCE:
                    del self._seen[session]
                    callbacks += [partial(self._gone, session), *self._callbacks.pop(session, [])]
        for callback in callbacks:  # without the lock: each may take its time
            try:
                callback()
            except Exception:
                _log.exception("What a session left behind could not be cleaned up")
        if now - self._collected >= COLLECT_EVERY:
            self._collected = now
            gc.collect()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def _keep_looking(self) -> None:
        while not self._closed.wait(self._look_every):
            try:
                self.look()
            except Exception:
                _log.exception("Looking for sessions that have gone failed; it is tried again")
