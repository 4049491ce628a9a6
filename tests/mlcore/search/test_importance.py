"""Which setting mattered: a planted one is found, and chance is not taken for one."""

import math

import numpy as np
import pytest

from mlcore import EpochMetrics, NetworkConfig, TrainingConfig
from mlcore.search.importance import SHUFFLES, Effect, effects
from mlcore.search.search import Candidate, Result
from mlcore.search.space import Dimension

SPACE = (
    Dimension("learning_rate", 1e-5, 1e-1),
    Dimension("activation", values=("relu", "tanh")),
    Dimension("dropout", 0.0, 0.5),
)


def candidate(number: int, values: dict[str, object], accuracy: float) -> Candidate:
    best = EpochMetrics(1, 1.0, 1, 0.1, 0.9, 0.1, accuracy, 0.001)
    result = Result(None, "It diverged.") if math.isnan(accuracy) else Result(best)
    return Candidate(number, values, NetworkConfig(), TrainingConfig(), (result,))


def board(n: int, seed: int, weight: float) -> list[Candidate]:
    """Return candidates whose accuracy depends on the rate with this weight, and on chance."""
    generator, made = np.random.default_rng(seed), []
    for number in range(1, n + 1):
        places = generator.random(3).tolist()
        values = {one.name: one.at(place) for one, place in zip(SPACE, places, strict=True)}
        made.append(candidate(number, values, weight * places[0] + 0.1 * generator.random()))
    return made


def test_a_setting_that_decides_is_named_first_and_the_others_are_not_believed() -> None:
    found = effects(SPACE, board(24, 0, weight=0.8))
    assert [effect.name for effect in found if effect.matters(len(found))] == ["learning_rate"]
    first = found[0]
    assert first.share > 0.5
    assert min(first.groups[0].values) > max(first.groups[-1].values)  # high rates did best
    assert sum(group.n for group in first.groups) == 24


def test_chance_is_taken_for_an_effect_in_about_one_search_of_twenty() -> None:
    believed = 0
    for seed in range(100):
        found = effects(SPACE, board(12, seed, weight=0.0))
        believed += any(effect.matters(len(found)) for effect in found)
    assert 0 < believed <= 12


def test_the_share_of_a_small_table_worked_by_hand() -> None:
    """Ranks 0, 1, 2 | 3, 4, 5: η² = 2·3·1.5² / 17.5 = 13.5 / 17.5, ε² = 1 − 5/4 · 4/17.5 = 0.7142857."""
    tried = [candidate(k, {"activation": "relu" if k < 3 else "tanh"}, 0.1 * k) for k in range(6)]
    effect = effects(SPACE[1:2], tried)[0]
    assert effect.share == pytest.approx(1 - 5 / 4 * 4 / 17.5)
    assert effect.luck == pytest.approx(2 / 20, abs=0.03)  # 2 of the 20 ways to deal six ranks are as good
    assert [group.values for group in effect.groups] == [("tanh",), ("relu",)]
    assert [group.accuracy for group in effect.groups] == pytest.approx([0.4, 0.1])


def test_what_diverges_counts_as_the_worst() -> None:
    tried = [candidate(k, {"dropout": k / 20}, math.nan if k > 5 else 0.5 + k / 100) for k in range(9)]
    groups = effects(SPACE[2:], tried)[0].groups
    assert groups[-1].values[-1] == 0.4
    assert groups[-1].accuracy == 0


def test_nothing_is_said_of_few_candidates_or_of_equals() -> None:
    assert effects(SPACE, board(5, 0, weight=0.8)) == []
    equal = [candidate(k, {"dropout": k / 20}, 0.5) for k in range(9)]
    assert effects(SPACE[2:], equal)[0].luck == 1.0


def test_looking_at_more_settings_asks_for_clearer_effects() -> None:
    effect = Effect("dropout", 0.3, 0.03, ())
    assert effect.matters(1)
    assert not effect.matters(2)
    assert 1 / (1 + SHUFFLES) * 40 < 0.05  # a clear effect is believed among all settings there are


def test_a_setting_is_judged_by_the_candidates_in_which_it_has_an_effect() -> None:
    full = board(24, 0, weight=0.8)
    half = [
        candidate(one.number, {k: v for k, v in one.values.items() if k != "dropout" or one.number % 2}, 0.9)
        for one in full
    ]
    found = {effect.name: effect for effect in effects(SPACE, half)}
    assert sum(group.n for group in found["dropout"].groups) == 12
    few = {effect.name: effect for effect in effects(SPACE, half[:8])}
    assert few["dropout"].groups == ()
    assert not few["dropout"].matters(1)
