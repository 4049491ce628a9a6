"""Learning-rate schedules: the factor by which the learning rate is multiplied in the course of training.

Training asks for it before each step. Each schedule is a function of how far training has come, from 0 to
1.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mlcore.language import N_


@dataclass(frozen=True)
class Schedule:
    """One schedule.

    Attributes
    ----------
    label, help : str
        Name on a form and one line of help.
    factor : callable
        ``factor(progress, warmup)`` returns the factor on the learning rate; both arguments are parts of
        the whole training, from 0 to 1.
    """

    label: str
    help: str
    factor: Callable[[float, float], float]


def _constant(progress: float, warmup: float) -> float:
    return 1.0


def _step(progress: float, warmup: float) -> float:
    # divided by ten at one half and again at three quarters
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def _lowered(progress: float, warmup: float) -> float:
    return 1.0 if progress < 0.9 else 0.3


def _after_warmup(decay: Callable[[float], float]) -> Callable[[float, float], float]:
    """Rise in a line from 0 to 1 during the warm-up, then follow ``decay`` from 0 to 1."""

    def factor(progress: float, warmup: float) -> float:
        if progress < warmup:
            return progress / warmup
        return decay((progress - warmup) / (1 - warmup) if warmup < 1 else 0.0)

    return factor


def cosine(t: float) -> float:
    """Fall from 1 at t = 0 to 0 at t = 1 along half a cosine.

    >>> [round(cosine(t), 2) for t in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * t))


def _one_cycle(progress: float, warmup: float) -> float:
    # from 1/25 up to 1 in the first 30 %, then down to 1/10,000 (Smith & Topin, 2018)
    rise, start, end = 0.3, 1 / 25, 1e-4
    if progress < rise:
        return start + (1 - start) * (1 - cosine(progress / rise))
    return end + (1 - end) * cosine((progress - rise) / (1 - rise))


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule(N_("Constant"), N_("The same rate from first to last."), _constant),
    "step": Schedule(
        N_("Step"), N_("A tenth of the rate from halfway on, a hundredth from three quarters on."), _step
    ),
    "lowered": Schedule(
        N_("Lowered at the end"),
        N_(
            "The full rate for nine tenths of the training, then three tenths of it, as one would do by hand."
        ),
        _lowered,
    ),
    "linear": Schedule(
        N_("Linear with warm-up"),
        N_("Rises during the warm-up, then falls in a straight line to zero."),
        _after_warmup(lambda t: 1 - t),
    ),
    "cosine": Schedule(
        N_("Cosine"),
        N_("Rises during the warm-up, then glides down to zero (Loshchilov & Hutter, 2017)."),
        _after_warmup(cosine),
    ),
    "one_cycle": Schedule(
        N_("One cycle"),
        N_("Up to the rate in the first 30 %, then down to almost zero: fast training in few epochs."),
        _one_cycle,
    ),
}
