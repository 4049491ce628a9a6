"""Learning curves as numbers: few points that do not move, and axes that do not jump.

These are the tests of `dashboard.train.learning_curves`.
"""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.status import DataFacts, History, Progress, RunStatus
from dashboard.train.learning_curves import MOST_POINTS, learning_curves, x_axis_end
from mlcore import BatchMetrics, EpochMetrics, NetworkConfig, TrainingConfig


def batch(step: int, loss: float = 1.0, accuracy: float = 0.5) -> BatchMetrics:
    return BatchMetrics(step, step / 100, 10 * step, loss, accuracy, 0.1)


def measured(step: int, **values: float) -> EpochMetrics:
    usual = {"train_loss": 0.5, "train_accuracy": 0.8, "dev_loss": 0.6, "dev_accuracy": 0.7}
    return EpochMetrics(step, step / 100, 10 * step, **{**usual, **values}, learning_rate=0.1)


def status(*records: Any, best: EpochMetrics | None = None) -> RunStatus:
    facts: dict[str, Any] = dict.fromkeys(RunStatus.__dataclass_fields__)
    facts |= {"history": History(list(records)), "state": "running", "rate_changes": ()}
    facts |= {"progress": Progress(epoch=1.0, best=best), "data": DataFacts("digits", "", 1000, 100, 0.1)}
    facts |= {"network": NetworkConfig(), "training": TrainingConfig(batch_size=10, epochs=1)}
    return RunStatus(**facts)


BATCHES, TRAINING, DEV, BEST = range(4)  # the traces in their order


def test_training_and_dev_set_stand_in_one_chart_with_the_best_marked() -> None:
    best = measured(100, dev_accuracy=0.9, dev_loss=0.3)
    accuracy, loss = learning_curves(status(measured(0), batch(50), best, best=best))
    assert accuracy.data[TRAINING].y == (80.0, 80.0)
    assert accuracy.data[DEV].y == (70.0, 90.0)
    assert accuracy.data[BATCHES].x == (0.5,)
    assert (loss.data[BEST].x, loss.data[BEST].y) == ((1.0,), (0.3,))
    assert "90.0 % on the dev set" in accuracy.layout.meta["alt"]
    names = [trace.name for trace in accuracy.data]
    assert names == ["Training batches", "Training set", "Dev set", "Best on the dev set"]


def test_a_rate_set_by_hand_is_marked_where_it_was_set() -> None:
    run = status(measured(0), measured(100))
    run = replace(run, progress=Progress(step=100, epoch=1.0), rate_changes=((50, 0.0005),))
    for figure in learning_curves(run):
        assert [(line.x0, line.x1) for line in figure.layout.shapes] == [(0.5, 0.5)]
        assert [note.text for note in figure.layout.annotations] == ["rate 0.0005"]
        assert figure.layout.meta["alt"].endswith("the learning rate was set by hand: 0.0005.")
    assert not learning_curves(status(measured(0)))[0].layout.shapes


def test_no_two_curves_differ_by_their_colour_alone() -> None:
    for figure in learning_curves(status(measured(0), measured(100), batch(50))):
        looks = {(t.mode, t.line.dash, t.line.width, t.marker.symbol) for t in figure.data}
        assert len(looks) == 4


def test_each_axis_says_what_it_shows_and_in_which_unit() -> None:
    accuracy, loss = learning_curves(status(measured(0)))
    assert accuracy.layout.xaxis.title.text == loss.layout.xaxis.title.text == "Epochs"
    assert (accuracy.layout.yaxis.title.text, accuracy.layout.yaxis.ticksuffix) == ("Right answers", " %")
    assert loss.layout.yaxis.title.text == "Mean loss per image"


def test_a_run_without_records_has_charts_without_points() -> None:
    for chart in learning_curves(status()):
        assert all(trace.x == () for trace in chart.data)
        assert chart.layout.yaxis.range[0] < chart.layout.yaxis.range[1]


@given(st.integers(0, 5000))
def test_a_curve_has_never_more_points_than_a_screen_can_show(n: int) -> None:
    accuracy, _loss = learning_curves(status(*(batch(k) for k in range(n)), *(measured(k) for k in range(n))))
    for trace in accuracy.data[:3]:
        assert len(trace.x) == len(trace.y) <= MOST_POINTS + 1


def test_points_stay_where_they_are_until_there_are_twice_as_many() -> None:
    records = [batch(k, loss=1 / (k + 1)) for k in range(2 * MOST_POINTS)]
    for n in (MOST_POINTS + 2, MOST_POINTS + 3, 2 * MOST_POINTS - 2):
        few = learning_curves(status(*records[:n]))[1].data[BATCHES]
        all_ = learning_curves(status(*records))[1].data[BATCHES]
        assert all_.x[: len(few.x)] == few.x
        assert all_.y[: len(few.y)] == few.y
    assert all_.y[0] == pytest.approx((1 + 1 / 2) / 2)


def test_the_newest_measurement_is_always_there() -> None:
    n = 3 * MOST_POINTS + 1
    dev = learning_curves(status(*(measured(k) for k in range(n))))[0].data[DEV]
    assert dev.x[-1] == (n - 1) / 100


NUMBERS = st.one_of(st.floats(0, allow_infinity=True, width=32), st.just(math.nan))


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=9))
def test_any_history_becomes_json_and_axes_that_can_be_drawn(values: list[tuple[float, ...]]) -> None:
    names = ("train_loss", "train_accuracy", "dev_loss", "dev_accuracy")
    records = [measured(k, **dict(zip(names, row, strict=True))) for k, row in enumerate(values)]
    for chart in learning_curves(status(*records, best=records[0])):
        json.loads(chart.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        close_up = chart.layout.meta["close_up"]["yaxis.range"]
        for low, high in (chart.layout.yaxis.range, close_up):
            assert math.isfinite(low)
            assert math.isfinite(high)
            assert low < high


def test_the_axis_of_the_loss_stands_still_while_the_loss_falls() -> None:
    records = [measured(k, train_loss=2.3 / (k + 1), dev_loss=2.4 / (k + 1)) for k in range(20)]
    tops = {learning_curves(status(*records[:n]))[1].layout.yaxis.range for n in range(1, 20)}
    assert len(tops) == 1


def test_a_loss_that_blows_up_leaves_the_chart_instead_of_flattening_it() -> None:
    chart = learning_curves(status(measured(0, train_loss=2.3, dev_loss=2.3), batch(5, loss=1e9)))[1]
    assert chart.layout.yaxis.range[1] < 10


@given(st.floats(1, 10_000), st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_horizontal_axis_grows_in_few_steps_and_holds_what_is_drawn(
    total: float, parts: list[float]
) -> None:
    ends = [x_axis_end(part * total, total, True) for part in sorted(parts)]
    assert all(end >= part * total for end, part in zip(ends, sorted(parts), strict=True))
    assert ends == sorted(ends)
    assert len(set(ends)) <= 4
    assert max(ends) <= max(total, 10)
