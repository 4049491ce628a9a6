"""The memory that a call takes at most, for tests of what must not take much."""

import tracemalloc
from collections.abc import Callable

TRIES = 3


def peak_bytes(call: Callable[[], object]) -> int:
    """Return the most bytes that Python held at once during a call.

    It is the least of a few tries: other threads of the test process may take some meanwhile.
    """
    return min(peak_of_one_call(call) for _try in range(TRIES))


def peak_of_one_call(call: Callable[[], object]) -> int:
    """Return the same of a single call, for a process in which nothing else happens."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
