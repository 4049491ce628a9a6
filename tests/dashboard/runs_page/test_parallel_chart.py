"""The figure of parallel coordinates shows what differs between runs and what came of it.

These are the tests of `dashboard.runs_page.parallel_chart`.
"""

from typing import Any

import pytest

from dashboard.runs.kept import KeptRun
from dashboard.runs.status import DataFacts
from dashboard.runs_page.parallel_chart import Axis, axes_of, parallel_figure, told
from dashboard.ui.palette import COLORS
from mlcore import EpochMetrics, NetworkConfig, TrainingConfig


def run(accuracy: float | None, sizes: tuple[int, ...] = (16,), n_dev: int = 200, **training: Any) -> KeptRun:
    measured = None if accuracy is None else EpochMetrics(9, 1.0, 90, 0.1, 0.9, 0.2, accuracy, 0.001)
    return KeptRun(
        run_id="a",
        number=1,
        name="",
        note="",
        star=False,
        started=0.0,
        state="finished",
        data=DataFacts("mnist", "f", 1000, n_dev, 0.1),
        network=NetworkConfig(hidden_sizes=sizes),
        training=TrainingConfig(**training),
        steps=9,
        total_steps=9,
        best=measured,
        curve=(),
        test_accuracy=None,
        seconds_trained=1.0,
        dev_files=("", "", ""),
    )


def named(*runs: KeptRun) -> list[tuple[str, KeptRun]]:
    return [(f"Run {k}", one) for k, one in enumerate(runs, start=1)]


def axes(*runs: KeptRun) -> dict[str, Axis]:
    return {one.label: one for one in axes_of(named(*runs))}


def test_only_settings_that_differ_have_an_axis_and_the_accuracy_is_the_last() -> None:
    found = axes(run(0.9, learning_rate=0.001), run(0.8, learning_rate=0.1, optimizer="momentum"))
    assert list(found) == ["Optimizer", "Learning rate", "Best dev accuracy"]
    assert found["Best dev accuracy"].places == [1, 0]
    assert found["Optimizer"].words == ["Adam", "Momentum"]


def test_numbers_far_apart_lie_on_a_logarithmic_axis_with_their_values_in_words() -> None:
    found = axes(run(0.9, learning_rate=0.001), run(0.8, learning_rate=0.1), run(0.7, learning_rate=0.01))
    assert found["Learning rate"].places == pytest.approx([0, 1, 0.5])
    assert found["Learning rate"].words == ["0.001", "0.1", "0.01"]


def test_layers_and_what_may_be_empty_lie_on_an_axis_by_their_words() -> None:
    found = axes(run(0.9, (16,), batch_size=None), run(0.8, (32, 16), batch_size=64))
    assert found["Hidden layers"].words == ["16 neurons", "32, 16 neurons"]
    assert found["Batch size"].words == ["the full batch", "64 images"]


def test_a_run_is_a_line_that_looks_like_its_curve_when_another_has_no_accuracy_yet() -> None:
    figure = parallel_figure(named(run(None), run(0.9, seed=1), run(0.8, seed=2)))
    assert figure is not None
    lines = figure.to_plotly_json()["data"]
    assert [line["name"] for line in lines] == ["Run 2", "Run 3"]
    assert [line["line"]["color"] for line in lines] == list(COLORS[1:3])
    assert [list(line["x"]) for line in lines] == [[0, 1], [1, 0]]


def test_each_axis_has_its_name_and_each_of_its_values_once() -> None:
    figure = parallel_figure(named(run(0.9, seed=1), run(0.8, seed=1, epochs=3), run(0.7, seed=2)))
    assert figure is not None
    marks = [mark["text"] for mark in figure.to_plotly_json()["layout"]["annotations"]]
    assert marks == [
        *("<b>Epochs</b>", "3 epochs", "10 epochs"),
        *("<b>Seed</b>", "1", "2"),
        *("<b>Best dev accuracy</b>", "70.00 %", "90.00 %", "80.00 %"),
    ]


def test_of_values_that_lie_close_together_the_ends_are_written_out() -> None:
    close = axes(*(run(0.9, epochs=epochs) for epochs in (11, 12, 15, 19, 20)))["Epochs"]
    assert [*told(close).values()] == ["11 epochs", "20 epochs", "15 epochs"]


def test_the_figure_is_told_in_words_and_names_are_text() -> None:
    figure = parallel_figure([("a", run(0.9, learning_rate=0.01)), ("<b>", run(0.85))])
    assert figure is not None
    words = figure.layout.meta["alt"]
    assert "a: Learning rate 0.01, Best dev accuracy 90.00 %" in words
    assert "<b>: Learning rate 0.001, Best dev accuracy 85.00 %" in words
    assert figure.data[1].name == "&lt;b&gt;"


@pytest.mark.parametrize(
    "runs", [[run(0.9), run(0.8)], [run(0.9)], [run(0.9, seed=1), run(None)], [run(0.9, n_dev=0), run(0.8)]]
)
def test_without_a_difference_or_two_accuracies_there_is_no_figure(runs: list[KeptRun]) -> None:
    assert parallel_figure(named(*runs)) is None
