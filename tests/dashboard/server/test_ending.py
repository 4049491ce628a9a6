"""The end of a server that its own threads hold up; clients who do are in `tests/e2e/test_the_end.py`.

These are the tests of `dashboard.server.ending`.
"""

import subprocess
import sys

from dashboard.navigation import ROOT
from tests.waiting import PATIENCE

STUCK = """
import os, signal, threading
import uvicorn
from dashboard.server import ending

async def app(scope, receive, send):
    await receive()

class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        ending.LONGEST_END = 0.5
        ending.end_in_order(lambda: print("put away", flush=True))
        threading.Thread(target=threading.Event().wait).start()  # never ends, and no exit passes it
        os.kill(os.getpid(), signal.SIGTERM)

Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off")).run()
"""


def test_a_server_whose_threads_never_end_is_put_away_and_ended_all_the_same() -> None:
    end = subprocess.run(
        [sys.executable, "-c", STUCK], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (end.returncode, end.stdout, end.stderr) == (0, "put away\n", "")
