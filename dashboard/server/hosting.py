"""What keeps one server process up for many visitors: descriptors, memory, and a log that no flood fills.

The server calls `prepare_process` once, when its first visitor arrives. docs/how-to/host.md tells operators
what else a server needs.
"""

import ctypes
import logging
import threading
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from types import TracebackType

MOST_DESCRIPTORS = 65_536
"""As many as sixteen thousand open tabs need; a few programs count up to the limit, so it is not higher."""

QUIET = 60.0
"""Seconds in which records of one kind are written once."""

MOST_KINDS = 200
"""Kinds of records that are told apart within `QUIET`; what comes on top of them is one kind together."""

LARGE_BLOCK = 4 * 2**20
"""Bytes; smaller blocks of freed memory stay where they are, to be used again soon."""

_M_MMAP_THRESHOLD = -3  # malloc.h


def prepare_process() -> None:
    """Raise the limit on open descriptors, return freed memory, and log each kind of record once a minute."""
    raise_descriptor_limit()
    return_large_blocks()
    quieten_log()


def raise_descriptor_limit(most: int = MOST_DESCRIPTORS) -> None:
    """Allow this process, and those it starts, as many open files and connections as the system lets it.

    Most systems grant 1024 at first and far more to a process that asks; each open tab takes four.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a second, lower limit that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def return_large_blocks() -> None:
    """Let every block of `LARGE_BLOCK` and more be one that the system takes back when it is freed.

    The C library of Linux (glibc) would keep freed blocks of up to 32 MB for later, and the pixels of
    Kaggle's train.csv have 33 million bytes. It raises this threshold by itself when such a block is freed:
    after three uploads of 77 MB in a row, 33 MB more were kept than the one data set needs, at the end of a
    thread's arena, where malloc_trim does not look. Where there is no glibc, nothing is done.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


class Repeats(logging.Filter):
    """Passes a record, and for a minute no further one of its kind; the next one says how many there were.

    A client that holds on to connections, or sends nonsense, would otherwise write the log as fast as the
    server can: asyncio alone logs 2,000 records a second, 3 MB, while no connection can be accepted.

    Parameters
    ----------
    clock : callable
        Returns seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet: dict[
            Hashable, tuple[float, int]
        ] = {}  # kind: when its minute ends, how many were left out

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write this record; one that follows others left out gets their number."""
        now = self._clock()
        with self._lock:
            kind = self._known_kind(record, now)
            end, left_out = self._quiet.get(kind, (now, 0))
            if now < end:
                self._quiet[kind] = end, left_out + 1
                return False
            self._quiet[kind] = now + QUIET, 0
        if left_out:
            record.msg = f"{record.msg} [{left_out} more like this were left out]"
        return True

    def _known_kind(self, record: logging.LogRecord, now: float) -> Hashable:
        kind = kind_of(record)
        if kind not in self._quiet and len(self._quiet) >= MOST_KINDS:
            self._quiet = {known: state for known, state in self._quiet.items() if now < state[0]}
            if len(self._quiet) >= MOST_KINDS:
                return None
        return kind


def kind_of(record: logging.LogRecord) -> Hashable:
    """Return what two records of one kind share: the logger, the words before they are filled in, the error.

    An error is the same when it is of the same class and was raised at the same line.
    """
    error = record.exc_info[1] if record.exc_info else None
    place = None if error is None else (type(error), _innermost_line(error.__traceback__))
    return record.name, record.levelno, str(record.msg).partition("\n")[0], place


def _innermost_line(trace: TracebackType | None) -> tuple[str, int] | None:
    line = None
    while trace is not None:
        line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return line


def quieten_log() -> None:
    """Put `Repeats` before all that writes records to this process's output; doing so twice is once."""
    # Streamlit gives each of its loggers a handler of its own. A handler of another class is left alone:
    # what installed it, such as an error collector, wants every record.
    known = [one for one in list(logging.root.manager.loggerDict.values()) if isinstance(one, logging.Logger)]
    writers: set[logging.Handler] = {
        handler
        for logger in (logging.root, *known)
        for handler in logger.handlers
        if type(handler) is logging.StreamHandler
    }
    if logging.lastResort is not None:  # writes what no handler takes, asyncio's records among them
        writers.add(logging.lastResort)
    for handler in writers:
        if not any(isinstance(present, Repeats) for present in handler.filters):
            handler.addFilter(Repeats())
