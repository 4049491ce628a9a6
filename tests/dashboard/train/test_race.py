"""What is said of a fork and its parent before they are compared, and the figure of both.

These are the tests of `dashboard.train.race`.
"""

from dataclasses import replace

from dashboard.runs.status import Fork, Progress, RunStatus
from dashboard.train.race import race_figure, remarks
from mlcore import EpochMetrics
from tests.dashboard.train.records import measured, status

START = measured(0, dev_accuracy=0.1, train_accuracy=0.1)


def run(*accuracies: float, fork_at: int | None = None, epochs: float = 3.0) -> RunStatus:
    """A run that was measured every 100 steps, an epoch, and had these accuracies."""
    records = [measured(100 * k, dev_accuracy=value) for k, value in enumerate(accuracies, start=1)]
    best: EpochMetrics = max([START, *records], key=lambda record: record.dev_accuracy)
    made = status(START, *records, best=best)
    fork = None if fork_at is None else Fork("parent", fork_at, fork_at / 100, {"learning_rate": 0.1})
    return replace(made, progress=Progress(epoch=epochs, best=best), fork=fork, state="finished")


def test_of_two_runs_that_learned_on_nothing_needs_to_be_said() -> None:
    assert remarks(("Run 2", run(0.5, 0.7, 0.8, fork_at=100)), ("Run 1", run(0.5, 0.6, 0.7))) == []


def test_a_fork_that_was_never_better_than_where_it_began_is_told() -> None:
    (told,) = remarks(("Run 2", run(0.5, 0.4, 0.3, fork_at=100)), ("Run 1", run(0.5, 0.6, 0.7)))
    assert told == ("Since the fork, Run 2 was never better than before: its best weights are from epoch 1.")


def test_a_run_without_best_weights_is_told() -> None:
    (told,) = remarks(("Run 2", run(0.05, 0.05, fork_at=100)), ("Run 1", run(0.5, 0.6)))
    assert told == "Run 2 has no best weights: it learned nothing, or diverged."


def test_runs_of_other_lengths_are_not_compared_in_silence() -> None:
    fork, parent = run(0.5, 0.7, fork_at=100), run(0.5, epochs=1.0)
    (told,) = remarks(("Run 2", fork), ("Run 1", parent))
    assert told == ("Run 2 ended after 3 epochs, Run 1 after 1: part of a difference comes from that.")


def test_a_line_shows_where_the_two_part() -> None:
    fork = replace(run(0.5, 0.7, fork_at=100), seconds_trained=1.0)
    parent = replace(run(0.5, 0.6), seconds_trained=1.0)
    figure = race_figure(("Run 2", fork), ("Run 1", parent), "dev_accuracy")
    assert [trace.name for trace in figure.data] == ["Run 2", "Run 1"]
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1) == (1, 1)
