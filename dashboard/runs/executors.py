"""How a worker process is made and ended: one loky executor of one process each.

It stands between the service and its workers. Any executor with the shape of `concurrent.futures` can take
loky's place, on this machine or, where the folder of the data is shared, on others.
"""

import os
import threading
from concurrent.futures import Executor

from loky import ProcessPoolExecutor

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


def loky_executor() -> Executor:
    """Return an executor with one worker process, which starts at the first task.

    loky's processes do not import the main module, so no worker runs the app again, and they start in 0.2 s.
    """
    executor: Executor = ProcessPoolExecutor(
        max_workers=1, initializer=begin_worker, initargs=(os.getpid(),), env=WORKER_ENVIRONMENT
    )
    return executor


def end(executor: Executor, patience: float = 2.0) -> None:
    """End an executor and its process: when its task is done, or by force when that takes too long."""
    if not isinstance(executor, ProcessPoolExecutor):
        executor.shutdown(cancel_futures=True)
        return
    ending = threading.Thread(target=executor.shutdown)
    ending.start()
    ending.join(patience)
    if ending.is_alive():
        executor.shutdown(wait=False, kill_workers=True)
        ending.join()
