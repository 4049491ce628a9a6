"""Several runs side by side: their curves, their settings, their scores, and whether they differ by luck.

The page Runs shows it when two or more runs are chosen.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.models.confusion_chart import VIEWS, confusion_figure, in_words
from dashboard.models.difference import difference_words, judge
from dashboard.models.drawn import digit_of
from dashboard.navigation import page
from dashboard.run_service import get_run_service
from dashboard.runs.kept import KeptRun
from dashboard.runs.status import RunError, RunStatus
from dashboard.runs_page.parallel_chart import Named, parallel_figure
from dashboard.runs_page.seeds import seed_words
from dashboard.runs_page.table import interval_words, run_names
from dashboard.session import PastDrawing, Session
from dashboard.ui.choices import choose_one
from dashboard.ui.curves_chart import AXES, MEASURES, comparison_figure
from dashboard.ui.formats import duration, percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import distinct, friendly_errors, plain, show_message
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import dataset_words, training_images_words, value_words
from mlcore import Evaluation, Model, NoDigitError, mcnemar, settings_of
from mlcore.language import _
from mlcore.quote import quoted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_COMPARED = 8
"""Runs whose curves can be told apart in one figure."""

MOST_MATRICES = 4
PER_LETTER, WIDEST = 8, 400  # CSS pixels of a column of the settings
DRAWING_SIZE = 112
"""CSS pixels of the drawing, as each network sees it."""


def show_comparison(session: Session, chosen: Sequence[KeptRun]) -> None:
    """Show the runs that are chosen side by side."""
    st.header(_("Comparison"))
    if len(chosen) > MOST_COMPARED:
        text = _("Only the newest {n} of the runs that you chose are shown.")
        show_message("info", text.format(n=MOST_COMPARED))
    runs = [*zip(run_names(chosen), chosen, strict=True)][:MOST_COMPARED]
    service = get_run_service()
    show_curves([(name, service.status(run.run_id)) for name, run in runs])
    st.subheader(_("Scores"), help=meaning("interval", "mcnemar"))
    show_scores(runs)
    for words in seed_words(runs):
        st.markdown(words)
    with friendly_errors():
        judged = judge_runs(runs)
        show_differences(runs, judged)
        show_matrices([(name, judged[run.run_id]) for name, run in runs if run.run_id in judged])
    with friendly_errors():
        show_drawing(session, runs)
    st.subheader(_("Settings"))
    if (figure := parallel_figure(runs)) is not None:
        st.caption(
            _("Each line is a run, from the settings that differ down to its accuracy; right is best.")
        )
        show_chart(figure, key="comparison_settings")
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


def judge_runs(runs: Sequence[Named]) -> dict[str, Evaluation]:
    """Return what the runs that have ended answer to their dev sets, by their ids."""
    judged = {}
    for name, run in runs:
        if _can_be_judged(run):
            evaluation = judge(run.run_id, name)
            if evaluation is not None:
                judged[run.run_id] = evaluation
    return judged


def _can_be_judged(run: KeptRun) -> bool:
    return run.best is not None and not run.live and run.data.n_dev > 0


def show_differences(runs: Sequence[Named], judged: Mapping[str, Evaluation]) -> None:
    """Say whether the best run differs from each of the others by more than chance."""
    ready = sorted((named for named in runs if _can_be_judged(named[1])), key=_accuracy, reverse=True)
    if len(ready) < 2:
        return
    first, *others = ready
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


# ---- answers side by side ----------------------------------------------------------------------------------


def show_matrices(judged: Sequence[tuple[str, Evaluation]]) -> None:
    """Show the confusion matrices of the runs side by side, of their own dev sets."""
    if not judged:
        return
    st.subheader(_("Confusion matrices"), help=meaning("confusion_matrix"))
    if len(judged) > MOST_MATRICES:
        st.caption(_("Only those of the first {n} runs are shown.").format(n=MOST_MATRICES))
    # Mistakes first: of good networks, nothing else can be told apart.
    views = {"mistakes": VIEWS["mistakes"], **VIEWS}
    view = choose_one(_("Cells show"), views, key="comparison_cells")
    figures = [matrix_figure(name, evaluation, view) for name, evaluation in judged[:MOST_MATRICES]]
    show_chart(*figures, key="comparison_matrices")


def matrix_figure(name: str, evaluation: Evaluation, view: str) -> "Figure":
    """Return the confusion matrix of one run, with its name above it and its worst confusion in words."""
    figure = confusion_figure(evaluation, view=view)
    words = _("Confusion matrix of {name}.").format(name=name)
    worst = next(iter(evaluation.confusions()), None)
    if worst is not None:
        words += " " + _("Most often: {words}").format(words=in_words(evaluation, worst))
    figure.update_layout(title_text=name, meta=figure.layout.meta | {"alt": words})
    figure.layout.shapes = ()  # no cell is chosen here
    return figure


def show_drawing(session: Session, runs: Sequence[Named]) -> None:
    """Show what each run answers to the visitor's last drawing."""
    st.subheader(_("The same drawing"))
    drawing = next(iter([session.play.now] if session.play.now else session.play.past), None)
    if drawing is None:
        st.caption(_("Draw a digit on the Draw page: each of these runs then answers it here."))
        st.page_link(page("draw"))
        return
    pictures, problems = [], []
    for name, run in runs:
        try:
            pictures.append(answer_picture(name, get_run_service().model(run.run_id, best=True), drawing))
        except (RunError, NoDigitError) as error:
            problems.append(f"{name}: {error}")
    grid(pictures, DRAWING_SIZE)
    for problem in problems:
        show_message("info", problem)


def answer_picture(name: str, model: Model, drawing: PastDrawing) -> Picture:
    """Return the drawing as a run's network sees it, with what it answers.

    Raises
    ------
    NoDigitError
        When it is no digit for this network.
    """
    image = digit_of(drawing.strokes, model)
    probabilities = model.probabilities_of(image[None])[0]
    best = int(probabilities.argmax())
    guess, sure = quoted(model.class_names[best]), percent(min(float(probabilities[best]), 1 - 1e-9))
    alt = _("Your drawing as {name} sees it; it answers {guess} ({sure})")
    words = _("{guess} ({sure})").format(guess=guess, sure=sure)
    return Picture(image, alt.format(name=name, guess=guess, sure=sure), f"{name}\n{words}")


# ---- settings --------------------------------------------------------------------------------------------


def settings_table(runs: Sequence[Named], only_differing: bool) -> pd.DataFrame:
    """Return the settings of the runs, a setting a row and a run a column; ≠ marks those that differ."""
    rows: list[dict[str, Any]] = []
    mark, title = "≠", _("Setting")
    names = distinct([mark, title, *(name for name, _run in runs)])[2:]  # a run may be called like a column
    facts = [
        (_("Data"), [dataset_words(run.data.name) for _name, run in runs]),
        (_("Training images"), [training_images_words(run.data) for _name, run in runs]),
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
            named = dict(zip(names, values, strict=True))
            rows.append({mark: mark if differs else "", title: label, **named})
    return pd.DataFrame(rows)


def show_settings(runs: Sequence[Named]) -> None:
    """Show the settings of the runs, those that differ marked."""
    only = st.toggle(_("Only what differs"), value=True, key="comparison_only")
    table = settings_table(runs, only)
    if table.empty:
        st.caption(_("The settings are all the same."))
    else:
        wide = {name: st.column_config.TextColumn(width=_width(table[name])) for name in table.columns}
        st.dataframe(
            table,
            hide_index=True,
            width="content",
            column_config=wide,
            alt=_("The settings of the chosen runs"),
        )


def _width(words: "pd.Series[str]") -> int:
    """Return the pixels that the longest word of a column needs: the table itself looks at the first rows."""
    longest = max(len(str(words.name)), *(len(word) for word in words))
    return min(WIDEST, 24 + PER_LETTER * longest)
