"""A study on a page: a button that begins it, its progress with *Cancel*, and its result.

Every page uses it for what takes longer than a visitor would wait: the workers compute it, beside the runs.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

import streamlit as st

from dashboard.run_service import get_run_service, heartbeat, run_owner
from dashboard.runs.study_turn import StudyFunction
from dashboard.ui.messages import keeping_problem, show_message, show_problem
from mlcore.language import _

LOOK_EVERY = 0.5  # seconds

Task: TypeAlias = tuple[StudyFunction, tuple[Any, ...]]


def show_study(
    name: str,
    question: Hashable,
    label: str,
    make_task: Callable[[], Task],
    *,
    help: str | None = None,
    memory: int = 0,
    icon: str = "science",
    disabled: bool = False,
    keep: bool = True,
) -> Any:
    """Offer to compute something, show how far that is, and return what was found.

    What was found is known to all visitors who ask the same, until the server needs the room.

    Parameters
    ----------
    name : str
        Of the study; part of the keys of what is shown.
    question : hashable
        What it is about: the fingerprints of model and data, and all settings.
    label : str
        The button's words.
    make_task : callable
        Returns the generator function, which workers can import, and its arguments; called at the click.
    help : str, optional
        What it does and about how long that takes.
    memory : int
        Bytes that it takes beside its arguments.
    icon : str
        The button's, of Material Symbols.
    disabled : bool
        Whether it cannot be begun now.
    keep : bool
        Whether the result is kept for others who ask the same. Otherwise it is returned once.

    Returns
    -------
    object or None
        What the study returned; None as long as it has not.
    """
    key = (name, question)
    status = get_run_service().studies.status(key)
    if status is not None and status.state == "finished":
        if not keep:
            get_run_service().studies.forget(key)
        return status.result
    with st.container(key=f"study_{name}", height="content"):
        if status is not None and status.live:
            st.fragment(_show_progress, run_every=LOOK_EVERY)(name, key)
        else:
            st.button(
                label,
                help=help,
                icon=f":material/{icon}:",
                key=f"begin_{name}",
                disabled=disabled,
                on_click=_begin,
                args=(name, key, make_task, memory),
            )
            if status is not None:
                show_message("error", status.message)
            show_problem(f"study_{name}")
    return None


def _begin(name: str, key: Hashable, make_task: Callable[[], Task], memory: int) -> None:
    with keeping_problem(f"study_{name}"):
        function, arguments = make_task()
        heartbeat()
        get_run_service().studies.begin(key, run_owner(), function, *arguments, memory=memory)


def _show_progress(name: str, key: Hashable) -> None:
    status = get_run_service().studies.status(key)
    if status is None or not status.live:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _("Waiting for its turn …") if status.state == "waiting" else _("Computing …")
        st.progress(status.fraction, text=f"{words} {status.fraction:.0%}")
        st.button(_("Cancel"), key=f"cancel_{name}", on_click=_cancel, args=(key,))


def _cancel(key: Hashable) -> None:
    get_run_service().studies.cancel(key, run_owner())
