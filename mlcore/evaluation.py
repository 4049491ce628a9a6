"""What a trained model makes of labelled images: its answers, and every figure that follows from them.

`evaluate` asks the model once; the Evaluate page draws its charts and tables from the `Evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.arrays import IndexArray
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.describe import commonest_share
from mlcore.errors import DatasetError
from mlcore.images.pixels import other_scale
from mlcore.language import _
from mlcore.metrics import (
    Calibration,
    ClassScores,
    class_scores,
    confusion_matrix,
    likely_accuracy,
    reliability,
    top_k_accuracy,
)
from mlcore.model import Model
from mlcore.quote import quoted

Cell = tuple[int, int]
"""A place in the confusion matrix: true class, guessed class."""

BLOCK = 1024
"""Images answered in one go, so that no second copy of a large set is made."""


UNSURE = 0.9
"""An answer of less confidence is called unsure, on Evaluate and on Draw."""


@dataclass(frozen=True)
class Wanted:
    """Which images are wanted, and in which order.

    Attributes
    ----------
    true, guessed : int or None
        The true class and the guess; None is any.
    outcome : {"all", "right", "wrong", "unsure"}
        An answer is unsure when its confidence is below `UNSURE`.
    least, most : float
        Bounds of the confidence, both included.
    order : str
        A key of `ORDERS`.
    strokes : {"any", "thin", "thick"}
        Thin strokes are those of the thinnest quarter of the images, thick ones those of the thickest.
    """

    true: int | None = None
    guessed: int | None = None
    outcome: str = "wrong"
    least: float = 0.0
    most: float = 1.0
    order: str = "surest"
    strokes: str = "any"


@dataclass(frozen=True)
class Answered:
    """Some answers, and how many of them are right."""

    n: int
    right: int

    @property
    def accuracy(self) -> float:
        """The fraction that is right; nan of none."""
        return self.right / self.n if self.n else float("nan")

    @property
    def likely_accuracy(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return likely_accuracy(self.right, self.n)


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to the images of one data set.

    It keeps fourteen bytes an image, and eight more a mistake: the other probabilities are not needed twice.

    Attributes
    ----------
    class_names : tuple of str
    labels, guesses : unsigned integer arrays (n,)
        The true class of each image, and the likeliest one by the model.
    confidence : float32 array (n,)
        The probability that the model gave to its guess.
    true_probability, second : float32 arrays (n,)
        The probability that it gave to the true class, and to the class that it found second likeliest.
    matrix : int array (classes, classes)
        The confusion matrix, rows the true classes, columns the guesses.
    among_three : float
        The fraction of the images whose class was among the three likeliest.
    calibration : Calibration
    mistakes : int array
        Positions of the wrong answers, the most confident first.
    """

    class_names: tuple[str, ...]
    labels: NDArray[np.unsignedinteger]
    guesses: NDArray[np.unsignedinteger]
    confidence: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    second: NDArray[np.float32]
    matrix: NDArray[np.int64]
    among_three: float
    calibration: Calibration
    mistakes: IndexArray

    def __repr__(self) -> str:
        low, high = self.likely_accuracy
        return (
            f"Evaluation({self.right:,} of {len(self.labels):,} right: accuracy {self.accuracy:.1%}, "
            f"likely {low:.1%} to {high:.1%})"
        )

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        arrays = (self.labels, self.guesses, self.confidence, self.true_probability, self.second)
        return sum(array.nbytes for array in (*arrays, self.matrix, self.mistakes))

    @property
    def right(self) -> int:
        """How many answers are right."""
        return int(np.trace(self.matrix))

    @property
    def wrong(self) -> int:
        """How many answers are wrong."""
        return len(self.mistakes)

    @property
    def accuracy(self) -> float:
        """The fraction of the answers that are right."""
        return self.right / len(self.labels)

    @property
    def likely_accuracy(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy on new images of the same kind (Wilson, 1927)."""
        return likely_accuracy(self.right, len(self.labels))

    @property
    def scores(self) -> ClassScores:
        """Precision, recall and F1 of each class."""
        return class_scores(self.matrix)

    @property
    def only_answer(self) -> int | None:
        """The class that every image was given; None when there are two different answers or more."""
        return int(self.guesses[0]) if (self.guesses == self.guesses[0]).all() else None

    @property
    def learned_nothing(self) -> bool:
        """Whether the model does no better than one answer for everything.

        That is so when all its answers are one class, or when its accuracy is no more than the share of the
        commonest class (`commonest_share`). The usual causes: a learning rate that is much too high, weights
        that start at zero, many sigmoid layers, pixels that are not scaled.
        """
        return self.only_answer is not None or self.accuracy <= commonest_share(self.labels)

    def cell(self, true: int, guessed: int) -> IndexArray:
        """Return the positions of the images of one class with one guess, the most confident first."""
        positions = np.flatnonzero((self.labels == true) & (self.guesses == guessed))
        return positions[np.argsort(-self.confidence[positions], kind="stable")]

    def select(self, wanted: Wanted, widths: NDArray[np.float32] | None = None) -> IndexArray:
        """Return the positions of the images that are wanted, in the order that is wanted.

        Images that are equal in that order stay in that of the data set.

        Parameters
        ----------
        wanted : Wanted
        widths : float32 array (n,), optional
            How wide the strokes of each image are (`mlcore.images.marks.stroke_widths`); needed when thin or
            thick ones are wanted.
        """
        chosen = (self.confidence >= wanted.least) & (self.confidence <= wanted.most)
        if wanted.outcome == "unsure":
            chosen &= self.confidence < UNSURE
        elif wanted.outcome != "all":
            chosen &= (self.guesses == self.labels) == (wanted.outcome == "right")
        if wanted.true is not None:
            chosen &= self.labels == wanted.true
        if wanted.guessed is not None:
            chosen &= self.guesses == wanted.guessed
        if wanted.strokes != "any":
            assert widths is not None
            chosen &= _in_outer_quarter(widths, thick=wanted.strokes == "thick")
        positions = np.flatnonzero(chosen)
        return positions[np.argsort(ORDERS[wanted.order](self)[positions], kind="stable")]

    def among(self, positions: IndexArray) -> Answered:
        """Return how many of the answers to some images are right."""
        return Answered(len(positions), int((self.guesses[positions] == self.labels[positions]).sum()))

    def above(self, confidence: float) -> Answered:
        """Return how many answers are at least this confident, and how many of these are right."""
        sure = self.confidence >= confidence
        return Answered(int(sure.sum()), int((sure & (self.guesses == self.labels)).sum()))

    def without(self, positions: IndexArray) -> Answered:
        """Return how many images there are but for some, and how many of these answers are right."""
        return self.among(np.delete(np.arange(len(self.labels)), positions))

    def only_right(self, other: Evaluation) -> IndexArray:
        """Return the images that this model gets wrong and another one right, the surest mistake first."""
        is_right = other.guesses[self.mistakes] == other.labels[self.mistakes]
        return np.compress(is_right, self.mistakes)

    def has_cell(self, cell: tuple[object, object]) -> bool:
        """Return whether there is such a cell: what a browser sends may be anything."""
        return all(type(place) is int and 0 <= place < len(self.class_names) for place in cell)

    def confusions(self) -> list[Cell]:
        """Return the cells (true, guessed) off the diagonal that are not empty, the fullest first."""
        mistakes = self.matrix - np.diag(np.diag(self.matrix))
        order = np.argsort(-mistakes, axis=None, kind="stable")[: np.count_nonzero(mistakes)]
        trues, guesses = np.unravel_index(order, mistakes.shape)
        return list(zip(trues.tolist(), guesses.tolist(), strict=True))


ORDERS: dict[str, Callable[[Evaluation], NDArray[np.float32]]] = {
    "surest": lambda evaluation: -evaluation.confidence,
    "loss": lambda evaluation: evaluation.true_probability,
    "closest": lambda evaluation: evaluation.confidence - evaluation.second,
}
"""What images can be sorted by, the smallest first. The loss is high where the true class has little."""


def _in_outer_quarter(values: NDArray[np.float32], *, thick: bool) -> NDArray[np.bool_]:
    """Return where values are in their highest quarter, or in their lowest."""
    return values >= np.quantile(values, 0.75) if thick else values <= np.quantile(values, 0.25)


def misfit(model: Model, dataset: Dataset) -> str:
    """Return why a model cannot be evaluated on a data set, as a sentence; empty when it can."""
    if len(dataset) == 0:
        return _("The data set has no images. Choose another one, or another split.")
    if model.image_shape != dataset.image_shape:
        message = _(
            "The model takes images of {a}×{b} pixels, but those of the data set have {c}×{d}. "
            "Choose another model, or another data set."
        )
        (a, b), (c, d) = model.image_shape, dataset.image_shape
        return message.format(a=a, b=b, c=c, d=d)
    if model.class_names != dataset.class_names:
        message = _(
            "The model has these classes: {model}. The data set has others: {data}. Choose another "
            "model, or another data set."
        )
        return message.format(model=_some(model.class_names), data=_some(dataset.class_names))
    _part, first = next(iter(dataset.blocks(BLOCK)))
    return other_scale(int(first.max()), model.full_ink) if first.dtype == np.uint8 else ""


def _some(names: tuple[str, ...], most: int = 12) -> str:
    """Return the names, or the first of many.

    >>> _some(("a", "b"))
    'a, b'
    """
    return ", ".join(map(quoted, names[:most])) + (" …" if len(names) > most else "")


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Compare a model's answers to the images of a data set with their labels.

    The model is asked block by block: there is never an array of all probabilities.

    Parameters
    ----------
    model : Model
    dataset : Dataset
        Images of the model's shape, with its classes.

    Returns
    -------
    Evaluation

    Raises
    ------
    DatasetError
        When the data set has no images, or others than the model takes (see `misfit`).

    Examples
    --------
    >>> from mlcore import fit, load_dataset, split_dataset
    >>> split = split_dataset(load_dataset("digits-8x8"), 300)
    >>> evaluate(fit(split, progress=False), split.dev).accuracy > 0.9
    True
    """
    if reason := misfit(model, dataset):
        raise DatasetError(reason)
    n, kind = len(dataset), np.min_scalar_type(len(dataset.class_names) - 1)  # one byte for up to 256 classes
    labels = dataset.labels.astype(kind)
    guesses, among_three = np.empty(n, kind), 0
    confidence, true_probability, second = (np.empty(n, np.float32) for _of in range(3))
    for part, images in dataset.blocks(BLOCK):
        probabilities = model.probabilities_of(images)
        guesses[part] = probabilities.argmax(axis=1)
        confidence[part] = probabilities.max(axis=1)
        true_probability[part] = probabilities[np.arange(len(images)), labels[part]]
        second[part] = np.partition(probabilities, -2, axis=1)[:, -2]
        among_three += round(len(images) * top_k_accuracy(labels[part], probabilities, 3))
    wrong = np.flatnonzero(guesses != labels)
    return Evaluation(
        class_names=dataset.class_names,
        labels=labels,
        guesses=guesses,
        confidence=confidence,
        true_probability=true_probability,
        second=second,
        matrix=confusion_matrix(labels, guesses, len(dataset.class_names)),
        among_three=among_three / n,
        calibration=reliability(confidence, guesses == labels),
        mistakes=wrong[np.argsort(-confidence[wrong], kind="stable")],
    )
