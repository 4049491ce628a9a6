"""Waiting for a condition and never for a time: a test passes on any machine, however fast or busy it is.

Every test that waits for another thread, a process or a page takes its patience from here.
"""

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which something is broken; far more than the slowest machine needs."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true, for as long as that takes; fail when it never becomes true.

    It rests for longer than it looks: what is waited for needs the processor more.
    """
    deadline = time.monotonic() + PATIENCE
    used = time.thread_time()
    while not condition():
        assert time.monotonic() < deadline, f"not so after {PATIENCE:g} s"
        looked = time.thread_time() - used
        time.sleep(min(max(0.005, 4 * looked), 0.1))
        used = time.thread_time()
