"""What a model makes of labelled images: its guesses, worked out once, and what follows from them.

It stands behind the trained model on the path, before the confusion matrix, the table of classes and the
mistakes. Six bytes are kept of an image, and eight more of a mistake: its probabilities are not needed twice.
"""

import hashlib
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from dashboard.ui.formats import percent
from mlcore import Dataset, Model, confusion_matrix, top_k_accuracy
from mlcore.arrays import IndexArray
from mlcore.language import _
from mlcore.metrics import Calibration, reliability
from mlcore.quote import quoted

Cell = tuple[int, int]
"""A place in the confusion matrix: true class, guessed class."""

MOST_MULTIPLY_ADDS = 400_000_000_000
"""For one evaluation: 10 s with neurons, 40 s with convolutions, on a core shared with others."""

Key = tuple[str, str]
"""The fingerprints of a model and of a data set."""

MOST_BYTES = 32_000_000
"""Of all evaluations that are kept: 60,000 images take 0.4 MB, the largest data set at most 7."""

BLOCK = 1024
"""Images answered in one go, so that no second copy of a large set is made."""


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to the images of one data set.

    Attributes
    ----------
    class_names : tuple of str
    labels, guesses : uint8 arrays (n,)
    confidence : float32 array (n,)
        The probability that the model gave to its guess.
    matrix : int array (true, guessed)
    among_three : float
        The part of the images whose class was among the three likeliest.
    calibration : Calibration
    mistakes : positions of the wrong answers, the most confident first
    """

    class_names: tuple[str, ...]
    labels: npt.NDArray[np.uint8]
    guesses: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.float32]
    matrix: npt.NDArray[np.int64]
    among_three: float
    calibration: Calibration
    mistakes: IndexArray

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        arrays = (self.labels, self.guesses, self.confidence, self.matrix, self.mistakes)
        return sum(array.nbytes for array in arrays)

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
    key = (model_fingerprint(model), dataset.fingerprint)
    return _evaluations.get(key, lambda: _evaluate(model, dataset))


def model_fingerprint(model: Model) -> str:
    """Return a sha256 of all that decides a model's answers: 2 ms for half a million parameters."""
    preparation = model.preparation
    plain = [asdict(model.network_config), model.class_names, preparation.image_shape]
    numbers = (preparation.pooling, preparation.scale, preparation.levels)
    digest = hashlib.sha256(json.dumps([*plain, *numbers]).encode())
    for values in (model.parameters, preparation.kept, preparation.mean, preparation.deviation):
        digest.update(b"-" if values is None else np.ascontiguousarray(values).data)
    return digest.hexdigest()


class Evaluations:
    """The latest evaluations, as many as fit into so many bytes; safe from any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Evaluation] = OrderedDict()
        self._being_made: WeakValueDictionary[Key, threading.Lock] = WeakValueDictionary()

    def get(self, key: Key, make: Callable[[], Evaluation]) -> Evaluation:
        """Return what is kept under this key; who asks first makes it, while others wait."""
        with self._lock:
            being_made = self._being_made.setdefault(key, threading.Lock())
        with being_made:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            made = make()
            with self._lock:
                self._kept[key] = made
                while sum(kept.nbytes for kept in self._kept.values()) > self._most_bytes:
                    self._kept.popitem(last=False)
            return made


_evaluations = Evaluations(MOST_BYTES)


def _evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Ask the model block by block: without an array of all probabilities, and other threads get between."""
    n, (height, width) = len(dataset), dataset.image_shape
    labels = dataset.labels.astype(np.uint8)
    guesses, confidence, among_three = np.empty(n, np.uint8), np.empty(n, np.float32), 0
    pixels = np.empty((BLOCK, height * width), np.uint8)
    for start in range(0, n, BLOCK):
        positions = np.arange(start, min(start + BLOCK, n))
        images = dataset.gather(positions, pixels[: len(positions)])
        probabilities = model.predict_probabilities(images.reshape(-1, height, width))
        guesses[positions] = probabilities.argmax(axis=1)
        confidence[positions] = probabilities.max(axis=1)
        among_three += round(len(positions) * top_k_accuracy(labels[positions], probabilities, 3))
    wrong = np.flatnonzero(guesses != labels)
    return Evaluation(
        class_names=dataset.class_names,
        labels=labels,
        guesses=guesses,
        confidence=confidence,
        matrix=confusion_matrix(labels, guesses, len(dataset.class_names)),
        among_three=among_three / n,
        calibration=reliability(confidence, guesses == labels),
        mistakes=wrong[np.argsort(-confidence[wrong], kind="stable")],
    )
