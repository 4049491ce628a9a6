"""Who proposes what to try next: a grid, chance, or Optuna.

A search asks for as many candidates as a round has, and tells how they did before it asks again. The same
seed and the same outcomes give the same proposals.
"""

import importlib.util
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mlcore.errors import SettingError
from mlcore.language import N_, _
from mlcore.search.outcome import Outcome
from mlcore.search.seen import Seen
from mlcore.search.space import Dimension, Trim, Values

TRIES = 1_000
"""Draws until a space counts as used up, in which each draw was proposed before."""

MOST_IN_GRID = 10_000


class Proposer(Protocol):
    """Proposes what to try."""

    def propose(self, n: int) -> list[Values]:
        """Return ``n`` proposals that are new; fewer when there are no more."""

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Take note of how the last proposals did, in their order."""


class GridProposer:
    """Goes through all combinations of some values of each setting, in a random order.

    In order, a search that ends early would never have seen the last values of the last setting.
    """

    def __init__(self, space: Sequence[Dimension], runs: int, seed: int, trim: Trim = dict) -> None:
        levels = [dimension.levels(levels_of_grid(space, runs)) for dimension in space]
        grid = [*itertools.islice(itertools.product(*levels), MOST_IN_GRID)]
        order = np.random.default_rng(seed).permutation(len(grid))
        names = [dimension.name for dimension in space]
        self._points = (trim(dict(zip(names, grid[place], strict=True))) for place in order)
        self._seen = Seen()

    def propose(self, n: int) -> list[Values]:
        """Return the next points of the grid."""
        new = (values for values in self._points if self._seen.is_new(values))
        return list(itertools.islice(new, n))

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Learn nothing: the grid is fixed."""


def levels_of_grid(space: Sequence[Dimension], runs: int) -> int:
    """Return into how many values each range is divided, so that a grid has about as many points as runs.

    >>> space = [Dimension("learning_rate", 0.0001, 0.01), Dimension("activation", values=("relu", "tanh"))]
    >>> levels_of_grid(space, 10)
    5
    """
    n_ranges = sum(dimension.low is not None for dimension in space)
    listed = int(np.prod([len(dimension.values) for dimension in space if dimension.low is None]))
    n = 2
    while n_ranges and listed * (n + 1) ** n_ranges <= runs:
        n += 1
    return n


class RandomProposer:
    """Draws each setting at random, and never the same twice.

    With the same number of runs it tries more values of the settings that matter than a grid does
    (Bergstra & Bengio, "Random search for hyper-parameter optimization", 2012).
    """

    def __init__(self, space: Sequence[Dimension], runs: int, seed: int, trim: Trim = dict) -> None:
        self._space, self._trim = space, trim
        self._generator = np.random.default_rng(seed)
        self._seen = Seen()

    def propose(self, n: int) -> list[Values]:
        """Return new points, drawn at random."""
        found: list[Values] = []
        tries = 0
        while len(found) < n and tries < TRIES:
            places = self._generator.random(len(self._space))
            drawn = zip(self._space, places, strict=True)
            values = self._trim({dim.name: dim.at(float(place)) for dim, place in drawn})
            tries += 1
            if self._seen.is_new(values):
                tries = 0
                found.append(values)
        return found

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Learn nothing: chance has no memory."""


def _always() -> bool:
    """Return that it is there: it needs nothing beyond NumPy."""
    return True


def _optuna(space: Sequence[Dimension], runs: int, seed: int, trim: Trim = dict) -> Proposer:
    if not has_optuna():
        raise SettingError(
            _("Optuna is not installed here. Install it (pip install optuna), or search at random.")
        )
    from mlcore.search.with_optuna import OptunaProposer

    return OptunaProposer(space, seed, trim)


def has_optuna() -> bool:
    """Return whether Optuna is installed."""
    return importlib.util.find_spec("optuna") is not None


@dataclass(frozen=True)
class Kind:
    """A kind of search.

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    make : callable
        Is given what is varied, the number of runs, a seed and a `Trim`, and returns who proposes.
    is_there : callable
        Says whether it can be used here.
    """

    label: str
    help: str
    make: Callable[[Sequence[Dimension], int, int, Trim], Proposer]
    is_there: Callable[[], bool] = _always


KINDS = {
    "random": Kind(
        N_("Random"),
        N_("Draws each setting at random in its range. A good first choice."),
        RandomProposer,
    ),
    "grid": Kind(
        N_("Grid"),
        N_("Tries every combination of a few values of each setting. For one or two settings."),
        GridProposer,
    ),
    "optuna": Kind(
        N_("Optuna"),
        N_("Learns from the rounds before where to look next. Pays off from about 30 runs on."),
        _optuna,
        has_optuna,
    ),
}
"""The kinds of search, by name."""
