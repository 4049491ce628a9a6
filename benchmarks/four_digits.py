"""How many four-digit numbers are read right that are made of pen strokes by writers never seen.

`python benchmarks/four_digits.py STROKES` writes numbers on a wide canvas, of one writer's digits each: with
gaps, close together, and two of them touching.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from mlcore import load_model
from mlcore.images.strokes import Stroke
from mlcore.number import read_number
from mlcore.refusal import refusal_of
from models.written_digits import WrittenDigit, read_written_digits, split_by_writer

MODELS = Path(__file__).resolve().parent.parent / "models"
WIDTH, HEIGHT = 640, 280
GAPS = {"with gaps": (0.2, 0.45), "close together": (0.03, 0.12), "two touch": (0.15, 0.3)}
"""Between two digits, in heights of the line."""
OVERLAP = (-0.12, -0.02)
"""Between two that touch."""


def main() -> None:
    """Write numbers, read them, and print how many are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers who are asked, the last by name")
    parser.add_argument("--each", type=int, default=400, help="numbers of each kind")
    chosen = parser.parse_args()
    model = load_model(MODELS / "mnist.npz")
    refusal = refusal_of(load_model(MODELS / "refusals" / "mnist.npz"))
    _, digits = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    by_writer: dict[str, list[WrittenDigit]] = defaultdict(list)
    for digit in digits:
        by_writer[digit.writer].append(digit)
    generator = np.random.default_rng(0)
    print("| four digits | numbers | right | with four digits |\n| --- | ---: | ---: | ---: |")
    for kind in GAPS:
        right = counted = 0
        for _number in range(chosen.each):
            hand = by_writer[sorted(by_writer)[int(generator.integers(len(by_writer)))]]
            some = [hand[int(k)] for k in generator.integers(len(hand), size=4)]
            read = read_number(model, refusal, in_a_row(some, kind, generator), WIDTH, HEIGHT)
            counted += len(read) == 4
            right += [int(np.argmax(one.probabilities)) for one in read] == [digit.label for digit in some]
        print(
            f"| {kind} | {chosen.each} | {right / chosen.each:.4f} | {counted / chosen.each:.4f} |",
            flush=True,
        )


def in_a_row(digits: Sequence[WrittenDigit], kind: str, generator: np.random.Generator) -> list[Stroke]:
    """Return digits side by side as strokes on a wide canvas."""
    side, pen = generator.uniform(90, 130), generator.uniform(6, 14)
    touching = int(generator.integers(1, len(digits))) if kind == "two touch" else -1
    x, strokes = pen, []
    for k, digit in enumerate(digits):
        low = min(line[:, 0].min() for line in digit.strokes)
        high = max(line[:, 0].max() for line in digit.strokes)
        if k:
            gap = OVERLAP if k == touching else GAPS[kind]
            x += side * generator.uniform(*gap) + pen * (k != touching)
        y = HEIGHT / 2 + side * (generator.uniform(-0.06, 0.06) - 0.5)
        for line in digit.strokes:
            points = tuple((float(x + side * (a - low)), float(y + side * b)) for a, b in line)
            strokes.append(Stroke(points, pen))
        x += side * (high - low)
    return strokes


if __name__ == "__main__":
    main()
