"""The processes below a test or a server under test, found from outside.

Tests of the run service look with it for what trains, and for what was left behind.
"""

from contextlib import suppress

import psutil


def second_processes() -> list[psutil.Process]:
    """Return the processes that take half of a run's work, at any depth below this one."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any("mlcore.training.second_process" in part for part in child.cmdline()):
                found.append(child)
    return found
