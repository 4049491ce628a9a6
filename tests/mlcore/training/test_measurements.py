"""When a run is measured, which measurement is the best, and when patience has run out."""

import math

import numpy as np
import pytest

from mlcore import (
    BatchMetrics,
    EpochMetrics,
    Split,
    TrainingRun,
)
from tests.mlcore.small import finish, small_run, small_split
from tests.mlcore.training.variants import SPLIT, measurements


def test_records_come_at_the_start_after_every_epoch_and_at_the_end() -> None:
    run = small_run(epochs=3)
    finish(run, SPLIT)
    assert [record.step for record in measurements(run)] == [0, 4, 8, 12]
    assert [record.epoch for record in measurements(run)] == [0, 1, 2, 3]
    assert [record.images_seen for record in measurements(run)] == [0, 60, 120, 180]
    assert run.history[0] == measurements(run)[0]
    assert all(isinstance(record, BatchMetrics | EpochMetrics) for record in run.history)


def test_measurements_come_as_often_as_is_asked() -> None:
    run = small_run(evaluate_every=5, iterations=12)
    finish(run, SPLIT)
    assert [record.step for record in measurements(run)] == [0, 5, 10, 12]
    assert run.total_steps == run.step == 12


def test_the_full_batch_is_measured_every_ten_steps() -> None:
    run = small_run(batch_size=None, iterations=25)
    finish(run, SPLIT)
    assert run.steps_per_epoch == 1
    assert run.epoch == 25
    assert [record.step for record in measurements(run)] == [0, 10, 20, 25]


def test_a_long_first_epoch_is_measured_early_for_those_who_watch_which_changes_no_weight() -> None:
    split = small_split(6000, 10)
    watched, other = (small_run(batch_size=100, epochs=2) for _ in range(2))
    watched.evaluates_early = True
    finish(watched, split)
    finish(other, split)
    assert [record.step for record in measurements(watched)] == [0, 6, 60, 120]
    assert [record.step for record in measurements(other)] == [0, 60, 120]
    np.testing.assert_array_equal(watched.network.parameters, other.network.parameters)


def test_a_measurement_is_what_the_model_says() -> None:
    run = small_run()
    last = finish(run, SPLIT)[-1]
    model = run.model()
    assert last.dev_accuracy == (model.predict(SPLIT.dev.images) == SPLIT.dev.labels).mean()
    p = model.predict_probabilities(SPLIT.dev.images)
    assert last.dev_loss == pytest.approx(-np.log(p[np.arange(20), SPLIT.dev.labels]).mean(), rel=1e-5)


def test_the_training_curve_may_be_measured_on_a_sample() -> None:
    some, everyone = small_run(train_sample=5, epochs=1), small_run(train_sample=None, epochs=1)
    finish(some, SPLIT)
    finish(everyone, SPLIT)
    np.testing.assert_array_equal(some.network.parameters, everyone.network.parameters)
    assert (measurements(some)[-1].train_accuracy * 5).is_integer()
    expected = (everyone.model().predict(SPLIT.train.images) == SPLIT.train.labels).mean()
    assert measurements(everyone)[-1].train_accuracy == pytest.approx(expected)


def test_without_a_dev_set_its_figures_are_no_numbers() -> None:
    run = small_run(epochs=1)
    nobody = Split(SPLIT.train, SPLIT.dev.take(slice(0, 0)))
    last = finish(run, nobody)[-1]
    assert math.isnan(last.dev_accuracy)
    assert finish(TrainingRun.load_state(run.save_state()), nobody) == []
    assert run.model().card["dev_accuracy"] is None
    assert run.best is not None
    assert run.best.step == run.step  # by the training images
    np.testing.assert_array_equal(run.model(best=True).parameters, run.network.parameters)


def test_the_best_weights_are_kept() -> None:
    run = small_run(epochs=12, learning_rate=0.05)
    finish(run, SPLIT)
    best = max(measurements(run), key=lambda record: (record.dev_accuracy, -record.dev_loss))
    assert run.best == best
    model = run.model(best=True)
    assert (model.predict(SPLIT.dev.images) == SPLIT.dev.labels).mean() == best.dev_accuracy
    assert model.card["measured_at_step"] == best.step
    np.testing.assert_array_equal(run.best_model().parameters, model.parameters)
    assert run.model().card["measured_at_step"] == run.step


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({"initialization": "zeros"}, {}),
        ({"activation": "sigmoid", "hidden_sizes": (8,) * 8}, {}),
        ({"scaling": "none"}, {"optimizer": "gradient_descent", "learning_rate": 0.1}),
        ({"hidden_sizes": (16, 16)}, {"learning_rate": 10.0}),
    ],
    ids=["zero weights", "eight sigmoid layers", "pixels as they are", "a rate that is much too high"],
)
def test_a_run_that_does_no_better_than_one_answer_for_everything_tells_it(
    network: dict, training: dict
) -> None:
    run = small_run(network, **training)
    assert not run.learned_nothing
    finish(run, SPLIT)
    assert run.learned_nothing


def test_a_run_that_learns_something_does_not_say_that_it_learned_nothing() -> None:
    run = small_run()
    finish(run, SPLIT)
    assert not run.learned_nothing
    without_dev = Split(SPLIT.train, SPLIT.dev.take(slice(0)))
    other = small_run({"initialization": "zeros"})
    finish(other, without_dev)
    assert other.learned_nothing  # by the training sample


def test_a_run_stops_early_when_the_dev_set_has_nothing_more_to_give() -> None:
    run = small_run(epochs=500, patience=5, learning_rate=0.03)
    finish(run, SPLIT)
    assert run.stopped_early
    assert run.finished
    improved = next(r for r in measurements(run) if r.dev_accuracy == run.best.dev_accuracy)
    assert run.step == improved.step + 5 * run.steps_per_epoch
    assert max(r.dev_accuracy for r in measurements(run)) == improved.dev_accuracy
    assert run.best.dev_loss <= improved.dev_loss
    assert finish(run, SPLIT) == []
    stopped = run.step
    run.change(learning_rate=1e-6)  # a change means that it is to continue
    assert not run.finished
    finish(TrainingRun.load_state(run.save_state()), SPLIT)
    finish(run, SPLIT)
    assert run.stopped_early
    assert run.step == stopped + 5 * run.steps_per_epoch  # patience has started again
