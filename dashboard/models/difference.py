"""Whether two runs that judged the same images differ by more than luck, in words.

Runs says it of the runs that are compared, Train of a fork and its parent.
"""

import streamlit as st

from dashboard.models.evaluations import evaluate, misfit
from dashboard.run_service import get_run_service
from dashboard.ui.luck import judgement
from dashboard.ui.messages import show_message
from mlcore import Evaluation, McNemar
from mlcore.language import _


def judge(run_id: str, name: str) -> Evaluation | None:
    """Return what a run's best weights answer to its dev set; None, with a sentence, where it is too much."""
    service = get_run_service()
    model, dev = service.model(run_id, best=True), service.split(run_id).dev
    if reason := misfit(model, dev):
        show_message("info", f"{name}: {reason}")
        return None
    with st.spinner(_("Evaluating the model on {n:,} images …").format(n=len(dev))):
        return evaluate(model, dev)


def difference_words(a: str, b: str, found: McNemar, n: int) -> str:
    """Return in words whether two runs differ by more than luck, and by how much.

    >>> words = difference_words("Run 2", "Run 1", McNemar(30, 10, 0.002), 1000)
    >>> words[:65]
    'Of 1,000 dev images, Run 2 alone got 30 right and Run 1 alone 10.'
    >>> words.partition("cases. ")[2][:60]
    'Run 2 minus Run 1: +0.75 to +3.24 percentage points of accur'
    """
    text = _("Of {n:,} dev images, {a} alone got {only_a:,} right and {b} alone {only_b:,}. {judgement}")
    words = text.format(
        n=n, a=a, b=b, only_a=found.only_first, only_b=found.only_second, judgement=judgement(found, a, b)
    )
    if not found.only_first and not found.only_second:
        return words
    low, high = (100 * bound for bound in found.likely_difference(n))
    text = _(
        "{a} minus {b}: {low:+.2f} to {high:+.2f} percentage points of accuracy on new images of the same "
        "kind (95 % interval)."
    )
    return f"{words} {text.format(a=a, b=b, low=low, high=high)}"
