"""A Python that has NumPy and nothing else installed, for programs that the app writes out.

The tests of the exported script run it again and again; a browser test runs a downloaded notebook in it.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np

from tests.waiting import PATIENCE

BARE = """
import contextlib, io, json, os, runpy, sys, traceback
sys.path.insert(0, {numpy!r})
import numpy as np

def run(folder):
    os.chdir(folder)
    printed = io.StringIO()
    try:
        with np.errstate(), contextlib.redirect_stdout(printed):
            names = runpy.run_path('train.py')
        np.savez('last.npz', **names['parameters'])
    except BaseException:
        return {{'error': traceback.format_exc()}}
    foreign = [name for name in sys.modules if name.split('.')[0] in ('mlcore', 'PIL', 'pandas', 'streamlit')]
    return {{'printed': printed.getvalue(), 'error': ', '.join(foreign)}}

for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
"""
"""Runs a script in each folder that it is told, with names of its own, and keeps its last parameters too."""


class BareProcess:
    """A Python with the standard library and NumPy alone, which runs scripts one after another."""

    def __init__(self) -> None:
        self._only_numpy = tempfile.TemporaryDirectory()
        for name in ("numpy", "numpy.libs"):
            place = Path(np.__file__).parents[1] / name
            if place.exists():
                (Path(self._only_numpy.name) / name).symlink_to(place)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-X", "utf8", "-c", BARE.format(numpy=self._only_numpy.name)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, folder: Path) -> str:
        """Run the script in a folder; return what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(str(folder)), file=self._process.stdin, flush=True)
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        answer = json.loads(self._process.stdout.readline())
        watch.cancel()
        assert not answer["error"], answer["error"]
        return str(answer["printed"])

    def close(self) -> None:
        self._process.communicate(timeout=PATIENCE)
        self._only_numpy.cleanup()
