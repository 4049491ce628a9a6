"""How many four-digit numbers are read correctly that are made of pen strokes by writers never seen.

`python benchmarks/four_digits.py STROKES` writes numbers on a wide canvas, of one writer's digits each: with
gaps, close together, two of them touching, and joined to each other without lifting the pen. It also makes
photos of such numbers on paper.
"""

import argparse
import io
import os
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from mlcore import Model, NoDigitError, load_model
from mlcore.images.strokes import Point, Stroke
from mlcore.number import ReadDigit, read_number, read_number_in_picture
from mlcore.refusal import Refusal, refusal_of
from models.written_digits import WrittenDigit, read_written_digits, split_by_writer

MODELS = Path(__file__).resolve().parent.parent / "models"
WIDTH, HEIGHT = 640, 280
GAPS = {
    "with gaps": (0.2, 0.45),
    "close together": (0.03, 0.12),
    "two touch": (0.15, 0.3),
    "two joined": (0.15, 0.3),
    "all joined": (0.15, 0.3),
}
"""Between two digits, in heights of the line."""
JOINED = {"two joined": 1, "all joined": 3}
"""How often the pen is not lifted between two digits."""
IN_PHOTOS = ("with gaps", "close together", "two touch")
OVERLAP = (-0.12, -0.02)
"""Between two that touch."""


def main() -> None:
    """Write numbers, read them, and print how many are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers who are asked, the last by name")
    parser.add_argument("--each", type=int, default=400, help="numbers of each kind")
    parser.add_argument("--only", nargs="+", help="kinds of numbers")
    chosen = parser.parse_args()
    model = load_model(MODELS / "mnist.npz")
    refusal = refusal_of(load_model(MODELS / "refusals" / "mnist.npz"))
    _, digits = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    by_writer: dict[str, list[WrittenDigit]] = defaultdict(list)
    for digit in digits:
        by_writer[digit.writer].append(digit)
    print("| four digits | numbers | right | with four digits |\n| --- | ---: | ---: | ---: |")
    for kind in [*GAPS, *(f"photo, {kind}" for kind in IN_PHOTOS)]:
        if chosen.only and kind not in chosen.only:
            continue
        generator = np.random.default_rng(0)
        right = counted = 0
        for _number in range(chosen.each):
            hand = by_writer[sorted(by_writer)[int(generator.integers(len(by_writer)))]]
            some = [hand[int(k)] for k in generator.integers(len(hand), size=4)]
            strokes = in_a_row(some, kind.removeprefix("photo, "), generator)
            read = asked(model, refusal, strokes, kind.startswith("photo"), generator)
            counted += len(read) == 4
            right += [int(np.argmax(one.probabilities)) for one in read] == [digit.label for digit in some]
        print(
            f"| {kind} | {chosen.each} | {right / chosen.each:.4f} | {counted / chosen.each:.4f} |",
            flush=True,
        )


def asked(
    model: Model,
    refusal: Refusal,
    strokes: Sequence[Stroke],
    on_paper: bool,
    generator: np.random.Generator,
) -> list[ReadDigit]:
    """Return the digits that are read, from the strokes themselves or from a photo of them."""
    if not on_paper:
        return read_number(model, refusal, strokes, WIDTH, HEIGHT)
    try:
        return read_number_in_picture(model, refusal, photo(strokes, generator))
    except NoDigitError:
        return []


def photo(strokes: Sequence[Stroke], generator: np.random.Generator) -> bytes:
    """Return a photo of strokes in dark ink on light paper, dimmer to one side, as a JPEG."""
    page = Image.new("L", (WIDTH, HEIGHT), 235)
    pen = ImageDraw.Draw(page)
    for stroke in strokes:
        pen.line([*stroke.points], fill=50, width=round(stroke.width), joint="curve")
        for x, y in stroke.points:
            r = stroke.width / 2
            pen.ellipse((x - r, y - r, x + r, y + r), fill=50)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    angle = generator.uniform(0, 2 * np.pi)
    light = 1 - 0.2 * (1 + np.cos(angle) * x + np.sin(angle) * y)
    values = np.asarray(page) * light + generator.normal(0, 3, (HEIGHT, WIDTH))
    file = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1)).save(
        file, "JPEG", quality=85
    )
    return file.getvalue()


def in_a_row(digits: Sequence[WrittenDigit], kind: str, generator: np.random.Generator) -> list[Stroke]:
    """Return digits side by side as strokes on a wide canvas."""
    side, pen = generator.uniform(90, 130), generator.uniform(6, 14)
    touching = int(generator.integers(1, len(digits))) if kind == "two touch" else -1
    joints = {*generator.permutation(np.arange(1, len(digits)))[: JOINED.get(kind, 0)].tolist()}
    x, strokes = pen, []
    for k, digit in enumerate(digits):
        low = min(line[:, 0].min() for line in digit.strokes)
        high = max(line[:, 0].max() for line in digit.strokes)
        if k:
            gap = OVERLAP if k == touching else GAPS[kind]
            x += side * generator.uniform(*gap) + pen * (k != touching)
        y = HEIGHT / 2 + side * (generator.uniform(-0.06, 0.06) - 0.5)
        lines = [
            [(float(x + side * (a - low)), float(y + side * b)) for a, b in line] for line in digit.strokes
        ]
        if k in joints:
            before = strokes.pop().points
            lines[0] = [*before, *joint(before[-1], lines[0][0], side, generator), *lines[0]]
        strokes += [Stroke(tuple(line), pen) for line in lines]
        x += side * (high - low)
    return strokes


def joint(
    start: Point, end: Point, side: float, generator: np.random.Generator, pieces: int = 8
) -> list[Point]:
    """Return points between the end of a digit and the start of the next: a line that sags a little."""
    (x0, y0), (x2, y2) = start, end
    x1, y1 = (x0 + x2) / 2, (y0 + y2) / 2 + side * float(generator.uniform(0, 0.25))
    curve = []
    for t in np.arange(1, pieces) / pieces:
        a, b, c = float((1 - t) ** 2), float(2 * t * (1 - t)), float(t * t)
        curve.append((a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2))
    return curve


if __name__ == "__main__":
    main()
