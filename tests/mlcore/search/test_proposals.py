"""What is proposed: the same for the same seed, never the same point twice, all of a grid."""

import itertools
import math
from dataclasses import replace

import pytest

from mlcore import NetworkConfig, TrainingConfig
from mlcore.search.outcome import Outcome
from mlcore.search.proposals import KINDS, GridProposer, RandomProposer
from mlcore.search.search import SearchPlan, search
from mlcore.search.space import Dimension, Values, searchable, settings_with, usual_dimension
from mlcore.settings import why_idle

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


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_varied_that_has_no_effect_under_the_other_settings(kind: str) -> None:
    usual = NetworkConfig(), TrainingConfig()
    space = [usual_dimension(name, *usual) for name in searchable() if name != "drop_rare_pixels"]
    space = [
        Dimension("hidden_sizes", values=((), (8,))) if one.name == "hidden_sizes" else one for one in space
    ]
    plan = SearchPlan(tuple(space), kind=kind)
    board, _tasks = next(search(plan, 100))
    assert len(board) == 8
    some = set[str]()
    for values in (*(one.values for one in board), *plan_proposals(plan, 100 if kind == "random" else 8)):
        network, training = settings_with(*usual, values)
        for name in values:
            config = network if hasattr(network, name) else training
            assert why_idle(config, name) == "", (name, values)
        some |= {one.name for one in space} - set(values)
    assert {"momentum", "warmup"} <= some


def plan_proposals(plan: SearchPlan, n: int) -> list[Values]:
    return plan.proposer(n_train=100).propose(n)


@pytest.mark.parametrize("kind", KINDS)
def test_two_proposals_differ_in_what_has_an_effect(kind: str) -> None:
    space = (Dimension("optimizer", values=("adam", "gradient_descent")), Dimension("momentum", 0.5, 0.99))
    assert plan_proposals(SearchPlan((space[1],), kind=kind), 8) == [{}]  # of what stays, once
    found = plan_proposals(SearchPlan(space, kind=kind), 8)
    assert sorted(values["optimizer"] for values in found) == ["adam", "gradient_descent"]
    assert all("momentum" not in values for values in found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_trains_the_same_run_is_proposed_once(kind: str) -> None:
    space = (
        Dimension("optimizer", values=("adamw", "adam", "rmsprop")),
        Dimension("batch_size", values=(50, 100, 400)),  # of 100 images
    )
    plan = SearchPlan(space, kind=kind)
    found = {tuple(values.values()) for values in plan_proposals(plan, 12)}
    assert found == {*itertools.product(("adam", "rmsprop"), (50, 100))}
    assert plan.n_different(100) == 4
    assert replace(plan, training=TrainingConfig(weight_decay=0.01)).n_different(100) == 6


def test_of_ranges_no_number_of_different_runs_is_told_but_of_a_grid_it_is() -> None:
    plan = SearchPlan((Dimension("batch_size", 16, 256), Dimension("learning_rate", 1e-4, 1e-2)), runs=12)
    assert plan.n_different(1000) == 12
    assert replace(plan, kind="grid").n_different(1000) == 9
