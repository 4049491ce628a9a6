"""Which candidates train how far: worked by hand, and the same in whatever order results come."""

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from mlcore import EpochMetrics, SettingError, TrainingConfig
from mlcore.search.halving import fractions, steps_at
from mlcore.search.search import Board, Result, SearchPlan, Task, ranking, search
from mlcore.search.space import Dimension

RATES = Dimension("learning_rate", 1e-5, 1e-1)
PLAN = SearchPlan((RATES,), training=TrainingConfig(batch_size=100, epochs=9), runs=12)
N_TRAIN = 1000


def measured(task: Task) -> Result:
    """Return a result that is the better the smaller the rate, and the longer it trained."""
    accuracy = 1 - task.candidate.training.learning_rate - 1 / task.steps
    return Result(EpochMetrics(task.steps, task.steps / 10, 0, 0.1, 0.9, 0.1, accuracy, 0.001))


def driven(
    plan: SearchPlan,
    result: Callable[[Task], Result] = measured,
    shuffle: Callable[[list[Task]], object] = id,
) -> tuple[Board, list[list[tuple[int, int]]]]:
    """Go through a search; return its board, and the candidates and steps of each comparison."""
    going, results, comparisons = search(plan, N_TRAIN), None, []
    try:
        while True:
            _board, tasks = going.send(results)
            comparisons.append([(task.candidate.number, task.steps) for task in tasks])
            shuffle(tasks)
            results = {task.candidate.number: result(task) for task in tasks} or None
    except StopIteration as end:
        return end.value, [part for part in comparisons if part]


def test_of_eight_candidates_three_train_on_and_one_to_the_end() -> None:
    board, comparisons = driven(replace(PLAN, runs=8))
    assert [len(part) for part in comparisons] == [8, 3, 1]
    assert [part[0][1] for part in comparisons] == [10, 30, 90]  # one, three and nine epochs of ten steps
    by_rate = sorted(board, key=lambda one: one.training.learning_rate)
    assert {number for number, _steps in comparisons[1]} == {one.number for one in by_rate[:3]}
    assert ranking(board)[0] is by_rate[0]
    assert [one.fraction for one in by_rate[:4]] == [1.0, 1 / 3, 1 / 3, 1 / 9]
    assert all(one.out for one in board)


def test_a_round_is_compared_with_itself_alone_and_the_last_one_may_be_small() -> None:
    _board, comparisons = driven(PLAN)
    assert [len(part) for part in comparisons] == [8, 3, 1, 4, 2, 1]


def test_without_early_stopping_all_train_to_the_end() -> None:
    board, comparisons = driven(replace(PLAN, halving=False))
    assert [len(part) for part in comparisons] == [8, 4]
    assert all(one.fraction == 1 for one in board)


@pytest.mark.parametrize("kind", ["random", "grid", "optuna"])
def test_the_order_in_which_results_come_changes_nothing(kind: str) -> None:
    plan = replace(PLAN, kind=kind, runs=24)
    in_order = driven(plan)
    assert driven(plan, shuffle=Random(1).shuffle) == in_order
    assert driven(plan, shuffle=list.reverse) == in_order


def test_what_diverges_or_fails_is_out_and_last() -> None:
    def result(task: Task) -> Result:
        is_wild = task.candidate.training.learning_rate > 1e-3
        return Result(None, "It diverged.") if is_wild else measured(task)

    board, _comparisons = driven(replace(PLAN, runs=8), result)
    wild = [one for one in board if one.training.learning_rate > 1e-3]
    assert wild
    assert all(one.out and one.result.problem == "It diverged." and len(one.results) == 1 for one in wild)
    assert len(ranking(board)) == 8 - len(wild)
    assert ranking(board)[0].fraction == 1


def test_settings_that_do_not_go_together_are_never_trained() -> None:
    space = (
        Dimension("filters", values=((), (8,))),
        Dimension("drop_rare_pixels", 0.0, 0.5),
    )
    board, comparisons = driven(replace(PLAN, space=space, runs=8))
    refused = [one for one in board if one.values["filters"]]
    assert refused
    assert all("Convolutions need whole images" in one.result.problem for one in refused)
    assert len(comparisons[0]) == 8 - len(refused)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        (TrainingConfig(epochs=1), 1),
        (TrainingConfig(epochs=3), 2),
        (TrainingConfig(epochs=100), 3),
        (TrainingConfig(batch_size=None, epochs=300), 3),  # measured every ten steps
        (TrainingConfig(iterations=8), 1),
    ],
)
def test_candidates_are_compared_only_where_they_are_measured(
    training: TrainingConfig, expected: int
) -> None:
    parts = fractions(training, N_TRAIN)
    steps = [steps_at(part, training, N_TRAIN) for part in parts]
    every, total = training.evaluate_every_steps(N_TRAIN), training.total_steps(N_TRAIN)
    assert len(set(steps)) == expected
    assert steps[-1] == total
    assert all(step % every == 0 or step == total for step in steps)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"space": ()}, "at least one"), ({"kind": "magic"}, "random, grid"), ({"runs": 0}, "from 1 to 200")],
)
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(change: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        replace(PLAN, **change)  # type: ignore[arg-type]


def test_a_candidate_without_a_measurement_stands_behind_all_others() -> None:
    assert Result(None).standing == (-math.inf, -math.inf)
