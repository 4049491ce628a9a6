"""How a worker process is made and ended: one loky executor of one process each.

The run service uses it. Any executor with the interface of `concurrent.futures` can replace loky: `cluster`
has one whose worker is on another machine.
"""

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from loky import ProcessPoolExecutor, cpu_count

from dashboard.runs.worker import begin_worker

WORKER_ENVIRONMENT = {
    # One BLAS thread a worker; NumPy reads this when imported. Four on two cores took a quarter of the speed.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    # loky replaces a worker that has grown by 300 MB, as if it leaked; ours hold the runs of a whole class.
    "LOKY_MAX_MEMORY_LEAK_SIZE": "1e18",
}


def local_workers() -> int:
    """Return how many worker processes this machine has room for beside the web process."""
    return min(2, int(cpu_count()))


class WorkerLost(BrokenExecutor):
    """A worker on another machine is gone, or no longer reached: what it was at is repeated elsewhere."""


class RemoteExecutor(Executor):
    """An executor whose worker is no process of this machine.

    Attributes
    ----------
    room : int or None
        Bytes that runs may take of its worker's memory; None where its worker knows no limit.
    """

    room: int | None = None

    def kill(self) -> None:
        """End the worker by force, as far as that can be done from here; nothing is waited for."""
        raise NotImplementedError


def loky_executor(environment: Mapping[str, str] = MappingProxyType({})) -> Executor:
    """Return an executor with one worker process, which starts at the first task.

    The process has the environment of this one, and these variables besides.

    loky's processes do not import the main module, so no worker runs the app again, and they start in 0.2 s.
    """
    executor: Executor = ProcessPoolExecutor(
        max_workers=1,
        initializer=begin_worker,
        initargs=(os.getpid(),),
        env={**WORKER_ENVIRONMENT, **environment},
    )
    return executor


def end(executors: Sequence[Executor], patience: float = 1.0) -> None:
    """End executors and their processes: when their tasks are done, or by force when that takes too long."""
    managers = [
        executor._executor_manager_thread
        for executor in executors
        if isinstance(executor, ProcessPoolExecutor)
    ]
    pids = [pid for executor in executors for pid in _pids(executor)]  # an executor that ends forgets them
    for executor in executors:
        if isinstance(executor, ProcessPoolExecutor):
            executor.shutdown(wait=False)
        else:
            executor.shutdown(cancel_futures=True)
    if not _have_ended(managers, patience):
        _kill_processes(pids)
        _have_ended(managers, patience)


def _have_ended(threads: Sequence[threading.Thread | None], patience: float) -> bool:
    deadline = time.monotonic() + patience
    for thread in threads:
        if thread is not None:
            thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread is not None and thread.is_alive() for thread in threads)


def kill(executor: Executor) -> None:
    """End an executor by force, whatever its process does; nothing is waited for."""
    if isinstance(executor, ProcessPoolExecutor):
        _kill_processes(_pids(executor))
    elif isinstance(executor, RemoteExecutor):
        executor.kill()
    else:
        executor.shutdown(wait=False, cancel_futures=True)


def _kill_processes(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def is_halted(executor: Executor) -> bool:
    """Return whether an executor's process was halted (SIGSTOP), as far as the system tells (Linux)."""
    for pid in _pids(executor):
        with suppress(OSError):
            # "pid (name) state …", and a name may hold anything
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "Tt":
                return True
    return False


def _pids(executor: Executor) -> list[int]:
    return list(executor._processes or ()) if isinstance(executor, ProcessPoolExecutor) else []


def at_exit(function: Callable[[], object]) -> None:
    """Have a function called when this process ends, before it waits for threads and busy workers.

    What was registered last is called first. With the first task of each executor loky registers a hook that
    waits for what the workers are at; so this has to be done after that.
    """
    getattr(threading, "_register_atexit", atexit.register)(function)
