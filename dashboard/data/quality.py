"""What may be wrong with a data set, one line each: images to be viewed, left out, and put back.

The Data page shows it above the split. What is found is worked out in the background.
"""

import numpy as np
import streamlit as st

from dashboard.data.checks import Checks
from dashboard.data.samples import sample_pictures
from dashboard.server.server import server
from dashboard.session import Session
from dashboard.ui.glossary import GLOSSARY, meaning
from dashboard.ui.messages import keeping_problem, plain, show_error, show_problem
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import Picture, grid
from mlcore import Health
from mlcore.arrays import IndexArray
from mlcore.datasets.health import FEW
from mlcore.language import N_, _
from mlcore.quote import quoted

LOOK_EVERY = 0.5  # seconds
IMAGES_A_PAGE = 60
MOST_NAMES = 5
PARTS = (N_("Training"), N_("Dev set"), N_("Not used"))

_checks = Checks(lambda: server().budget)


PROBLEMS = {
    "copies": "exact_copies",
    "near_copies": "near_copies",
    "contradictions": "contradicting_labels",
    "blank": "blank_images",
    "rare": "rare_classes",
}
"""What a data set may have, by the name that `mlcore.Health` has for it: the term in the glossary."""


def show_quality(session: Session) -> None:
    """Show what may be wrong with the images, and update them while they are computed."""
    try:
        health = _checks.find(session.whole)
    except Exception as error:
        show_error(error)
        st.button(
            _("Check again"),
            key="check_again",
            icon=":material/refresh:",
            on_click=_checks.forget,
            args=(session.whole,),
        )
        return
    if health is None:
        st.fragment(_wait, run_every=LOOK_EVERY)(session)
    else:
        show_lines(session, health)


def _wait(session: Session) -> None:
    st.caption(_("Checking the images …"))
    try:
        is_known = _checks.find(session.whole) is not None
    except Exception:
        is_known = True
    if is_known:
        st.rerun()


def show_lines(session: Session, health: Health) -> None:
    """Show a line for each problem that is there, and for each that was left out."""
    gone = left_out(session)
    for name in PROBLEMS:
        positions = np.setdiff1d(getattr(health, name), gone)
        if name in session.left_out:
            _show_left_out(session, name)
        elif len(positions):
            _show_line(session, health, name, positions)
    if health.is_good:
        text = _("No problems found: no copies, no contradicting labels, no blank images, no rare classes.")
        st.markdown(f":material/check_circle: {text}")
    if not health.complete:
        st.caption(_("The data set is very large, so only part of it was searched for near copies."))
    show_problem("quality")


def left_out(session: Session) -> IndexArray:
    """Return the positions of the images that were left out, for whatever reason."""
    return np.concatenate([np.empty(0, np.intp), *session.left_out.values()])


def _show_line(session: Session, health: Health, name: str, positions: IndexArray) -> None:
    parts = part_of_each(session)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"quality_{name}"):
        with st.container(width="stretch"):
            _show_problem(name, words(session, health, name, positions, parts))
        is_shown = st.toggle(_("Show"), key=f"show_{name}")
        if st.button(_("Leave out"), key=f"leave_out_{name}"):
            with keeping_problem("quality"):
                session.leave_out(name, positions)
            st.rerun()
    if is_shown:
        _show_pictures(session, health, name, positions, parts)


def _show_left_out(session: Session, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"quality_{name}"):
        with st.container(width="stretch"):
            _show_problem(name, _("{n:,} left out").format(n=len(session.left_out[name])))
        if st.button(_("Put back"), key=f"put_back_{name}"):
            with keeping_problem("quality"):
                session.put_back(name)
            st.rerun()


def _show_problem(name: str, text: str) -> None:
    term = PROBLEMS[name]
    st.markdown(f"**{_(GLOSSARY[term].name)}** – {text}", help=meaning(term))


def words(session: Session, health: Health, name: str, positions: IndexArray, parts: IndexArray) -> str:
    """Return how many images have a problem, and what it means for the split or which classes have it."""
    text = _("{n:,} of {total:,} images").format(n=len(positions), total=len(session.whole))
    if name == "rare":
        counts, names = session.whole.class_counts, session.whole.class_names
        rare = np.flatnonzero((counts > 0) & (counts < FEW))
        some = ", ".join(f"{quoted(names[k])} ({counts[k]})" for k in rare[:MOST_NAMES])
        return f"{plain(some)}{' …' if len(rare) > MOST_NAMES else ''}"
    if name in ("copies", "near_copies"):
        dev = np.flatnonzero(parts == 1)
        known = health.known(dev, np.flatnonzero(parts == 0))
        known = known[np.isin(health.original[known], health.original[positions])]
        if len(known):
            text += _("; {n:,} of {total:,} in the dev set have a copy in the training set").format(
                n=len(known), total=len(dev)
            )
    return text


def part_of_each(session: Session) -> IndexArray:
    """Return for each image of the whole data set its place in `PARTS`; -1 for one that was left out."""
    whole = session.whole
    parts = np.full(len(whole), -1, np.intp)
    rows = session.dataset.rows
    parts[slice(None) if rows is None else rows] = 2
    for number, part in enumerate((session.split.train, session.split.dev)):
        if part.base is whole:
            parts[slice(None) if part.rows is None else part.rows] = number
    return parts


def _show_pictures(
    session: Session, health: Health, name: str, positions: IndexArray, parts: IndexArray
) -> None:
    """Show the images that have a problem; copies beside their originals."""
    if name in ("copies", "near_copies", "contradictions"):
        positions = np.union1d(positions, health.original[positions])
        positions = positions[np.argsort(health.original[positions], kind="stable")]
    place = st.container()
    some = positions[choose_page(len(positions), IMAGES_A_PAGE, f"page_{name}")]
    pictures = [
        Picture(picture.image, picture.alt, f"{picture.caption}\n{_(PARTS[part]) if part >= 0 else ''}")
        for picture, part in zip(sample_pictures(session.whole, some), parts[some], strict=True)
    ]
    with place:
        grid(pictures, 56)
