"""The board of a search: the best so far, how accuracy goes with a setting, and what mattered; live.

The page Search shows it below the form, updated each second while the search runs.
"""

import pandas as pd
import streamlit as st

from dashboard.link import link_with
from dashboard.navigation import page
from dashboard.run_service import get_searches, heartbeat, run_owner, visitors_place
from dashboard.runs.search import KEPT_RUNS, ROW_LABELS, SearchState, SearchStatus
from dashboard.search.accuracy_chart import accuracy_figure
from dashboard.search.form import plan_of
from dashboard.search.words import effects_words, setting_words
from dashboard.session import Session
from dashboard.ui.formats import duration, percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import keeping_problem, plain, show_message, show_problem
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import dataset_words
from mlcore.language import N_, _
from mlcore.metrics import likely_accuracy
from mlcore.search.search import Candidate
from mlcore.search.space import searchable

ROW_HEIGHT = 35  # CSS pixels; the header is as high
MOST_ROWS = 10
"""A table of more rows than this is scrolled."""

STATE_WORDS: dict[SearchState, str] = {
    "running": N_("Searching"),
    "finished": N_("Finished"),
    "stopped": N_("Stopped"),
    "failed": N_("Failed"),
}
BEST_SO_FAR = N_("Best so far: **{accuracy}** with {settings}.")
BEST = N_("The best: **{accuracy}** with {settings}.")
JUDGED = N_(
    "Judged by the accuracy at the first comparison of each round, the only one that all runs have reached. "
    "A setting is named when shuffled results would show as much in fewer than 5 of 100 searches."
)


def start(session: Session) -> None:
    """Start the search that is set up; what prevents it is said on the page."""
    with keeping_problem("search"):
        heartbeat()
        get_searches().start(
            run_owner(),
            session.split,
            plan_of(session),
            visitors_place(),
            link_with(session),
            _("Search, no. {n}"),
        )


def stop(search_id: str) -> None:
    """End a search."""
    get_searches().stop(search_id, run_owner())


def use_best(session: Session, candidate: Candidate) -> None:
    """Take over the settings of a candidate."""
    session.network_config, session.training_config = candidate.network, candidate.training
    session.rate_is_chosen = True
    session.search_plan = plan_of(session)


def offer_start(session: Session, status: SearchStatus | None) -> None:
    """Offer to start the search that is set up, once the one before has ended."""
    live = status is not None and status.live
    st.button(
        _("Start the search"),
        key="start_search",
        icon=":material/play_arrow:",
        type="primary" if status is None else "secondary",
        disabled=live,
        help=_("Your last search is not finished. Stop it first.") if live else None,
        on_click=start,
        args=(session,),
    )
    show_problem("search")


def show_board(session: Session, status: SearchStatus) -> None:
    """Show how a search stands."""
    done = sum(row.state in ("out", "finished", "failed") for row in status.rows)
    text = _("{state}: {done} of {all} runs, {time}. Data: {data}, {n:,} training images.")
    words = text.format(
        state=_(STATE_WORDS[status.state]),
        done=done,
        all=status.plan.runs,
        time=duration(status.seconds),
        data=plain(dataset_words(status.data.name)),
        n=status.data.n_train,
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="search_state"):
        if status.live:
            st.button(
                _("Stop"),
                key="stop_search",
                icon=":material/stop:",
                on_click=stop,
                args=(status.search_id,),
            )
        st.markdown(words)  # behind the button: a text that grows would move it
    st.progress(1.0 if status.state == "finished" else min(1.0, done / status.plan.runs))
    if status.message:
        show_message("error" if status.state == "failed" else "info", status.message)
    show_best(session, status)
    show_table(status)
    if status.plan.varied:
        show_accuracy(status)
    st.header(_("Which setting mattered"), help=_(JUDGED))
    st.markdown("\n".join(f"- {line}" for line in effects_words(status.plan.varied, status.effects)))
    text, n = _("The best {n} runs are kept with their models, on the page Runs."), KEPT_RUNS
    if status.live:
        text = _("In the end, the best {n} runs are kept with their models, on the page Runs.")
    else:
        n = sum(row.run_id is not None for row in status.rows)
    if n:
        st.caption(text.format(n=n))


def show_best(session: Session, status: SearchStatus) -> None:
    """Show the best candidate so far, and offer its settings."""
    best = status.best
    are_in_use = best is not None and _are_in_use(session, best)
    is_kept = bool(status.rows) and status.rows[0].run_id is not None
    text = _("No run has been evaluated yet.") if status.live else _("No run was evaluated.")
    if best is not None and best.result.best is not None:
        accuracy = percent(best.result.best.dev_accuracy, 2)
        text = _(BEST_SO_FAR if status.live else BEST).format(accuracy=accuracy, settings=values_words(best))
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="search_best"):
        st.button(
            _("Use the best"),
            key="use_best",
            icon=":material/tune:",
            type="secondary" if status.live or are_in_use else "primary",
            disabled=best is None or are_in_use,
            help=_("These settings are in use.") if are_in_use else _("Sets them on Network and Train."),
            on_click=use_best,
            args=(session, best),
        )
        if is_kept and st.button(_("Open its run"), key="open_best", icon=":material/show_chart:"):
            session.run_id = status.rows[0].run_id
            st.switch_page(page("train"))
        st.markdown(text)


def _are_in_use(session: Session, candidate: Candidate) -> bool:
    return (session.network_config, session.training_config) == (candidate.network, candidate.training)


def values_words(candidate: Candidate) -> str:
    """Return what makes a candidate differ from others."""
    settings = searchable()
    return ", ".join(
        f"{_(settings[name].label)} {setting_words(name, value)}" for name, value in candidate.values.items()
    )


def board_table(status: SearchStatus) -> pd.DataFrame:
    """Return the table of the candidates, the best first."""
    settings, varied, rows = searchable(), status.plan.varied, []
    for place, row in enumerate(status.rows, start=1):
        accuracy = None if row.best is None else row.best.dev_accuracy
        rows.append(
            {
                _("Rank"): place if row.candidate.results and row.state != "failed" else None,
                **{_(settings[one.name].label): _value_words(row.candidate, one.name) for one in varied},
                _("Dev accuracy"): None if accuracy is None else 100 * accuracy,
                _("95 % interval"): "" if accuracy is None else _interval(accuracy, status.data.n_dev),
                _("State"): row.problem or _(ROW_LABELS[row.state]),
                _("Epochs"): f"{row.epoch:.3g}",
                _("No."): row.candidate.number,
            }
        )
    names = [_(settings[dimension.name].label) for dimension in varied]
    columns = [_("Rank"), *names, _("Dev accuracy"), _("95 % interval"), _("State"), _("Epochs"), _("No.")]
    return pd.DataFrame(rows, columns=columns)


def _value_words(candidate: Candidate, name: str) -> str:
    """Return the value that a candidate has of a setting; a dash where it would have no effect."""
    return setting_words(name, candidate.values[name]) if name in candidate.values else "–"


def _interval(accuracy: float, n: int) -> str:
    low, high = likely_accuracy(round(accuracy * n), n)
    return f"{percent(low)} – {percent(high)}"


def show_table(status: SearchStatus) -> None:
    """Show the candidates; the table has its height from the start, so that nothing below it moves."""
    n_rows = min(status.plan.runs, MOST_ROWS)
    st.dataframe(
        board_table(status),
        key=f"board {status.search_id}",
        hide_index=True,
        height=ROW_HEIGHT * (1 + n_rows) + 3,
        column_config={
            _("Dev accuracy"): st.column_config.NumberColumn(format="%.2f %%"),
            _("95 % interval"): st.column_config.TextColumn(help=meaning("interval")),
        },
        placeholder="–",
        alt=_("The runs of the search, the best first"),
    )


def show_accuracy(status: SearchStatus) -> None:
    """Show how the accuracy goes with one of the settings, which the visitor chooses."""
    chosen = st.selectbox(
        _("Accuracy along"),
        [dimension.name for dimension in status.plan.varied],
        format_func=lambda name: _(searchable()[name].label),
        key=f"search_axis {status.search_id}",
        width=260,
    )
    dimension = next(one for one in status.plan.varied if one.name == chosen)
    show_chart(
        accuracy_figure(status.rows, dimension), key="search_accuracy", subject=f"{status.search_id} {chosen}"
    )
