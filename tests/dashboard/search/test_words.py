"""What a search has found, in words and as a figure."""

import math
from dataclasses import replace

import pytest

from dashboard.runs.search import Row
from dashboard.search.accuracy_chart import accuracy_figure
from dashboard.search.words import effects_words
from mlcore import EpochMetrics, NetworkConfig, TrainingConfig
from mlcore.search.importance import Effect, Group
from mlcore.search.search import Candidate
from mlcore.search.space import Dimension

RATE = Dimension("learning_rate", 1e-4, 1e-2)
SIZES = Dimension("hidden_sizes", values=((8,), (16, 8)))
STRONG = Effect("learning_rate", 0.6, 0.001, (Group((0.001, 0.004), 0.951, 8), Group((1e-4, 3e-4), 0.4, 8)))
WEAK = Effect("hidden_sizes", 0.01, 0.6, (Group(((8,),), 0.9, 8), Group(((16, 8),), 0.89, 8)))


def test_each_setting_has_its_sentence_the_strongest_first() -> None:
    assert effects_words((SIZES, RATE), (STRONG, WEAK)) == [
        "Learning rate mattered most: at the first comparison, half of the runs with 0.001 to 0.004 had "
        "reached 95.1 %, with 0.0001 to 0.0003 40.0 %.",
        "Hidden layers: no clear effect, in this range and with so few runs.",
    ]
    too = effects_words((RATE, SIZES), (STRONG, replace(WEAK, luck=0.01)))[1]
    assert too == "Hidden layers mattered too: 90.0 % with 8 neurons, 89.0 % with 16, 8 neurons."


def test_before_there_is_anything_to_say_there_are_as_many_sentences() -> None:
    assert len(effects_words((RATE, SIZES), ())) == 2


@pytest.mark.parametrize(("dimension", "kind"), [(RATE, "log"), (SIZES, "category")])
def test_the_figure_shows_every_candidate_that_was_measured_and_the_whole_range(
    dimension: Dimension, kind: str
) -> None:
    rows = []
    for number, state in enumerate(("finished", "out", "training", "waiting", "failed"), start=1):
        values = {"learning_rate": 0.001 * number, "hidden_sizes": (8,)}
        best = None if state == "failed" else EpochMetrics(1, 1.0, 1, 0.1, 0.9, 0.1, 0.9, 0.001)
        candidate = Candidate(number, values, NetworkConfig(), TrainingConfig())
        rows.append(Row(candidate, state, best, 1.0, "", None))  # type: ignore[arg-type]
    figure = accuracy_figure(rows, dimension)
    points = [(x, y) for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)]
    assert len(points) == 4
    assert {y for _x, y in points} == {90.0}
    axis = figure.layout.xaxis
    assert axis.type == kind
    if kind == "log":
        assert axis.range[0] < math.log10(1e-4) < math.log10(1e-2) < axis.range[1]
    else:
        assert list(axis.categoryarray) == ["8 neurons", "16, 8 neurons"]
