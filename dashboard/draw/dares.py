"""The dares of the Draw page: what to draw, and the rule by which a drawing meets it.

`play.py` shows one at a time. A rule looks at what the network answers and at what a program can measure of
the drawing; where a shape is asked for that nothing measures, the words say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.draw.answer import Answer
from mlcore.images.strokes import Stroke, without_stray_taps
from mlcore.language import N_

TINY = 0.25  # of the canvas's height


@dataclass(frozen=True)
class Attempt:
    """A drawing, and what was answered to it.

    Attributes
    ----------
    guess : str
        The name of the likeliest class.
    first, second : float
        The probabilities of the two likeliest classes.
    strokes : int
    height : float
        Of the ink, as a fraction of the canvas.
    """

    guess: str
    first: float
    second: float
    strokes: int
    height: float


@dataclass(frozen=True)
class Dare:
    """Something to try on the canvas.

    Attributes
    ----------
    words : str
        What to do, in English; shown through `_`.
    rule : str
        When it counts as done, in English.
    is_met : callable
        Whether an attempt meets the rule.
    digit : str
        The class that has to be answered; empty when any will do.
    """

    words: str
    rule: str
    is_met: Callable[[Attempt], bool]
    digit: str = ""


DARES: dict[str, Dare] = {
    "open-four": Dare(
        N_("Draw a 4 with an open top."),
        N_("Met when the answer is 4. Only you can see whether the top is open."),
        lambda attempt: True,
        "4",
    ),
    "confused": Dare(
        N_("Confuse it."),
        N_("Met when it is less than 60 % sure of its answer."),
        lambda attempt: attempt.first < 0.6,
    ),
    "barred-seven": Dare(
        N_("Draw a 7 with a bar."),
        N_("Met when the answer is 7. Only you can see the bar."),
        lambda attempt: True,
        "7",
    ),
    "one-stroke-five": Dare(
        N_("Draw a 5 without lifting the pen."),
        N_("Met when there is one stroke and the answer is 5."),
        lambda attempt: attempt.strokes == 1,
        "5",
    ),
    "tiny-three": Dare(
        N_("Draw a tiny 3."),
        N_("Met when it is at most a quarter of the canvas high and the answer is 3."),
        lambda attempt: attempt.height <= TINY,
        "3",
    ),
    "torn": Dare(
        N_("Leave it torn between two answers."),
        N_("Met when the first and the second guess have more than 30 % each."),
        lambda attempt: attempt.second > 0.3,
    ),
    "footed-one": Dare(
        N_("Draw a 1 with a foot and a nose."),
        N_("Met when the answer is 1. Only you can see foot and nose."),
        lambda attempt: True,
        "1",
    ),
    "sure-eight": Dare(
        N_("Draw an 8 that leaves no doubt."),
        N_("Met when it is more than 99.9 % sure of an 8."),
        lambda attempt: attempt.first > 0.999,
        "8",
    ),
}


def is_met(dare: Dare, attempt: Attempt) -> bool:
    """Return whether an attempt meets a dare.

    >>> is_met(DARES["confused"], Attempt("7", 0.55, 0.2, 1, 0.8))
    True
    >>> is_met(DARES["open-four"], Attempt("9", 0.9, 0.1, 1, 0.8))
    False
    """
    return dare.digit in ("", attempt.guess) and dare.is_met(attempt)


def possible_dares(class_names: Sequence[str]) -> list[str]:
    """Return the keys of the dares that a model with these classes can be asked.

    >>> possible_dares(["shirt", "shoe"])
    ['confused', 'torn']
    """
    return [key for key, dare in DARES.items() if dare.digit in ("", *class_names)]


def attempt_of(answer: Answer, strokes: Sequence[Stroke], size: int) -> Attempt:
    """Return a drawing on a canvas ``size`` units high with its answer; stray taps are no part of it.

    Parameters
    ----------
    answer : Answer
    strokes : sequence of Stroke
        One at least.
    size : int
    """
    meant = without_stray_taps(strokes)
    edges = [(y - stroke.width / 2, y + stroke.width / 2) for stroke in meant for _x, y in stroke.points]
    height = max(bottom for _top, bottom in edges) - min(top for top, _bottom in edges)
    return Attempt(answer.said, answer.share(0), answer.share(1), len(meant), height / size)
