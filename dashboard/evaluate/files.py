"""What an evaluation found, as CSV files: answers, confusions, classes, calibration, coverage.

The page offers them, each made when it is asked for. Numbers are fractions, from 0 to 1.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from mlcore import Evaluation
from mlcore.arrays import IndexArray
from mlcore.metrics import likely_accuracy


def csv_of(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV, its head first.

    >>> print(csv_of(["name", "n"], [["a, b", 1]]), end="")
    name,n
    "a, b",1
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return file.getvalue()


def predictions_csv(models: Mapping[str, Evaluation], positions: IndexArray | None = None) -> str:
    """Return the answers of one or several models to the same images: a row an image.

    Parameters
    ----------
    models : mapping
        By their names, what the models answer.
    positions : int array, optional
        Of the images, in this order; without it all of them.
    """
    found = [*models.values()]
    names, labels = found[0].class_names, found[0].labels
    rows = np.arange(len(labels)) if positions is None else positions
    head = ["image", "label"]
    for name in models:
        head += [f"{name}: answer", f"{name}: probability", f"{name}: probability of the label"]
    return csv_of(
        head,
        (
            [row + 1, names[labels[row]]]
            + [
                value
                for one in found
                for value in (
                    names[one.guesses[row]],
                    f"{one.confidence[row]:.6f}",
                    f"{one.true_probability[row]:.6f}",
                )
            ]
            for row in rows.tolist()
        ),
    )


def confusions_csv(found: Evaluation) -> str:
    """Return the confusion matrix: a row for each true class, a column for each answer."""
    rows = zip(found.class_names, found.matrix.tolist(), strict=True)
    return csv_of(["true", *found.class_names], ([name, *counts] for name, counts in rows))


def classes_csv(found: Evaluation) -> str:
    """Return recall with its 95 % interval, precision and F1 of each class."""
    scores, right = found.scores, np.diag(found.matrix).tolist()
    return csv_of(
        ["class", "images", "right", "recall", "recall_low", "recall_high", "precision", "f1"],
        (
            [name, int(n), hits, *map(fraction, (recall, *likely_accuracy(hits, int(n)), precision, f1))]
            for name, n, hits, recall, precision, f1 in zip(
                found.class_names,
                scores.support,
                right,
                scores.recall,
                scores.precision,
                scores.f1,
                strict=True,
            )
        ),
    )


def calibration_csv(found: Evaluation) -> str:
    """Return how often the answers of each bin of confidence are right."""
    bins = found.calibration
    return csv_of(
        ["confidence_from", "confidence_to", "images", "mean_confidence", "accuracy"],
        (
            [fraction(low), fraction(high), int(n), fraction(mean), fraction(accuracy)]
            for low, high, n, mean, accuracy in zip(
                bins.edges[:-1], bins.edges[1:], bins.counts, bins.confidence, bins.accuracy, strict=True
            )
        ),
    )


def coverage_csv(found: Evaluation, thresholds: Sequence[float]) -> str:
    """Return how many images are answered at each threshold, and how many of these answers are right."""
    rows = ((least, found.above(least)) for least in thresholds)
    return csv_of(
        ["at_least_sure", "answered", "coverage", "right", "accuracy"],
        (
            [
                fraction(least),
                answered.n,
                fraction(answered.n / len(found.labels)),
                answered.right,
                fraction(answered.accuracy),
            ]
            for least, answered in rows
        ),
    )


def fraction(value: float) -> str:
    """Return a fraction with six digits; nothing where there is none."""
    return "" if np.isnan(value) else f"{value:.6f}"
