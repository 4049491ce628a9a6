"""Two models on the same images: who is better, and whether that can be luck.

The Evaluate page shows it last.
"""

import streamlit as st

from dashboard.evaluate.gallery import show_answers
from dashboard.evaluate.judged import Judged
from dashboard.models.choice import chosen_key, model_labels, model_of
from dashboard.models.evaluations import evaluate, misfit
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.luck import judgement
from dashboard.ui.messages import friendly_errors, plain, show_message
from mlcore import Evaluation, McNemar, mcnemar
from mlcore.language import _


@st.fragment
def show_comparison(judged: Judged) -> None:
    """Let the visitor choose a second model, and say how the two differ on these images."""
    session, evaluation, images = judged.session, judged.evaluation, judged.images
    labels, first = model_labels(session), chosen_key(session)
    others = [key for key in labels if key != first]
    key = st.selectbox(
        _("Second model"),
        others,
        index=None,
        format_func=labels.__getitem__,
        placeholder=_("Choose a model"),
        key="second_model",
        width=340,
        help=meaning("mcnemar"),
    )
    if key is None:
        st.caption(
            _("Both are asked about the same images, so that small differences can be told from luck.")
        )
        return
    with friendly_errors():
        other = model_of(session, key)
        if reason := misfit(other, images):
            show_message("info", reason)
            return
        second = evaluate(other, images)
        found = mcnemar(evaluation.labels, evaluation.guesses, second.guesses)
        st.write(plain(comparison_in_words(found, (labels[first], labels[key]), (evaluation, second))))
        lost = evaluation.only_right(second)
        if len(lost):
            st.caption(_("Only the second model reads these right:"))
            show_answers(judged, lost, key=f"compare_page_{key}")


def comparison_in_words(found: McNemar, names: tuple[str, str], both: tuple[Evaluation, Evaluation]) -> str:
    """Return which of two models is better, and how often luck alone would make such a difference."""
    text = _(
        "{first}: {a}; {second}: {b}. {only_first:,} images are read right by the first alone, "
        "{only_second:,} by the second alone. {judgement}"
    )
    return text.format(
        first=names[0],
        second=names[1],
        a=percent(both[0].accuracy, 2),
        b=percent(both[1].accuracy, 2),
        only_first=found.only_first,
        only_second=found.only_second,
        judgement=judgement(found, _("The first"), _("The second")),
    )
