"""How long an image takes: measured when that is quick, computed when it is not, never two trials at once.

These are the tests of `dashboard.runs.trials`, with a worker that takes as long as the test says.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from dashboard.runs import worker
from dashboard.runs.trials import LONGEST_STEP, REST, SPEED_LASTS, Question, Trials
from mlcore import NetworkConfig, TrainingConfig
from tests.waiting import wait_until

SMALL = Question(NetworkConfig(hidden_sizes=(16,)), TrainingConfig(batch_size=16), (28, 28), 10, False)
OTHER = Question(NetworkConfig(hidden_sizes=(17,)), TrainingConfig(batch_size=16), (28, 28), 10, False)
LONG = Question(NetworkConfig(hidden_sizes=(2048,) * 8), TrainingConfig(batch_size=1024), (64, 64), 10, False)
LONGER = replace(LONG, network=NetworkConfig(hidden_sizes=(2048,) * 16))


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
    assert trials.seconds(SMALL) == 1e-6 == trials.seconds(SMALL)
    assert [network for network, *_rest in some.asked[1:]] == [SMALL.network]  # the first was for the speed


def test_a_network_of_long_steps_is_never_tried_out() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(SMALL)
    asked = len(some.asked)
    one, two = trials.seconds(LONG), trials.seconds(LONGER)
    assert len(some.asked) == asked
    assert two / one == pytest.approx(LONGER.operations / LONG.operations)
    assert 1024 * one > LONGEST_STEP


def test_the_next_trial_waits_until_the_workers_have_had_time_for_runs() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(SMALL)
    estimated = trials.seconds(OTHER)
    assert estimated != 1e-6
    some.now += REST
    assert trials.seconds(OTHER) == 1e-6


def test_a_speed_is_measured_once_more_after_a_while() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(LONG)
    some.now += SPEED_LASTS
    trials.seconds(LONG)
    assert len(some.asked) == 2


def test_what_a_trial_found_does_not_hold_for_ever() -> None:
    some = Worker()
    trials = some.trials()
    trials.seconds(SMALL)
    some.now += SPEED_LASTS
    trials.seconds(SMALL)
    assert [network for network, *_rest in some.asked].count(SMALL.network) == 2


def test_what_a_run_took_is_known_for_good_and_corrects_what_trials_say_of_others_alike() -> None:
    some = Worker()
    trials = some.trials()
    assert trials.guess(SMALL) is None
    trials.seconds(SMALL)
    trials.learn(SMALL, 2.25e-6)
    some.now += 2 * SPEED_LASTS
    assert trials.seconds(SMALL) == trials.guess(SMALL) == 2.25e-6
    assert trials.seconds(OTHER) == pytest.approx(1.5e-6)  # half of the way there


def test_a_run_tells_the_speed_of_others_by_their_operations() -> None:
    trials = Worker().trials()
    trials.learn(LONG, 1e-3)
    assert trials.guess(LONGER) == pytest.approx(1e-3 * LONGER.operations / LONG.operations)
    assert trials.guess(replace(LONGER, alone=True)) is None


def test_operations_are_counted_of_all_that_takes_time() -> None:
    plain = Question(NetworkConfig(), TrainingConfig(), (28, 28), 10, False)
    changed = replace(plain, training=TrainingConfig(augment_shift=1.0))
    single = replace(plain, training=TrainingConfig(batch_size=1))
    pooled = replace(changed, network=NetworkConfig(pooling=2))
    assert pooled.operations < plain.operations < changed.operations < single.operations


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_speed_is_that_of_the_same_kind(precision: str) -> None:
    some = Worker()
    wide = NetworkConfig(filters=(64, 64), precision=precision)
    some.trials().seconds(Question(wide, TrainingConfig(batch_size=1024), (28, 28), 10, True))
    network, _training, _shape, _classes, alone = some.asked[0]
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
        first = pool.submit(trials.seconds, SMALL)
        wait_until(begun.is_set)
        assert trials.seconds(OTHER) != 1e-6
        assert len(some.asked) == 2
        go_on.set()
        assert first.result() == 1e-6
