"""What the cells of the five notebooks print, as this project computes it: one run of each recipe.

`python -m benchmarks.notebook_cells` prints the figures in docs/explanation/notebook-cells.md.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported: one process, one core
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from mlcore import EpochMetrics, Split, TrainingRun, start_recipe, train, weight_pictures
from mlcore.recipes.notebooks import NOTEBOOKS

SHOWN = 6
"""Measurements of a run that are printed: the first, the last, and those evenly between."""


def print_recipe(name: str) -> None:
    """Run a recipe to its end and print what its notebook shows on the way."""
    run, split = start_recipe(name)
    run.build(split)
    print(f"\n## {name}")
    print_data(run, split)
    before = run.network.layers[-1].parameters["biases"].copy()
    for _record in train(run, split):
        pass
    print_course(run)
    moved = float(np.abs(run.network.layers[-1].parameters["biases"] - before).max())
    print(f"output biases moved by at most {moved:.2g}")
    print_answer(run, split)
    print_weights(run)


def print_data(run: TrainingRun, split: Split) -> None:
    """Print what is trained on, and the first targets."""
    train_images, dev = split.train, split.dev
    pixels = train_images.image_shape[0] * train_images.image_shape[1]
    print(f"training images {len(train_images):,} × {pixels}, held back {len(dev):,}")
    print(f"parameters {len(run.model().parameters):,}")
    targets = np.eye(len(train_images.class_names), dtype=int)[train_images.labels[:3]]
    print(f"first labels {train_images.labels[:3].tolist()}, one-hot {targets.tolist()}")


def print_course(run: TrainingRun) -> None:
    """Print some measurements, with the cost in its two parts where L2 is one of them."""
    measured = [record for record in run.history if isinstance(record, EpochMetrics)]
    places = np.linspace(0, len(measured) - 1, min(SHOWN, len(measured))).round().astype(int)
    for record in (measured[place] for place in places):
        print(
            f"step {record.step:>6,}  training accuracy {record.train_accuracy:.3f}  "
            f"held back {record.dev_accuracy:.3f}  cost {record.train_loss:.3f}"
        )
    if run.cost_decay:
        penalty = run.network.penalty(run.cost_decay)
        print(
            f"cost at the end: {measured[-1].train_loss - penalty:.4f} for the images + {penalty:.4f} for L2"
        )


def print_answer(run: TrainingRun, split: Split) -> None:
    """Print label, guess and all probabilities of the first image held back."""
    image, label = split.dev.images[:1], int(split.dev.labels[0])
    probabilities = run.model().predict_probabilities(image)[0]
    listed = " ".join(f"{value:.3f}" for value in probabilities)
    print(f"first image held back: label {label}, answer {int(probabilities.argmax())}, of {listed}")


def print_weights(run: TrainingRun) -> None:
    """Print how far the weights reach, and the number that was taken for a bias beside the bias."""
    pictures = weight_pictures(run.model())
    largest = float(np.abs(pictures.hidden).max())
    inside = float((np.abs(pictures.hidden) <= pictures.limit).mean())
    print(f"largest weight of the hidden layer {largest:.2f}; {inside:.1%} within ±{pictures.limit:g}")
    number_25 = float(pictures.hidden[0].ravel()[25])
    print(f"neuron 0: number 25 is {number_25:+.2f}, its bias is {float(pictures.biases[0]):+.2f}")


def main() -> None:
    """Run the recipes that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", choices=NOTEBOOKS, default=list(NOTEBOOKS))
    for name in parser.parse_args().recipes:
        print_recipe(name)


if __name__ == "__main__":
    main()
