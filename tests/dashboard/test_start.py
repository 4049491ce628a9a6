"""What must be so before the first page runs.

The app begins with one BLAS thread, unless the operator of the server sets another number.
"""

import os
import subprocess
import sys

import pytest

from dashboard.navigation import ROOT

SCRIPT = (
    "import sys, os, dashboard; print('numpy' in sys.modules, os.environ['OPENBLAS_NUM_THREADS']); "
    "import dashboard.session; print('numpy' in sys.modules)"
)


@pytest.mark.parametrize(("given", "used"), [(None, "1"), ("3", "3")])
def test_blas_keeps_to_one_thread_from_before_numpy_comes_in(given: str | None, used: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if given is not None:
        environment["OPENBLAS_NUM_THREADS"] = given
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", used, "True"]


def test_streamlit_itself_brings_no_numpy_in_before_the_app_has_spoken() -> None:
    script = "import sys, streamlit.web.cli; print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]
