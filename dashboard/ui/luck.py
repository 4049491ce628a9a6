"""Whether two models differ by more than luck, in words, by McNemar's test.

Evaluate says it of any two models, Runs of runs that judged the same images.
"""

from mlcore import McNemar
from mlcore.language import _

LUCK = 0.05
"""The probability below which a difference is not taken for luck."""


def judgement(found: McNemar, first: str, second: str) -> str:
    """Return which of two models is better, and how often luck alone would make such a difference.

    Parameters
    ----------
    found : McNemar
    first, second : str
        What they are called, at the beginning of a sentence.

    Examples
    --------
    >>> judgement(McNemar(30, 10, 0.002), "Run 2", "Run 1")
    'Run 2 is better: luck makes such a difference in 2 of 1,000 cases.'
    >>> judgement(McNemar(12, 10, 0.83), "Run 2", "Run 1")
    'A difference this small happens by luck in 83 of 100 cases: it says nothing.'
    """
    if found.only_first == found.only_second:
        return _("There is no difference.")
    if found.p_value >= LUCK:
        text = _("A difference this small happens by luck in {k} of 100 cases: it says nothing.")
        return text.format(k=max(1, min(99, round(100 * found.p_value))))
    better = first if found.only_first > found.only_second else second
    if found.p_value < 0.001:
        text = _("{better} is better: luck makes such a difference in fewer than 1 of 1,000 cases.")
        return text.format(better=better)
    text = _("{better} is better: luck makes such a difference in {k} of 1,000 cases.")
    return text.format(better=better, k=max(1, round(1000 * found.p_value)))
