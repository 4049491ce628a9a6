"""The evaluations and answers of this server: each worked out once, and the latest kept for all visitors.

The Evaluate page asks here instead of `mlcore.evaluate` and `mlcore.answer`, so that a chosen cell does not
ask the model again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

import mlcore.answers
import mlcore.evaluation
from mlcore import Answers, Dataset, Evaluation, Model, UnlabelledImages
from mlcore.language import _

MOST_MULTIPLY_ADDS = 400_000_000_000
"""For one evaluation: 10 s with neurons, 40 s with convolutions, on a core shared with others."""

Key = tuple[str, str]
"""The fingerprints of a model and of a data set."""

MOST_BYTES = 32_000_000
"""Of all that are kept, for each kind: an evaluation of 60,000 images takes 0.4 MB, answers with names 4."""


def misfit(model: Model, dataset: Dataset) -> str:
    """Return why a model cannot be evaluated here on a data set, as a sentence; empty when it can."""
    return mlcore.evaluation.misfit(model, dataset) or too_much(model, len(dataset))


def too_much(model: Model, n_images: int) -> str:
    """Return why a model cannot be asked here about so many images, as a sentence; empty when it can."""
    most = MOST_MULTIPLY_ADDS // model.multiply_adds
    if n_images <= most:
        return ""
    message = _(
        "The model is too large to be evaluated on {n:,} images here; about {most:,} are "
        "possible. Choose a smaller model, or fewer images."
    )
    return message.format(n=n_images, most=most)


def evaluate(model: Model, dataset: Dataset) -> Evaluation:
    """Return the model's answers to the data set; only the first who asks has to wait."""
    key = (model.fingerprint, dataset.fingerprint)
    return _evaluations.get(key, lambda: mlcore.evaluation.evaluate(model, dataset))


def answer(model: Model, images: UnlabelledImages) -> Answers:
    """Return the model's answers to images without labels; only the first who asks has to wait."""
    key = (model.fingerprint, images.fingerprint)
    return _answers.get(key, lambda: mlcore.answers.answer(model, images))


class HasSize(Protocol):
    """What knows how much memory it takes."""

    @property
    def nbytes(self) -> int:
        """Bytes."""


T = TypeVar("T", bound=HasSize)


class Latest(Generic[T]):
    """The latest results, as many as fit into so many bytes; safe from any thread."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, T] = OrderedDict()
        self._being_made: WeakValueDictionary[Key, threading.Lock] = WeakValueDictionary()

    def get(self, key: Key, make: Callable[[], T]) -> T:
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


_evaluations = Latest[Evaluation](MOST_BYTES)
_answers = Latest[Answers](MOST_BYTES)
