"""A search as the archive keeps it: its plan, board and link as JSON can say them, and read again.

`Searches` writes one after each comparison, so that what was found outlives the server, and the next server
continues from there.
"""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from dashboard.runs.kept import config_of
from dashboard.runs.status import RunError
from dashboard.settings_link import Settings, SettingsLink
from mlcore import EpochMetrics, NetworkConfig, SplitSettings, TrainingConfig
from mlcore.errors import SettingError
from mlcore.language import N_, _
from mlcore.search.search import Board, Candidate, Result, Results, SearchPlan, Task
from mlcore.search.space import Dimension, settings_with

INTERRUPTED = N_(
    "The server was restarted before this search had ended. The best runs until then are kept; the same "
    "search again gives the same results."
)


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


def words_of_link(link: SettingsLink | None) -> dict[str, Any] | None:
    """Return the link that runs of a search have as JSON can say it."""
    return None if link is None else dataclasses.asdict(link)


def link_of(words: Mapping[str, Any] | None) -> SettingsLink | None:
    """Return the link that `words_of_link` wrote."""
    if words is None:
        return None
    kinds = {"network": NetworkConfig, "training": TrainingConfig, "split": SplitSettings}
    usual = Settings(**{part: config_of(kind, words["usual"][part]) for part, kind in kinds.items()})
    return SettingsLink(words["parameters"], usual, SplitSettings(**words["split"]))


def known_results(known: Mapping[int, Candidate], tasks: list[Task]) -> Results | None:
    """Return the results of a comparison that was made before the server ended; None when it was not.

    Raises
    ------
    RunError
        When this version of the app proposes something else, so that nothing can be continued.
    """
    found = dict[int, Result]()
    for task in tasks:
        before, place = known.get(task.candidate.number), len(task.candidate.results)
        if before is None or len(before.results) <= place:
            return None
        if before.values != task.candidate.values:
            raise RunError(_(INTERRUPTED))
        found[before.number] = before.results[place]
    return found or None


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
