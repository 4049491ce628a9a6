"""Which of the settings that were varied mattered, and whether that could be luck.

The page Search says it in words. All candidates are compared after the first comparison of their round, the
only moment that all of them have reached.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.search.search import Candidate
from mlcore.search.space import Dimension

GROUPS = 3
"""Into how many parts a range is divided: low, middle and high."""

FEWEST = 6
"""Candidates below which nothing can be said."""

SHUFFLES = 2_000
LUCK = 0.05
"""How often chance alone may do as well for a setting to count, all settings taken together."""


@dataclass(frozen=True)
class Group:
    """Candidates with like values of a setting.

    Attributes
    ----------
    values : tuple
        What they have, from the lowest to the highest or in the order of the list.
    accuracy : float
        Their median dev accuracy.
    n : int
        How many they are.
    """

    values: tuple[Any, ...]
    accuracy: float
    n: int


@dataclass(frozen=True)
class Effect:
    """What a setting did.

    Attributes
    ----------
    name : str
    share : float
        Of all differences in rank between candidates, what the groups explain: 0 to 1, less what chance
        explains.
    luck : float
        How often groups that mean nothing explain as much.
    groups : tuple of Group
        Best first; none where it has an effect in too few candidates.
    """

    name: str
    share: float
    luck: float
    groups: tuple[Group, ...]

    def matters(self, n_settings: int) -> bool:
        """Return whether it is more than luck, with as many settings looked at."""
        return self.luck * n_settings < LUCK


def effects(space: Sequence[Dimension], board: Sequence[Candidate], seed: int = 0) -> list[Effect]:
    """Return what each setting did, the strongest first; nothing while there are too few candidates."""
    tried = [candidate for candidate in board if candidate.results]
    if len(tried) < FEWEST:
        return []
    generator = np.random.default_rng(seed)
    found = [_effect(dimension, tried, generator) for dimension in space]
    return sorted(found, key=lambda effect: (effect.luck, -effect.share))


def _effect(dimension: Dimension, tried: Sequence[Candidate], generator: np.random.Generator) -> Effect:
    """Return what a setting did among the candidates in which it has an effect."""
    having = [candidate for candidate in tried if dimension.name in candidate.values]
    if len(having) < FEWEST:
        return Effect(dimension.name, 0.0, 1.0, ())
    scores = np.array([_first_accuracy(candidate) for candidate in having])
    groups = _groups(dimension, [candidate.values[dimension.name] for candidate in having])
    share, luck = _explained(groups, _ranks(scores), generator)
    return Effect(dimension.name, share, luck, _in_words(dimension, groups, having, scores))


def _first_accuracy(candidate: Candidate) -> float:
    """Return the accuracy at the first comparison; 0 of one that had diverged by then."""
    accuracy = candidate.results[0].standing[0]
    return accuracy if math.isfinite(accuracy) else 0.0


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each score; equals share the mean of theirs.

    >>> _ranks(np.array([0.5, 0.9, 0.5]))
    array([0.5, 2. , 0.5])
    """
    _values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts + 1) / 2)[inverse]
    return ranks


def _groups(dimension: Dimension, values: Sequence[Any]) -> NDArray[np.intp]:
    """Return the number of each candidate's group: thirds of a range, or its place in the list.

    >>> _groups(Dimension("dropout", 0.0, 0.6), [0.5, 0.0, 0.1, 0.6, 0.3, 0.2])
    array([2, 0, 0, 2, 1, 1])
    """
    if dimension.low is None:
        return np.array([dimension.values.index(value) for value in values])
    distinct = sorted(set(values))
    order = {value: place for place, value in enumerate(distinct)}
    n = min(GROUPS, len(distinct))
    return np.array([order[value] * n // len(distinct) for value in values])


def _explained(
    groups: NDArray[np.intp], ranks: NDArray[np.float64], generator: np.random.Generator
) -> tuple[float, float]:
    """Return which share of the differences between ranks lies between the groups, and how lucky that is.

    The share is ε² = 1 − (n − 1)/(n − k) · (1 − η²), with η² = Σ n_g (r̄_g − r̄)² / Σ (r − r̄)²: what chance
    explains is taken off. Luck is how often η² is as large when the ranks are shuffled.
    """
    of_group = (groups == np.unique(groups)[:, np.newaxis]).astype(np.float64)  # (groups, candidates)
    (k, n), sizes = of_group.shape, of_group.sum(axis=1)
    centred = ranks - ranks.mean()
    spread = float(centred @ centred)
    if spread == 0 or k < 2 or k == n:
        return 0.0, 1.0

    def between(orders: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Σ n_g (r̄_g − r̄)² of centred ranks (…, candidates)."""
        means = orders @ of_group.T / sizes
        squares: NDArray[np.float64] = (sizes * means**2).sum(axis=-1)
        return squares

    found = float(between(centred))
    shuffled = between(generator.permuted(np.tile(centred, (SHUFFLES, 1)), axis=1))
    as_large = int(np.count_nonzero(shuffled >= found * (1 - 1e-9)))
    share = 1 - (n - 1) / (n - k) * (1 - found / spread)
    return max(0.0, share), (1 + as_large) / (1 + SHUFFLES)


def _in_words(
    dimension: Dimension, groups: NDArray[np.intp], tried: Sequence[Candidate], scores: NDArray[np.float64]
) -> tuple[Group, ...]:
    made = []
    for number in np.unique(groups):
        members = np.flatnonzero(groups == number).tolist()
        values = [tried[place].values[dimension.name] for place in members]
        shown = sorted(set(values)) if dimension.low is not None else values[:1]
        made.append(Group(tuple(shown), float(np.median(scores[members])), len(members)))
    return tuple(sorted(made, key=lambda group: group.accuracy, reverse=True))
