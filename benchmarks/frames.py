"""How well drawings are read by models of data sets whose ink lies otherwise than MNIST's.

`python benchmarks/frames.py` trains a small network on each of these data sets and prints a table: how well
it reads held-back images of the data set as they are and drawn on a canvas, and digits of other hands, once
placed as in MNIST and once in the data set's own frame. `--json FILE` writes it.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mlcore import (
    Dataset,
    Model,
    NetworkConfig,
    TrainingConfig,
    TrainingRun,
    accuracy,
    image_from_drawing,
    load_dataset,
    split_dataset,
    train,
)

Images = NDArray[np.uint8]

CANVAS = 280
IMAGES, DRAWINGS = 4000, 600


def main() -> None:
    """Train a network for each frame and ask it about drawings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=FRAMES, help="measure these frames alone")
    parser.add_argument("--drawings", type=int, default=DRAWINGS)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    digits, strangers = load_dataset("mnist"), load_dataset("mnist-test").take(np.arange(chosen.drawings))
    rows: list[dict[str, str | float]] = []
    print("| frame | held back | drawn: as MNIST | own frame | other hands: as MNIST | own frame |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in chosen.only or FRAMES:
        data = FRAMES[name](digits.take(np.arange(IMAGES)))
        figures = measured(data, strangers, chosen.drawings)
        rows.append({"frame": name, **figures})
        print(f"| {name} |", " | ".join(f"{value:.3f}" for value in figures.values()), "|", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


def measured(data: Dataset, strangers: Dataset, most: int) -> dict[str, float]:
    """Train a network on a part of the data; return what it reads right of the rest, and of strangers."""
    held_back = min(most, len(data) // 4)
    split = split_dataset(data, held_back, seed=0)
    training = TrainingConfig(epochs=100_000 // len(split.train), learning_rate=0.002)
    run = TrainingRun(NetworkConfig(hidden_sizes=(64,)), training)
    list(train(run, split))
    model = run.model(best=True)
    own, dev = drawn(light_on_dark(split.dev.images)), split.dev.labels
    others, labels = drawn(strangers.images), strangers.labels
    return {
        "as they are": accuracy(dev, model.predict(split.dev.images)),
        "drawn as MNIST": read(model, own, dev, placed=False),
        "drawn in the frame": read(model, own, dev, placed=True),
        "others as MNIST": read(model, others, labels, placed=False),
        "others in the frame": read(model, others, labels, placed=True),
    }


def read(model: Model, drawings: list[Images], labels: NDArray[np.int64], *, placed: bool) -> float:
    """Return the share of drawings that are read correctly, placed in the model's own frame or in MNIST's."""
    images = [
        model.image_from_drawing(drawing) if placed else image_from_drawing(drawing, model.image_shape)
        for drawing in drawings
    ]
    shown = np.stack([np.zeros(model.image_shape, np.uint8) if image is None else image for image in images])
    return accuracy(labels, model.predict(shown))


def drawn(images: Images) -> list[Images]:
    """Draw each image large, somewhere on a black canvas."""
    generator = np.random.default_rng(0)
    drawings = []
    for image in images:
        side = int(generator.integers(140, 260))
        height, width = (max(1, round(side * n / max(image.shape))) for n in image.shape)
        large = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        top, left = (int(generator.integers(0, CANVAS - n)) for n in large.shape)
        canvas[top : top + height, left : left + width] = large
        drawings.append(canvas)
    return drawings


def light_on_dark(images: Images) -> Images:
    """Return images with their paper black and their ink white, as the canvas has them."""
    paper = float(np.median(images))
    ink = max(float(images.min()), float(images.max()), key=lambda level: abs(level - paper))
    return np.clip(255 * (images - paper) / (ink - paper), 0, 255).astype(np.uint8)


# The data sets, each made of MNIST's digits but one


def remade(change: Callable[[Images], Images]) -> Callable[[Dataset], Dataset]:
    """Return what makes a data set of another with each of its images changed."""
    return lambda data: Dataset(
        np.stack([change(image) for image in data.images]), data.labels, data.class_names, "changed"
    )


def ink_of(image: Images) -> Image.Image:
    """Return the ink of an image, cut out, at four times its size."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    cut = Image.fromarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return cut.resize((4 * cut.width, 4 * cut.height), Image.Resampling.BICUBIC)


def filling(height: int, width: int) -> Callable[[Images], Images]:
    """Return what scales the ink of an image to fill a frame, in its own proportions, in the middle."""

    def change(image: Images) -> Images:
        ink = ink_of(image)
        scale = min(height / ink.height, width / ink.width)
        size = max(1, round(ink.width * scale)), max(1, round(ink.height * scale))
        page = Image.new("L", (width, height))
        page.paste(ink.resize(size, Image.Resampling.BOX), ((width - size[0]) // 2, (height - size[1]) // 2))
        return np.asarray(page)

    return change


def padded(side: int) -> Callable[[Images], Images]:
    """Return what puts an image into the middle of a larger, black one."""
    return lambda image: np.pad(image, (side - len(image)) // 2)


def resized(side: int) -> Callable[[Images], Images]:
    """Return what shrinks an image, each pixel the mean of what it covers, or enlarges it smoothly."""

    def change(image: Images) -> Images:
        how = Image.Resampling.BOX if side < len(image) else Image.Resampling.BILINEAR
        return np.asarray(Image.fromarray(image).resize((side, side), how))

    return change


def stretched(image: Images) -> Images:
    """Stretch the ink to all four sides."""
    return np.asarray(ink_of(image).resize((28, 28), Image.Resampling.BOX))


def top_left(image: Images) -> Images:
    """Move the ink into the top left corner."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return np.roll(image, (-rows[0], -columns[0]), axis=(0, 1))


FRAMES: dict[str, Callable[[Dataset], Dataset]] = {
    "MNIST": lambda data: data,
    "cropped to the ink, 16×16": remade(filling(16, 16)),
    "cropped to the ink, 28×28": remade(filling(28, 28)),
    "cropped to the ink, 20×28": remade(filling(20, 28)),
    "stretched to both sides": remade(stretched),
    "padded to 32×32": remade(padded(32)),
    "padded to 64×64": remade(padded(64)),
    "ink in the top left corner": remade(top_left),
    "shrunk to 14×14": remade(resized(14)),
    "shrunk to 8×8": remade(resized(8)),
    "enlarged to 56×56": remade(resized(56)),
    "dark on white": remade(lambda image: 255 - image),
    "grey ink on grey paper": remade(lambda image: (200 - image * 0.6).astype(np.uint8)),
    "the shipped 8×8 digits": lambda _data: load_dataset("digits-8x8"),
}


if __name__ == "__main__":
    main()
