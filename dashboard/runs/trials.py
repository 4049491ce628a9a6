"""How long one training image takes: measured where that is quick, estimated where it is not.

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
from mlcore.training.memory import memory_needed

KEPT = 200
LONGEST_STEP = 0.1
"""The longest step, in estimated seconds, that is measured: a trial takes some six and 0.4 s."""

STEADY_PRODUCTS = 1e8
"""Products of a step from which its speed says something about larger ones."""

REST = 4.0
"""Times as long as a trial took, until the next: trials take a fifth of one worker at most."""

SPEED_LASTS = 600.0
"""Seconds after which a speed is measured once more."""

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
        self._known: dict[Question, float] = {}
        self._speeds: dict[Kind, tuple[float, float]] = {}
        self._next_trial = -math.inf

    def seconds(self, question: Question, products: int) -> float:
        """Return about how many seconds an image takes, given how many products it needs.

        Raises
        ------
        RunError
            When the workers do not answer.
        """
        known = self._known.get(question)
        if known is not None:
            return known
        estimated = products / self._speed(question.kind)
        is_quick = estimated * (question.training.batch_size or 1) <= LONGEST_STEP
        if is_quick and self._trying.acquire(blocking=False):
            try:
                if self._clock() >= self._next_trial:
                    return self._try(question, products)
            finally:
                self._trying.release()
        return estimated

    def _speed(self, kind: Kind) -> float:
        """Return the products a second of such networks, from a quick trial of one when it is not known."""
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
        network, training, shape = replace(SAMPLES[convolutions], precision=precision), SAMPLE, (28, 28)
        products = memory_needed(network, training, shape, 10, worker.TRIAL_IMAGES).products
        speed = products / self._timed(Question(network, training, shape, 10, alone))
        self._speeds[kind] = speed, self._clock()
        return speed

    def _try(self, question: Question, products: int) -> float:
        begin = self._clock()
        seconds = self._timed(question)
        self._next_trial = self._clock() + REST * (self._clock() - begin)
        while len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)), None)
        self._known[question] = seconds
        if products * (question.training.batch_size or 1) >= STEADY_PRODUCTS:
            self._speeds[question.kind] = products / seconds, self._clock()
        return seconds

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
