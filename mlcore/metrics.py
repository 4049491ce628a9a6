"""The measures of how good a model is, all computed from labels, predictions and probabilities.

`evaluate` calls them; charts and tables show the results.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import Array, Labels


def accuracy(labels: Labels, predictions: Labels) -> float:
    """Return the fraction of the predictions that are right, from 0 to 1 (nan for none at all).

    Parameters
    ----------
    labels, predictions : int arrays (n,)

    Examples
    --------
    >>> accuracy(np.array([3, 1, 4, 1]), np.array([3, 1, 4, 5]))
    0.75
    """
    return float(np.mean(labels == predictions)) if len(labels) else math.nan


def confusion_matrix(labels: Labels, predictions: Labels, n_classes: int) -> NDArray[np.int64]:
    """Count how often each class (row) was taken for each class (column).

    Parameters
    ----------
    labels, predictions : int arrays (n,), from 0 to n_classes - 1
    n_classes : int

    Returns
    -------
    int64 array (n_classes, n_classes)

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    cells = labels.astype(np.int64) * n_classes + predictions
    return np.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


@dataclass(frozen=True)
class ClassScores:
    """Scores of each class, arrays (classes,); nan where there is nothing to divide by.

    Attributes
    ----------
    precision : of the images predicted to be this class, the part that is.
    recall : of the images of this class, the part that was found.
    f1 : the harmonic mean of the two.
    support : how many images of this class there are.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


def class_scores(matrix: NDArray[np.int64]) -> ClassScores:
    """Return precision, recall and F1 of each class.

    Parameters
    ----------
    matrix : int array (classes, classes)
        A confusion matrix, rows the true classes, columns the predicted ones.

    Examples
    --------
    >>> scores = class_scores(np.array([[8, 2], [0, 10]]))
    >>> scores.recall.tolist(), scores.precision.round(3).tolist()
    ([0.8, 1.0], [1.0, 0.833])
    """
    hits = np.diag(matrix).astype(np.float64)
    support, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    return ClassScores(
        precision=_divide(hits, predicted),
        recall=_divide(hits, support),
        f1=_divide(2 * hits, support + predicted),
        support=support.astype(np.int64),
    )


def _divide(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """Return part / whole, nan where whole is 0."""
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def most_confident_mistakes(labels: Labels, probabilities: Array) -> NDArray[np.intp]:
    """Return the positions of the wrong answers, the most certain one first.

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, classes)

    Examples
    --------
    >>> most_confident_mistakes(np.array([0, 0, 1]), np.array([[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]])).tolist()
    [1, 0]
    """
    predictions = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    confidence = probabilities[wrong, predictions[wrong]]
    return wrong[np.argsort(-confidence, kind="stable")]


def log_loss(labels: Labels, probabilities: Array) -> float:
    """Return the mean of minus the natural logarithm of the probability given to the true class.

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, classes)

    Examples
    --------
    >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """
    if not len(labels):
        return math.nan
    picked = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return -float(np.log(np.maximum(picked, np.finfo(np.float64).tiny)).mean())


def top_k_accuracy(labels: Labels, probabilities: Array, k: int) -> float:
    """Return the fraction of the images whose true class is among the k likeliest (nan for no images).

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, classes)
    k : int

    Examples
    --------
    >>> top_k_accuracy(np.array([2]), np.array([[0.5, 0.2, 0.3]]), 2)
    1.0
    """
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((likeliest == labels[:, None]).any(axis=1).mean()) if len(labels) else math.nan


@dataclass(frozen=True)
class Calibration:
    """Whether "90 % sure" is right 90 times in 100: one row a bin of confidence.

    Attributes
    ----------
    edges : float array (bins + 1,), from 0 to 1
    counts : int array (bins,), images whose confidence lies in the bin
    confidence, accuracy : float arrays (bins,), means in the bin; nan where it is empty
    error : float, expected calibration error: the mean gap, weighted by counts (Naeini et al., 2015)
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    error: float


def calibration(labels: Labels, probabilities: Array, bins: int = 10) -> Calibration:
    """Compare how sure the answers are with how often they are right.

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, classes)
    bins : int
        Into how many equal parts the confidence, from 0 to 1, is cut.

    Examples
    --------
    >>> calibration(np.array([0, 0]), np.array([[0.8, 0.2], [0.2, 0.8]])).error.__round__(2)
    0.3
    """
    predictions = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(labels)), predictions]
    return reliability(sure, predictions == labels, bins)


def reliability(confidence: Array, right: NDArray[np.bool_], bins: int = 10) -> Calibration:
    """Compare how sure the answers are with how often they are right, where that much is known of each.

    Parameters
    ----------
    confidence : float array (n,)
        The probability that was given to each answer.
    right : bool array (n,)
    bins : int

    Examples
    --------
    >>> reliability(np.array([0.8, 0.8]), np.array([True, False])).error.__round__(2)
    0.3
    """
    sure = confidence.astype(np.float64)
    edges = np.linspace(0, 1, bins + 1)
    which = np.clip(np.digitize(sure, edges[1:-1], right=True), 0, bins - 1)
    counts = np.bincount(which, minlength=bins)
    means = _divide(np.bincount(which, sure, bins), counts)
    hit_rate = _divide(np.bincount(which, right.astype(np.float64), bins), counts)
    gaps = np.nan_to_num(np.abs(means - hit_rate))
    error = float(gaps @ counts / len(sure)) if len(sure) else math.nan
    return Calibration(edges, counts.astype(np.int64), means, hit_rate, error)


@dataclass(frozen=True)
class McNemar:
    """The outcome of McNemar's test between two models on the same images.

    Attributes
    ----------
    only_first, only_second : int
        Images that only the first (only the second) model got right.
    p_value : float
        Probability of a split at least this uneven if both were equally good (exact, two-sided).
    """

    only_first: int
    only_second: int
    p_value: float


def mcnemar(labels: Labels, first: Labels, second: Labels) -> McNemar:
    """Tell whether two models differ by more than chance (McNemar, 1947; the exact binomial form).

    Parameters
    ----------
    labels, first, second : int arrays (n,)
        The true classes, and what each of the models predicted for the same images.

    Examples
    --------
    >>> round(mcnemar(np.zeros(6), np.zeros(6), np.ones(6)).p_value, 5)
    0.03125
    """
    first_right, second_right = first == labels, second == labels
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(second_right & ~first_right))
    n, k = only_first + only_second, min(only_first, only_second)
    # 2 P(X ≤ k) for X ~ Binomial(n, ½), summed in logarithms so that thousands of images do no harm
    log_half_n = n * math.log(0.5)
    terms = (
        math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + log_half_n)
        for i in range(k + 1)
    )
    return McNemar(only_first, only_second, min(1.0, 2 * math.fsum(terms)))
