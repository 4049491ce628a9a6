"""How long a training takes: learned from the last runs, measured where that is quick, else estimated.

The run service asks it before anything is trained. A trial must not keep a worker from the runs.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from dashboard.runs import worker
from mlcore import NetworkConfig, TrainingConfig
from mlcore.training.measurements import early_step
from mlcore.training.memory import Demand, memory_needed

# Operations: one is a product of a matrix product, and the rest of the work is counted as products that would
# take as long. Fitted to single steps of 17 networks on one core with AVX-512, which do 60 billion a second.
A_STEP = 3_300_000
"""Operations of a step, however small it is."""

AN_IMAGE = 50_000
"""Operations of an image beside its products: it is gathered, scaled and counted."""

A_PARAMETER = 80
"""Operations of a parameter in each step: it is changed, and so are the optimizer's moments."""

A_CHANGED_PIXEL = 800
"""Operations of a pixel that is changed at random."""

MEASURING_SHARE = 0.4
"""Time to look at an image without learning from it, as part of the time to train on it, in batches."""

BATCH = 64
"""Images from which a step takes as long as its images do; a smaller one takes as long all the same."""

BEGIN_SECONDS = 0.5
"""Until a run has taken its first step: a worker is started, and the images are mapped."""

LEAST_TO_LEARN = 1.0
"""Seconds that a run must have trained to tell how fast others will be."""

MOST_OFF = 3.0
"""Times that a run may take longer or shorter than a trial said, at most; more than that is no rule."""

KEPT = 200
LONGEST_STEP = 0.1
"""The longest step, in estimated seconds, that is measured: a trial takes some six and 0.4 s."""

STEADY = 1e8
"""Operations of a step from which its speed says something about larger ones."""

REST = 4.0
"""Times as long as a trial took, until the next: trials take a fifth of one worker at most."""

SPEED_LASTS = 600.0
"""Seconds after which what a trial found is measured once more; what a run took is kept."""

Kind: TypeAlias = tuple[bool, str, bool]

SAMPLES = {False: NetworkConfig(hidden_sizes=(256, 256)), True: NetworkConfig(filters=(16, 32))}
SAMPLE = TrainingConfig(batch_size=128)
"""What is tried out for the speed of networks without and with convolutions."""


@dataclass(frozen=True)
class Question:
    """What is asked: settings without what does not matter for the time of an image.

    Attributes
    ----------
    alone : bool
        Whether a run would have a second process.
    """

    network: NetworkConfig
    training: TrainingConfig
    image_shape: tuple[int, int]
    n_classes: int
    alone: bool

    @property
    def kind(self) -> Kind:
        """What speeds are alike in."""
        return bool(self.network.filters), self.network.precision, self.alone

    @property
    def demand(self) -> Demand:
        """What a run with these settings takes."""
        images = worker.TRIAL_IMAGES
        return memory_needed(self.network, self.training, self.image_shape, self.n_classes, images)

    @property
    def operations(self) -> float:
        """The operations of one image, with its part of the work that is done once in a step."""
        demand, batch = self.demand, self.training.images_per_step(worker.TRIAL_IMAGES)
        pixels = math.prod(self.image_shape) / self.network.pooling**2
        changes = 0.0 if self.training.augmentation.is_none else A_CHANGED_PIXEL * pixels
        once = A_STEP + A_PARAMETER * demand.parameters
        return demand.products + AN_IMAGE + changes + once / batch


def images_to_see(training: TrainingConfig, n_train: int, n_dev: int) -> float:
    """Return how many images a run looks at; one that is only measured counts as a part of one.

    >>> images_to_see(TrainingConfig(epochs=2, batch_size=100, train_sample=100), 1000, 200)
    2360.0
    """
    steps = training.total_steps(n_train)
    every = training.evaluate_every_steps(n_train)
    is_early_too = early_step(training, n_train) is not None
    measurements = 1 + is_early_too + -(-steps // every)
    sample = min(training.train_sample or n_train, n_train)
    seen = n_train * steps / training.steps_per_epoch(n_train)
    share = MEASURING_SHARE * min(
        1.0, training.images_per_step(n_train) / BATCH
    )  # images are measured many at a time
    return seen + share * measurements * (n_dev + sample)


class Trials:
    """Answers how long an image takes; safe from any thread, and one trial at a time.

    Parameters
    ----------
    ask : callable
        Has a worker call a function with arguments; returns the future.
    answer : callable
        Waits for a future's answer.
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        ask: Callable[..., "Future[Any]"],
        answer: Callable[["Future[Any]"], Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._answer, self._clock = ask, answer, clock
        self._trying = threading.Lock()
        self._tried: dict[Question, tuple[float, float]] = {}
        self._learned: dict[Question, float] = {}
        self._speeds: dict[Kind, tuple[float, float]] = {}
        self._ratios: dict[Kind, float] = {}
        self._next_trial = -math.inf

    def seconds(self, question: Question) -> float:
        """Return about how many seconds an image takes, by trials where they are quick.

        Raises
        ------
        RunError
            When the workers do not answer.
        """
        known = self._known(question)
        if known is not None:
            return known
        estimated = question.operations / self._speed(question.kind)
        is_quick = estimated * (question.training.batch_size or 1) <= LONGEST_STEP
        if is_quick and self._trying.acquire(blocking=False):
            try:
                if self._clock() >= self._next_trial:
                    return self._try(question) * self._ratio(question.kind)
            finally:
                self._trying.release()
        return estimated

    def guess(self, question: Question) -> float | None:
        """Return about how many seconds an image takes without a trial; None when nothing is known."""
        known, speed = self._known(question), self._known_speed(question.kind)
        return known if known is not None or speed is None else question.operations / speed

    def learn(self, question: Question, seconds: float) -> None:
        """Note how many seconds an image took in a run: the same settings will take as long, others alike."""
        tried = self._tried.get(question)
        if tried is not None:
            ratio = min(MOST_OFF, max(1 / MOST_OFF, seconds / tried[0]))
            self._ratios[question.kind] = math.sqrt(ratio * self._ratio(question.kind))
        _keep(self._learned, question, seconds)
        self._note_speed(question, seconds)

    def _known(self, question: Question) -> float | None:
        """Return what the last run with these settings took, or else what a trial found not long ago."""
        if question in self._learned:
            return self._learned[question]
        seconds, measured = self._tried.get(question, (0.0, -math.inf))
        fresh = self._clock() < measured + SPEED_LASTS
        return seconds * self._ratio(question.kind) if fresh else None

    def _ratio(self, kind: Kind) -> float:
        """Return how many times as long as in trials such runs have taken."""
        return self._ratios.get(kind, 1.0)

    def _speed(self, kind: Kind) -> float:
        """Return the operations a second of such networks, from a quick trial of one when it is not known."""
        speed = self._known_speed(kind)
        if speed is None:
            with self._trying:
                speed = self._known_speed(kind) or self._measure_speed(kind)
        return speed

    def _known_speed(self, kind: Kind) -> float | None:
        speed, measured = self._speeds.get(kind, (0.0, -math.inf))
        return speed if self._clock() < measured + SPEED_LASTS else None

    def _measure_speed(self, kind: Kind) -> float:
        convolutions, precision, alone = kind
        network = replace(SAMPLES[convolutions], precision=precision)
        question = Question(network, SAMPLE, (28, 28), 10, alone)
        speed = question.operations / self._timed(question)
        self._speeds[kind] = speed, self._clock()
        return speed

    def _try(self, question: Question) -> float:
        begin = self._clock()
        seconds = self._timed(question)
        self._next_trial = self._clock() + REST * (self._clock() - begin)
        _keep(self._tried, question, (seconds, self._clock()))
        self._note_speed(question, seconds)
        return seconds

    def _note_speed(self, question: Question, seconds: float) -> None:
        if question.operations * (question.training.batch_size or 1) >= STEADY:
            self._speeds[question.kind] = question.operations / seconds, self._clock()

    def _timed(self, question: Question) -> float:
        seconds: float = self._answer(
            self._ask(
                worker.trial,
                question.network,
                question.training,
                question.image_shape,
                question.n_classes,
                question.alone,
            )
        )
        return seconds


def _keep(table: dict[Question, Any], question: Question, value: Any) -> None:
    """Put a value into a table that keeps the newest few."""
    table.pop(question, None)
    while len(table) >= KEPT:
        table.pop(next(iter(table)), None)
    table[question] = value
