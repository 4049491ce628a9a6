"""Learning on: a trained model meets drawings of one hand, and keeps what it knew.

The Draw page lets a visitor's network learn their own hand with it, in a worker. Half of the images come from
the model's own data ("rehearsal"): without them it would forget other people's hands.
"""

from dataclasses import dataclass, replace

import numpy as np

from mlcore.arrays import IndexArray
from mlcore.config import TrainingConfig
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import Split
from mlcore.errors import DatasetError
from mlcore.language import _
from mlcore.model import Model
from mlcore.study.progress import Study, between, completed, hits, steps_of
from mlcore.training.card import MEASURED_CARD
from mlcore.training.run import TrainingRun

LEAST_DRAWINGS = 8
"""With fewer, nothing could be held back."""

HELD_BACK = 4
"""One drawing in so many is not learned from, to tell what was gained."""

MEMORY = 12_000
"""Images of the model's own data that it is reminded of, as many of each class."""

STEPS = 400
"""Batches: 25,600 images, about a second of one core for the network that the app ships."""

KEPT = 0.7
"""How far the weights move from those before the lesson to those after it.

There a hand was read as well as at the end (16 mistakes instead of 17 by ten writers), and less was forgotten
(0.31 points instead of 0.55). The idea: Wortsman et al., "Robust fine-tuning of zero-shot models", 2022.
"""

FINE_TUNING = TrainingConfig(
    learning_rate=0.002,
    schedule="cosine",
    batch_size=64,
    iterations=STEPS,
    evaluate_every=STEPS,
    train_sample=1,
    # A hand is known by few drawings: changed widely each time, they stand for many.
    augment_shift=1.0,
    augment_rotation=15.0,
    augment_scale=0.15,
    augment_shear=0.25,
    augment_elastic=1.0,
    augment_pen_width=1.0,
)


@dataclass(frozen=True)
class Outcome:
    """How many images a model names rightly, of how many.

    Attributes
    ----------
    right, images : int
    """

    right: int
    images: int


@dataclass(frozen=True)
class Lesson:
    """What came of learning a hand.

    Attributes
    ----------
    model : Model
        What learned; the one before is as it was.
    hand_before, hand_after : Outcome
        On the drawings that were held back.
    others_before, others_after : Outcome
        On images of other hands: what was forgotten.
    """

    model: Model
    hand_before: Outcome
    hand_after: Outcome
    others_before: Outcome
    others_after: Outcome


def learn_hand(
    model: Model, drawings: Dataset, memory: Dataset, others: Dataset, *, seed: int = 0
) -> Study[Lesson]:
    """Fine-tune a model on some drawings of one hand, and tell what that brought and what it cost.

    Parameters
    ----------
    model : Model
    drawings : Dataset
        `LEAST_DRAWINGS` or more; one in `HELD_BACK` is kept apart and asked before and after.
    memory : Dataset
        Images that the model learned from.
    others : Dataset
        Images that it never saw, to tell what it forgets.
    seed : int
        Decides which drawings are held back and everything else that is random.

    Yields
    ------
    float
        The fraction done.

    Raises
    ------
    DatasetError
        When there are too few drawings, or the images or classes are not the model's.
    """
    if len(drawings) < LEAST_DRAWINGS:
        message = _("At least {n} drawings are needed to learn a hand, and there are {have}.")
        raise DatasetError(message.format(n=LEAST_DRAWINGS, have=len(drawings)))
    order = np.random.default_rng(seed).permutation(len(drawings))
    held_back = drawings.take(order[: len(order) // HELD_BACK])
    learned = drawings.take(order[len(order) // HELD_BACK :])
    tuned = yield from between(0.0, 0.6, tuning(model, learned, memory, seed=seed))
    others_before = yield from between(0.6, 0.8, score(model, others))
    others_after = yield from between(0.8, 1.0, score(tuned, others))
    hand_before, hand_after = (completed(score(one, held_back)) for one in (model, tuned))
    return Lesson(tuned, hand_before, hand_after, others_before, others_after)


def fine_tune(model: Model, drawings: Dataset, memory: Dataset, *, seed: int = 0) -> Model:
    """Return a copy of a model that went on to learn from drawings and from images that it knows, half each.

    Parameters
    ----------
    model : Model
    drawings : Dataset
        Each is seen many times, a little changed.
    memory : Dataset
        Images that the model learned from; about `MEMORY` of them are drawn, as many of each class.
    seed : int

    Raises
    ------
    DatasetError
        When the images or classes are not the model's.
    """
    return completed(tuning(model, drawings, memory, seed=seed))


def tuning(model: Model, drawings: Dataset, memory: Dataset, *, seed: int = 0) -> Study[Model]:
    """Do what `fine_tune` does, step by step."""
    for dataset in (drawings, memory):
        if dataset.class_names != model.class_names or dataset.image_shape != model.image_shape:
            message = _("{name} has other images or classes than those that the model learned from.")
            raise DatasetError(message.format(name=dataset.name))
    generator = np.random.default_rng(seed)
    known = memory.take(draw_memory(memory, generator))
    again = np.resize(generator.permutation(len(drawings)), len(known))
    both = Dataset(
        np.concatenate([drawings.images[again], known.images]),
        np.concatenate([drawings.labels[again], known.labels]),
        model.class_names,
        _("{drawings} and a memory of {data}").format(drawings=drawings.name, data=memory.name),
    )
    run, split = TrainingRun(model.network_config, _settings(model, seed)), Split(both, known)
    run.begin_from_model(model, split)
    yield from steps_of(run)
    return _part_of_the_way(model, run.model())


def _part_of_the_way(before: Model, after: Model) -> Model:
    """Return a model `KEPT` of the way between two; what was measured of the second is not said of it."""
    return Model(
        after.network_config,
        after.preparation,
        after.class_names,
        before.parameters + KEPT * (after.parameters - before.parameters),
        after.training_config,
        {key: value for key, value in after.card.items() if key not in MEASURED_CARD}
        | {"weights_kept": KEPT},
        history=after.history,
    )


def _settings(model: Model, seed: int) -> TrainingConfig:
    """Return how the model learns on; what is told in pixels is meant for images of 28."""
    scale = min(model.image_shape) / 28
    in_pixels = ("augment_shift", "augment_elastic", "augment_pen_width")
    return replace(FINE_TUNING, seed=seed, **{name: scale * getattr(FINE_TUNING, name) for name in in_pixels})


def draw_memory(dataset: Dataset, generator: np.random.Generator, most: int = MEMORY) -> IndexArray:
    """Return the positions of at most `most` images, as many of each class as there are."""
    n_classes = len(dataset.class_names)
    order = generator.permutation(len(dataset))
    of_each = [order[dataset.labels[order] == c][: max(1, most // n_classes)] for c in range(n_classes)]
    return np.concatenate(of_each)


def score(model: Model, images: Dataset) -> Study[Outcome]:
    """Return how many images a model names rightly."""
    is_right = yield from hits(model, images)
    return Outcome(int(is_right.sum()), len(images))
