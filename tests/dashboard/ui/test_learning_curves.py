"""Learning curves as numbers: few points that do not move, and axes that do not jump.

These are the tests of `dashboard.ui.learning_curves`.
"""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.status import Progress
from dashboard.ui.learning_curves import MOST_POINTS, learning_curves, x_axis_end
from mlcore import TrainingConfig
from tests.dashboard.train.records import batch, measured, status

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


MANY_BATCHES, MANY_MEASURED = [batch(k) for k in range(5000)], [measured(k) for k in range(5000)]


@given(st.integers(0, 5000))
def test_a_curve_has_never_more_points_than_a_screen_can_show(n: int) -> None:
    accuracy, _loss = learning_curves(status(*MANY_BATCHES[:n], *MANY_MEASURED[:n]))
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
        other = chart.layout.meta["view"]["changes"]["yaxis.range"]
        for low, high in (chart.layout.yaxis.range, other):
            assert math.isfinite(low)
            assert math.isfinite(high)
            assert low < high


def test_the_axis_of_the_loss_stands_still_while_the_loss_falls() -> None:
    records = [measured(k, train_loss=2.3 / (k + 1), dev_loss=2.4 / (k + 1)) for k in range(20)]
    tops = {learning_curves(status(*records[:n]))[1].layout.yaxis.range for n in range(1, 20)}
    assert len(tops) == 1


def test_a_loss_that_blows_up_leaves_the_chart_instead_of_flattening_it() -> None:
    chart = learning_curves(status(measured(0, train_loss=2.3, dev_loss=2.3), batch(5, loss=1e9)))[1]
    top = chart.layout.yaxis.range[1]
    assert top < 10
    arrow = chart.data[-1]
    assert (arrow.x, arrow.y, arrow.text) == ((0.05,), (top,), ("up to 1e+09",))
    assert chart.layout.meta["alt"].endswith("The loss left the chart: its highest value is 1e+09.")


def test_the_axis_of_accuracy_shows_the_difference_and_all_of_it_at_one_click() -> None:
    records = [measured(0, train_accuracy=0.1, dev_accuracy=0.1)]
    records += [measured(k, train_accuracy=0.99, dev_accuracy=0.97) for k in (100, 200)]
    accuracy = learning_curves(status(*records))[0]
    assert accuracy.layout.yaxis.range[0] == 95
    whole = accuracy.layout.meta["view"]
    assert (whole["name"], tuple(whole["changes"]["yaxis.range"])) == ("0–100 %", (0, 102))


def test_with_full_batches_the_axis_counts_steps() -> None:
    run = status(measured(0), measured(1400), batch(1400))
    run = replace(run, training=TrainingConfig(batch_size=None, epochs=2000), progress=Progress(1400, 1400.0))
    for figure in learning_curves(run):
        assert figure.layout.xaxis.title.text == "Steps"
        assert figure.data[DEV].x == (0, 1400)
        assert "after 1,400 steps" in figure.layout.meta["alt"]


def test_an_untrained_network_gets_no_star() -> None:
    untrained = measured(0, dev_accuracy=0.134)
    for records in ([untrained], [untrained, measured(100, dev_accuracy=0.1)]):
        assert all(figure.data[BEST].x == () for figure in learning_curves(status(*records, best=untrained)))


@given(st.floats(1, 10_000), st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_horizontal_axis_grows_in_few_steps_and_holds_what_is_drawn(
    total: float, parts: list[float]
) -> None:
    ends = [x_axis_end(part * total, total, True) for part in sorted(parts)]
    assert all(end >= part * total for end, part in zip(ends, sorted(parts), strict=True))
    assert ends == sorted(ends)
    assert len(set(ends)) <= 7
    assert max(ends) <= max(total, 10)
