"""The tests can be started in any way: what they start in the background is the same.

`tests/conftest.py` sees to that.
"""

import signal
import subprocess
import sys

import pytest

from tests.house import ROOT

HEARS = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"


def test_a_process_that_a_test_starts_hears_ctrl_c() -> None:
    assert subprocess.check_output([sys.executable, "-c", HEARS], text=True).split() == ["True"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_so_it_does_when_the_tests_run_in_the_background() -> None:
    this = f"{__file__}::{test_a_process_that_a_test_starts_hears_ctrl_c.__name__}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", this]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.returncode == 0, done.stdout
