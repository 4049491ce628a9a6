"""The visitor's slices: how good models are on each, and how that grew over the epochs of a run.

The Evaluate page shows it under "Slices"; a filter of its gallery makes one.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.evaluate.files import csv_of
from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.several import Answerer, choose_answerers
from dashboard.evaluate.study_files import slices_over_run_csv
from dashboard.models.answers import show_answers
from dashboard.models.evaluations import misfit
from dashboard.models.judged import Judged
from dashboard.run_service import get_run_service, run_owner
from dashboard.runs.snapshots import Snapshot
from dashboard.study import Task, show_study
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, chart_text, distinct, friendly_errors, plain, show_message
from dashboard.ui.palette import COLORS, axis, layout
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import run_name
from mlcore import Slice, follow_slices
from mlcore.evaluation import Answered
from mlcore.language import _
from mlcore.quote import quoted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DASHES = ("solid", "dash", "dot", "dashdot")


@st.fragment
def show_slices(judged: Judged) -> None:
    """Show the slices of these images: a sentence, a table over models, one of them, and a run's epochs."""
    slices = [one for one in judged.session.slices if one.is_of(judged.images)]
    if not slices:
        _say_how_to_begin(len(judged.session.slices))
        return
    st.write(plain(weakest_in_words(slices, judged)))
    models = choose_answerers(judged)
    table = slices_table(slices, models)
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "slice": st.column_config.TextColumn(_("Slice")),
            "rule": st.column_config.TextColumn(_("Images")),
            "n": st.column_config.NumberColumn(_("Number"), format="localized"),
        },
        alt=_("Accuracy of each model on each slice"),
    )
    st.caption(
        _("Correct answers, and the accuracy to expect on new images of the same kind (95 % interval).")
    )
    offer_csv(
        _("Slices (.csv)"), lambda: csv_of([*table.columns], table.itertuples(index=False)), "slices.csv"
    )
    _show_one(judged, slices)
    st.subheader(_("Over the epochs of a run"), help=meaning("snapshot"))
    with friendly_errors():
        _show_over_run(judged, slices)


def _say_how_to_begin(others: int) -> None:
    text = _(
        "You have no slices of these images yet. Choose images under Mistakes by the filters, such as fours "
        "with thick strokes, and keep them as a slice."
    )
    show_message("info", text)
    if others:
        st.caption(_("You have {n} slices of other images.").format(n=others))


def weakest_in_words(slices: Sequence[Slice], judged: Judged) -> str:
    """Return on which slice the page's model is right least often, and whether that can be chance."""
    found = judged.evaluation
    weakest = min(slices, key=lambda one: found.among(one.positions).accuracy)
    answered = found.among(weakest.positions)
    text = _("Its accuracy is lowest on the slice {name}: {words}. On all images: {all}. {chance}")
    if len(slices) == 1:
        text = _("Its accuracy on the slice {name} is {words}. On all images: {all}. {chance}")
    words, chance = answered_in_words(answered), chance_in_words(answered, found.accuracy)
    return text.format(name=quoted(weakest.name), words=words, all=percent(found.accuracy), chance=chance)


def chance_in_words(answered: Answered, accuracy: float) -> str:
    """Return whether the accuracy on some images differs from another one by more than chance."""
    low, high = answered.likely_accuracy
    if accuracy > high:
        return _("Chance alone would hardly make it so much lower.")
    if accuracy < low:
        return _("Chance alone would hardly make it so much higher.")
    return _("The difference may be due to chance.")


def answered_in_words(answered: Answered) -> str:
    """Return an accuracy with its 95 % interval.

    >>> answered_in_words(Answered(200, 190))
    '95.0 % (91.0 % to 97.3 %)'
    """
    low, high = answered.likely_accuracy
    text = _("{accuracy} ({low} to {high})")
    return text.format(accuracy=percent(answered.accuracy), low=percent(low), high=percent(high))


def slices_table(slices: Sequence[Slice], models: Sequence[Answerer]) -> pd.DataFrame:
    """Return a row for each slice and one for all images, with the accuracy of each model."""
    every = np.arange(len(models[0].evaluation.labels))
    names = distinct([_("All images"), *(one.name for one in slices)])
    members = [every, *(one.positions for one in slices)]
    about = {
        "n": [len(positions) for positions in members],
        "rule": ["", *(quoted(one.rule) for one in slices)],
    }
    titles = distinct(["slice", *about, *(model.label for model in models)])[1 + len(about) :]
    accuracies = {
        title: [answered_in_words(model.evaluation.among(positions)) for positions in members]
        for title, model in zip(titles, models, strict=True)
    }
    return pd.DataFrame({"slice": names} | accuracies | about)


def _show_one(judged: Judged, slices: Sequence[Slice]) -> None:
    """Show the images of a slice that the visitor chooses, with a way to delete it."""
    names = distinct([one.name for one in slices])
    place = st.pills(
        _("Show the images of"),
        range(len(names)),
        format_func=lambda place: plain(names[place]),
        key=f"slice_shown_{len(names)}",
        wrap=True,
    )
    if place is None:
        return
    chosen = slices[place]
    st.button(
        _("Delete this slice"),
        icon=":material/delete:",
        key="delete_slice",
        on_click=lambda: judged.session.slices.remove(chosen),
    )
    show_answers(judged, chosen.positions, key=f"slice_page_{place}")


# ---- over the epochs of a run -----------------------------------------------------------------------------


def _show_over_run(judged: Judged, slices: Sequence[Slice]) -> None:
    """Let a worker ask the snapshots of one of the visitor's runs about the slices, and show the curves."""
    service = get_run_service()
    runs = {status.run_id: run_name(status) for status in service.runs_of(run_owner())}
    if not runs:
        st.caption(_("Train a network first: the snapshots of its run are then evaluated on each slice."))
        return
    names = dict(zip(runs, distinct([*runs.values()]), strict=True))
    run_id = st.selectbox(_("Run"), list(names), format_func=names.__getitem__, key="slices_run", width=340)
    moments = service.snapshots(run_id)
    if not moments:
        st.caption(_("This run has no snapshots yet."))
    elif reason := misfit(service.snapshot_model(run_id, moments[-1].step), judged.images):
        show_message("info", reason)
    elif (right := _study(judged, slices, run_id, moments)) is not None:
        show_chart(slices_figure(slices, moments, right), key="slices_chart")
        offer_csv(
            _("Slices over the run (.csv)"),
            lambda: slices_over_run_csv(slices, moments, right),
            "slices-over-run.csv",
        )


def _study(judged: Judged, slices: Sequence[Slice], run_id: str, moments: Sequence[Snapshot]) -> np.ndarray:
    def task() -> Task:
        models = [get_run_service().snapshot_model(run_id, moment.step) for moment in moments]
        members = [one.positions for one in slices]
        needed = np.unique(np.concatenate(members))
        places = [np.searchsorted(needed, positions) for positions in members]
        return follow_slices, (models, judged.images.take(needed).detached(), places)

    found: np.ndarray = show_study(
        "slices_over_run",
        (run_id, *(moment.step for moment in moments), *(one.bits for one in slices)),
        _("Evaluate the snapshots of this run"),
        task,
    )
    return found


def slices_figure(slices: Sequence[Slice], moments: Sequence[Snapshot], right: np.ndarray) -> "Figure":
    """Return the accuracy on each slice over the epochs of a run.

    Parameters
    ----------
    slices : sequence of Slice
    moments : sequence of Snapshot
    right : int array (moments, slices)
        How many images of each slice were read correctly.
    """
    from plotly.graph_objects import Figure

    names = distinct([one.name for one in slices], SHORT_NAME)
    curves = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": chart_text(name),
            "x": [round(moment.epoch, 3) for moment in moments],
            "y": (100 * right[:, k] / one.n).round(2).tolist(),
            "line": {"color": COLORS[k % len(COLORS)], "width": 2, "dash": DASHES[k % len(DASHES)]},
            "hovertemplate": "%{x:.2f}: %{y:.1f} %<extra></extra>",
        }
        for k, (one, name) in enumerate(zip(slices, names, strict=True))
    ]
    last = ", ".join(
        f"{name} {percent(hits / one.n)}" for name, one, hits in zip(names, slices, right[-1], strict=True)
    )
    settings = layout(
        "",
        xaxis=axis(_("Epoch"), fixedrange=True),
        yaxis=axis(_("Right answers"), ticksuffix=" %", fixedrange=True),
        meta={"alt": _("Accuracy over epochs; at the end {last}").format(last=last), "height": "20rem"},
    )
    return Figure(curves, settings)
