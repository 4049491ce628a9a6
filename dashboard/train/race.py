"""The race of a fork with its parent: both curves in one chart and, at the end, which one is better.

The Train page shows it below a run that is a fork.
"""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.models.difference import difference_words, judge
from dashboard.run_service import get_run_service
from dashboard.runs.status import Fork, RunError, RunStatus
from dashboard.ui.curves_chart import comparison_figure
from dashboard.ui.messages import distinct, friendly_errors, plain, show_message
from dashboard.ui.palette import TEXT
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import changes_words, moment, run_name
from mlcore import mcnemar
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LOOK_EVERY = 1.0  # seconds
MEASURES_SHOWN = ("dev_accuracy", "dev_loss")
OTHER_LENGTH = 0.5
"""Epochs by which two runs must differ in length until that is said."""


def show_race(status: RunStatus) -> None:
    """Show a fork beside its parent, live while one of the two trains."""
    if status.fork is None:
        return
    st.header(_("Race"))
    try:
        parent = get_run_service().status(status.fork.run_id)
    except RunError:
        show_message("info", _("The run from which this one was forked no longer exists."))
        return
    moves = _moves(status, parent)
    st.fragment(_show_race, run_every=LOOK_EVERY if moves else None)(status.run_id, parent.run_id, moves)


def _moves(*statuses: RunStatus) -> bool:
    return any(status.state in ("queued", "running") for status in statuses)


def _show_race(run_id: str, parent_id: str, moved: bool) -> None:
    with friendly_errors(), st.container(key="run_race"):
        service = get_run_service()
        fork, parent = service.status(run_id), service.status(parent_id)
        if _moves(fork, parent) != moved:
            st.rerun()
        assert fork.fork is not None
        name, parent_name = distinct([run_name(fork), run_name(parent)])
        text = _("{fork} was forked from {parent} at epoch {epoch:.4g}: {changes}.")
        changes = changes_words(fork.fork.before, fork.network, fork.training)
        st.markdown(plain(text.format(fork=name, parent=parent_name, epoch=fork.fork.epoch, changes=changes)))
        figures = [race_figure((name, fork), (parent_name, parent), measure) for measure in MEASURES_SHOWN]
        show_chart(*figures, key="race_curves", subject=f"{run_id} {parent_id}")
        if not fork.live and not parent.live:
            show_outcome((name, fork), (parent_name, parent))


def race_figure(fork: tuple[str, RunStatus], parent: tuple[str, RunStatus], measure: str) -> "Figure":
    """Return the figure of a fork and its parent, with a line where they part."""
    figure = comparison_figure([fork, parent], measure, "epochs")
    assert fork[1].fork is not None
    at = fork[1].fork.epoch
    line = {"color": TEXT, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line=line, layer="below")
    return figure


def show_outcome(fork: tuple[str, RunStatus], parent: tuple[str, RunStatus]) -> None:
    """Say which of the two is better on the dev set, and whether that can be luck."""
    for sentence in (*remarks(fork, parent), *_judgement(fork, parent)):
        st.markdown(plain(sentence))


def remarks(fork: tuple[str, RunStatus], parent: tuple[str, RunStatus]) -> list[str]:
    """Return what has to be known of the two before they are compared."""
    said = []
    for name, status in (fork, parent):
        if status.best is None:
            said.append(_("{name} has no best weights: it learned nothing, or diverged.").format(name=name))
    began: Fork | None = fork[1].fork
    if began is not None and fork[1].best is not None and fork[1].best.step <= began.step:
        text = _("Since the fork, {name} was never better than before: its best weights are from {moment}.")
        said.append(text.format(name=fork[0], moment=moment(fork[1], fork[1].best)))
    ends = [status.progress.epoch for _name, status in (fork, parent)]
    if abs(ends[0] - ends[1]) > OTHER_LENGTH:
        text = _("{a} ended after {m:.4g} epochs, {b} after {n:.4g}: part of a difference comes from that.")
        said.append(text.format(a=fork[0], m=ends[0], b=parent[0], n=ends[1]))
    return said


def _judgement(fork: tuple[str, RunStatus], parent: tuple[str, RunStatus]) -> list[str]:
    if fork[1].best is None or parent[1].best is None or not fork[1].data.n_dev:
        return []
    first, second = judge(fork[1].run_id, fork[0]), judge(parent[1].run_id, parent[0])
    if first is None or second is None:
        return []
    found = mcnemar(first.labels, first.guesses, second.guesses)
    return [difference_words(fork[0], parent[0], found, len(first.labels))]
