"""How long an image takes: measured when that is quick, computed when it is not, never two trials at once.

These are the tests of `dashboard.runs.trials`, with a worker that takes as long as the test says.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from dashboard.runs import worker
from dashboard.runs.trials import LONGEST_STEP, REST, SPEED_LASTS, Question, Trials
from mlcore import NetworkConfig, TrainingConfig
from tests.waiting import wait_until

SMALL = Question(NetworkConfig(hidden_sizes=(16,)), TrainingConfig(batch_size=16), (28, 28), 10, False)
OTHER = Question(NetworkConfig(hidden_sizes=(17,)), TrainingConfig(batch_size=16), (28, 28), 10, False)
PRODUCTS = 38_000


class Worker:
    """A worker that needs a microsecond for each image, and a clock that a test sets."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.now = 0.0

    def ask(self, function: Any, *arguments: Any) -> "Future[Any]":
        assert function is worker.trial
        self.asked.append(arguments)
        self.now += 1.0
        reply: Future[Any] = Future()
        reply.set_result(1e-6)
        return reply

    def trials(self) -> Trials:
        return Trials(self.ask, lambda reply: reply.result(), lambda: self.now)


def test_a_small_network_is_tried_out_once() -> None:
    some = Worker()
    trials = some.trials()
    assert trials.seconds(SMALL, PRODUCTS) == 1e-6 == trials.seconds(SMALL, PRODUCTS)
    assert [network for network, *_rest in some.asked[1:]] == [SMALL.network]  # the first was for the speed


def test_a_network_of_long_steps_is_never_tried_out() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(SMALL, PRODUCTS)
    asked = len(some.asked)
    one, two = (trials.seconds(OTHER, products) for products in (10**12, 2 * 10**12))
    assert len(some.asked) == asked
    assert two == 2 * one > LONGEST_STEP


def test_the_next_trial_waits_until_the_workers_have_had_time_for_runs() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(SMALL, PRODUCTS)
    estimated = trials.seconds(OTHER, PRODUCTS)
    assert estimated != 1e-6
    some.now += REST
    assert trials.seconds(OTHER, PRODUCTS) == 1e-6


def test_a_speed_is_measured_once_more_after_a_while() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(OTHER, 10**12)
    some.now += SPEED_LASTS
    trials.seconds(OTHER, 10**12)
    assert len(some.asked) == 2


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_speed_is_that_of_the_same_kind(precision: str) -> None:
    some = Worker()
    wide = NetworkConfig(filters=(64, 64), precision=precision)
    some.trials().seconds(Question(wide, TrainingConfig(), (28, 28), 10, True), 10**12)
    ((network, _training, _shape, _classes, alone),) = some.asked
    assert (bool(network.filters), network.precision, alone) == (True, precision, True)


def test_while_one_is_tried_out_others_are_estimated() -> None:
    some, begun, go_on = Worker(), Event(), Event()
    trials = some.trials()
    trials._speed(SMALL.kind)

    def slow(reply: "Future[Any]") -> Any:
        begun.set()
        go_on.wait()
        return reply.result()

    trials._answer = slow
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(trials.seconds, SMALL, PRODUCTS)
        wait_until(begun.is_set)
        assert trials.seconds(OTHER, PRODUCTS) != 1e-6
        assert len(some.asked) == 2
        go_on.set()
        assert first.result() == 1e-6
