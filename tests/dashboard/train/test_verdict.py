"""What is said of a run that has ended: success only where it learned, kept it, and does not overfit.

These are the tests of `dashboard.train.verdict`.
"""

from dataclasses import replace

import pytest

from dashboard.runs.status import Progress, RunStatus
from dashboard.train.verdict import Verdict, verdict
from mlcore import TrainingConfig
from tests.dashboard.train.records import measured, status

UNTRAINED = measured(0, train_accuracy=0.1, dev_accuracy=0.1, train_loss=2.3, dev_loss=2.3)


def course(*accuracies: tuple[float, float]) -> RunStatus:
    """A run with these accuracies on training and dev set, an epoch apart; the dev loss falls and rises."""
    records = [
        measured(100 * k, train_accuracy=train, dev_accuracy=dev, train_loss=1 - train, dev_loss=1 - dev)
        for k, (train, dev) in enumerate(accuracies, 1)
    ]
    best = max([UNTRAINED, *records], key=lambda record: record.dev_accuracy)
    run = status(UNTRAINED, *records, best=best)
    return replace(run, data=replace(run.data, n_dev=1000))


def test_a_run_that_improved_to_its_end_is_good() -> None:
    assert verdict(course((0.9, 0.89), (0.97, 0.96))) == Verdict()


def test_a_small_fall_after_the_best_epoch_is_chance() -> None:
    assert verdict(course((0.97, 0.965), (0.965, 0.955))).is_good


@pytest.mark.parametrize("full_batch", [False, True])
def test_a_run_that_got_worse_says_from_when_on(full_batch: bool) -> None:
    run = course((0.9, 0.9), (0.5, 0.5))
    if full_batch:
        run = replace(run, training=TrainingConfig(batch_size=None))
    found = verdict(run)
    assert not found.is_good
    moment = "step 100" if full_batch else "epoch 1"
    assert f"After {moment} it got worse: 50.0 % at the end instead of 90.0 %." in found.words


def test_a_gap_between_training_and_dev_set_is_overfitting() -> None:
    found = verdict(course((0.9, 0.9), (0.99, 0.91)))
    assert not found.is_good
    assert "overfits: 99.0 % accuracy on the training images, 91.0 % on the dev set" in found.words


def test_a_gap_that_few_dev_images_make_by_chance_is_none() -> None:
    run = course((0.9, 0.9), (0.99, 0.91))
    assert verdict(replace(run, data=replace(run.data, n_dev=40))).is_good


def test_a_dev_loss_that_rises_while_the_training_loss_falls_is_overfitting() -> None:
    first = measured(100, train_accuracy=0.98, dev_accuracy=0.97, train_loss=0.08, dev_loss=0.1)
    last = measured(200, train_accuracy=0.99, dev_accuracy=0.97, train_loss=0.03, dev_loss=0.2)
    found = verdict(status(UNTRAINED, first, last, best=first))
    assert "since epoch 1 the dev loss has risen from 0.1 to 0.2, while the training loss fell" in found.words


def test_a_run_that_stayed_hardly_better_than_one_answer_learned_little() -> None:
    run = replace(course((0.21, 0.21), (0.2, 0.2)), training=TrainingConfig(learning_rate=3))
    found = verdict(replace(run, state="finished"))
    assert "learned little: one and the same answer for every image would reach 10.0 %" in found.words
    assert "The learning rate 3 is high" in found.words
    assert (found.is_good, found.is_rate) == (False, True)
    assert verdict(replace(run, state="stopped")).is_good
    assert verdict(replace(course((0.2, 0.2), (0.21, 0.21)), state="finished")).is_good  # it still improved
    assert verdict(replace(course((0.41, 0.41), (0.4, 0.4)), state="finished")).is_good


@pytest.mark.parametrize("accuracies", [[], [(0.1, 0.1)], [(0.09, 0.08)]], ids=["unmeasured", "same", "less"])
def test_what_learned_nothing_is_no_success_and_has_no_best_epoch(
    accuracies: list[tuple[float, float]],
) -> None:
    run = course(*accuracies)
    assert run.best is None
    assert not verdict(run).is_good


def test_no_best_weights_before_the_first_evaluation_after_a_step() -> None:
    run = replace(status(UNTRAINED), progress=Progress(step=50, epoch=0.5, best=UNTRAINED))
    assert (run.best, run.last_measured, run.has_best_weights) == (None, None, False)
