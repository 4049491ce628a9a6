"""What is said of a run that has ended: success only where it learned, kept it, and does not overfit.

And the doctor's advice: one sentence, with a click that makes exactly the change it names.
"""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.runs.status import Progress, RunStatus
from dashboard.train.doctor import changes_in_words, is_success, outcome_of
from mlcore import Advice, TrainingConfig
from tests.dashboard.train.records import measured, status
from tests.waiting import PATIENCE


def a_run(train: float, dev: float, n_dev: int = 2_000) -> RunStatus:
    """A finished run of 3,000 steps with these accuracies at its end."""
    first = measured(1000, train_accuracy=0.93, dev_accuracy=0.93, train_loss=0.3, dev_loss=0.3)
    last = measured(3000, train_accuracy=train, dev_accuracy=dev, train_loss=0.1, dev_loss=0.2)
    run = status(first, last, best=last)
    data = replace(run.data, n_train=20_000, n_dev=n_dev)
    progress = replace(run.progress, step=3000, saved_step=3000)
    return replace(run, run_id="1", state="finished", seconds_trained=3.0, data=data, progress=progress)


def summary(run: RunStatus) -> AppTest:
    def page(run):
        from dashboard.session import get_session
        from dashboard.train.result import show_summary

        show_summary(get_session(), run)

    return AppTest.from_function(page, args=(run,), default_timeout=PATIENCE).run()


def test_of_a_run_that_is_well_nothing_is_said() -> None:
    app = summary(a_run(0.975, 0.965))
    assert not app.exception
    assert len(app.success) == 1
    assert not app.info
    assert not app.button


def test_of_a_run_with_a_small_dev_set_one_sentence_says_so() -> None:
    app = summary(a_run(0.975, 0.965, n_dev=50))
    assert [message.value[:39] for message in app.info] == ["`The dev set has only 50 images: its 96"]
    assert not app.button  # no setting of the network or the training helps


def test_a_run_that_was_stopped_has_advice_too_but_is_not_called_too_short() -> None:
    app = summary(replace(a_run(0.975, 0.965, n_dev=50), state="stopped"))
    assert [message.value[:16] for message in app.info] == ["`You stopped it.", "`The dev set has"]
    rising = a_run(0.8, 0.8)
    app = summary(replace(rising, state="stopped", history=rising.history[1:]))
    assert len(app.info) == 1


def test_a_run_that_overfits_is_offered_the_remedy() -> None:
    app = summary(a_run(0.99, 0.94))
    assert "overfits" in app.warning[0].value
    assert not app.info
    assert [button.label for button in app.button] == ["Set Dropout to 0.2"]


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        (Advice("", "", {"activation": "relu"}), "Activation to ReLU"),
        (Advice("", "", {"hidden_sizes": (64, 32)}), "Hidden layers to 64, 32 neurons"),
        (Advice("", "", training={"class_weights": "balanced"}), "Class weights to "),
        (Advice("", "", training={"learning_rate": 1e-4}), "Learning rate to 0.0001"),
        (
            Advice("", "", training={"gradient_divisor": None}),
            "Divide gradients by to the images of the step",
        ),
    ],
)
def test_a_change_is_named_as_the_form_names_it(advice: Advice, words: str) -> None:
    assert changes_in_words(advice).startswith(words)


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


def words_of(run: RunStatus) -> str:
    found = outcome_of(run)
    return "" if found is None else found.words


def test_a_run_that_improved_to_its_end_is_good() -> None:
    assert is_success(course((0.9, 0.89), (0.97, 0.96)))


def test_a_small_fall_after_the_best_epoch_is_chance() -> None:
    assert is_success(course((0.97, 0.965), (0.965, 0.955)))


@pytest.mark.parametrize("full_batch", [False, True])
def test_a_run_that_got_worse_says_from_when_on(full_batch: bool) -> None:
    run = course((0.9, 0.9), (0.5, 0.5))
    if full_batch:
        run = replace(run, training=TrainingConfig(batch_size=None))
    found = words_of(run)
    assert not is_success(run)
    moment = "step 100" if full_batch else "epoch 1"
    assert f"After {moment} it got worse: 50.0 % at the end instead of 90.0 %." in found


def test_a_gap_between_training_and_dev_set_is_overfitting() -> None:
    run = course((0.9, 0.9), (0.99, 0.91))
    found = words_of(run)
    assert not is_success(run)
    assert "overfits: 99.0 % accuracy on the training images, 91.0 % on the dev set" in found


def test_a_gap_that_few_dev_images_make_by_chance_is_none() -> None:
    run = course((0.9, 0.9), (0.99, 0.91))
    assert is_success(replace(run, data=replace(run.data, n_dev=40)))


def test_a_dev_loss_that_rises_while_the_training_loss_falls_is_overfitting() -> None:
    first = measured(100, train_accuracy=0.98, dev_accuracy=0.97, train_loss=0.08, dev_loss=0.1)
    last = measured(200, train_accuracy=0.99, dev_accuracy=0.97, train_loss=0.03, dev_loss=0.2)
    found = words_of(status(UNTRAINED, first, last, best=first))
    assert "since epoch 1 the dev loss has risen from 0.1 to 0.2, while the training loss fell" in found


def test_a_run_that_stayed_hardly_better_than_one_answer_learned_little() -> None:
    run = replace(course((0.21, 0.21), (0.2, 0.2)), training=TrainingConfig(learning_rate=3))
    finished = replace(run, state="finished")
    found = words_of(finished)
    assert "learned little: always giving the same answer would reach 10.0 %" in found
    assert "The learning rate 3 is 3,000 times what usually works with Adam. Try 0.001." in found
    assert not is_success(finished)
    assert is_success(replace(run, state="stopped"))
    assert is_success(replace(course((0.2, 0.2), (0.21, 0.21)), state="finished"))  # it still improved
    assert is_success(replace(course((0.41, 0.41), (0.4, 0.4)), state="finished"))


@pytest.mark.parametrize("accuracies", [[], [(0.1, 0.1)], [(0.09, 0.08)]], ids=["unmeasured", "same", "less"])
def test_what_learned_nothing_is_no_success_and_has_no_best_epoch(
    accuracies: list[tuple[float, float]],
) -> None:
    run = course(*accuracies)
    assert run.best is None
    assert not is_success(run)


def test_no_best_weights_before_the_first_evaluation_after_a_step() -> None:
    run = replace(status(UNTRAINED), progress=Progress(step=50, epoch=0.5, best=UNTRAINED))
    assert (run.best, run.last_measured, run.has_best_weights) == (None, None, False)
