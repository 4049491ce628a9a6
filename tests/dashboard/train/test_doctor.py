"""The doctor's advice on the page: one sentence, with a click that makes exactly the change it names."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.runs.status import RunStatus
from dashboard.train.doctor import changes_in_words
from mlcore import Advice
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


def test_a_run_that_overfits_is_offered_the_remedy() -> None:
    app = summary(a_run(0.99, 0.94))
    assert "overfits" in app.warning[0].value
    assert not app.info
    assert [button.label for button in app.button] == ["`Set Dropout to 0.2`"]


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
