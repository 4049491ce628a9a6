"""The memory that a call takes at most, for tests of what must not take much."""

import tracemalloc
from collections.abc import Callable

TRIES = 3


def peak_bytes(call: Callable[[], object]) -> int:
    """Return the most bytes that Python held at once during a call.

    It is the least of a few tries: other threads of the test process may take some meanwhile.
    """
    return min(_peak_of_one(call) for _try in range(TRIES))


def _peak_of_one(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
