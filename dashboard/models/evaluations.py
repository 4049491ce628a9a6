"""The evaluations and answers of this server: each worked out once, and the latest kept for all visitors.

The Evaluate page asks here instead of `mlcore.evaluate` and `mlcore.answer`, so that a chosen cell does not
ask the model again.
"""

import numpy as np
from numpy.typing import NDArray

import mlcore.answers
import mlcore.evaluation
from dashboard.latest import Latest
from mlcore import Answers, Dataset, Evaluation, Model, UnlabelledImages
from mlcore.datasets.dataset import BLOCK
from mlcore.images.marks import stroke_widths
from mlcore.language import _

MOST_MULTIPLY_ADDS = 400_000_000_000
"""For one evaluation: 10 s with neurons, 40 s with convolutions, on a core shared with others."""

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


def widths(dataset: Dataset) -> NDArray[np.float32]:
    """Return how wide the strokes of each image are; only the first who asks has to wait."""

    def measure() -> NDArray[np.float32]:
        return np.concatenate([stroke_widths(block) for _part, block in dataset.blocks(BLOCK)])

    return _widths.get((dataset.fingerprint,), measure)


_evaluations = Latest[Evaluation](MOST_BYTES)
_answers = Latest[Answers](MOST_BYTES)
_widths = Latest[NDArray[np.float32]](MOST_BYTES)
