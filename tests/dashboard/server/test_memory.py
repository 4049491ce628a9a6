"""Memory of large data goes back to the system when they are gone.

A server that kept it would fill up while data sets come and go.
"""

import platform
import subprocess
import sys

import pytest

from dashboard.navigation import ROOT

# A thread, as a visitor's script is one, frees a large array, then another behind which something lives on.
PROGRAM = """
import threading
import numpy as np
import psutil
from dashboard.server.hosting import return_large_blocks

if {called}:
    return_large_blocks()
kept = []

def visit():
    np.ones(33_000_000, np.uint8)
    pixels = np.ones(32_000_000, np.uint8)
    kept.append(bytes(100_000))

before = psutil.Process().memory_info().rss
thread = threading.Thread(target=visit)
thread.start()
thread.join()
print(psutil.Process().memory_info().rss - before)
"""


def growth(called: bool) -> int:
    program = PROGRAM.format(called=called)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_a_large_array_that_is_gone_takes_no_memory() -> None:
    assert growth(called=True) < 5_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
def test_without_asking_it_would_be_kept() -> None:
    assert growth(called=False) > 25_000_000
