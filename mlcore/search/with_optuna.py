"""Proposals by Optuna, which learns from the rounds before where to look next.

`KINDS` names it; only this module needs Optuna. Its sampler is TPE (Bergstra, Bardenet, Bengio & Kégl,
"Algorithms for hyper-parameter optimization", 2011).
"""

from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import Trial, TrialState

from mlcore.search.outcome import Outcome
from mlcore.search.seen import Seen
from mlcore.search.space import Dimension, Trim, Values

FIRST_AT_RANDOM = 8
"""Proposals before it has seen enough to learn from: the first round."""

TRIES = 50
"""Questions that bring nothing new, one after the other, until a space counts as used up."""


class OptunaProposer:
    """Asks Optuna for a whole round at once and tells it all outcomes in their order.

    So what it proposes depends on the seed and on the outcomes only, never on which run ended first.
    """

    def __init__(self, space: Sequence[Dimension], seed: int, trim: Trim = dict) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=FIRST_AT_RANDOM)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._space, self._trim = space, trim
        self._seen = Seen()
        self._asked: list[Trial] = []

    def propose(self, n: int) -> list[Values]:
        """Return as many points as a round has; what was proposed before is asked for once more."""
        places = {dimension.name: _places_of(dimension) for dimension in self._space}
        found, tries = list[Values](), 0
        self._asked = []
        while len(found) < n and tries < TRIES:
            trial = self._study.ask(places)
            values = self._values_of(trial)
            tries += 1
            if self._seen.is_new(values):
                tries = 0
                self._asked.append(trial)
                found.append(values)
            else:
                self._study.tell(trial, state=TrialState.FAIL)
        return found

    def _values_of(self, trial: Trial) -> Values:
        return self._trim({dim.name: _value_at(dim, trial.params[dim.name]) for dim in self._space})

    def learn(self, outcomes: Sequence[Outcome]) -> None:
        """Tell Optuna how the last proposals did; what was stopped early counts as pruned."""
        for trial, outcome in zip(self._asked, outcomes, strict=True):
            if outcome.score is None:
                self._study.tell(trial, state=TrialState.FAIL)
            elif outcome.fraction < 1:
                trial.report(outcome.score, step=round(1000 * outcome.fraction))
                self._study.tell(trial, state=TrialState.PRUNED)
            else:
                self._study.tell(trial, outcome.score)


def _places_of(dimension: Dimension) -> BaseDistribution:
    """Return what Optuna draws from: a place in a range, or the number of a value."""
    if dimension.low is None:
        return CategoricalDistribution(list(range(len(dimension.values))))
    return FloatDistribution(0.0, 1.0)


def _value_at(dimension: Dimension, place: float) -> object:
    return dimension.values[int(place)] if dimension.low is None else dimension.at(place)
