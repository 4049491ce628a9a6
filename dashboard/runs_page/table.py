"""The table of a visitor's runs: its rows and columns, and which runs are chosen in it.

The page Runs shows it. What is chosen is known by the ids of runs, never by places in a table that may have
changed meanwhile.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.browser import visitors_zone
from dashboard.run_service import get_run_service, run_owner
from dashboard.runs.kept import KeptRun
from dashboard.runs.status import STATE_LABELS
from dashboard.session import Session
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import distinct
from dashboard.ui.wording import changed_settings, cleaned_words, dataset_words, run_name
from mlcore.language import N_, _
from mlcore.metrics import likely_accuracy

MOST_ROWS = 12
"""A table of more rows than this is scrolled."""

PERCENT = "%.2f %%"
OWN_COLUMN = ("seed",)
"""Settings that have a column of their own."""

COLUMNS = {
    "name": N_("Name"),
    "state": N_("State"),
    "curve": N_("Dev accuracy"),
    "best": N_("Best dev accuracy"),
    "interval": N_("95 % interval"),
    "test": N_("Test accuracy"),
    "settings": N_("Settings"),
    "data": N_("Data"),
    "seed": N_("Seed"),
    "time": N_("Training time"),
    "started": N_("Started"),
    "note": N_("Note"),
}
"""What the table can show of a run, in this order."""

USUAL_COLUMNS = tuple(name for name in COLUMNS if name not in ("note", "started"))
ALWAYS = "name"

_CHOSEN = "chosen_runs"
_VIEW_TAKEN = "run_view_taken"


def run_names(runs: Sequence[KeptRun]) -> list[str]:
    """Return what runs are called, each told apart from the others; a star goes before a starred one."""
    return distinct([f"★ {run_name(run)}" if run.star else run_name(run) for run in runs])


def differences(run: KeptRun) -> list[str]:
    """Return the settings of a run that have an effect and are not the default, in words."""
    return changed_settings(run.network, ()) + changed_settings(run.training, OWN_COLUMN)


def settings_words(runs: Sequence[KeptRun], only_differing: bool = False) -> list[str]:
    """Return for each run what differs from the default; on demand without what all of them share."""
    each = [differences(run) for run in runs]
    shared = set[str].intersection(*map(set, each)) if only_differing and len(each) > 1 else set[str]()
    words = [", ".join(part for part in parts if part not in shared) for parts in each]
    return [text or (_("as the others") if shared else _("all at their defaults")) for text in words]


def interval_words(accuracy: float, n: int) -> str:
    """Return the 95 % interval of an accuracy on this many images.

    >>> interval_words(0.97, 1000)
    '95.7 % – 97.9 %'
    """
    low, high = likely_accuracy(round(accuracy * n), n)
    return f"{percent(low)} – {percent(high)}"


def runs_table(runs: Sequence[KeptRun], only_differing: bool = False) -> pd.DataFrame:
    """Return the table of these runs, with all its columns."""
    rows, zone = [], visitors_zone()
    words = settings_words(runs, only_differing)
    for run, name, settings in zip(runs, run_names(runs), words, strict=True):
        best = None if run.best is None else run.best.dev_accuracy
        known = best is not None and not math.isnan(best)  # without a dev set it is no number
        rows.append(
            {
                "name": name,
                "state": ("▶ " if run.state in ("queued", "running") else "") + _(STATE_LABELS[run.state]),
                "data": _("{name}, {n:,} images{changes}").format(
                    name=dataset_words(run.data.name),
                    n=run.data.n_train,
                    changes=cleaned_words(run.data.relabelled, run.data.left_out),
                ),
                "settings": settings,
                "seed": run.training.seed,
                "curve": [100 * accuracy for accuracy in run.curve],
                "best": 100 * best if known and best is not None else None,
                "interval": interval_words(best, run.data.n_dev) if known and best is not None else "",
                "test": None if run.test_accuracy is None else 100 * run.test_accuracy,
                "time": run.seconds_trained,
                "started": f"{datetime.fromtimestamp(run.started, UTC).astimezone(zone):%Y-%m-%d %H:%M}",
                "note": run.note,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


@dataclass(frozen=True)
class RowButton:
    """A button that each run has in the table.

    Attributes
    ----------
    title, help : str
        Of its column (English; shown through `_`).
    face : callable
        What the button of a run shows; None where it has none.
    act : callable
        Is given the run whose button was pressed, before the page runs again.
    """

    title: str
    help: str
    face: Callable[[KeptRun], str | None]
    act: Callable[[KeptRun], None]


def choose_runs(session: Session, runs: Sequence[KeptRun], buttons: Mapping[str, RowButton]) -> list[KeptRun]:
    """Show the table with these buttons behind the names, and return the runs that are chosen in it."""
    ids = [run.run_id for run in runs]
    key = f"runs_{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:16]}"
    if key not in st.session_state:  # another list: what was chosen stays so
        chosen = st.session_state.get(_CHOSEN, ())
        places = [place for place, run_id in enumerate(ids) if run_id in chosen]
        st.session_state[key] = {"selection": {"rows": places}}
    table = runs_table(runs, session.only_differing)
    shown = [name for name in COLUMNS if name == ALWAYS or name in (session.run_columns or USUAL_COLUMNS)]
    table = table[shown]
    for place, (name, button) in enumerate(buttons.items(), start=1):
        table.insert(place, name, [button.face(run) for run in runs])
    event: Any = st.dataframe(
        table,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height="content" if len(runs) <= MOST_ROWS else 480,
        column_config={
            **_column_configs(),
            **{name: _button_column(f"{key}_{name}", button, runs) for name, button in buttons.items()},
        },
        placeholder="–",
        alt=_("Your runs, the newest first"),
    )
    picked = [runs[place] for place in sorted(event["selection"]["rows"]) if place < len(runs)]
    st.session_state[_CHOSEN] = [run.run_id for run in picked]
    return picked


def _button_column(key: str, button: RowButton, runs: Sequence[KeptRun]) -> Any:
    return st.column_config.ButtonColumn(
        _(button.title),
        type="tertiary",
        help=_(button.help),
        key=key,
        on_click=lambda: button.act(runs[st.session_state[key]["row"]]),
    )


def _column_configs() -> dict[str, Any]:
    column = st.column_config
    kinds: dict[str, Any] = {
        "name": column.TextColumn(_(COLUMNS["name"]), pinned=True),
        "settings": column.TextColumn(
            _(COLUMNS["settings"]), help=_("What differs from the defaults and has an effect."), width="large"
        ),
        "seed": column.NumberColumn(_(COLUMNS["seed"]), format="%d"),
        "curve": column.LineChartColumn(
            _(COLUMNS["curve"]), help=_("From the first evaluation to the last."), color="auto", width=130
        ),
        "best": column.NumberColumn(
            _(COLUMNS["best"]),
            format=PERCENT,
            help=_("The best of all evaluations, not the last: the weights of that moment are kept."),
        ),
        "interval": column.TextColumn(_(COLUMNS["interval"]), help=meaning("interval"), width=130),
        "test": column.NumberColumn(
            _(COLUMNS["test"]),
            format=PERCENT,
            help=_("Shown once you have tested the run on Train."),
            width=110,
        ),
        "time": column.NumberColumn(_(COLUMNS["time"]), format="%.1f s"),
    }
    return {name: kinds.get(name, column.TextColumn(_(title))) for name, title in COLUMNS.items()}


def choose_view(session: Session) -> None:
    """Let the visitor choose the columns; the choice outlives a restart of the server, as the runs do."""
    take_kept_view(session)
    with st.popover(_("Columns"), icon=":material/view_column:"):
        names = [name for name in COLUMNS if name != ALWAYS]
        st.session_state["run_columns"] = [n for n in names if n in (session.run_columns or USUAL_COLUMNS)]
        st.pills(
            _("Columns"),
            names,
            selection_mode="multi",
            format_func=lambda name: _(COLUMNS[name]),
            key="run_columns",
            on_change=lambda: _take_columns(session),
        )
        st.session_state["only_differing"] = session.only_differing
        st.toggle(
            _("Of the settings, only what differs between these runs"),
            key="only_differing",
            on_change=lambda: _take_only_differing(session),
        )


def take_kept_view(session: Session) -> None:
    """See the table as it was chosen before, once in a session."""
    if st.session_state.get(_VIEW_TAKEN):
        return
    st.session_state[_VIEW_TAKEN] = True
    kept = get_run_service().view_of(run_owner())
    if session.run_columns is None and "columns" in kept:
        session.run_columns = tuple(name for name in COLUMNS if name in kept["columns"])
        session.only_differing = bool(kept.get("only_differing"))


def _take_columns(session: Session) -> None:
    session.run_columns = (ALWAYS, *st.session_state["run_columns"])
    _keep_view(session)


def _take_only_differing(session: Session) -> None:
    session.only_differing = bool(st.session_state["only_differing"])
    _keep_view(session)


def _keep_view(session: Session) -> None:
    columns = session.run_columns or USUAL_COLUMNS
    about = {"columns": columns, "only_differing": session.only_differing}
    get_run_service().keep_view(run_owner(), about)
