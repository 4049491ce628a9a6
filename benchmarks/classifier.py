"""`DigitClassifier` against scikit-learn's `MLPClassifier`, each with its defaults: accuracy and seconds.

`python -m benchmarks.classifier` prints the table, on 10,000 rows of MNIST and on scikit-learn's own digits.
Processor time counts, with one thread: it hardly depends on what else the machine does.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

from benchmarks.machine import use_own_kernel
from mlcore import load_dataset
from mlcore.sklearn import DigitClassifier

Table = tuple[Any, Any, Any, Any]
"""Rows and labels to learn from, then those that judge."""


def mnist() -> list[Table]:
    """Return the first 10,000 training images and the test images, as rows of numbers from 0 to 1."""
    train, test = load_dataset("mnist").take(range(10_000)), load_dataset("mnist-test")
    x, x_judge = (data.images.reshape(len(data), -1) / np.float32(255) for data in (train, test))
    return [(x, train.labels, x_judge, test.labels)]


def digits() -> list[Table]:
    """Return the digits in five parts, each of which judges once."""
    x, y = load_digits(return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=0).split(x, y)
    return [(x[train], y[train], x[judge], y[judge]) for train, judge in folds]


def measure(make: Callable[[int], Any], tables: list[Table], seeds: int = 2) -> tuple[float, float]:
    """Return the mean accuracy, and the mean processor seconds of a fit."""
    right, seconds = [], []
    for seed in range(seeds):
        for x, y, x_judge, y_judge in tables:
            started = time.process_time()
            classifier = make(seed).fit(x, y)
            seconds.append(time.process_time() - started)
            right.append(classifier.score(x_judge, y_judge))
    return float(np.mean(right)), float(np.mean(seconds))


DATA: dict[str, Callable[[], list[Table]]] = {"10,000 rows of MNIST": mnist, "8×8 digits, five parts": digits}
CLASSIFIERS: dict[str, Callable[[int], Any]] = {
    "DigitClassifier": lambda seed: DigitClassifier(random_state=seed),
    "MLPClassifier": lambda seed: MLPClassifier(random_state=seed),
}


def measure_apart(classifier: str, data: str) -> tuple[float, float]:
    """Return what a process of its own found, with one thread."""
    command = [sys.executable, "-m", "benchmarks.classifier", classifier, data]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    right, seconds = json.loads(done.stdout.splitlines()[-1])
    return right, seconds


def main() -> None:
    """Print the table, or what one classifier does on one kind of data."""
    if len(sys.argv) == 3:
        classifier, data = sys.argv[1:]
        print(json.dumps(measure(CLASSIFIERS[classifier], DATA[data]())))
        return
    print(use_own_kernel())
    print("| data | DigitClassifier | s | MLPClassifier | s | times as fast |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for data in DATA:
        (mine, my_seconds), (other, seconds) = (measure_apart(name, data) for name in CLASSIFIERS)
        ratio = seconds / my_seconds
        print(f"| {data} | {mine:.4f} | {my_seconds:.2f} | {other:.4f} | {seconds:.2f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
