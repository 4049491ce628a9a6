"""What all tests share, so that they pass on any machine, however busy it is and however they were started.

Pytest reads it first; fixtures of one part of the tests are in the folder of that part.
"""

import atexit
import functools
import gc
import os
import shutil
import signal
import sys
import tempfile

from hypothesis import HealthCheck, settings

# Before NumPy is imported, and for the processes that tests start: beside other busy processes two threads
# wait for one another and take many times as long as one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Those processes find the project compiled, as a user's do, even where it is not to be kept compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Runs that tests start are not kept with this user's own.
os.environ["DIGITLAB_RUNS_FOLDER"] = tempfile.mkdtemp(prefix="digitlab-test-runs-")
atexit.register(shutil.rmtree, os.environ["DIGITLAB_RUNS_FOLDER"], ignore_errors=True)
# A shell lets what it starts in the background ignore Ctrl-C, and every process below inherits that: a server
# under test would not hear of it. What is handled, instead of ignored, is not inherited.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# Without a clock: neither an example nor drawing one is too slow.
settings.register_profile("digit-lab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("digit-lab")


# Collecting makes hundreds of thousands of objects that all stay: nothing of them is garbage.
gc.disable()


def pytest_collection_finish() -> None:
    """Let pages open quickly, and leave what is imported by now out of later garbage collections."""
    if "streamlit" in sys.modules:
        _look_for_components_once()
        _wait_for_apps_without_looking()
    gc.enable()
    gc.set_threshold(10_000)  # tests make many objects and little garbage in circles
    gc.collect()
    gc.freeze()  # each collection would look through it


def _look_for_components_once() -> None:
    """Let Streamlit look through what is installed once, and not each time that a test opens an app.

    A hundred packages take four times as long as a page.
    """
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


def _wait_for_apps_without_looking() -> None:
    """Let an AppTest wait until its script has ended: Streamlit looks a thousand times a second.

    Each look goes through all that the script has sent so far, and takes turns with it.
    """
    from streamlit.testing.v1 import local_script_runner
    from streamlit.testing.v1.local_script_runner import LocalScriptRunner

    look = local_script_runner.require_widgets_deltas

    def wait(runner: LocalScriptRunner, timeout: float) -> None:
        thread = runner._script_thread
        assert thread is not None
        thread.join(timeout)
        look(runner, 0 if thread.is_alive() else timeout)

    local_script_runner.require_widgets_deltas = wait
