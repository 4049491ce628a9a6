"""How well the refusal tells digits from drawings that are none, beside scores that need no training.

`python benchmarks/junk.py STROKES` prints, for each kind of junk (`models/junk.py`), the AUROC against digits
of writers never seen: how often a drawing of that kind gets more doubt than a digit. `--json FILE` writes it.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from mlcore import Model, load_dataset, load_model
from mlcore.images.drawing import ink_of_strokes
from mlcore.refusal import Refusal, refusal_of
from models.junk import KINDS, LIKE_DIGITS, UNSEEN_KINDS, made_junk
from models.pen_font import Lines
from models.strokes import VARIANTS, made_variants
from models.written_digits import SHAPE, on_canvas, read_written_digits, split_by_writer

MODELS = Path(__file__).resolve().parent.parent / "models"
REFERENCES = 3000  # training images, to the nearest of which a distance is measured

Images = NDArray[np.uint8]
Score = Callable[[Images], NDArray[np.floating]]


def main() -> None:
    """Score digits and junk, and print how well each score tells them apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("strokes", type=Path)
    parser.add_argument("--held-out", type=int, default=10, help="writers who are asked, the last by name")
    parser.add_argument("--each", type=int, default=500, help="drawings of each kind")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    model = load_model(MODELS / "mnist.npz")
    refusal = refusal_of(load_model(MODELS / "refusals" / "mnist.npz"))
    _, digits = split_by_writer(read_written_digits(chosen.strokes), chosen.held_out)
    generator = np.random.default_rng(0)
    scores = scores_of(model, refusal)
    drawings = images_of(model, [digit.strokes for digit in digits], generator)
    found = {"refused digits": refused_digits(model, refusal, digits, drawings)}
    print("| digits | images | refused |\n| --- | ---: | ---: |")
    for name, (n, part) in found["refused digits"].items():
        print(f"| {name} | {n} | {part:.4f} |")
    known = {name: score(drawings) for name, score in scores.items()}
    print(f"\n| junk | {' | '.join(scores)} | refused |\n| --- |{' ---: |' * (len(scores) + 1)}")
    for title, kinds in (("trained on", KINDS), ("unseen", UNSEEN_KINDS), ("like a digit", LIKE_DIGITS)):
        for kind, maker in kinds.items():
            images = images_of(model, made_junk(maker, chosen.each, generator, digits), generator)
            row = {name: auroc(score(images), known[name]) for name, score in scores.items()}
            row["refused"] = float((refusal.doubts(images) > refusal.above).mean())
            found[f"{kind} ({title})"] = row
            print(
                f"| {kind} ({title}) | {' | '.join(f'{value:.3f}' for value in row.values())} |", flush=True
            )
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


def images_of(model: Model, drawings: Sequence[Lines], generator: np.random.Generator) -> Images:
    """Return drawings as the images that the app makes of them, but for two side by side."""
    inks = (ink_of_strokes(on_canvas(lines, generator), model.frame.pen) for lines in drawings)
    return np.stack([image for ink in inks if (image := model.frame.put(ink, SHAPE)) is not None])


def refused_digits(
    model: Model, refusal: Refusal, digits: Sequence, drawings: Images
) -> dict[str, tuple[int, float]]:
    """Return which part of digits is refused in error."""
    generator = np.random.default_rng(1)
    groups = {
        "MNIST's test images": load_dataset("mnist-test").images,
        "drawings by unseen writers": drawings,
    }
    for name in VARIANTS:
        made = [digit.strokes for digit in made_variants(digits, name, generator)]
        groups[name] = images_of(model, made, generator)
    return {
        name: (len(images), float((refusal.doubts(images) > refusal.above).mean()))
        for name, images in groups.items()
    }


def scores_of(model: Model, refusal: Refusal) -> dict[str, Score]:
    """Return the scores by name; each is higher the less an image looks like a digit."""
    references, _logits = activations(model, load_dataset("mnist").images[:: 60_000 // REFERENCES])

    def distance(images: Images) -> NDArray[np.floating]:
        features, _logits = activations(model, images)
        squares = (
            (features**2).sum(axis=1)[:, None] + (references**2).sum(axis=1) - 2 * features @ references.T
        )
        return np.sqrt(np.maximum(squares, 0)).min(axis=1)

    usual = float(np.median(distance(load_dataset("mnist-test").images[:500])))

    def doubt(images: Images) -> NDArray[np.floating]:
        part = np.clip(refusal.doubts(images).astype(float), 1e-12, 1 - 1e-12)
        return np.log(part / (1 - part))

    return {
        "largest softmax": lambda images: -model.probabilities_of(images).max(axis=1),
        "energy": lambda images: -np.logaddexp.reduce(activations(model, images)[1], axis=1),
        "distance": distance,
        "refusal": doubt,
        "refusal and distance": lambda images: doubt(images) + distance(images) / usual,
    }


def activations(model: Model, images: Images) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the values of the last hidden layer, ``(n, neurons)``, and the logits, ``(n, classes)``."""
    network, features, logits = model.network, [], []
    for start in range(0, len(images), network.micro_batch):
        values = network.read(model.preparation.compact(images[start : start + network.micro_batch]))
        for layer in network.layers[:-1]:
            values = layer.forward(values)
        features.append(values.copy())
        logits.append(network.layers[-1].forward(values).copy())
    return np.concatenate(features), np.concatenate(logits)


def auroc(junk: NDArray[np.floating], digits: NDArray[np.floating]) -> float:
    """Return how often junk scores higher than a digit; ties count half.

    >>> auroc(np.array([0.5, 3.0]), np.array([1.0, 2.0]))
    0.5
    """
    ordered = np.sort(digits)
    below, not_above = (np.searchsorted(ordered, junk, side=side) for side in ("left", "right"))
    return float((below + not_above).mean() / 2 / len(digits))


if __name__ == "__main__":
    main()
