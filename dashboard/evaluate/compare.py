"""Several models on the same images: who is better, whether that can be luck, and their answers side by side.

The Evaluate page shows it under "Other models".
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.evaluate.files import predictions_csv
from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.several import Answerer, choose_answerers
from dashboard.models.judged import Judged
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.luck import judgement
from dashboard.ui.messages import distinct, plain
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import data_uri
from mlcore import Evaluation, McNemar, mcnemar
from mlcore.arrays import IndexArray
from mlcore.language import N_, _
from mlcore.quote import quoted

ROWS_A_PAGE = 50
ROW_HEIGHT = 56  # CSS pixels

KINDS = {
    "differ": N_("Where they differ"),
    "lost": N_("Right elsewhere"),
    "wrong": N_("Any is wrong"),
    "all": N_("All"),
}
"""Which images are shown; "lost" are those that only another model than the first reads right."""


@st.fragment
def show_models(judged: Judged) -> None:
    """Let the visitor choose more models, and say how they differ on these images, and on which."""
    models = choose_answerers(judged)
    if len(models) == 1:
        text = _("All models classify the same images, so that a small difference can be told from luck.")
        st.caption(text)
        return
    first = models[0]
    for other in models[1:]:
        both = first.evaluation, other.evaluation
        found = mcnemar(both[0].labels, both[0].guesses, both[1].guesses)
        st.write(plain(comparison_in_words(found, (first.label, other.label), both)))
    _show_answers(judged, models)


def comparison_in_words(found: McNemar, names: tuple[str, str], both: tuple[Evaluation, Evaluation]) -> str:
    """Return which of two models is better, and how often luck alone would make such a difference."""
    text = _(
        "{first}: {a}; {second}: {b}. Only the first is right about {only_first:,} images, "
        "only the second about {only_second:,}. {judgement}"
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


def positions_of(kind: str, found: Sequence[Evaluation], among: IndexArray) -> IndexArray:
    """Return which of some images are of a kind, a key of `KINDS`; the first model's surest answers first."""
    guesses = np.array([one.guesses[among] for one in found])
    right = guesses == found[0].labels[among]
    wanted = {
        "differ": (guesses != guesses[0]).any(axis=0),
        "lost": ~right[0] & right.any(axis=0),
        "wrong": ~right.all(axis=0),
        "all": np.ones(len(among), np.bool_),
    }[kind]
    chosen: IndexArray = among[wanted]
    return np.take(chosen, np.argsort(-found[0].confidence[chosen], kind="stable"))


def _show_answers(judged: Judged, models: Sequence[Answerer]) -> None:
    """Show a row for each image: picture, label, and the answer of each model with its probability."""
    evaluations = [model.evaluation for model in models]
    kind = choose_one(_("Images"), KINDS, key="side_by_side")
    positions = positions_of(kind, evaluations, _chosen_among(judged))
    st.write(_("{n:,} images.").format(n=len(positions)))
    if not len(positions):
        return
    place = st.container()
    shown = choose_page(len(positions), ROWS_A_PAGE, f"side_by_side_{kind}")
    with place:
        st.dataframe(
            side_by_side(judged, models, positions[shown]),
            hide_index=True,
            row_height=ROW_HEIGHT,
            height=520,
            column_config={
                "picture": st.column_config.ImageColumn(_("Image"), width="small"),
                "number": st.column_config.TextColumn(_("Number")),
                "label": st.column_config.TextColumn(_("Label")),
            },
            alt=_("The answers of each model to the same images"),
        )
    columns = {model.label: model.evaluation for model in models}
    offer_csv(_("Answers (.csv)"), lambda: predictions_csv(columns, positions), "answers-side-by-side.csv")


def _chosen_among(judged: Judged) -> IndexArray:
    """Let the visitor choose one of the slices, where there are some; else all images."""
    slices = [one for one in judged.session.slices if one.is_of(judged.images)]
    names = [_("All images"), *distinct([one.name for one in slices])]
    if not slices:
        return np.arange(len(judged.images))
    place = st.selectbox(
        _("Of the slice"), range(len(names)), format_func=names.__getitem__, key=f"among_{len(names)}"
    )
    return slices[place - 1].positions if place else np.arange(len(judged.images))


def side_by_side(judged: Judged, models: Sequence[Answerer], positions: IndexArray) -> pd.DataFrame:
    """Return a row for each image; a wrong answer has a cross before it."""
    names = judged.images.class_names
    columns: dict[str, list[str]] = {
        "picture": [data_uri(image) for image in judged.images.take(positions).images],
        "number": [f"{position + 1:,}" for position in positions],
        "label": [quoted(names[label]) for label in judged.evaluation.labels[positions]],
    }
    titles = distinct([*columns, *(model.label for model in models)])[len(columns) :]
    for title, model in zip(titles, models, strict=True):
        found = model.evaluation
        columns[title] = [
            _answer(names[found.guesses[k]], float(found.confidence[k]), found.guesses[k] == found.labels[k])
            for k in positions
        ]
    return pd.DataFrame(columns)


def _answer(name: str, confidence: float, is_right: bool) -> str:
    text = _("{name}, {sure}") if is_right else _("✗ {name}, {sure}")
    return text.format(name=quoted(name), sure=percent(confidence))
