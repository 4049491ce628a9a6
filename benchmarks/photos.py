"""How well digits in photos are read: made photos of every kind of paper, light and pen.

`python benchmarks/photos.py` draws MNIST's test digits on paper as people photograph them and prints for each
kind the fractions that the shipped model reads right, that are refused with a sentence, and that are misread;
of those read right and of those misread, how many the page says that the network is not sure of.
`--json FILE` writes it.
"""

import argparse
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mlcore import NoDigitError, load_dataset, load_model
from mlcore.evaluation import UNSURE
from mlcore.images.drawing import digit_in_picture
from mlcore.refusal import refusal_of

MODELS = Path(__file__).resolve().parent.parent / "models"
SIDE = 400
OUTCOMES = ("right", "right, not sure", "refused", "wrong", "wrong, not sure")

Colour = tuple[int, int, int]

INK, PENCIL = (40, 40, 60), (130, 130, 130)
PALE, STRONG = (150, 180, 220), (120, 130, 150)


@dataclass(frozen=True)
class Kind:
    """How a photo looks: the colours of pen, paper and lines, and what else is in it."""

    pen: Colour = INK
    line: Colour | None = None
    squared: bool = False
    tilt: float = 0.0
    shadow: float = 0.0
    edge: bool = False
    hand: bool = False
    table: Colour | None = None
    digits: int = 1
    paper: Colour = (235, 235, 232)
    thin: bool = False


KINDS = {
    "ink": Kind(),
    "ink, thin pen": Kind(thin=True),
    "ink on pale lines": Kind(line=PALE),
    "ink on strong lines": Kind(line=STRONG),
    "ink on strong lines, askew": Kind(line=STRONG, tilt=4),
    "thin pen on strong lines": Kind(line=STRONG, thin=True),
    "ink on pale squares": Kind(line=PALE, squared=True),
    "ink on strong squares": Kind(line=STRONG, squared=True),
    "pencil": Kind(pen=PENCIL),
    "pencil on pale lines": Kind(pen=PENCIL, line=PALE),
    "pencil on strong lines": Kind(pen=PENCIL, line=STRONG),
    "pencil on pale squares": Kind(pen=PENCIL, line=PALE, squared=True),
    "blue pen on pale lines": Kind(pen=(40, 70, 170), line=PALE),
    "red pen on pale lines": Kind(pen=(200, 40, 50), line=PALE),
    "green pen": Kind(pen=(40, 150, 70)),
    "yellow marker": Kind(pen=(250, 230, 60)),
    "orange marker on pale lines": Kind(pen=(250, 160, 60), line=PALE),
    "ink, shadow across": Kind(shadow=0.5),
    "pencil, shadow across": Kind(pen=PENCIL, shadow=0.5),
    "ink, shadow with an edge": Kind(shadow=0.35, edge=True),
    "ink, dark shadow with an edge": Kind(shadow=0.6, edge=True),
    "ink on pale lines, shadow with an edge": Kind(line=PALE, shadow=0.35, edge=True),
    "ink on strong lines, shadow with an edge": Kind(line=STRONG, shadow=0.35, edge=True),
    "pencil, shadow with an edge": Kind(pen=PENCIL, shadow=0.35, edge=True),
    "blue pen, shadow of a hand": Kind(pen=(40, 70, 170), shadow=0.4, hand=True),
    "pencil on pale squares, shadow of a hand": Kind(
        pen=PENCIL, line=PALE, squared=True, shadow=0.4, hand=True
    ),
    "chalk on a board, shadow with an edge": Kind(
        pen=(230, 230, 225), paper=(40, 70, 55), shadow=0.35, edge=True
    ),
    "a sheet on a dark table": Kind(table=(90, 60, 40)),
    "a lined sheet on a dark table": Kind(table=(60, 50, 50), line=PALE),
    "pencil, sheet on a dark table": Kind(pen=PENCIL, table=(90, 60, 40)),
    "chalk on a board": Kind(pen=(230, 230, 225), paper=(40, 70, 55)),
    "brown paper": Kind(paper=(190, 160, 120)),
    "two digits": Kind(digits=2),
    "no digit": Kind(digits=0),
    "no digit, strong lines": Kind(digits=0, line=STRONG),
    "no digit, shadow with an edge": Kind(digits=0, shadow=0.35, edge=True),
    "no digit, shadow of a hand": Kind(digits=0, shadow=0.4, hand=True),
    "two digits, shadow with an edge": Kind(digits=2, shadow=0.35, edge=True),
    "no digit, a sheet on a table": Kind(digits=0, table=(90, 60, 40)),
}


def main() -> None:
    """Ask the model about photos of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=200, help="of each kind")
    parser.add_argument("--only", nargs="+", choices=KINDS)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    test, model = load_dataset("mnist-test"), load_model(MODELS / "mnist.npz")
    refusal = refusal_of(load_model(MODELS / "refusals" / "mnist.npz"))
    rows = []
    print(f"| photo | {' | '.join(OUTCOMES)} |\n| --- |{' ---: |' * len(OUTCOMES)}")
    for name in chosen.only or KINDS:
        kind, counts = KINDS[name], dict.fromkeys(OUTCOMES, 0)
        for k in range(chosen.photos):
            try:
                image = digit_in_picture(photo(kind, test.images, k), model.frame, model.image_shape)
            except NoDigitError:
                counts["refused"] += 1
                continue
            if refusal.doubts(image[None])[0] > refusal.above:
                counts["refused"] += 1
                continue
            shares = model.probabilities_of(image[None])[0]
            outcome = "right" if kind.digits == 1 and shares.argmax() == test.labels[k] else "wrong"
            counts[outcome] += 1
            counts[f"{outcome}, not sure"] += bool(shares.max() < UNSURE)
        parts = {what: n / chosen.photos for what, n in counts.items()}
        rows.append({"photo": name, **parts})
        print(f"| {name} |", " | ".join(f"{part:.3f}" for part in parts.values()), "|", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def photo(kind: Kind, digits: NDArray[np.uint8], k: int) -> bytes:
    """Return the photo of the k-th digit, as a JPEG."""
    generator = np.random.default_rng(k)
    page = Image.new("RGB", (SIDE, SIDE), kind.paper)
    if kind.line is not None:
        page = lined(page, kind, kind.line)
    corner = (60, 60) if kind.table else (0, 0)
    for n in range(kind.digits):
        size = int(generator.integers(110, 150 if kind.digits > 1 or kind.table else 230))
        room = SIDE - size - 2 * corner[0]
        left = int(generator.integers(0, room)) if kind.digits == 1 else (20, 210)[n]
        write(
            page, kind, digits[k + n], size, (corner[0] + left, corner[1] + int(generator.integers(0, room)))
        )
    if kind.table is not None:
        page = on_table(page, kind.table, generator)
    values = np.asarray(page).astype(float) * shade(kind, generator)[..., None]
    values += generator.normal(0, 3, values.shape)
    blurred = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1))
    file = io.BytesIO()
    blurred.save(file, "JPEG", quality=85)
    return file.getvalue()


def write(page: Image.Image, kind: Kind, digit: NDArray[np.uint8], size: int, place: tuple[int, int]) -> None:
    """Write a digit on the page with the pen."""
    mask = Image.fromarray(digit).resize((size, size), Image.Resampling.BICUBIC)
    if kind.thin:  # the inner part of the stroke alone
        mask = mask.point(lambda value: max(0, 2 * value - 255)).filter(ImageFilter.MinFilter(5))
    page.paste(Image.new("RGB", (size, size), kind.pen), place, mask)


def lined(page: Image.Image, kind: Kind, colour: Colour) -> Image.Image:
    """Return the page with lines, or squares, all over."""
    large = Image.new("RGB", (2 * SIDE, 2 * SIDE), kind.paper)
    pen, step = ImageDraw.Draw(large), 20 if kind.squared else 40
    for k in range(step // 2, 2 * SIDE, step):
        pen.line([(0, k), (2 * SIDE, k)], fill=colour, width=2)
        if kind.squared:
            pen.line([(k, 0), (k, 2 * SIDE)], fill=colour, width=2)
    turned = large.rotate(kind.tilt, Image.Resampling.BILINEAR)
    return turned.crop((SIDE // 2, SIDE // 2, SIDE // 2 + page.width, SIDE // 2 + page.height))


def on_table(page: Image.Image, colour: Colour, generator: np.random.Generator) -> Image.Image:
    """Return a sheet, somewhat askew, cut out of the page and lying on a table."""
    table = Image.new("RGB", page.size, colour)
    mask = Image.new("L", page.size)
    corners = [(48, 44), (352, 52), (348, 356), (44, 348)]
    moved = [(x + int(generator.integers(-6, 7)), y + int(generator.integers(-6, 7))) for x, y in corners]
    ImageDraw.Draw(mask).polygon(moved, fill=255)
    table.paste(page, (0, 0), mask)
    return table


def shade(kind: Kind, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return how much light falls on each pixel: less to one side, behind an edge, or under a hand."""
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    angle = generator.uniform(0, 2 * np.pi)
    side = np.cos(angle) * x + np.sin(angle) * y
    if kind.hand:
        return 1 - kind.shadow * under_a_hand(x, y, angle, generator)
    if kind.edge:
        return 1 - kind.shadow / (1 + np.exp(-40 * (side - 0.5)))
    return 1 - kind.shadow * np.clip((side + 1) / 2, 0, 1)


def under_a_hand(
    x: NDArray[np.float64], y: NDArray[np.float64], angle: float, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Return how deep each pixel lies in the shadow of a hand, from 0 to 1: a palm and three fingers.

    A finger is 64 pixels wide: digits of 110 to 230 pixels are then 25 to 60 mm high.
    """
    inward = np.cos(angle) * x + np.sin(angle) * y
    beside = np.cos(angle) * y - np.sin(angle) * x
    palm = 0.65 - np.hypot(inward - 1.1, beside)
    shadow = palm
    for across in (-0.4, 0.0, 0.4):
        tip = generator.uniform(-0.1, 0.3)
        along = np.clip(inward, tip, 1.1)
        finger = 0.16 - np.hypot(inward - along, beside - across)
        shadow = np.maximum(shadow, finger)
    return 1 / (1 + np.exp(-60 * shadow))


if __name__ == "__main__":
    main()
