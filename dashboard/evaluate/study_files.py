"""What the studies of Evaluate found, as CSV files: robustness, labels, lives of images and more.

Each look offers its own, made when it is asked for. Numbers are fractions, from 0 to 1; images count from 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.evaluate.files import csv_of, fraction
from dashboard.runs.snapshots import Snapshot
from mlcore import Dataset, ImageLives, Influence, LearningCurve, Robustness, Slice
from mlcore.arrays import Float32Array, IndexArray


def robustness_csv(curves: Mapping[str, Robustness]) -> str:
    """Return the accuracy of each model at each strength of each distortion, with its 95 % interval."""
    head = ["model", "distortion", "strength", "images", "correct", "accuracy", "low", "high"]
    rows = (
        [model, name, point.strength, point.n, point.right, *map(fraction, numbers)]
        for model, found in curves.items()
        for name, points in found.curves.items()
        for point in points
        for numbers in [(point.accuracy, *point.likely_accuracy)]
    )
    return csv_of(head, rows)


def learning_curve_csv(curve: LearningCurve) -> str:
    """Return the mean accuracy for each number of training images, with its 95 % interval."""
    head = ["training_images", "networks", "dev_images", "accuracy", "low", "high"]
    rows = (
        [size.images, len(size.right), size.n, *map(fraction, (size.accuracy, *size.likely_accuracy))]
        for size in curve.sizes
    )
    return csv_of(head, rows)


def court_csv(
    dataset: Dataset,
    places: IndexArray,
    suggested: IndexArray,
    sure: Float32Array,
    verdicts: Sequence[str],
) -> str:
    """Return the disputed labels, the most disputed first, each with what was decided about it.

    Parameters
    ----------
    dataset : Dataset
        With the labels that were given.
    places, suggested, sure : arrays (disputed,)
        Of each image its place there, the class that the judges find likeliest, and its probability.
    verdicts : sequence of str
        What was decided about each; empty where nothing was.
    """
    names = dataset.class_names
    cases = zip(places.tolist(), suggested.tolist(), sure.tolist(), verdicts, strict=True)
    rows = (
        [place + 1, names[dataset.labels[place]], names[label], fraction(p), verdict]
        for place, label, p, verdict in cases
    )
    return csv_of(["image", "label", "suggested", "probability", "decision"], rows)


def lives_csv(lives: ImageLives, train: Dataset, places: IndexArray) -> str:
    """Return the life of each training image; ``places`` says where each is in the whole data set."""
    kinds = np.empty(len(lives), object)
    for name, positions in lives.kinds().items():
        kinds[positions] = name
    names, numbers = train.class_names, places + 1
    head = ["image", "label", "kind", "confidence", "variability", "learned", "forgotten", "answer"]
    rows = (
        [
            numbers[k],
            names[train.labels[k]],
            kinds[k],
            fraction(lives.confidence[k]),
            fraction(lives.variability[k]),
            "" if np.isnan(lives.learned[k]) else f"{lives.learned[k]:g}",
            lives.forgotten[k],
            names[lives.guesses[k]],
        ]
        for k in range(len(lives))
    )
    return csv_of(head, rows)


def influence_csv(found: Influence, train: Dataset, places: IndexArray) -> str:
    """Return the training images that pushed most, for the answer and against it."""
    rows = np.concatenate([found.supporters, found.opponents])
    pushes = np.concatenate([found.pushes_for, found.pushes_against])
    names = train.class_names
    return csv_of(
        ["image", "label", "push"],
        (
            [places[row] + 1, names[train.labels[row]], f"{push:.6g}"]
            for row, push in zip(rows.tolist(), pushes.tolist(), strict=True)
        ),
    )


def slices_over_run_csv(
    slices: Sequence[Slice], moments: Sequence[Snapshot], right: NDArray[np.integer]
) -> str:
    """Return how many images of each slice were classified correctly at each snapshot of a run.

    Parameters
    ----------
    slices : sequence of Slice
    moments : sequence of Snapshot
    right : int array (moments, slices)
    """
    rows = (
        [one.name, f"{moment.epoch:.3f}", one.n, int(hits), fraction(hits / one.n)]
        for one, column in zip(slices, right.T, strict=True)
        for moment, hits in zip(moments, column, strict=True)
    )
    return csv_of(["slice", "epoch", "images", "correct", "accuracy"], rows)
