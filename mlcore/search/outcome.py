"""How a proposal did, so that the next ones can learn from it.

A search tells it to its proposer: chance, a grid, or Optuna.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How a proposal did.

    Attributes
    ----------
    score : float or None
        The best dev accuracy; None when it diverged or could not be trained.
    fraction : float
        The part of the training after which it was stopped; 1 at the end.
    """

    score: float | None
    fraction: float = 1.0
