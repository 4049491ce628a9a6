"""The measures of how good a model is, all computed from labels, predictions and probabilities.

`evaluate` calls them; charts and tables show the results.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlcore.errors import DatasetError
from mlcore.language import _


def _answers(*several: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Return labels and predictions as arrays, one entry an image, of one kind.

    Raises
    ------
    DatasetError
        When they are not equally long, or not all whole numbers or all names.
    """
    arrays = tuple(np.asarray(some) for some in several)
    if any(array.ndim != 1 or array.shape != arrays[0].shape for array in arrays):
        message = _(
            "Labels and predictions must be rows of the same length, one entry per image, not {shapes}."
        )
        raise DatasetError(message.format(shapes=_and(str(array.shape) for array in arrays)))
    if not (all(map(_is_whole, arrays)) or all(array.dtype.kind == "U" for array in arrays)):
        message = _("Labels and predictions must all be whole numbers, or all be names, not {kinds}.")
        raise DatasetError(message.format(kinds=_and(str(array.dtype) for array in arrays)))
    return arrays


def _classes(labels: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Return labels as integers, once they are known to be classes from 0 to n_classes - 1."""
    if not _is_whole(labels) or (len(labels) and not 0 <= labels.min() <= labels.max() < n_classes):
        message = _("The classes must be whole numbers from 0 to {last}.")
        raise DatasetError(message.format(last=n_classes - 1))
    return labels.astype(np.int64)


def _with_probabilities(
    labels: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return labels and the probabilities of the same images as arrays that fit together.

    Raises
    ------
    DatasetError
        When they do not.
    """
    expected, p = np.asarray(labels), np.asarray(probabilities)
    if p.ndim != 2 or expected.shape != p.shape[:1] or p.dtype.kind != "f":
        message = _(
            "Probabilities must be a table of floating-point numbers, one row per image and one "
            "column per class, with as many labels as rows. These are {dtype} of shape {shape}, "
            "with labels of shape {labels}."
        )
        raise DatasetError(message.format(dtype=p.dtype, shape=p.shape, labels=expected.shape))
    if p.size and not -1e-6 <= p.min() <= p.max() <= 1 + 1e-6:
        message = _("Probabilities must lie between 0 and 1, not between {low:g} and {high:g}.")
        raise DatasetError(message.format(low=p.min(), high=p.max()))
    return _classes(expected, p.shape[1]), p


def _is_whole(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "iub" or (array.dtype.kind == "f" and bool((array == np.rint(array)).all()))


def _and(parts: Iterable[str]) -> str:
    return _(" and ").join(parts)


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Return the fraction of the predictions that are right, from 0 to 1 (nan for none at all).

    Parameters
    ----------
    labels, predictions : int arrays (n,)

    Examples
    --------
    >>> accuracy(np.array([3, 1, 4, 1]), np.array([3, 1, 4, 5]))
    0.75
    """
    labels, predictions = _answers(labels, predictions)
    return float(np.mean(labels == predictions)) if len(labels) else math.nan


def likely_accuracy(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy on new images of the same kind (Wilson, 1927).

    Parameters
    ----------
    right, n : int
        How many of how many answers were right; of none, everything is possible.

    Examples
    --------
    >>> [round(bound, 3) for bound in likely_accuracy(9, 10)], likely_accuracy(0, 0)
    ([0.596, 0.982], (0.0, 1.0))
    """
    if n == 0:
        return 0.0, 1.0
    p, z = right / n, 1.96
    # p̃ ± m = (p + z²/2n ± z √(p (1 − p) / n + z²/4n²)) / (1 + z²/n)
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre - margin, centre + margin


def confusion_matrix(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> NDArray[np.int64]:
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
    labels, predictions = (_classes(of, n_classes) for of in _answers(labels, predictions))
    cells = labels * n_classes + predictions
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
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.dtype.kind not in "iu":
        message = _(
            "A confusion matrix has as many rows as columns, all whole numbers, not {dtype} of shape {shape}."
        )
        raise DatasetError(message.format(dtype=matrix.dtype, shape=matrix.shape))
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


def most_confident_mistakes(labels: ArrayLike, probabilities: ArrayLike) -> NDArray[np.intp]:
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
    labels, probabilities = _with_probabilities(labels, probabilities)
    predictions = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    confidence = probabilities[wrong, predictions[wrong]]
    return wrong[np.argsort(-confidence, kind="stable")]


def log_loss(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return the mean of minus the natural logarithm of the probability given to the true class.

    A probability of 0 counts as the smallest number that float64 has: it costs 708.4.

    Parameters
    ----------
    labels : int array (n,)
    probabilities : float array (n, classes)

    Examples
    --------
    >>> round(log_loss(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """
    labels, probabilities = _with_probabilities(labels, probabilities)
    if not len(labels):
        return math.nan
    picked = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return -float(np.log(np.maximum(picked, np.finfo(np.float64).tiny)).mean())


def top_k_accuracy(labels: ArrayLike, probabilities: ArrayLike, k: int) -> float:
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
    labels, probabilities = _with_probabilities(labels, probabilities)
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


def calibration(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> Calibration:
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
    labels, probabilities = _with_probabilities(labels, probabilities)
    predictions = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(labels)), predictions]
    return reliability(sure, predictions == labels, bins)


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> Calibration:
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
    confidence, right = np.asarray(confidence), np.asarray(right)
    if confidence.ndim != 1 or confidence.shape != right.shape or right.dtype != np.bool_:
        message = _(
            "Confidence and right must have the same length, and right must be True or False, not {dtype}."
        )
        raise DatasetError(message.format(dtype=right.dtype))
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

    def likely_difference(self, n: int) -> tuple[float, float]:
        """Return the 95 % interval of the first accuracy minus the second (Agresti & Min, 2005).

        Parameters
        ----------
        n : int
            Images on which the two were compared, those included on which they agree.

        Examples
        --------
        >>> [round(bound, 4) for bound in McNemar(30, 10, 0.002).likely_difference(1000)]
        [0.0075, 0.0324]
        """
        # Δ ± z √(b + c + 1 - (b - c)² / (n + 2)) / (n + 2), with Δ = (b - c) / (n + 2): half an image is
        # added to each of the four ways in which two models can answer
        b, c, z = self.only_first, self.only_second, 1.96
        middle = (b - c) / (n + 2)
        margin = z * math.sqrt(b + c + 1 - (b - c) ** 2 / (n + 2)) / (n + 2)
        return middle - margin, middle + margin


def mcnemar(labels: ArrayLike, first: ArrayLike, second: ArrayLike) -> McNemar:
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
    labels, first, second = _answers(labels, first, second)
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
