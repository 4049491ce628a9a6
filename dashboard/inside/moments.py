"""The moments of runs, worked out once and kept for all visitors: what a snapshot answers, and its weights.

Time travel asks here. Networks are not kept: each is read from its file when something new is asked of it.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.inside.cache import at_once
from dashboard.inside.question import my_digit
from dashboard.latest import Latest
from dashboard.run_service import get_run_service
from dashboard.session import Session
from mlcore import Dataset, Slice, completed, evaluate, follow_slices, weight_pictures

MOST_NEURONS = 24
"""Whose weights are shown, the first ones: the same at each moment."""

MOST_ON_RING = 300
"""Images on the ring of classes."""

MOST_BYTES = 24_000_000


@dataclass(frozen=True)
class Moment:
    """What a network was at one moment of its training.

    Attributes
    ----------
    class_names : tuple of str
    matrix : int array (classes, classes)
        The confusion matrix of the dev images that it was asked about.
    weights : float array (neurons, height, width)
        Of the first layer.
    labels : int array (n,)
        Of the images on the ring.
    probabilities : float16 array (n, classes)
        What they are answered.
    """

    class_names: tuple[str, ...]
    matrix: npt.NDArray[np.int64]
    weights: npt.NDArray[np.floating]
    labels: npt.NDArray[np.integer]
    probabilities: npt.NDArray[np.float16]

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""
        arrays = (self.matrix, self.weights, self.labels, self.probabilities)
        return sum(array.nbytes for array in arrays)


def known_moment(run_id: str, step: int) -> Moment | None:
    """Return a moment that was worked out before; None when it was not."""
    return _moments.known((run_id, str(step)))


def moment_of(run_id: str, step: int) -> Moment:
    """Return a moment of a run: what its snapshot answers to the first images of the run's dev set.

    Raises
    ------
    RunError
        When that snapshot is no longer kept.
    """

    def make() -> Moment:
        service = get_run_service()
        model, dev = service.snapshot_model(run_id, step), service.split(run_id).dev
        matrix = np.zeros((len(model.class_names),) * 2, np.int64)
        if len(dev):
            matrix = evaluate(model, at_once(model, dev)).matrix
        some = dev.take(slice(0, MOST_ON_RING))
        return Moment(
            model.class_names,
            matrix,
            weight_pictures(model).hidden[:MOST_NEURONS].copy(),
            some.labels,
            model.probabilities_of(some.images).astype(np.float16),
        )

    return _moments.get((run_id, str(step)), make)


def answer_at(session: Session, run_id: str, step: int) -> npt.NDArray[np.floating] | None:
    """Return the probabilities that a moment of a run gives to the visitor's drawing; None without one.

    Raises
    ------
    RunError
        When the snapshot is no longer kept.
    """
    drawing = session.play.now
    if drawing is None:
        return None

    def make() -> npt.NDArray[np.floating]:
        model = get_run_service().snapshot_model(run_id, step)
        image = my_digit(session, model)
        return np.zeros(0) if image is None else model.probabilities_of(image[None])[0]

    of_drawing = hashlib.sha256(drawing.image.tobytes()).hexdigest()
    found = _answers.get((run_id, str(step), of_drawing), make)
    return found if found.size else None


def followed_slices(session: Session, run_id: str) -> list[tuple[Slice, Dataset]]:
    """Return the slices that the visitor keeps of the run's dev set or of the test set, each with its set."""
    if not session.slices:
        return []
    dev = get_run_service().split(run_id).dev
    sets = [images for images in (dev, session.test_set) if images is not None]
    return [
        (one, images)
        for one in session.slices
        for images in sets
        if images.image_shape == dev.image_shape and one.is_of(images)
    ]


def right_at(run_id: str, step: int, one: Slice, images: Dataset) -> int:
    """Return how many images of a slice a moment of a run reads right.

    Raises
    ------
    RunError
        When the snapshot is no longer kept.
    """

    def make() -> npt.NDArray[np.int64]:
        model = get_run_service().snapshot_model(run_id, step)
        return completed(follow_slices([model], images, [one.positions]))

    key = (run_id, str(step), one.fingerprint, hashlib.sha256(one.bits).hexdigest())
    return int(_right.get(key, make)[0, 0])


_right = Latest[npt.NDArray[np.int64]](MOST_BYTES // 240)
_moments = Latest[Moment](MOST_BYTES)
_answers = Latest[npt.NDArray[np.floating]](MOST_BYTES // 24)
