"""How well a model reads what people draw: pen strokes of writers it never saw, anywhere on a canvas.

`python benchmarks/drawing.py STROKES` takes a .jsonl.gz file of strokes (`models/written_digits.py`
describes it) and prints tables; `--json FILE` writes them.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from mlcore import Model, load_model
from mlcore.images.drawing import digit_in_strokes
from mlcore.images.stages import STAGES, image_after
from mlcore.images.strokes import Stroke
from models.strokes import VARIANTS, made_variants
from models.written_digits import (
    CANVAS,
    SHAPE,
    WrittenDigit,
    on_canvas,
    over_pixels,
    read_written_digits,
    split_by_writer,
)

MODELS = Path(__file__).resolve().parent.parent / "models"
PENS = ((8, 12), (12, 20), (20, 28), (28, 40))  # pixels of the canvas, which has 280
SIDES = ((50, 90), (90, 140), (140, 200), (200, 250))
MOST_CONFUSED = 8

Row = tuple[str, int, float]
Drawing = tuple[int, list[Stroke]]


def main() -> None:
    """Ask each model about the drawings of the held-out writers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers who are asked, the last by name")
    parser.add_argument("--models", type=Path, nargs="+", default=sorted(MODELS.glob("*.npz")))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    _, unseen = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    print(f"{len(unseen)} digits by {chosen.held_out} writers\n")
    found = {}
    for path in chosen.models:
        model = load_model(path)
        found[path.name] = {
            title: rows for title, rows in tables(model, unseen) if show(path.name, title, rows)
        }
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


def show(name: str, title: str, rows: Sequence[Row]) -> bool:
    """Print a table."""
    print(f"{name}: {title}\n\n| | drawings | right |\n| --- | ---: | ---: |")
    for label, n, right in rows:
        print(f"| {label} | {n} | {right:.4f} |")
    print(flush=True)
    return True


def tables(model: Model, digits: Sequence[WrittenDigit]) -> Iterator[tuple[str, list[Row]]]:
    """Yield each table: its title and its rows (label, drawings, fraction that is read correctly)."""
    drawings = drawn(digits)
    labels = np.array([label for label, _strokes in drawings])
    guesses = guessed(model, drawings)
    yield (
        "all",
        [
            row("over pixels", labels, guessed_over_pixels(model, drawings)),
            row("from strokes", labels, guesses),
        ],
    )
    yield "by digit", [row(str(c), labels[labels == c], guesses[labels == c]) for c in range(10)]
    yield "by width of the pen", [asked(model, f"{a} to {b}", drawn(digits, pens=(a, b))) for a, b in PENS]
    yield "by size", [asked(model, f"{a} to {b}", drawn(digits, sides=(a, b))) for a, b in SIDES]
    yield "after each stage of the preparation", stage_rows(model, drawings)
    yield "made variants", [asked(model, name, variants(digits, name)) for name in VARIANTS]
    confused = Counter(
        zip(labels[guesses != labels].tolist(), guesses[guesses != labels].tolist(), strict=True)
    )
    yield (
        "most often confused, as a fraction of that digit",
        [
            (f"{label} read as {guess}", n, n / int((labels == label).sum()))
            for (label, guess), n in confused.most_common(MOST_CONFUSED)
        ],
    )


def drawn(
    digits: Sequence[WrittenDigit],
    pens: tuple[float, float] = (12, 28),
    sides: tuple[float, float] = (100, 240),
) -> list[Drawing]:
    """Return each digit with its strokes on a canvas."""
    generator = np.random.default_rng(0)
    return [(digit.label, on_canvas(digit.strokes, generator, pens, sides)) for digit in digits]


def variants(digits: Sequence[WrittenDigit], name: str) -> list[Drawing]:
    """Return a variant of each digit that it can be made of."""
    return drawn(made_variants(digits, name, np.random.default_rng(0)))


def asked(model: Model, label: str, drawings: Sequence[Drawing]) -> Row:
    """Return a row about these drawings."""
    return row(label, np.array([digit for digit, _strokes in drawings]), guessed(model, drawings))


def row(label: str, labels: NDArray[np.int64], guesses: NDArray[np.int64]) -> Row:
    """Return a row about these answers."""
    return label, len(labels), float((labels == guesses).mean())


def guessed(model: Model, drawings: Sequence[Drawing]) -> NDArray[np.int64]:
    """Return what a model answers to drawings, prepared as on the canvas."""
    return model.predict(
        np.stack(
            [
                digit_in_strokes(strokes, model.frame, model.image_shape, CANVAS)
                for _digit, strokes in drawings
            ]
        )
    )


def guessed_over_pixels(model: Model, drawings: Sequence[Drawing]) -> NDArray[np.int64]:
    """Return what a model answers to pictures of drawings, whose strokes are not known."""
    return model.predict(np.stack([over_pixels(strokes) for _digit, strokes in drawings]))


def stage_rows(model: Model, drawings: Sequence[Drawing]) -> list[Row]:
    """Return a row for the drawings as they are, and one after each stage of the preparation."""
    labels = np.array([digit for digit, _strokes in drawings])
    names, rows = list(STAGES), []
    for n in range(len(names) + 1):
        images = [image_after(names[:n], strokes, model.frame, SHAPE, CANVAS) for _digit, strokes in drawings]
        guesses = model.predict(np.stack([image for image in images if image is not None]))
        rows.append(row(STAGES[names[n - 1]] if n else "As drawn", labels, guesses))
    return rows


if __name__ == "__main__":
    main()
