"""How well a model reads what people draw: pen strokes of writers it never saw, anywhere on a canvas.

`python benchmarks/drawing.py STROKES` takes a .jsonl.gz file of strokes (`models/written_digits.py`
describes it) and prints a table; `--json FILE` writes it.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from mlcore import accuracy, load_model
from models.written_digits import dataset_of, read_written_digits, split_by_writer

MODELS = Path(__file__).resolve().parent.parent / "models"


def main() -> None:
    """Ask each model about the drawings of the held-out writers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers who are asked, the last by name")
    parser.add_argument("--models", type=Path, nargs="+", default=sorted(MODELS.glob("*.npz")))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    _, unseen = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    drawings = dataset_of(unseen, np.random.default_rng(0))
    rows = []
    print(f"{len(drawings)} drawings by {chosen.held_out} writers")
    print("| model | right | worst class |\n| --- | ---: | ---: |")
    for path in chosen.models:
        guesses = load_model(path).predict(drawings.images)
        by_class = [
            accuracy(guesses[drawings.labels == c], drawings.labels[drawings.labels == c]) for c in range(10)
        ]
        rows.append(
            {"model": path.name, "accuracy": accuracy(drawings.labels, guesses), "by_class": by_class}
        )
        worst = int(np.argmin(by_class))
        print(f"| {path.name} | {rows[-1]['accuracy']:.4f} | {worst}: {by_class[worst]:.4f} |")
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
