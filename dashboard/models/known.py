"""The images that a model learned from, and others that it did not, as far as they are on this server.

Draw teaches a network with both, and shows the training images that are nearest to a drawing.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from dashboard.models.choice import chosen_key, own_run_answers
from dashboard.run_service import get_run_service
from dashboard.session import RUN_MODEL, SHIPPED, TEST_SETS, Session
from dashboard.shipped import shipped_dataset, shipped_split
from mlcore import Dataset, DatasetError, Model, Split, SplitSettings
from mlcore.exports.passport import split_of


@dataclass(frozen=True)
class Known:
    """Images that a model knows, and images that it does not.

    Attributes
    ----------
    learned : Dataset
        What it learned from.
    unseen : Dataset
        What it did not learn from; none of `learned` is among them.
    is_certain : bool
        Whether that is so; otherwise both are of a data set of the same kind, and nobody knows what the model
        has seen of it.
    """

    learned: Dataset
    unseen: Dataset
    is_certain: bool


def known_to(session: Session, model: Model) -> Known:
    """Return what the chosen model learned from, and what it did not.

    The images of a run that the visitor only watches are not theirs to see: they are known when they ship
    with the app or are the visitor's own.
    """
    if chosen_key(session) == RUN_MODEL and session.run_id is not None and own_run_answers(session):
        split = get_run_service().split(session.run_id)
        return Known(split.train, split.dev, is_certain=True)
    for split, test in _candidates(session, model):
        if _is_of(model, split):
            return Known(split.train, test or split.dev, is_certain=True)
    split, test = next(
        ((split, test) for split, test in _candidates(session, model) if fits(split.train, model)),
        (session.split, session.test_set),
    )
    return Known(split.train, test or split.dev, is_certain=False)


def fits(dataset: Dataset, model: Model) -> bool:
    """Return whether images and classes of a data set are those of a model."""
    return dataset.class_names == model.class_names and dataset.image_shape == model.image_shape


def _candidates(session: Session, model: Model) -> Iterator[tuple[Split, Dataset | None]]:
    """Yield splits that a model may have learned from, each with the images for the final test."""
    yield session.split, session.test_set
    told = split_of(model.card.get("split"))
    for name in SHIPPED:
        dataset = shipped_dataset(name)
        if not fits(dataset, model):
            continue
        test = shipped_dataset(TEST_SETS[name]) if name in TEST_SETS else None
        if told is not None:
            with suppress(DatasetError, TypeError, ValueError):  # for another data set, or written by hand
                yield shipped_split(name, told), test
        yield shipped_split(name, SplitSettings().fitted_to(len(dataset))), test


def _is_of(model: Model, split: Split) -> bool:
    """Return whether a model learned from all training images of a split, and from none of its dev set."""
    n_train = model.card.get("train_size")
    return (
        fits(split.train, model)
        and type(n_train) is int
        and n_train >= len(split.train)
        and model.card.get("dev_fingerprint") == split.dev.fingerprint
    )
