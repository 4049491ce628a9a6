"""Learning-rate schedules: the factor by which the learning rate is multiplied in the course of training.

`TrainingRun` asks one for each step; the field `TrainingConfig.schedule` names it.
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
        ``factor(step, steps, warmup)`` returns the factor on the learning rate in a step, counted from 0, of
        a training of that many steps; it is above 0 in every one of them. ``warmup`` is a fraction of the
        training.
    peak : callable
        ``peak(warmup)`` returns from which part of the training on, 0 to 1, the factor does not rise any
        more.
    """

    label: str
    help: str
    factor: Callable[[float, int, float], float]
    peak: Callable[[float], float]


def _at_the_start(warmup: float) -> float:
    return 0.0


def _after_its_warmup(warmup: float) -> float:
    return warmup


def _constant(step: float, steps: int, warmup: float) -> float:
    return 1.0


def _step(step: float, steps: int, warmup: float) -> float:
    # divided by ten at one half and again at three quarters
    progress = step / steps
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def _lowered(step: float, steps: int, warmup: float) -> float:
    return 1.0 if step / steps < 0.9 else 0.3


def _after_warmup(decay: Callable[[float], float]) -> Callable[[float, int, float], float]:
    """Rise in a line to 1 during the warm-up, then follow ``decay`` from 0 to 1.

    The first of n steps of the warm-up has the factor 1 / n, not 0: a step with rate 0 would change nothing.
    """

    def factor(step: float, steps: int, warmup: float) -> float:
        rising = warmup * steps
        if step + 1 < rising:
            return (step + 1) / rising
        return decay(max(0.0, step - rising) / (steps - rising))

    return factor


def cosine(t: float) -> float:
    """Fall from 1 at t = 0 to 0 at t = 1 along half a cosine.

    >>> [round(cosine(t), 2) for t in (0.0, 0.5, 1.0)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * t))


ONE_CYCLE_RISES = 0.3  # the part of a training by one cycle in which the rate rises


def _after_its_rise(warmup: float) -> float:
    return ONE_CYCLE_RISES


def _one_cycle(step: float, steps: int, warmup: float) -> float:
    # from 1/25 up to 1 in the first 30 %, then down to 1/10,000 (Smith & Topin, 2018)
    progress = step / steps
    rise, start, end = ONE_CYCLE_RISES, 1 / 25, 1e-4
    if progress < rise:
        return start + (1 - start) * (1 - cosine(progress / rise))
    return end + (1 - end) * cosine((progress - rise) / (1 - rise))


SCHEDULES: dict[str, Schedule] = {
    "constant": Schedule(N_("Constant"), N_("The same rate from first to last."), _constant, _at_the_start),
    "step": Schedule(
        N_("Step"),
        N_("A tenth of the rate from halfway on, a hundredth from three quarters on."),
        _step,
        _at_the_start,
    ),
    "lowered": Schedule(
        N_("Lowered at the end"),
        N_(
            "The full rate for nine tenths of the training, then three tenths of it, as one would do by hand."
        ),
        _lowered,
        _at_the_start,
    ),
    "linear": Schedule(
        N_("Linear with warm-up"),
        N_("Rises during the warm-up, then falls in a straight line to zero."),
        _after_warmup(lambda t: 1 - t),
        _after_its_warmup,
    ),
    "cosine": Schedule(
        N_("Cosine"),
        N_("Rises during the warm-up, then glides down to zero (Loshchilov & Hutter, 2017)."),
        _after_warmup(cosine),
        _after_its_warmup,
    ),
    "one_cycle": Schedule(
        N_("One cycle"),
        N_("Up to the rate in the first 30 %, then down to almost zero: fast training in few epochs."),
        _one_cycle,
        _after_its_rise,
    ),
}
