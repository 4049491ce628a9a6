"""Successive halving: all candidates of a round train a little, and only the best of them train on.

A search asks how far each candidate trains before the next comparison, and which of them stay. Steps are
counted and never seconds, so that the result is the same on any machine that computes the same
(Jamieson & Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016).
"""

import math
from collections.abc import Sequence
from typing import TypeVar

from mlcore.config import TrainingConfig

FACTOR = 3
"""Of how many candidates one trains on after a comparison, and how many times longer then."""

MOST_COMPARISONS = 2
"""Comparisons before the end: with three, the first would come after a 27th of the training."""

T = TypeVar("T")


def fractions(training: TrainingConfig, n_train: int, factor: int = FACTOR) -> tuple[float, ...]:
    """Return the parts of a training after which candidates are compared, the last one 1.

    Each comparison needs at least one measurement of the dev set before it, so a short training has few.

    >>> fractions(TrainingConfig(epochs=9), 1000)
    (0.1111111111111111, 0.3333333333333333, 1.0)
    >>> fractions(TrainingConfig(epochs=2), 1000)
    (1.0,)
    """
    measured = training.total_steps(n_train) / training.evaluate_every_steps(n_train)
    comparisons = min(MOST_COMPARISONS, int(math.log(max(measured, 1), factor) + 1e-9))
    return tuple(float(factor) ** -k for k in range(comparisons, -1, -1))


def steps_at(fraction: float, training: TrainingConfig, n_train: int) -> int:
    """Return the step at which that part of a training is done: one at which the dev set is measured.

    >>> steps_at(1 / 3, TrainingConfig(batch_size=100, epochs=10), 1000)  # after the fourth epoch
    40
    """
    total, every = training.total_steps(n_train), training.evaluate_every_steps(n_train)
    return min(total, every * math.ceil(fraction * total / every))


def survivors(
    candidates: Sequence[T], standings: Sequence[tuple[float, float]], factor: int = FACTOR
) -> list[T]:
    """Return the candidates that train on, in their order: one of ``factor``, and one at least.

    Parameters
    ----------
    standings : sequence of (float, float)
        What makes one better than another, such as accuracy and minus loss. Of equals the earlier one stays.

    >>> survivors("abcd", [(0.2, 0.0), (0.9, 0.0), (0.9, 0.1), (0.5, 0.0)])
    ['b', 'c']
    """
    order = sorted(range(len(candidates)), key=lambda place: standings[place], reverse=True)
    stay = set(order[: math.ceil(len(candidates) / factor)])
    return [candidate for place, candidate in enumerate(candidates) if place in stay]


def share_of_work(parts: Sequence[float], factor: int = FACTOR) -> float:
    """Return how much of a whole training a candidate takes in the mean, when only the best train on.

    >>> share_of_work((1 / 9, 1 / 3, 1.0))  # a ninth, and a third of them two ninths more, and so on
    0.25925925925925924
    """
    done = [0.0, *parts]
    return math.fsum((done[k + 1] - done[k]) / factor**k for k in range(len(parts)))
