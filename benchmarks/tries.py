"""What else was tried for the recipes with a promise: accuracy on the test images, and processor seconds.

`python -m benchmarks.tries` prints what each change of a recipe does, `--json FILE` writes it for
`benchmarks.speed_page`. Accuracy needs no quiet machine; processor seconds are told in times of the recipe's,
seed by seed in turn.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from benchmarks.machine import use_own_kernel
from benchmarks.report import write
from mlcore import RECIPES, SplitSettings, TrainingRun, accuracy, load_dataset, train

Changes = dict[str, Any]
"""Settings of a network and of a training by their names, in place of the recipe's."""

TRIES: dict[str, dict[str, Changes]] = {
    "tenths-of-a-second": {
        "without label smoothing": {"loss": "cross_entropy"},
        "the same, 192 neurons": {"loss": "cross_entropy", "hidden_sizes": (192,)},
        "192 neurons": {"hidden_sizes": (192,)},
        "128 neurons": {"hidden_sizes": (128,)},
        "two epochs, 224 neurons, a rate up to 0.035": {
            "epochs": 2,
            "hidden_sizes": (224,),
            "learning_rate": 0.035,
        },
        "inputs above 0 in 10 % of the images or more": {"drop_rare_pixels": 0.1},
        "squares of 3×3 pixels, 256 neurons": {
            "pooling": 3,
            "drop_rare_pixels": None,
            "hidden_sizes": (256,),
        },
        "batches of 512": {"batch_size": 512},
        "a cosine in place of one cycle": {"schedule": "cosine"},
        "dropout of a tenth": {"dropout": 0.1},
    },
    "one-percent": {
        "without label smoothing": {"loss": "cross_entropy"},
        "12 epochs": {"epochs": 12},
        "11 epochs, 320 neurons": {"epochs": 11, "hidden_sizes": (320,)},
        "8 epochs, 384 and 128 neurons, a rate up to 0.01": {
            "epochs": 8,
            "hidden_sizes": (384, 128),
            "learning_rate": 0.01,
        },
        "with an elastic change": {"augment_elastic": 0.5},
    },
    "convolution": {
        "without label smoothing": {"loss": "cross_entropy"},
        "12 and 24 filters": {"filters": (12, 24)},
        "8 and 16 filters": {"filters": (8, 16)},
        "8 and 24 filters": {"filters": (8, 24)},
        "batches of 128, a rate up to 0.01": {"batch_size": 128, "learning_rate": 0.01},
        "2 epochs, 12 and 24 filters": {"epochs": 2, "filters": (12, 24)},
    },
}


def measure(recipe: str, what: str, seed: int) -> dict[str, float]:
    """Train once in this process, changed as the try says; nothing is measured on the way."""
    network, training = RECIPES[recipe].network, RECIPES[recipe].training
    for name, value in TRIES[recipe].get(what, {}).items():
        if hasattr(network, name):
            network = replace(network, **{name: value})
        else:
            training = replace(training, **{name: value})
    run = TrainingRun(network, replace(training, seed=seed, train_sample=1, evaluate_every=1_000_000))
    split = SplitSettings(seed=seed).split(load_dataset("mnist"))
    run.build(split)
    started = time.process_time()
    for _record in train(run, split):
        pass
    seconds = time.process_time() - started
    test = load_dataset("mnist-test")
    return {"accuracy": accuracy(test.labels, run.model().predict(test.images)), "seconds": seconds}


def apart(recipe: str, what: str, seed: int) -> dict[str, float]:
    """Return what a process of its own found."""
    command = [sys.executable, "-m", "benchmarks.tries", "--one", recipe, what, str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print what each change does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=TRIES, default=list(TRIES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # recipe, try and seed of a single run
    chosen = parser.parse_args()
    if chosen.one:
        recipe, what, seed = chosen.one
        print(json.dumps(measure(recipe, what, int(seed))))
        return
    kernel = use_own_kernel()
    print(kernel)
    tries: list[dict[str, Any]] = []
    for recipe in chosen.recipes:
        runs: dict[str, list[dict[str, float]]] = {what: [] for what in ("as it is", *TRIES[recipe])}
        for seed in range(chosen.seeds):
            for what, found in runs.items():
                found.append(apart(recipe, what, seed))
        own = sum(run["seconds"] for run in runs["as it is"])
        for what, found in runs.items():
            right = [run["accuracy"] for run in found]
            row = {"recipe": recipe, "what": what, "accuracy": right}
            row["time"] = sum(run["seconds"] for run in found) / own
            print(f"{recipe:20} {what:50} {sum(right) / len(right):.2%} {row['time']:.2f}", flush=True)
            tries.append(row)
    write({"kernel": kernel, "tries": tries}, chosen.json)


if __name__ == "__main__":
    main()
