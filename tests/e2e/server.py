"""The real app as a child process: started as the README says, watched, and stopped without a trace.

Every browser test, the screenshots and the load benchmark talk to an `AppServer`.
"""

import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from tests.waiting import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[2]


class AppServer:
    """A running `streamlit run app.py` on a free loopback port; use it in a `with` block.

    Parameters
    ----------
    app : Path
        The script to serve.
    directory : Path
        Where the server is started from.
    environment : dict or None
        Variables to set on top of this process's own.

    Attributes
    ----------
    address : str
        ``http://127.0.0.1:<port>``, without a slash at the end.
    process : subprocess.Popen
        The server itself; `workers` lists its children.
    """

    def __init__(
        self, app: Path = ROOT / "app.py", directory: Path = ROOT, environment: dict[str, str] | None = None
    ) -> None:
        self.app = app
        self.directory = directory
        self.environment = environment or {}

    def __enter__(self) -> "AppServer":
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="digitlab-server-")
        self.temporary_files = Path(self._folder.name, "tmp")
        self.temporary_files.mkdir()
        self._log_file = Path(self._folder.name, "log.txt")
        self._log = ""
        self._start()
        return self

    def _start(self) -> None:
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.directory, env=self._environment(), stdout=log, stderr=log
            )
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise

    def restart(self) -> None:
        """Kill the server and start it again at the same address, as after it ran out of memory."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def command(self) -> list[str]:
        """Return the README's command with the options that a test needs."""
        app = os.path.relpath(self.app, self.directory)
        options = {
            "server.port": self.port,
            "server.address": "127.0.0.1",
            "server.headless": "true",
            "server.fileWatcherType": "none",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        return [sys.executable, "-m", "streamlit", "run", app, *flags]

    def log(self) -> str:
        """Return what the server has written so far, or had when it was stopped."""
        if self._log_file.exists():
            self._log = self._log_file.read_text(encoding="utf-8", errors="replace")
        return self._log

    def workers(self) -> list[psutil.Process]:
        """Return every process that the server has started, at any depth."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def memory(self) -> int:
        """Return the bytes that the server and its workers hold, shared pages counted once (Linux) or not."""
        total = 0
        for process in [psutil.Process(self.process.pid), *self.workers()]:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", 0) or memory.uss
        return total

    def stop(self, seconds: float = PATIENCE) -> list[str]:
        """End the server (SIGTERM) and return what it left behind: processes, files, semaphores.

        So is a status that tells of an error. What is left is then removed, so that one careless test does
        not harm the next. To stop a server twice is to stop it once.
        """
        if self._is_stopped:
            return []
        children, left = self.workers(), []
        self.process.terminate()
        try:
            if self.process.wait(seconds) != 0:
                left.append(f"the status {self.process.returncode}")
        except subprocess.TimeoutExpired:
            left.append("the server, which did not end when asked")
            self.process.kill()
            self.process.wait()
        _, alive = psutil.wait_procs(children, timeout=seconds)
        left += [f"process {child.pid}" for child in alive]
        for child in alive:
            child.kill()
        left += [f"file {path.name}" for path in self.temporary_files.iterdir()]
        left += [f"semaphore {path.name}" for path in Path("/dev/shm").glob(f"sem.loky-{self.process.pid}-*")]
        self.log()  # the last words
        self._folder.cleanup()
        return left

    def check_end(self) -> None:
        """Stop the server; fail when it had ended before, left anything behind, or wrote of an error."""
        status = None if self._is_stopped else self.process.poll()
        assert status is None, f"The server has ended with status {status}. It wrote:\n{self.log()}"
        left = self.stop()
        assert left == [], f"The server left behind: {left}. It wrote:\n{self.log()}"
        assert "Traceback" not in self.log(), f"The server met an error:\n{self.log()}"

    @property
    def _is_stopped(self) -> bool:
        return not self.temporary_files.exists()

    def _environment(self) -> dict[str, str]:
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.temporary_files))
        kept = {"DIGITLAB_RUNS_FOLDER": str(Path(self._folder.name, "runs"))}
        return {**os.environ, "PYTHONUNBUFFERED": "1", **temporary, **kept, **self.environment}

    def _wait_until_healthy(self) -> None:
        try:
            wait_until(self._is_healthy)
        except AssertionError as error:
            raise TimeoutError(f"The app did not become healthy. It wrote:\n{self.log()}") from error

    def _is_healthy(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"The app ended at once. It wrote:\n{self.log()}")
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=PATIENCE) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


_ports: list[int] = []  # that servers of this process have had


def free_port() -> int:
    """Return a loopback port that nobody listens on right now.

    It is one that a server here has had before, where one is free: browsers have the app's files from there.
    """
    for port in (*_ports, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server itself does
            probe.bind(("127.0.0.1", port))
            free: int = probe.getsockname()[1]
            _ports.extend({free} - {*_ports})
            return free
    raise OSError("There is no free port.")
