"""What rounding the weights to 8 bits costs: MNIST's test images right, in float and in 8 bits.

`python -m benchmarks.eight_bits` prints a row for each model file, with the size of both and the work of an
answer. That the C code answers as the rounded model does is a test (`tests/mlcore/exports/test_c_header.py`).
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from mlcore import Dataset, LabChanges, Model, change_model, load_dataset, load_model
from mlcore.exports.c_header import BITS, footprint

MODELS = Path(__file__).resolve().parent.parent / "models"


def main() -> None:
    """Ask each model about the test images, as it is and in 8 bits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, nargs="+", default=sorted(MODELS.glob("*.npz")))
    digits = load_dataset("mnist-test")
    print("| model | float | 8 bits | answers that differ | kB in float | kB in 8 bits | multiplications |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for path in parser.parse_args().models:
        print(row(path.stem, load_model(path), digits))


def row(name: str, model: Model, digits: Dataset) -> str:
    """Return what one model loses and saves, as a row of the table."""
    size = footprint(model)
    answers = [each.predict(digits.images) for each in (model, change_model(model, LabChanges(bits=BITS)))]
    right = [f"{100 * np.mean(answer == digits.labels):.2f} %" for answer in answers]
    differ = int(np.sum(answers[0] != answers[1]))
    sizes = f"{4 * model.parameter_count / 1000:.0f} | {size.constants / 1000:.0f}"
    return f"| {name} | {' | '.join(right)} | {differ} | {sizes} | {size.multiplications:,} |"


if __name__ == "__main__":
    main()
