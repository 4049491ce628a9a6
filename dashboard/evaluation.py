"""What a model makes of labelled images: its guesses, worked out once, and what follows from them.

It stands behind the trained model on the path, before the confusion matrix, the table of classes and the
mistakes. What is kept of an image are nine bytes: its probabilities are not needed twice.
"""

import hashlib
import json
import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from dashboard.formats import percent
from mlcore import Dataset, Model, calibration, confusion_matrix, most_confident_mistakes, top_k_accuracy
from mlcore.dataset import IndexArray
from mlcore.language import _
from mlcore.metrics import Calibration
from mlcore.quote import quoted

Cell = tuple[int, int]
"""A place in the confusion matrix: true class, guessed class."""

MOST_MULTIPLY_ADDS = 400_000_000_000
"""For one evaluation: 10 s with neurons, 40 s with convolutions, on a core shared with others."""

BLOCK = 1024
"""Images answered in one go, so that no second copy of a large set is made."""


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to the images of one data set.

    Attributes
    ----------
    class_names : tuple of str
    labels, guesses : int arrays (n,)
    confidence : float32 array (n,)
        The probability that the model gave to its guess.
    matrix : int array (true, guessed)
    among_three : float
        The part of the images whose class was among the three likeliest.
    calibration : Calibration
    mistakes : positions of the wrong answers, the most confident first
    """

    class_names: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    guesses: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.float32]
    matrix: npt.NDArray[np.int64]
    among_three: float
    calibration: Calibration
    mistakes: IndexArray

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
        """The part of the answers that are right."""
        return self.right / len(self.labels)

    @property
    def likely_accuracy(self) -> tuple[float, float]:
        """Where the accuracy on endless images of this kind lies, 19 times in 20 (Wilson, 1927)."""
        n, p, z = len(self.labels), self.accuracy, 1.96
        # p̃ ± m = (p + z²/2n ± z √(p (1 − p) / n + z²/4n²)) / (1 + z²/n)
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return centre - margin, centre + margin

    def cell(self, true: int, guessed: int) -> IndexArray:
        """Return the positions of the images of one class that were taken for another, the surest first."""
        positions = np.flatnonzero((self.labels == true) & (self.guesses == guessed))
        return positions[np.argsort(-self.confidence[positions], kind="stable")]

    def has_cell(self, cell: tuple[object, object]) -> bool:
        """Return whether there is such a cell: what a browser sends may be anything."""
        return all(type(place) is int and 0 <= place < len(self.class_names) for place in cell)

    def confusions(self) -> list[Cell]:
        """Return the cells (true, guessed) off the diagonal that are not empty, the fullest first."""
        mistakes = self.matrix - np.diag(np.diag(self.matrix))
        order = np.argsort(-mistakes, axis=None, kind="stable")[: np.count_nonzero(mistakes)]
        trues, guesses = np.unravel_index(order, mistakes.shape)
        return list(zip(trues.tolist(), guesses.tolist(), strict=True))

    def in_words(self, cell: Cell) -> str:
        """Return how many images a cell has, and what part of their class that is."""
        true, guessed = (quoted(self.class_names[place]) for place in cell)
        count, of_class = int(self.matrix[cell]), int(self.matrix[cell[0]].sum())
        share = percent(count / max(1, of_class))
        text = _("{count:,} of {of_class:,} images of {true} were recognised ({share}).")
        if true != guessed:
            text = _("{count:,} of {of_class:,} images of {true} were taken for {guessed} ({share}).")
        return text.format(true=true, guessed=guessed, count=count, of_class=of_class, share=share)


def misfit(model: Model, dataset: Dataset) -> str:
    """Return why a model cannot be asked about a data set, as a sentence; empty when it can."""
    if model.image_shape != dataset.image_shape:
        message = _(
            "The model takes images of {a}×{b} pixels, but those of the data set have {c}×{d}. "
            "Choose another model, or another data set."
        )
        (a, b), (c, d) = model.image_shape, dataset.image_shape
        return message.format(a=a, b=b, c=c, d=d)
    if model.class_names != dataset.class_names:
        message = _(
            "The model tells these classes apart: {model}. The data set has others: {data}. "
            "Choose another model, or another data set."
        )
        return message.format(model=_some(model.class_names), data=_some(dataset.class_names))
    most = MOST_MULTIPLY_ADDS // model.multiply_adds
    if len(dataset) > most:
        message = _(
            "The model is too large to be asked about {n:,} images here: about {most:,} would be possible. "
            "Choose a smaller model, or fewer images."
        )
        return message.format(n=len(dataset), most=most)
    return ""


def _some(names: tuple[str, ...], most: int = 12) -> str:
    """Return the names, or the first of many.

    >>> _some(("a", "b"))
    'a, b'
    """
    return ", ".join(map(quoted, names[:most])) + (" …" if len(names) > most else "")


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Return the model's answers to the data set; only the first who asks has to wait."""
    return _evaluate(model_fingerprint(model), dataset.fingerprint, model, dataset)


def model_fingerprint(model: Model) -> str:
    """Return a sha256 of all that decides a model's answers: 2 ms for half a million parameters."""
    preparation = model.preparation
    plain = [asdict(model.network_config), model.class_names, preparation.image_shape]
    numbers = (preparation.pooling, preparation.scale, preparation.levels)
    digest = hashlib.sha256(json.dumps([*plain, *numbers]).encode())
    for values in (model.parameters, preparation.kept, preparation.mean, preparation.deviation):
        digest.update(b"-" if values is None else np.ascontiguousarray(values).data)
    return digest.hexdigest()


@st.cache_resource(show_spinner=False, max_entries=32)
def _evaluate(model_key: str, dataset_key: str, _model: Model, _dataset: Dataset) -> Evaluation:
    probabilities = _ask(_model, _dataset)
    labels, guesses = _dataset.labels, probabilities.argmax(axis=1)
    return Evaluation(
        class_names=_dataset.class_names,
        labels=labels,
        guesses=guesses.astype(np.uint8),
        confidence=probabilities.max(axis=1),
        matrix=confusion_matrix(labels, guesses, len(_dataset.class_names)),
        among_three=top_k_accuracy(labels, probabilities, 3),
        calibration=calibration(labels, probabilities),
        mistakes=most_confident_mistakes(labels, probabilities),
    )


def _ask(model: Model, dataset: Dataset) -> npt.NDArray[np.float32]:
    """Return the probabilities (n, classes), block by block: a drawing of someone else gets in between."""
    height, width = dataset.image_shape
    result = np.empty((len(dataset), len(dataset.class_names)), np.float32)
    pixels = np.empty((BLOCK, height * width), np.uint8)
    for start in range(0, len(dataset), BLOCK):
        positions = np.arange(start, min(start + BLOCK, len(dataset)))
        images = dataset.gather(positions, pixels[: len(positions)])
        result[positions] = model.predict_probabilities(images.reshape(-1, height, width))
    return result
