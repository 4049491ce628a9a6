"""What is proposed: the same for the same seed, never the same point twice, all of a grid."""

import itertools
import math

import pytest

from mlcore.search.outcome import Outcome
from mlcore.search.proposals import KINDS, GridProposer, RandomProposer
from mlcore.search.space import Dimension, Values

SPACE = (
    Dimension("learning_rate", 1e-5, 1e-1),
    Dimension("activation", values=("relu", "tanh")),
    Dimension("batch_size", 16, 256),
)
SMALL = (Dimension("kernel_size", 3, 5), Dimension("activation", values=("relu", "tanh")))


def distance(values: Values) -> float:
    """Return how far a rate is from 3e-4, in powers of ten."""
    return abs(math.log10(values["learning_rate"]) + 3.5)


def proposed(kind: str, seed: int) -> list[Values]:
    """Return three rounds: rates near 3e-4 do well, some are stopped early and one diverges."""
    proposer, found = KINDS[kind].make(SPACE, 24, seed), list[Values]()
    for _round in range(3):
        values = proposer.propose(8)
        found += values
        proposer.learn(
            [
                Outcome(None if number == 7 else -distance(one), 1.0 if number < 3 else 1 / 3)
                for number, one in enumerate(values)
            ]
        )
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_proposes_the_same_and_another_one_something_else(kind: str) -> None:
    first = proposed(kind, 1)
    assert len(first) == (18 if kind == "grid" else 24)
    assert first == proposed(kind, 1)
    assert first != proposed(kind, 2)


def test_optuna_learns_where_it_pays_to_look() -> None:
    distances = [distance(values) for values in proposed("optuna", 1)]
    assert sum(distances[16:]) < sum(distances[:8])


def test_chance_draws_nothing_twice_and_ends_when_all_was_drawn() -> None:
    proposer = RandomProposer(SMALL, 100, 0)
    points = [tuple(values.values()) for values in (*proposer.propose(3), *proposer.propose(8))]
    assert sorted(points) == sorted(itertools.product((3, 5), ("relu", "tanh")))
    assert proposer.propose(1) == []


def test_a_grid_has_every_combination_once() -> None:
    proposer = GridProposer(SPACE, 20, 0)
    points = [tuple(values.values()) for values in proposer.propose(1000)]
    assert len(points) == len(set(points)) == 18  # three rates, two activations, three batch sizes
    assert {point[0] for point in points} == {1e-5, 1e-3, 1e-1}
