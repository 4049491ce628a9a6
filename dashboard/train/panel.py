"""A run on the Train page: its state, the buttons that control it, the figures and the live curves.

While a run trains, only this part of the page is updated, once a second. Everything keeps its place, so
that nothing jumps under a finger.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import streamlit as st

from dashboard.estimate import A_FEW, about
from dashboard.run_service import get_run_service, run_owner, watch_run
from dashboard.runs.status import STATE_LABELS, RunError, RunStatus, State
from dashboard.train.doctor import is_success
from dashboard.train.health import show_health
from dashboard.train.numbers import show_numbers
from dashboard.ui.formats import duration, percent
from dashboard.ui.glossary import meaning
from dashboard.ui.learning_curves import learning_curves
from dashboard.ui.messages import (
    friendly_errors,
    keeping_problem,
    plain,
    problem_of,
    show_message,
    show_problem,
)
from dashboard.ui.number_field import Bounds, number_field
from dashboard.ui.plotly_chart import show_chart
from dashboard.ui.wording import run_words, weights_words
from mlcore import SCHEDULES, EpochMetrics, TrainingConfig, settings_of
from mlcore.language import N_, _
from mlcore.study.causes import gentler_rate

RATE = settings_of(TrainingConfig)["learning_rate"]

LOOK_EVERY = 1.0  # seconds
LOOK_AT_REST = 2.0
LONGEST_STEP = 10.0  # seconds that the page waits for a single step
MOVING: frozenset[State] = frozenset({"queued", "running"})

Color = Literal["red", "orange", "blue", "green", "gray"]
BADGES: dict[State, tuple[str, Color]] = {
    "queued": (":material/hourglass_empty:", "orange"),
    "running": (":material/play_arrow:", "blue"),
    "paused": (":material/pause:", "orange"),
    "finished": (":material/check:", "green"),
    "stopped": (":material/stop:", "gray"),
    "diverged": (":material/error:", "red"),
    "failed": (":material/error:", "red"),
}

NO_SUCCESS: tuple[str, Color] = (":material/flag:", "orange")
"""The badge of a run that is finished, and worse than it was, or overfits, or has learned nothing."""

SCHEDULE_GOES_ON = N_(
    "Schedule “{schedule}”: a rate set here is used in the next step, and from there the schedule only "
    "lowers it. More epochs stretch the schedule; they do not raise a rate that it has lowered."
)

SLOWER = 1.5
"""Times what was expected, from which on the page says that a run takes longer, or less."""

FIGURE_WIDTH = 163
"""CSS pixels at least: six figures side by side at a desk, four on a tablet, two on a phone of 375 pixels."""

_WENT_ON = "run_went_on"


def show_run(status: RunStatus, may_change: bool) -> None:
    """Show a run, and update it every second while it trains.

    The rest of the page has to be drawn from the same ``status``. If the run has ended since, the panel sees
    that the page shows another phase, and the page is drawn again.
    """
    every = LOOK_EVERY if status.state in MOVING else LOOK_AT_REST if _may_move(status, may_change) else None
    st.fragment(_show_run, run_every=every)(status.run_id, may_change, _phase(status))


def _may_move(status: RunStatus, may_change: bool) -> bool:
    """Whether a run at rest may continue without this page: by a click in another tab, or by its owner."""
    return status.state == "paused" or not may_change


def _phase(status: RunStatus) -> tuple[Any, ...]:
    """Return what the rest of the page depends on: when it changes, the whole page is drawn again."""
    if status.state in MOVING:
        return ("moving",)
    return status.state, status.progress.step, status.progress.saved_step


def _show_run(run_id: str, may_change: bool, phase: tuple[Any, ...]) -> None:
    with friendly_errors(), st.container(key="run_live"):
        try:
            status = watch_run(run_id)
        except RunError:
            st.rerun()  # it has been removed; the page tells
        if _phase(status) != phase:
            st.rerun()
        show_state(status)
        if may_change:
            show_buttons(status)
        show_figures(status)
        st.caption(_("Learning curves"), help=meaning("learning_curves", "loss", "overfitting"))
        subject = f"{status.run_id} {status.history_version}"
        show_chart(*learning_curves(status), key="learning_curves", subject=subject)
        show_numbers(status)
        show_health(status)


def show_state(status: RunStatus) -> None:
    """Show what the run is doing, and what it is."""
    icon, color = BADGES[status.state]
    if status.state == "finished" and not is_success(status):
        icon, color = NO_SUCCESS
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run_state"):
        st.badge(_(STATE_LABELS[status.state]), icon=icon, color=color)
        st.caption(plain(run_words(status)))
    if status.live and status.message:
        show_message("info", status.message)
    if status.warning:
        show_message("warning", status.warning)


# ---- steering ----------------------------------------------------------------------------------------------


def show_buttons(status: RunStatus) -> None:
    """Show the buttons: always the same ones in the same places, so that none moves away from a finger."""
    service, moving, paused = get_run_service(), status.state in MOVING, status.state == "paused"
    with st.container(horizontal=True, gap="small", key="run_buttons"):
        if paused:
            _button(_("Continue"), "play_arrow", status, service.resume, primary=True)
        else:
            _button(_("Pause"), "pause", status, service.pause, enabled=moving)
        step = partial(service.step, patience=LONGEST_STEP)
        _button(_("One step"), "skip_next", status, step, enabled=paused)
        _button(_("Stop"), "stop", status, service.stop, enabled=status.live)
    if not moving:
        label = _("Change and continue") if paused else _("Continue training")
        # A new key each time it continued: a new expander, which is closed.
        key = f"go_on {status.run_id} {st.session_state.get(_WENT_ON, 0)}"
        with st.expander(label, icon=":material/tune:", key=key):
            show_go_on(status)
    show_problem(status.run_id)


def _button(
    label: str,
    icon: str,
    status: RunStatus,
    act: Callable[[str, str], None],
    *,
    enabled: bool = True,
    primary: bool = False,
) -> None:
    st.button(
        label,
        key=f"{icon} {status.run_id}",  # a click that is late must not reach another run
        icon=f":material/{icon}:",
        disabled=not enabled,
        type="primary" if primary else "secondary",
        on_click=_act,
        args=(status, act),
    )


def show_go_on(status: RunStatus) -> None:
    """Show the fields that change the learning rate and the length of a run, and let it continue."""
    rate_now = max(status.learning_rate, RATE.minimum or 0.0)  # the end of a schedule may lie below
    key = f"go_on_{status.run_id}_{status.state}_{status.progress.step}_{st.session_state.get(_WENT_ON, 0)}"
    plan: dict[str, Any] = st.session_state.setdefault(
        key,
        {
            "rate": _rate_to_offer(status, rate_now),
            "more_epochs": _length_to_offer(status),
        },
    )
    rate_key, more_key = f"{key}_rate", f"{key}_more"
    number_field(
        _(RATE.label),
        plan["rate"],
        lambda rate: plan.update(rate=rate),
        key=rate_key,
        bounds=Bounds(RATE.minimum or 0, RATE.maximum or 1, RATE.step or 1, whole=False),
    )
    number_field(
        _("More steps") if status.counts_steps else _("More epochs"),
        plan["more_epochs"],
        lambda more: plan.update(more_epochs=more),
        key=more_key,
        bounds=Bounds(0, 10_000, 1),
    )
    st.caption(_("0 keeps the planned length."))
    if status.training.schedule != "constant":
        st.caption(_(SCHEDULE_GOES_ON).format(schedule=_(SCHEDULES[status.training.schedule].label)))
    if status.training.patience is not None:
        text = _(
            "Training stops when the dev accuracy has not improved for {n} evaluations, counted from now."
        )
        st.caption(text.format(n=status.training.patience))
    continues = st.button(_("Continue"), icon=":material/play_arrow:", key=f"{key}_button")
    if continues and not (problem_of(rate_key) or problem_of(more_key)):
        with keeping_problem(status.run_id):
            _go_on(status, plan["rate"] if plan["rate"] != rate_now else None, plan["more_epochs"])
        st.rerun()


def _is_at_its_end(status: RunStatus) -> bool:
    return status.progress.step >= status.total_steps


def _rate_to_offer(status: RunStatus, rate_now: float) -> float:
    """Return the rate in force, or a tenth of the highest where that was too high, or has fallen to nothing.

    With the rate at the end of a schedule, more epochs would change almost nothing.
    """
    gentler = gentler_rate(status.training)
    if status.state == "diverged":
        return gentler
    return max(rate_now, gentler) if _is_at_its_end(status) else rate_now


def _length_to_offer(status: RunStatus) -> int:
    """Return how many more epochs, or steps where these are counted."""
    if not _is_at_its_end(status):
        return 0
    return 100 if status.counts_steps else 5


def _go_on(status: RunStatus, new_rate: float | None, more_epochs: int) -> None:
    service, owner = get_run_service(), run_owner()
    service.go_on(status.run_id, owner, learning_rate=new_rate, more_epochs=more_epochs or None)
    service.resume(status.run_id, owner)
    st.session_state[_WENT_ON] = st.session_state.get(_WENT_ON, 0) + 1


def _act(status: RunStatus, act: Callable[[str, str], None]) -> None:
    """Do something with a run; why it was not possible is said below the buttons."""
    with keeping_problem(status.run_id):
        act(status.run_id, run_owner())


# ---- figures -----------------------------------------------------------------------------------------------


def show_figures(status: RunStatus) -> None:
    """Show progress and the figures that matter, each in its own place from first to last."""
    st.progress(status.fraction_done, text=time_words(status))
    with st.container(key="run_figures"), st.grid(6, min_column_width=FIGURE_WIDTH):
        for label, value, about in run_figures(status):
            st.metric(label, value, help=about)


def time_words(status: RunStatus) -> str:
    """Return how long the run takes: as was expected, or as it goes when that is another time.

    A run that waits for a worker says so here: its own words stand in their place from the first moment.
    Who was promised more than it takes need not hear of the promise again.
    """
    if status.state == "queued":
        return _("Waiting for a worker: runs take turns.")
    promised = status.seconds_promised
    if not status.live:
        took = _("Took {time}.").format(time=duration(status.seconds_trained))
        if promised is None or status.fraction_done < 1:  # what was expected was the whole
            return took
        return f"{took} {_('Expected: {time}.').format(time=about(promised))}"
    if status.seconds_left is None:
        return _("Takes {time}.").format(time="…" if promised is None else about(promised))
    whole = status.seconds_trained + status.seconds_left
    if promised is None or promised > SLOWER * whole:
        return _("Takes {time}.").format(time=about(whole))
    if whole <= SLOWER * max(promised, A_FEW):
        return _("Takes {time}.").format(time=about(promised))
    text = _("Takes {time} instead of {promised}: the server is busy.")
    return text.format(time=about(whole), promised=about(promised))


def run_figures(status: RunStatus) -> list[tuple[str, str, str | None]]:
    """Return label, value and help of the figures."""
    measured, best = status.last_measured, status.best
    speed = f"{status.images_per_second:,.0f}" if status.progress.images_seen else "–"
    return [
        _how_far(status),
        _time(status),
        (_("Images per second"), speed, meaning("speed")),
        (_("Dev accuracy"), percent(measured.dev_accuracy) if measured else "–", meaning("dev_set")),
        _best(status, best),
        (_("Test accuracy"), *_test(status)),
    ]


def _how_far(status: RunStatus) -> tuple[str, str, str]:
    text = _("{now} of {planned}")
    if status.counts_steps:
        words = text.format(now=f"{status.progress.step:,}", planned=f"{status.total_steps:,}")
        return _("Step"), words, meaning("step")
    planned = status.total_epochs
    epoch = status.progress.epoch
    now = f"{epoch:,.2f}" if status.state in MOVING else f"{round(epoch, 2):,g}"
    return _("Epoch"), text.format(now=now, planned=f"{round(planned, 2):,g}"), meaning("epoch")


def _time(status: RunStatus) -> tuple[str, str, str | None]:
    if status.state in MOVING:
        left = "…" if status.seconds_left is None else duration(status.seconds_left)
        return _("Time left"), left, None
    return (
        _("Time"),
        duration(status.seconds_trained),
        _("Time that a worker spent on training and evaluation."),
    )


def _best(status: RunStatus, best: EpochMetrics | None) -> tuple[str, str, str]:
    label = _("Best step") if status.counts_steps else _("Best epoch")
    if best is None:
        return label, "–", meaning("best_epoch")
    text = _("The highest accuracy on the dev set so far: {accuracy}.")
    help_ = f"{text.format(accuracy=percent(best.dev_accuracy))} {meaning('best_epoch')}"
    return label, f"{best.step:,}" if status.counts_steps else f"{best.epoch:.4g}", help_


def _test(status: RunStatus) -> tuple[str, str | None]:
    if status.test_accuracy is not None:
        return percent(status.test_accuracy, 2), None
    text = _("Measured once, after training, with {weights}.")
    return "–", text.format(weights=weights_words(status))
