"""What "Learn my hand" brings: thirty drawings of each writer are learned, his others are asked, and MNIST.

`python -m benchmarks.hand STROKES` takes a .jsonl.gz file of strokes (`models/written_digits.py` describes
it). The writers are those whom the shipped model never saw. Their drawings are prepared as on the Draw page
or, with `--over-pixels`, as pictures whose strokes are not known. It ends with 1 when fewer than half of
the mistakes go, or more than 0.2 points of MNIST's test images.
"""

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from mlcore import completed, load_dataset, load_model
from mlcore.study.fine_tuning import fine_tune, score
from models.written_digits import (
    WrittenDigit,
    dataset_of,
    from_strokes,
    over_pixels,
    read_written_digits,
    split_by_writer,
)

MODEL = Path(__file__).resolve().parent.parent / "models" / "mnist.npz"
OF_EACH_CLASS = 3  # drawings that are learned
MOST_LOST = 0.002  # of MNIST's test images


def main() -> None:
    """Let the shipped model learn each writer's hand, and print what it missed before and after."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers, the last by name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--over-pixels", action="store_true", help="prepare drawings as pictures")
    chosen = parser.parse_args()
    prepared = over_pixels if chosen.over_pixels else from_strokes
    model, mnist, test = load_model(MODEL), load_dataset("mnist"), load_dataset("mnist-test")
    _, unseen = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    known = completed(score(model, test)).right / len(test)
    generator = np.random.default_rng(chosen.seed)
    print("| writer | asked | missed before | missed after | MNIST before | MNIST after | seconds |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    missed_before = missed_after = 0
    lost = []
    for writer in sorted({digit.writer for digit in unseen}):
        learned, asked = of_one_hand([digit for digit in unseen if digit.writer == writer])
        rest = dataset_of(asked, generator, prepared=prepared)
        began = time.process_time()
        lesson = dataset_of(learned, generator, prepared=prepared)
        tuned = fine_tune(model, lesson, mnist, seed=chosen.seed)
        seconds = time.process_time() - began
        before, after = (len(rest) - completed(score(one, rest)).right for one in (model, tuned))
        kept = completed(score(tuned, test)).right / len(test)
        missed_before, missed_after = missed_before + before, missed_after + after
        lost.append(known - kept)
        row = f"| {writer} | {len(rest)} | {before} | {after} | {known:.2%} | {kept:.2%} | {seconds:.1f} |"
        print(row, flush=True)
    mean = sum(lost) / len(lost)
    print(f"| all | | {missed_before} | {missed_after} | | {-100 * mean:+.2f} points | |")
    sys.exit(2 * missed_after > missed_before or mean > MOST_LOST)


def of_one_hand(digits: list[WrittenDigit]) -> tuple[list[WrittenDigit], list[WrittenDigit]]:
    """Return the first digits of each class, which are learned, and the others."""
    learned: list[WrittenDigit] = []
    asked: list[WrittenDigit] = []
    for digit in digits:
        enough = sum(other.label == digit.label for other in learned) == OF_EACH_CLASS
        (asked if enough else learned).append(digit)
    return learned, asked


if __name__ == "__main__":
    main()
