"""Trains the small network that tells digits from other drawings: `python models/make_refusal.py STROKES`.

The app asks it before the shipped model. STROKES is the file of pen strokes that `models/make.py` takes, too.
Digits are images of MNIST, drawings of those strokes and of variants (`models/strokes.py`), and printed ones;
the rest is junk of our own (`models/junk.py`), some kinds of which are kept for `benchmarks/junk.py`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from mlcore import (
    Dataset,
    EpochMetrics,
    NetworkConfig,
    Split,
    TrainingConfig,
    TrainingRun,
    load_dataset,
    save_model,
    split_dataset,
    train,
)
from mlcore.images.drawing import ink_of_strokes
from mlcore.images.frame import mnist_frame
from mlcore.refusal import ABOVE, KNOWN, UNKNOWN
from models.junk import KINDS, made_junk
from models.pen_font import DIGITS, Lines, shaken, written
from models.strokes import all_variants
from models.written_digits import (
    SHAPE,
    WrittenDigit,
    on_canvas,
    over_pixels,
    read_written_digits,
    split_by_writer,
)

HERE = Path(__file__).resolve().parent / "refusals"

HELD_OUT_WRITERS = 10  # as in models/make.py: never seen
DEV_WRITERS = 3  # of the others, the last by name: the dev set
REFUSES_ABOVE = 0.5  # what is more likely no digit

FROM_MNIST = 40_000
PRINTED = 300  # of each form of each digit of the stroke font
OF_EACH_KIND = 3_000  # of junk
OVER_PIXELS = 6  # one drawing in so many is prepared as a picture is
PENS = (0.7, 1.5)  # times the usual width

NETWORK = NetworkConfig(filters=(8, 16), kernel_size=5, hidden_sizes=(32,), dropout=0.1)
TRAINING = TrainingConfig(
    epochs=7,
    learning_rate=0.002,
    schedule="cosine",
    seed=1,
    augment_shift=1.0,
    augment_rotation=8.0,
    augment_scale=0.1,
    augment_shear=0.1,
    augment_pen_width=0.5,
)

Images = NDArray[np.uint8]


def make(strokes: Path) -> None:
    """Train the network and write it with its card."""
    generator = np.random.default_rng(TRAINING.seed)
    written_digits, _unseen = split_by_writer(read_written_digits(strokes), HELD_OUT_WRITERS)
    trained, others = split_by_writer(written_digits, DEV_WRITERS)
    mnist = split_dataset(load_dataset("mnist"), dev_size=1000, seed=0)
    started = time.perf_counter()
    positives = np.concatenate([mnist.train.images[:FROM_MNIST], digit_images(trained, generator)])
    negatives = junk_images(trained, OF_EACH_KIND, generator)
    dev_positives = np.concatenate([mnist.dev.images, digit_images(others, generator)])
    dev_negatives = junk_images(others, OF_EACH_KIND // 20, generator)
    print(
        f"{len(positives)} digits, {len(negatives)} others, {time.perf_counter() - started:.0f} s", flush=True
    )
    run = TrainingRun(NETWORK, TRAINING)
    split = Split(two_classes(positives, negatives), two_classes(dev_positives, dev_negatives))
    for record in train(run, split):
        if isinstance(record, EpochMetrics):
            print(f"epoch {record.epoch:5.1f}   dev accuracy {record.dev_accuracy:.4f}", flush=True)
    seconds = time.perf_counter() - started
    model = run.model()
    model.card |= {
        "title": "Digit or not",
        ABOVE: REFUSES_ABOVE,
        "trained_on": list(KINDS),
        "command": "python models/make_refusal.py STROKES",
    }
    HERE.mkdir(exist_ok=True)
    save_model(model, HERE / "mnist.npz")
    (HERE / "mnist.md").write_text(card_text(model.card, seconds), encoding="utf-8")
    print(f"{seconds:.0f} s")


def digit_images(digits: list[WrittenDigit], generator: np.random.Generator) -> Images:
    """Return images of digits by these writers, as they are and varied, and of printed ones."""
    variants = all_variants(digits, generator)
    lines = [digit.strokes for digit in (*digits, *variants)]
    angular = [with_few_points(digit.strokes, generator) for digit in digits]
    printed = [
        shaken(written(form, generator), generator)
        for forms in DIGITS.values()
        for form in forms
        for _number in range(PRINTED * len(digits) // 5000)
    ]
    some = (*digits, *variants)[::OVER_PIXELS]
    pixels = [over_pixels(on_canvas(digit.strokes, generator)) for digit in some]
    return np.stack([*drawn([*lines, *angular, *printed], generator), *pixels])


def junk_images(digits: Sequence[WrittenDigit], n: int, generator: np.random.Generator) -> Images:
    """Return n images of each kind of junk that is trained on."""
    junk = [lines for kind in KINDS.values() for lines in made_junk(kind, n, generator, digits)]
    return np.stack(list(drawn(junk, generator)))


def drawn(drawings: Iterable[Lines], generator: np.random.Generator) -> Iterator[Images]:
    """Yield drawings as images that strokes become, with pens of many widths."""
    frame = mnist_frame(SHAPE)
    for lines in drawings:
        ink = ink_of_strokes(on_canvas(lines, generator), frame.pen * generator.uniform(*PENS))
        image = frame.put(ink, SHAPE)
        if image is None:
            raise ValueError("A drawing left no ink.")
        yield image


def with_few_points(lines: Lines, generator: np.random.Generator) -> Lines:
    """Return lines with corners, as a mouse draws them that is moved in haste."""
    few = []
    for line in lines:
        n = min(len(line), int(generator.integers(6, 13)))
        few.append(line[np.linspace(0, len(line) - 1, n).astype(int)])
    return tuple(few)


def two_classes(digits: Images, others: Images) -> Dataset:
    """Return a data set of images that show a digit and of others."""
    labels = np.repeat([0, 1], [len(digits), len(others)])
    return Dataset(np.concatenate([digits, others]), labels, (KNOWN, UNKNOWN), "digits and other drawings")


def card_text(card: dict[str, object], seconds: float) -> str:
    """Return the card as a page to read, with every hyperparameter."""
    settings = json.dumps({"network": vars(NETWORK), "training": vars(TRAINING)}, indent=2)
    rows = "\n".join(f"| {key.replace('_', ' ')} | {value} |" for key, value in card.items())
    return (
        f"# The model `refusals/mnist.npz`\n\nMade by `{card['command']}` in about {seconds:.0f} s: a "
        "network that tells digits from other drawings, asked before `mnist.npz`. "
        "`python benchmarks/junk.py STROKES` measures what it refuses. STROKES are those of the UCI "
        "data set [Pen-Based Recognition of Handwritten Digits](https://archive.ics.uci.edu/dataset/81) "
        "(E. Alpaydin and F. Alimoglu, CC BY 4.0).\n\n"
        f"| what | value |\n| --- | --- |\n{rows}\n\n```json\n{settings}\n```\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    make(parser.parse_args().strokes)
