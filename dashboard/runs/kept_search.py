"""A search as the archive keeps it: its plan and its board, as JSON can say them, and read again.

`Searches` writes one after each comparison, so that what was found outlives the server.
"""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dashboard.runs.kept import config_of
from mlcore import EpochMetrics, NetworkConfig, TrainingConfig
from mlcore.errors import SettingError
from mlcore.search.search import Board, Candidate, Result, SearchPlan
from mlcore.search.space import Dimension, settings_with


def words_of_plan(plan: SearchPlan) -> dict[str, Any]:
    """Return a plan as JSON can say it."""
    return dataclasses.asdict(plan)


def plan_of(words: Mapping[str, Any]) -> SearchPlan:
    """Return the plan that `words_of_plan` wrote."""
    space = tuple(
        Dimension(one["name"], one["low"], one["high"], tuple(map(_value, one["values"])))
        for one in words["space"]
    )
    configs = {
        "network": config_of(NetworkConfig, words["network"]),
        "training": config_of(TrainingConfig, words["training"]),
    }
    return SearchPlan(**{**words, **configs, "space": space})


def words_of_board(board: Board) -> list[dict[str, Any]]:
    """Return the candidates of a board as JSON can say them."""
    return [
        {
            "values": dict(one.values),
            "results": [dataclasses.asdict(result) for result in one.results],
            "out": one.out,
            "fraction": one.fraction,
        }
        for one in board
    ]


def board_of(words: list[Mapping[str, Any]], plan: SearchPlan) -> Board:
    """Return the board of a plan that `words_of_board` wrote."""
    return tuple(_candidate(number, one, plan) for number, one in enumerate(words, start=1))


def _candidate(number: int, words: Mapping[str, Any], plan: SearchPlan) -> Candidate:
    values = {name: _value(value) for name, value in words["values"].items()}
    network, training = plan.network, plan.training
    with suppress(SettingError):  # they do not go together, as its result says
        network, training = settings_with(network, training, values)
    results = tuple(
        Result(None if one["best"] is None else EpochMetrics(**one["best"]), one["problem"])
        for one in words["results"]
    )
    return Candidate(number, values, network, training, results, words["out"], words["fraction"])


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
