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

MILD: Changes = {
    "learning_rate": 0.015,
    "augment_shift": 1.0,
    "augment_rotation": 9.0,
    "augment_scale": 0.12,
    "augment_shear": 0.12,
    "augment_elastic": 0.0,
}

TRIES: dict[str, dict[str, Changes]] = {
    "tenths-of-a-second": {
        "inputs above 0 in 10 % of the images or more": {"drop_rare_pixels": 0.1},
        "the same, 256 neurons": {"drop_rare_pixels": 0.1, "hidden_sizes": (256,)},
        "two epochs, 320 neurons, batches of 192": {"epochs": 2, "hidden_sizes": (320,), "batch_size": 192},
        "squares of 3×3 pixels, 256 neurons": {
            "pooling": 3,
            "drop_rare_pixels": None,
            "hidden_sizes": (256,),
        },
        "batches of 512": {"batch_size": 512},
        "160 neurons": {"hidden_sizes": (160,)},
        "a cosine in place of one cycle": {"schedule": "cosine"},
        "dropout of a tenth": {"dropout": 0.1},
    },
    "one-percent": {
        "14 epochs, without the elastic change": {**MILD, "epochs": 14},
        "the same, 448 neurons": {**MILD, "epochs": 14, "hidden_sizes": (448,)},
        "12 epochs, 512 neurons, without the elastic change": {**MILD, "epochs": 12, "hidden_sizes": (512,)},
        "15 epochs, 512 neurons, without the elastic change": {**MILD, "epochs": 15, "hidden_sizes": (512,)},
    },
    "convolution": {
        "10 and 20 filters": {"filters": (10, 20)},
        "8 and 16 filters, a rate up to 0.012": {"filters": (8, 16), "learning_rate": 0.012},
        "3 epochs, a rate up to 0.012": {"epochs": 3, "learning_rate": 0.012},
        "5 epochs, a rate up to 0.008": {"epochs": 5, "learning_rate": 0.008},
        "16 and 32 filters of 3×3 pixels, 5 epochs": {
            "filters": (16, 32),
            "kernel_size": 3,
            "epochs": 5,
            "learning_rate": 0.008,
        },
        "images of 14×14, 32 and 64 filters of 3×3 pixels, 128 neurons, 8 epochs": {
            "pooling": 2,
            "filters": (32, 64),
            "kernel_size": 3,
            "hidden_sizes": (128,),
            "epochs": 8,
            "learning_rate": 0.006,
        },
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
