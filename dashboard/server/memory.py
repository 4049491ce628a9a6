"""What becomes of memory that was freed: large blocks go back to the system at once.

`prepare_process` calls it once. The C library of Linux (glibc) would keep freed blocks of up to 32 MB for
later, and the pixels of Kaggle's train.csv have 33 million bytes.
"""

import ctypes
from contextlib import suppress

LARGE = 4 * 2**20
"""Bytes; smaller blocks stay where they are, to be used again soon."""

_M_MMAP_THRESHOLD = -3  # malloc.h


def return_large_blocks() -> None:
    """Let every block of `LARGE` and more be one that the system takes back when it is freed.

    glibc raises this threshold by itself when such a block is freed: after three uploads of 77 MB in a row,
    33 MB more were kept than the one data set needs, at the end of a thread's arena, where malloc_trim does
    not look. Where there is no glibc, nothing is done and nothing is lost.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, LARGE)
