"""The scores of an evaluation: accuracy, the scores of each class, and calibration.

The Evaluate page shows them beside the images.
"""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.evaluate.calibration_chart import calibration_figure
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import distinct, show_message
from dashboard.ui.plotly_chart import show_chart
from mlcore import Dataset, Evaluation, Model, commonest_share
from mlcore.datasets.shipped import disputed_labels
from mlcore.language import _
from mlcore.metrics import likely_accuracy
from mlcore.quote import quoted
from mlcore.study.causes import likely_cause

PERCENT = "%.1f %%"

MOST_ROWS = 20
"""A table of more rows than this is scrolled."""


def show_accuracy(evaluation: Evaluation) -> None:
    """Show how many answers are right, and what that says of images that nobody has shown yet."""
    with st.container(key="figures_right"), st.grid(4, min_column_width=120):
        st.metric(_("Accuracy"), percent(evaluation.accuracy), help=meaning("accuracy"))
        st.metric(_("Right"), f"{evaluation.right:,}")
        st.metric(_("Wrong"), f"{evaluation.wrong:,}")
        if len(evaluation.class_names) > 3:
            st.metric(_("Top-3 accuracy"), percent(evaluation.among_three), help=meaning("top_3"))
    st.caption(accuracy_in_words(evaluation), help=meaning("interval"))


def accuracy_in_words(evaluation: Evaluation) -> str:
    """Return how many answers are right, and what accuracy to expect on new images."""
    low, high = evaluation.likely_accuracy
    text = _(
        "{right:,} of {n:,} images were classified correctly. On new images of the same kind, "
        "expect {low} to {high} (95 % interval)."
    )
    return text.format(n=len(evaluation.labels), right=evaluation.right, low=percent(low), high=percent(high))


def show_disputed(evaluation: Evaluation, images: Dataset) -> None:
    """Say what the accuracy is without the images whose labels people dispute, where there are some."""
    if words := disputed_in_words(evaluation, images):
        st.caption(words)


def disputed_in_words(evaluation: Evaluation, images: Dataset) -> str:
    """Return what the accuracy is without the images whose labels people dispute; empty without any."""
    disputed = disputed_labels(images)
    if len(disputed) == 0:
        return ""
    rest = evaluation.without(disputed)
    low, high = rest.likely_accuracy
    text = _(
        "People dispute the labels of {k} of these images (Northcutt et al., 2021), which are marked below. "
        "Without them: {share} accuracy, {right:,} of {n:,} right (95 % interval: {low} to {high}); with "
        "them {all}."
    )
    return text.format(
        k=len(disputed),
        share=percent(rest.accuracy, 2),
        right=rest.right,
        n=rest.n,
        low=percent(low, 2),
        high=percent(high, 2),
        all=percent(evaluation.accuracy, 2),
    )


def warn_of_one_answer(evaluation: Evaluation, model: Model) -> None:
    """Say so when the model does no better than one answer for everything, and why that probably is."""
    if not evaluation.learned_nothing or evaluation.wrong == 0:  # of images of one class, one answer is right
        return
    if evaluation.only_answer is None:
        text = _("This model does no better than always giving the same answer ({share} accuracy).")
        words = text.format(share=percent(commonest_share(evaluation.labels)))
    else:
        text = _("This model gives every image the same answer: {answer}.")
        words = text.format(answer=quoted(evaluation.class_names[evaluation.only_answer]))
    n_train = int(model.card.get("train_size", 1))
    cause = likely_cause(model.network_config, model.training_config, n_train)
    show_message("warning", f"{words} {cause.words}")


def show_classes(evaluation: Evaluation) -> None:
    """Show one row a class: its images, recall, precision and F1."""
    scores = evaluation.scores
    columns = {
        "name": distinct(evaluation.class_names),
        "support": scores.support,
        "recall": 100 * scores.recall,
        "interval": [
            _interval(*pair) for pair in zip(np.diag(evaluation.matrix), scores.support, strict=True)
        ],
        "precision": 100 * scores.precision,
        "f1": 100 * scores.f1,
    }
    number = st.column_config.NumberColumn
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        height="content" if len(scores.support) <= MOST_ROWS else 520,
        width="content",
        column_config={
            "name": st.column_config.TextColumn(_("Class")),
            "support": number(_("Images"), help=meaning("support")),
            "recall": number(_("Recall"), format=PERCENT, help=meaning("recall")),
            "interval": st.column_config.TextColumn(_("95 % interval"), help=meaning("interval")),
            "precision": number(_("Precision"), format=PERCENT, help=meaning("precision")),
            "f1": number(_("F1"), format=PERCENT, help=meaning("f1")),
        },
        alt=_("Recall, precision and F1 of each class"),
    )


def _interval(right: int, n: int) -> str:
    """Return where the recall of a class lies on new images, in percent; nothing without images."""
    if n == 0:
        return ""
    low, high = likely_accuracy(int(right), int(n))
    return f"{100 * low:.1f} – {100 * high:.1f} %"


def classes_rows(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Return the same as a head and rows of text."""
    scores = evaluation.scores
    head = [_("Class"), _("Images"), _("Recall"), _("95 % interval"), _("Precision"), _("F1")]
    rows = [
        [
            quoted(name),
            f"{n:,}",
            percent(scores.recall[k]),
            _interval(evaluation.matrix[k, k], n),
            percent(scores.precision[k]),
            percent(scores.f1[k]),
        ]
        for k, (name, n) in enumerate(zip(evaluation.class_names, scores.support.tolist(), strict=True))
    ]
    return head, rows


def calibration_in_words(evaluation: Evaluation) -> str:
    """Return the expected calibration error as a sentence, and what the bars of the figure are."""
    text = _(
        "On average, confidence and accuracy differ by {gap:.2f} percentage points. The bars are 95 % "
        "intervals."
    )
    return text.format(gap=100 * evaluation.calibration.error)


def show_calibration(evaluation: Evaluation) -> None:
    """Show how often the model is right at each level of confidence."""
    bins = evaluation.calibration
    used = bins.counts > 0
    pairs = zip(100 * bins.edges[:-1], 100 * bins.edges[1:], strict=True)
    edges = [f"{low:.0f} – {high:.0f} %" for low, high in pairs]
    table = pd.DataFrame({"sure": edges, "images": bins.counts, "right": 100 * bins.accuracy})[used]
    st.write(calibration_in_words(evaluation))
    st.caption(meaning("calibration"))
    show_chart(calibration_figure(bins), key="calibration")
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        width="content",
        column_config={
            "sure": st.column_config.TextColumn(_("Confidence")),
            "images": st.column_config.NumberColumn(_("Images")),
            "right": st.column_config.NumberColumn(_("Right"), format=PERCENT),
        },
        alt=_("Accuracy by confidence"),
    )
