"""Whether a run uses a second core: a second process takes half of its work for as long as that is faster.

A worker uses it with `mlcore.training.second_process`. Whether it is faster is found by trying: a browser on
the same two cores, say, slows down two processes that wait for each other more than one.
"""

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Literal

from dashboard.budget import bytes_available
from mlcore import Split, TrainingRun
from mlcore.errors import SecondProcessError
from mlcore.training.second_process import Partner, bytes_needed

Shares = Literal["never", "when faster", "always"]

LEAST_GAIN = 1.1
"""How many times as fast two processes must be."""

TURNS_TO_JUDGE = 4
"""Turns, with or without a second process, after which its speed is believed."""

FIRST_WAIT = 5.0
"""Seconds until the next try after one that did not help; twice as long after each."""


class SecondCore:
    """Starts and ends the second process of one run.

    Parameters
    ----------
    run : TrainingRun
        Has been built.
    split : Split
    shares : {"never", "when faster", "always"}
    clock : callable
        Seconds.
    """

    def __init__(
        self,
        run: TrainingRun,
        split: Split,
        shares: Shares = "when faster",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._split, self._shares, self._clock = run, split, shares, clock
        self._partner: Partner | None = None
        self._single: deque[float] = deque(maxlen=TURNS_TO_JUDGE)
        self._double: deque[float] = deque(maxlen=TURNS_TO_JUDGE)
        self._next_try, self._wait = clock(), FIRST_WAIT
        self._spent = 0.0  # since images were last counted: a step may take many turns

    def prepare_turn(self, alone: bool) -> None:
        """Get ready for a turn of the run; ``alone`` says that no other run trains.

        A second process is started in one turn and takes part from the next one on, so that nobody waits.
        """
        if not alone or self._shares == "never" or not self._run.in_halves:
            self.end()
            return
        try:
            if self._partner is None:
                self._start()
            elif self._run.second_process is None:
                self._partner.attach(self._run, self._split)
                self._spent = 0.0
        except (OSError, SecondProcessError):  # no process or no memory
            self.give_up()

    def note_turn(self, images: int, seconds: float) -> None:
        """Learn how long the turn took for so many images, and end what does not help."""
        self._spent += seconds
        if images == 0 or self._spent <= 0:
            return
        speed, self._spent = images / self._spent, 0.0
        if self._run.second_process is None:
            self._single.append(speed)
            return
        self._double.append(speed)
        judged = self._shares == "when faster" and len(self._double) == TURNS_TO_JUDGE
        if judged and median(self._double) < LEAST_GAIN * median(self._single):
            self.end()
            self._single.clear()  # the machine may have become slower for all
            self._next_try = self._clock() + self._wait
            self._wait *= 2

    def end(self) -> None:
        """End the second process, if there is one; the run goes on exactly as it stands."""
        if self._partner is not None:
            self._partner.close()
            self._partner = None
            self._double.clear()
            self._spent = 0.0

    def give_up(self) -> None:
        """End the second process and start no other."""
        self._shares = "never"
        self.end()

    def _start(self) -> None:
        too_early = len(self._single) < TURNS_TO_JUDGE or self._clock() < self._next_try
        if self._shares == "when faster" and too_early:
            return
        available = bytes_available()
        if available is not None and available < 2 * bytes_needed(self._run, self._split.train):
            self.give_up()
        else:
            self._partner = Partner()
