"""Several runs side by side: their curves, their settings, their scores, and whether they differ by luck.

The page Runs shows it when two or more runs are chosen.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.models.difference import difference_words, judge
from dashboard.run_service import get_run_service
from dashboard.runs.kept import KeptRun
from dashboard.runs.status import RunStatus
from dashboard.runs_page.table import interval_words, run_names
from dashboard.ui.choices import choose_one
from dashboard.ui.curves_chart import AXES, MEASURES, comparison_figure
from dashboard.ui.formats import duration, percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import friendly_errors, plain, show_message
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import dataset_words, value_words
from mlcore import Evaluation, mcnemar, settings_of
from mlcore.language import _

MOST_COMPARED = 8
"""Runs whose curves can be told apart in one figure."""

Named = tuple[str, KeptRun]


def show_comparison(chosen: Sequence[KeptRun]) -> None:
    """Show the runs that are chosen side by side."""
    st.header(_("Comparison"))
    if len(chosen) > MOST_COMPARED:
        text = _("Shown are the newest {n} of the runs that you chose.")
        show_message("info", text.format(n=MOST_COMPARED))
    runs = [*zip(run_names(chosen), chosen, strict=True)][:MOST_COMPARED]
    service = get_run_service()
    show_curves([(name, service.status(run.run_id)) for name, run in runs])
    st.subheader(_("Scores"), help=meaning("interval", "mcnemar"))
    show_scores(runs)
    with friendly_errors():
        show_differences(runs)
    st.subheader(_("Settings"))
    show_settings(runs)


def show_curves(runs: Sequence[tuple[str, RunStatus]]) -> None:
    """Show the curves over each other, as the visitor wants to see them."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="comparison_view"):
        measure = st.selectbox(
            _("Curve"),
            list(MEASURES),
            format_func=lambda name: _(MEASURES[name].title),
            key="comparison_measure",
            width=220,
        )
        about = _("Seconds are those of training, at each run's mean speed.")
        along = choose_one(_("Along"), AXES, key="comparison_axis", help=about)
        smooth = st.toggle(_("Smoothed"), key="comparison_smooth")
    show_chart(comparison_figure(runs, measure, along, smooth), key="comparison_curves")


def scores_table(runs: Sequence[Named]) -> pd.DataFrame:
    """Return the scores of the runs, a run a row."""
    rows = []
    for name, run in runs:
        best, n = run.best, run.data.n_dev
        is_known = best is not None and n > 0
        rows.append(
            {
                _("Run"): name,
                _("Best dev accuracy"): percent(best.dev_accuracy, 2) if best is not None and n else "",
                _("95 % interval"): interval_words(best.dev_accuracy, n) if best and is_known else "",
                _("At epoch"): f"{best.epoch:.4g}" if best is not None else "",
                _("Test accuracy"): "" if run.test_accuracy is None else percent(run.test_accuracy, 2),
                _("Training time"): duration(run.seconds_trained),
            }
        )
    return pd.DataFrame(rows)


def show_scores(runs: Sequence[Named]) -> None:
    """Show the scores of the runs as a table."""
    st.dataframe(scores_table(runs), hide_index=True, width="content", alt=_("The scores of the chosen runs"))


# ---- luck ------------------------------------------------------------------------------------------------


def show_differences(runs: Sequence[Named]) -> None:
    """Say whether the best run differs from each of the others by more than chance."""
    ready = [(name, run) for name, run in runs if run.best is not None and not run.live and run.data.n_dev]
    if len(ready) < 2:
        return
    ready.sort(key=_accuracy, reverse=True)
    first, *others = ready
    same = [other for other in others if other[1].dev_files == first[1].dev_files]
    judged: dict[str, Evaluation] = {}
    for name, run in [first, *same] if same else []:
        evaluation = judge(run.run_id, name)
        if evaluation is not None:
            judged[run.run_id] = evaluation
    lines = []
    for name, run in others:
        if run.dev_files != first[1].dev_files:
            text = _("{a} and {b} were evaluated on different dev sets: their accuracies cannot be compared.")
            lines.append(text.format(a=plain(first[0]), b=plain(name)))
        elif run.run_id in judged and first[1].run_id in judged:
            a, b = judged[first[1].run_id], judged[run.run_id]
            found = mcnemar(a.labels, a.guesses, b.guesses)
            lines.append(difference_words(plain(first[0]), plain(name), found, len(a.labels)))
    st.markdown("\n".join(f"- {line}" for line in lines))


def _accuracy(named: Named) -> float:
    best = named[1].best
    return -1.0 if best is None else best.dev_accuracy


# ---- settings --------------------------------------------------------------------------------------------


def settings_table(runs: Sequence[Named], only_differing: bool) -> pd.DataFrame:
    """Return the settings of the runs, a setting a row and a run a column; ≠ marks those that differ."""
    rows: list[dict[str, Any]] = []
    facts = [
        (_("Data"), [dataset_words(run.data.name) for _name, run in runs]),
        (_("Training images"), [f"{run.data.n_train:,}" for _name, run in runs]),
        (_("Dev images"), [f"{run.data.n_dev:,}" for _name, run in runs]),
    ]
    for part in ("network", "training"):
        configs = [getattr(run, part) for _name, run in runs]
        for setting, about in settings_of(configs[0]).items():
            values = [value_words(about, getattr(config, setting)) for config in configs]
            facts.append((_(about.label), values))
    for label, values in facts:
        differs = len({*values}) > 1
        if differs or not only_differing:
            named = {name: value for (name, _run), value in zip(runs, values, strict=True)}
            rows.append({"≠": "≠" if differs else "", _("Setting"): label, **named})
    return pd.DataFrame(rows)


def show_settings(runs: Sequence[Named]) -> None:
    """Show the settings of the runs, those that differ marked."""
    only = st.toggle(_("Only what differs"), value=True, key="comparison_only")
    table = settings_table(runs, only)
    if table.empty:
        st.caption(_("The settings are all the same."))
    else:
        st.dataframe(table, hide_index=True, width="content", alt=_("The settings of the chosen runs"))
