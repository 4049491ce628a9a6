"""The usual learning curve: the default settings on MNIST, as the Train page shows it before a run.

`python -m benchmarks.usual_curve` trains once and compares with what is recorded; `--write` records it again,
as is needed when a default changes.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from dashboard.session import STANDARD
from dashboard.train.usual_curve import RECORDED
from mlcore import RECIPES, EpochMetrics, SplitSettings, TrainingRun, load_dataset, train

TOLERANCE = 0.3  # per cent; kernels round differently
DIGITS = 5


def measure() -> dict[str, object]:
    """Train with the default settings; return them, and the accuracy on the dev set over epochs."""
    split, recipe = SplitSettings(), RECIPES[STANDARD]
    network, training = recipe.network, recipe.training
    run = TrainingRun(network, training)
    found = [one for one in train(run, split.split(load_dataset("mnist"))) if isinstance(one, EpochMetrics)]
    return {
        "settings": {"split": asdict(split), "network": asdict(network), "training": asdict(training)},
        "epochs": [round(one.epoch, DIGITS) for one in found],
        "dev_accuracy": [round(one.dev_accuracy, DIGITS) for one in found],
    }


def main() -> None:
    """Train, print, and compare or record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="record the curve instead of comparing it")
    wanted = parser.parse_args()
    curve = json.loads(json.dumps(measure()))
    print("epochs:      ", curve["epochs"])
    print("dev accuracy:", curve["dev_accuracy"])
    if wanted.write:
        RECORDED.write_text(json.dumps(curve, indent=1) + "\n", encoding="utf-8")
        return
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    if recorded["settings"] != curve["settings"] or recorded["epochs"] != curve["epochs"]:
        sys.exit("The defaults have changed: record the curve again with --write.")
    pairs = zip(recorded["dev_accuracy"], curve["dev_accuracy"], strict=True)
    furthest = 100 * max(abs(before - now) for before, now in pairs)
    print(f"at most {furthest:.2f} % from the recorded curve (limit {TOLERANCE} %)")
    if furthest > TOLERANCE:
        sys.exit("The recorded curve is no longer the usual one.")


if __name__ == "__main__":
    main()
