"""Waiting for a condition and never for a time: a test passes on any machine, however fast or busy it is.

Every test that waits for another thread, a process or a page takes its patience from here.
"""

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which something is broken; far more than the slowest machine needs."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true, for as long as that takes; fail when it never becomes true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not so after {PATIENCE:g} s"
        time.sleep(0.005)
