"""When a run has a second process, which takes half of its work: for as long as that is faster.

A worker asks it before and after each turn of a run. Whether it is faster is found by trying: a browser on
the same two cores, say, slows down two processes that wait for each other more than one.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from statistics import median

from loky import cpu_count

from dashboard.budget import bytes_available
from mlcore import Split, TrainingRun
from mlcore.errors import SecondProcessError
from mlcore.training.second_process import SecondProcess, bytes_needed, is_worth_sharing

VARIABLE = "DIGITLAB_SECOND_PROCESS"
"""The environment variable that says when one is used: "never", "always", or else when that is faster."""

LEAST_GAIN = 1.1
"""How many times as fast two processes must be."""

TURNS_TO_JUDGE = 4
"""Turns, with or without a second process, after which its speed is believed."""

FIRST_WAIT = 5.0
"""Seconds until the next try after one that did not help; twice as long after each."""


def has_many_cores() -> bool:
    """Return whether a second process could have a core of its own on this machine."""
    return bool(cpu_count() > 1)


def takes_halves(run: TrainingRun, many_cores: bool) -> bool:
    """Return whether a run that has been built takes its batches in halves, from its first step on.

    Then a second process may join and leave: the result is the same to the last bit.

    Parameters
    ----------
    run : TrainingRun
    many_cores : bool
        What `has_many_cores` says of the server, whatever machine trains: the result must not depend on it.
    """
    use = os.environ.get(VARIABLE)
    return (use == "always" or (use != "never" and many_cores)) and is_worth_sharing(run)


class SecondProcessPolicy:
    """Starts and ends the second process of one run.

    Parameters
    ----------
    run : TrainingRun
        Has been built.
    split : Split
    clock : callable
        Seconds.
    """

    def __init__(self, run: TrainingRun, split: Split, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._split, self._clock = run, split, clock
        self._use = os.environ.get(VARIABLE)
        self._second: SecondProcess | None = None
        self._single: deque[float] = deque(maxlen=TURNS_TO_JUDGE)
        self._double: deque[float] = deque(maxlen=TURNS_TO_JUDGE)
        self._next_try, self._wait = clock(), FIRST_WAIT
        self._spent = 0.0  # since images were last counted: a step may take many turns

    def prepare_turn(self, alone: bool) -> None:
        """Get ready for a turn of the run; ``alone`` says that no other run trains.

        A second process is started in one turn and takes part from the next one on, so that nobody waits.
        """
        if not alone or self._use == "never" or not self._run.in_halves:
            self.end()
            return
        try:
            if self._second is None:
                self._start()
            elif self._run.second_process is None:
                self._second.attach(self._run, self._split)
                self._spent = 0.0
        except (OSError, SecondProcessError):  # no process or no memory
            self.give_up()

    def note_turn(self, images: int, seconds: float) -> None:
        """Note how long the turn took for this many images, and end a second process that does not help."""
        self._spent += seconds
        if images == 0 or self._spent <= 0:
            return
        speed, self._spent = images / self._spent, 0.0
        if self._run.second_process is None:
            self._single.append(speed)
            return
        self._double.append(speed)
        judged = self._use != "always" and len(self._double) == TURNS_TO_JUDGE
        if judged and median(self._double) < LEAST_GAIN * median(self._single):
            self.end()
            self._single.clear()  # the machine may have become slower for all
            self._next_try = self._clock() + self._wait
            self._wait *= 2

    def end(self) -> None:
        """End the second process, if there is one; the run continues from the same state."""
        if self._second is not None:
            self._second.close()
            self._second = None
            self._double.clear()
            self._spent = 0.0

    def give_up(self) -> None:
        """End the second process and start no other."""
        self._use = "never"
        self.end()

    def _start(self) -> None:
        too_early = len(self._single) < TURNS_TO_JUDGE or self._clock() < self._next_try
        if self._use != "always" and too_early:
            return
        available = bytes_available()
        if available is not None and available < 2 * bytes_needed(self._run, self._split.train):
            self.give_up()
        else:
            self._second = SecondProcess()
