"""Time travel: the snapshots of a run behind one slider, with what the network saw and answered at each.

The Inside page shows it. All moments go to the browser at once, so that the slider asks no server.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import streamlit as st

from dashboard.inside.moments import (
    Moment,
    answer_at,
    followed_slices,
    known_moment,
    moment_of,
    right_at,
)
from dashboard.inside.ring import ring_html
from dashboard.navigation import page
from dashboard.run_service import find_run, get_run_service, watch_run
from dashboard.runs.snapshots import Snapshot
from dashboard.runs.status import RunError, RunStatus, State
from dashboard.session import Session
from dashboard.ui.flipbook import Page, show_flipbook
from dashboard.ui.formats import percent
from dashboard.ui.glossary import meaning
from dashboard.ui.matrix_table import matrix_html
from dashboard.ui.messages import html_text, isolated, plain, show_message
from dashboard.ui.pictures import Picture, picture_html
from dashboard.ui.probability_bars import bars_html
from dashboard.ui.signed_colours import largest, signed_picture
from dashboard.ui.wording import run_words
from mlcore import Model, Slice
from mlcore.language import _

LOOK_EVERY = 1.0  # seconds, while new moments come
PATIENCE = 0.5
"""Seconds of arithmetic in one run of the page; moments that are not ready then come with the next."""

TRAINING: frozenset[State] = frozenset({"queued", "running"})
COLUMNS = 8
SHEET = 464
"""CSS pixels of the sheet of weights, where there is room."""

GAP = (190, 190, 190)
"""Between the pictures of a sheet: a grey that is neither paper's nor screen's."""


def show_time_travel(session: Session, _model: Model) -> None:
    """Show the moments of the visitor's run; while it trains, new ones are added."""
    run_id = find_run(session)
    if run_id is None:
        show_message(
            "info", _("Train a network first: its snapshots are shown here, from its first step on.")
        )
        st.page_link(page("train"))
        return
    status = watch_run(run_id)
    text = _("{run}: the network at each snapshot. Move the slider, or use the arrow keys.")
    st.markdown(plain(text.format(run=run_words(status))), help=meaning("snapshot"))
    moves = _moves(status)
    st.fragment(_show_moments, run_every=LOOK_EVERY if moves else None)(session, run_id, moves)


def _moves(status: RunStatus) -> bool:
    """Return whether there are moments to come, or to be worked out."""
    snapshots = get_run_service().snapshots(status.run_id)
    known = [known_moment(status.run_id, one.step) for one in snapshots]
    return status.state in TRAINING or None in known


def _show_moments(session: Session, run_id: str, moves: bool) -> None:
    """Show the moments that are ready, and work out more."""
    status = watch_run(run_id)
    ready = _ready(session, run_id)
    if ready:
        limit = max(largest(shown.moment.weights) for shown in ready)
        pages = [_page_of(shown, limit) for shown in ready]
        titles = [
            _("Confusion matrix"),
            _("Your drawing"),
            _("Ring of classes"),
            _("Weights of the first layer"),
        ]
        if ready[0].slices:
            titles.append(_("Your slices"))
        show_flipbook(_("Moment of the training"), titles, pages, key="inside_time", subject=run_id)
        st.caption(_scale_words(limit))
    elif status.state in TRAINING:
        st.caption(_("The first snapshot comes with the first evaluation of the run."))
    else:
        st.caption(_("There is no snapshot of this run."))
    if moves and not _moves(status):
        st.rerun()


@dataclass(frozen=True)
class _Shown:
    """A snapshot with all that is shown of it."""

    snapshot: Snapshot
    moment: Moment
    answer: npt.NDArray[np.floating] | None
    slices: tuple[tuple[Slice, int], ...]
    """The visitor's, each with how many of its images were read correctly."""


def _ready(session: Session, run_id: str) -> list[_Shown]:
    """Return the moments that are known, and as many others as can be worked out in a short time."""
    end, ready = time.monotonic() + PATIENCE, []
    slices = followed_slices(session, run_id)
    for one in get_run_service().snapshots(run_id):
        with suppress(RunError):  # a run that trains may have just replaced it by a later one
            moment = known_moment(run_id, one.step)
            if moment is None and time.monotonic() < end:
                moment = moment_of(run_id, one.step)
            if moment is not None:
                right = tuple((kept, right_at(run_id, one.step, kept, images)) for kept, images in slices)
                ready.append(_Shown(one, moment, answer_at(session, run_id, one.step), right))
    return ready


def _page_of(shown: _Shown, limit: float) -> Page:
    """Return a moment as a page of the book."""
    moment = shown.moment
    drawing = html_text(_("Draw a digit on the Draw page, and the answer to it is followed here."))
    drawing = f"<p>{drawing}</p>" if shown.answer is None else bars_html(shown.answer, moment.class_names)
    matrix = matrix_html(moment.matrix, moment.class_names)
    ring = ring_html(moment.probabilities, moment.labels, moment.class_names, shown.answer)
    slices = (slices_html(shown.slices),) if shown.slices else ()
    panels = (matrix, drawing, ring, _weights_html(moment, limit), *slices)
    return Page(str(shown.snapshot.step), moment_words(shown.snapshot, moment), panels)


def moment_words(one: Snapshot, moment: Moment) -> str:
    """Return which moment it is, and how good the network was then.

    >>> none = np.zeros(0, np.int64)
    >>> moment = Moment(("a", "b"), np.array([[3, 1], [0, 4]]), np.zeros((1, 2, 2)), none, none)
    >>> moment_words(Snapshot(10, 0.25, 0), moment)
    'epoch 0.25: 87.5 % of 8 dev images right'
    """
    words, n = _("epoch {n:.3g}").format(n=one.epoch), int(moment.matrix.sum())
    if n == 0:
        return words
    text = _("{moment}: {share} of {n:,} dev images right")
    return text.format(moment=words, share=percent(float(np.trace(moment.matrix)) / n), n=n)


def slices_html(slices: Sequence[tuple[Slice, int]]) -> str:
    """Return how many images of each slice are read correctly, as a list.

    >>> fours = Slice("thick fours", "", "", 8, b"")
    >>> slices_html([(fours, 6)])
    '<ul class="dl-slices"><li>thick fours: 75.0 % of 8 right</li></ul>'
    """
    text = html_text(_("{name}: {share} of {n:,} right"))
    lines = (
        text.format(name=isolated(one.name), share=percent(right / one.n), n=one.n) for one, right in slices
    )
    return f'<ul class="dl-slices">{"".join(f"<li>{line}</li>" for line in lines)}</ul>'


def _scale_words(limit: float) -> str:
    text = _("Red pixels excite a neuron, blue ones silence it; full colour is ±{limit:.2g} at each moment.")
    return text.format(limit=limit)


def _weights_html(moment: Moment, limit: float) -> str:
    """Return the weights of all neurons as one picture, in rows."""
    alt = _("Weights of the first {n} neurons or filters").format(n=len(moment.weights))
    return picture_html(Picture(sheet(moment.weights, limit), alt), SHEET)


def sheet(weights: npt.NDArray[np.floating], limit: float) -> npt.NDArray[np.uint8]:
    """Return weights (neurons, height, width) as one picture in colours, neurons in rows of `COLUMNS`.

    >>> sheet(np.ones((9, 2, 3)), 1.0).shape
    (5, 31, 3)
    """
    n, height, width = weights.shape
    columns = min(n, COLUMNS)
    rows = -(-n // columns)
    whole = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), GAP, np.uint8)
    for number, one in enumerate(weights):
        top, left = number // columns * (height + 1), number % columns * (width + 1)
        whole[top : top + height, left : left + width] = signed_picture(one, limit)
    return whole
