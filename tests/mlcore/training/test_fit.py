"""The one line for the first minute: it trains like the long way, and says how far it is."""

import io
import sys

import numpy as np
import pytest

from mlcore import LearnedNothing, NetworkConfig, TrainingConfig, TrainingDiverged, TrainingRun, fit
from tests.mlcore.small import finish, small_split

SPLIT = small_split()
NETWORK = NetworkConfig(hidden_sizes=(8,))
TRAINING = TrainingConfig(epochs=3, batch_size=16, learning_rate=0.01)


class Terminal(io.StringIO):
    """A stream that says that a person reads it."""

    def isatty(self) -> bool:
        return True


def test_the_model_is_that_of_a_run_at_its_best() -> None:
    run = TrainingRun(NETWORK, TRAINING)
    finish(run, SPLIT)
    model = fit(SPLIT, network=NETWORK, training=TRAINING)
    np.testing.assert_array_equal(model.parameters, run.best_model().parameters)


def test_a_data_set_is_split_first() -> None:
    model = fit(SPLIT.train, network=NETWORK, training=TRAINING)
    n = len(SPLIT.train)
    assert (model.card["train_size"], model.card["dev_size"]) == (n - round(0.2 * n), round(0.2 * n))


def test_progress_is_one_line_that_ends_with_the_last_epoch_and_the_best_accuracy() -> None:
    stream = io.StringIO()
    model = fit(SPLIT, network=NETWORK, training=TRAINING, progress=stream)
    text = stream.getvalue()
    assert text.count("\n") == 1
    last = text.rsplit("\r", 1)[1]
    assert last == f"epoch 3.0 of 3, best dev accuracy {model.card['dev_accuracy']:.1%}\n"


def test_the_line_goes_to_a_terminal_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, is_told in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        fit(SPLIT, network=NETWORK, training=TRAINING)
        assert bool(stream.getvalue()) is is_told
    monkeypatch.setattr(sys, "stderr", Terminal())
    fit(SPLIT, network=NETWORK, training=TRAINING, progress=False)
    assert sys.stderr.getvalue() == ""


def test_the_line_is_ended_when_training_blows_up() -> None:
    stream = io.StringIO()
    wild = TrainingConfig(optimizer="gradient_descent", learning_rate=100.0, epochs=200, weight_decay=1.0)
    with pytest.raises(TrainingDiverged):
        fit(SPLIT, training=wild, progress=stream)
    assert stream.getvalue().endswith("\n")


def test_a_training_that_learns_nothing_ends_with_a_warning() -> None:
    with pytest.warns(LearnedNothing, match="no better than always giving the same answer"):
        fit(small_split(), network=NetworkConfig(initialization="zeros"), training=TrainingConfig(epochs=1))


def test_a_run_and_a_model_are_printed_as_what_they_are() -> None:
    run = TrainingRun(NETWORK, TRAINING)
    assert repr(run) == "TrainingRun(not begun)"
    finish(run, SPLIT)
    assert repr(run).startswith(f"TrainingRun(step {run.step} of {run.step}, best dev accuracy ")
    assert repr(run.best_model()) == "Model(images 6×5, 3 classes, 275 parameters)"
    # 30 pixels to 8 neurons and their biases, 8 neurons to 3 classes and theirs: 248 + 27
    assert [line.split()[-1] for line in run.best_model().summary().splitlines()] == [
        "parameters", "0", "248", "0", "27", "275"
    ]  # fmt: skip
