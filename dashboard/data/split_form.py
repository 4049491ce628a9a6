"""The controls of the split: the sizes of dev set and training set, the seed, and stratification.

The Data page shows them. A change is tried first: if the data set cannot be split so, an error is shown and
the split in use stays.
"""

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.session import Session
from dashboard.ui.messages import forget_problem, keeping_problem, show_problem
from dashboard.ui.number_field import Bounds, number_field
from mlcore import SplitSettings
from mlcore.datasets.split import LARGEST_SEED, dev_count
from mlcore.language import N_, _

UNITS = {"images": N_("images"), "percent": N_("percent")}


def show_split_form(session: Session) -> None:
    """Show the controls, and why the last change was not possible when it was not."""
    given = session.given_split
    if given is not None:
        _show_given(session, given)
    if given is None or session.split_settings != given:
        _show_sizes(session)
        _show_stratify(session)
    show_problem("split")


def _show_given(session: Session, given: SplitSettings) -> None:
    """Let the visitor choose between the validation images of the file and a dev set drawn at random."""
    labels = {
        "given": _("From the file ({n:,} images)").format(n=int(given.dev_size)),
        "drawn": _("Drawn at random"),
    }
    st.session_state["dev_source"] = "given" if session.split_settings == given else "drawn"
    st.segmented_control(
        _("Dev set"),
        list(labels),
        format_func=labels.__getitem__,
        key="dev_source",
        required=True,
        on_change=_change_source,
        args=(session, given),
    )


def _change_source(session: Session, given: SplitSettings) -> None:
    is_given = st.session_state["dev_source"] == "given"
    session.split_settings = given if is_given else SplitSettings().fitted_to(len(session.dataset))


def _show_sizes(session: Session) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _show_dev_size(session)
        _show_train_size(session)
        number_field(
            _("Seed"),
            session.split_settings.seed,
            lambda seed: _use(session, seed=seed),
            key="split_seed",
            bounds=Bounds(0, LARGEST_SEED, 1),
            width=170,
        )
    st.caption(
        _(
            "The network is not trained on the dev set, which shows how well it does on new images. Fewer "
            "training images train faster, and show how much the amount of data matters. The same seed "
            "always gives the same split."
        )
    )


def _show_dev_size(session: Session) -> None:
    n, size = len(session.dataset), session.split_settings.dev_size
    is_share = size < 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", width="content"):
        number_field(
            _("Dev set"),
            round(100 * size) if is_share else int(size),
            lambda new: _use(session, dev_size=new / 100 if is_share else new),
            key="dev_size",
            bounds=Bounds(1, 99, 1) if is_share else Bounds(1, n - 1, max(1, min(100, n // 100))),
            width=150,
        )
        st.session_state["dev_unit"] = "percent" if is_share else "images"
        st.selectbox(
            _("Unit of the dev set's size"),
            list(UNITS),
            format_func=lambda unit: _(UNITS[unit]),
            key="dev_unit",
            on_change=_change_dev_unit,
            args=(session,),
            label_visibility="collapsed",
            width=110,
        )


def _show_train_size(session: Session) -> None:
    left = len(session.dataset) - dev_count(len(session.dataset), session.split_settings.dev_size)
    number_field(
        _("Training images"),
        session.split_settings.train_size,
        lambda size: _use(session, train_size=size),
        key="train_size",
        bounds=Bounds(1, left, max(1, min(1000, left // 50))),
        none=_("all {n:,} remaining").format(n=left),
        width=220,
    )


def _show_stratify(session: Session) -> None:
    st.session_state["stratify"] = session.split_settings.stratify
    st.toggle(
        _("Same share of each class in both sets (stratified)"),
        key="stratify",
        on_change=lambda: _try(session, stratify=st.session_state["stratify"]),
        help=_("Without it, the number of images of each class in the dev set is left to chance."),
    )


def _change_dev_unit(session: Session) -> None:
    """Say the same size, as nearly as possible, in the other unit."""
    n, size = len(session.dataset), session.split_settings.dev_size
    if size < 1:
        _try(session, dev_size=dev_count(n, size))
    else:
        _try(session, dev_size=min(99, max(1, round(100 * size / n))) / 100)


def _try(session: Session, **changes: Any) -> None:
    """Use these settings if the data set can be split so; else keep those before and say why."""
    with keeping_problem("split"):
        _use(session, **changes)


def _use(session: Session, **changes: Any) -> None:
    """Use these settings; raise `DatasetError`, and keep those before, if the data set cannot be split so."""
    settings = replace(session.split_settings, **changes)
    settings.split(session.dataset)
    session.split_settings = settings
    forget_problem("split")
