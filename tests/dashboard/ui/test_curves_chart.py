"""The curves of several runs in one figure: where their points lie, how they are smoothed, what is said.

These are the tests of `dashboard.ui.curves_chart`.
"""

from dataclasses import replace

import pytest

from dashboard.runs.status import Progress
from dashboard.ui.curves_chart import AXES, MEASURES, comparison_figure, places, smoothed
from tests.dashboard.train.records import batch, measured, status

RECORDS = [measured(100, dev_accuracy=0.5), measured(200, dev_accuracy=0.75)]
RUN = replace(status(batch(50), *RECORDS), progress=Progress(step=200, epoch=2.0), seconds_trained=10.0)


@pytest.mark.parametrize(
    ("along", "expected"), [("epochs", [1.0, 2.0]), ("steps", [100.0, 200.0]), ("seconds", [5.0, 10.0])]
)
def test_a_curve_runs_along_epochs_steps_or_seconds(along: str, expected: list[float]) -> None:
    assert along in AXES
    assert places(RUN, RECORDS, along) == expected


def test_smoothing_leaves_what_does_not_move_and_the_first_value_as_they_are() -> None:
    assert smoothed([0.5, 0.5, 0.5]) == pytest.approx([0.5, 0.5, 0.5])
    # (0.4 · 0.6 · 1 + 0.4 · 0) / (0.4 · 0.6 + 0.4) = 0.24 / 0.64
    assert smoothed([1.0, 0.0]) == pytest.approx([1.0, 0.375])
    assert smoothed([]) == []


def test_each_run_has_a_curve_of_its_own_look_and_name() -> None:
    names = [f"Run {n}" for n in range(8)]
    figure = comparison_figure([(name, RUN) for name in names], "dev_accuracy", "epochs")
    assert [trace.name for trace in figure.data] == names
    assert [list(trace.y) for trace in figure.data] == [[50.0, 75.0]] * 8
    assert len({(trace.line.color, trace.line.dash) for trace in figure.data}) == 8


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_drawn_and_told_in_words(measure: str) -> None:
    waits = replace(RUN, history=status().history)
    figure = comparison_figure([("<b>A</b>", RUN), ("B", waits)], measure, "steps", smooth=True)
    assert figure.data[0].name == "&lt;b&gt;A&lt;/b&gt;"
    assert list(figure.data[1].x) == []
    assert "B: no evaluation yet" in figure.layout.meta["alt"]
