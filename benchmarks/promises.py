"""The time that is promised for a training against the time that it takes, for six recipes.

`python -m benchmarks.promises` asks a run service as the pages do, starts the run and waits for its end;
twice, since the second promise is learned from the first run. It ends with 1 when one is off by more than
the limit.
"""

import argparse
import sys
import time

from benchmarks.machine import use_own_kernel
from dashboard.estimate import A_FEW, about
from dashboard.runs.service import RunService
from dashboard.runs.status import RunStatus
from mlcore import RECIPES, SplitSettings, load_dataset

SETTINGS = ("standard", "softmax-regression", "deep", "one-percent", "convolution", "notebook-1")
LIMIT = 1.5
"""Times that a training may take longer or shorter than was promised; "a few seconds" are ten at most."""


def wait(service: RunService, run_id: str) -> RunStatus:
    """Wait until a run has ended."""
    while (status := service.status(run_id)).live:
        time.sleep(0.02)
    return status


def off(promised: float, taken: float) -> float:
    """Return how many times longer or shorter a training took than was promised.

    >>> off(20.0, 30.0), off(30.0, 20.0), off(1.0, 4.0)
    (1.5, 1.5, 1.0)
    """
    if promised < A_FEW:
        return max(1.0, taken / A_FEW)
    return max(promised / taken, taken / promised)


def measure(service: RunService, name: str) -> float:
    """Promise, train and print a row; return how far the promise was off."""
    recipe = RECIPES[name]
    split = (recipe.split or SplitSettings()).split(load_dataset(recipe.dataset or "mnist"))
    promised = service.expect(split, recipe.network, recipe.training)
    begin = time.perf_counter()
    run_id = service.start("benchmark", split, recipe.network, recipe.training)
    status = wait(service, run_id)
    taken = time.perf_counter() - begin
    factor = off(promised, taken)
    print(
        f"{name:<20} {promised:9.1f} s {about(promised):>20} {taken:9.1f} s {factor:8.2f}  {status.state}",
        flush=True,
    )
    return factor


def main() -> int:
    """Print the table, and return 1 when a promise was off by more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", nargs="*", default=SETTINGS, help="recipes to try")
    chosen = parser.parse_args()
    print(use_own_kernel())  # of the workers, which train
    service, worst = RunService(), 0.0
    try:
        for time_of in ("first, by trials", "again, learned from the run before"):
            print(f"\n{time_of}\n{'':<20} {'promised':>11} {'in words':>20} {'taken':>11} {'off':>8}")
            worst = max([worst, *(measure(service, name) for name in chosen.settings)])
    finally:
        service.close()
    print(f"\nat most off by {worst:.2f} (limit {LIMIT})")
    return int(worst > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
