"""The label court: training images whose labels are disputed, each to be kept, relabelled or left out.

The Evaluate page shows it; the workers judge, and the visitor decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard.evaluate.offer import offer_csv
from dashboard.evaluate.study_files import court_csv
from dashboard.evaluate.training_images import packed, places, unpacked_bytes
from dashboard.models.judged import Judged
from dashboard.navigation import page
from dashboard.session import Session
from dashboard.starting import start_run
from dashboard.study import Task, show_study
from dashboard.ui.choices import choose_one
from dashboard.ui.formats import percent
from dashboard.ui.messages import (
    SHORT_NAME,
    distinct,
    friendly_errors,
    keeping_problem,
    plain,
    show_problem,
)
from dashboard.ui.paging import choose_page
from dashboard.ui.pictures import Picture, picture_html
from mlcore import Dataset, LabelCourt, label_court
from mlcore.arrays import Float32Array, IndexArray
from mlcore.language import N_, _
from mlcore.quote import quoted
from mlcore.study.parcel import opened

CASES_A_PAGE = 24
SIZE = 72
REASON = "disputed"
"""Under which `Session.left_out` has the images that were dropped here."""

HELD = "label_court"

MANY = (20, 50, 100, 200, 500, 1000)
"""How many can be decided about at once."""

VERDICTS = {"relabel": N_("Relabel"), "drop": N_("Leave out"), "keep": N_("Keep as it is")}
LISTS = {"open": N_("To decide"), "decided": N_("Decided")}


@dataclass
class Court:
    """A court that was held, and what the visitor decided.

    Attributes
    ----------
    given : Dataset
        The data set with the labels that it came with.
    judged : Dataset
        The training images with the labels that were judged.
    places : int array (disputed,)
        Positions of the disputed images in the whole data set, the most disputed first.
    suggested : int array (disputed,)
        The class that the judges find likeliest.
    sure : float32 array (disputed,)
        The probability that they give to it.
    n : int
        How many images were judged.
    kept : set of int
        The places of those whose label was found to be right.
    """

    given: Dataset
    judged: Dataset
    places: IndexArray
    suggested: IndexArray
    sure: Float32Array
    n: int
    kept: set[int]

    def verdict(self, session: Session, place: int) -> str:
        """Return what was decided about an image, a key of `VERDICTS`; empty before that."""
        if place in session.new_labels:
            return "relabel"
        if place in session.left_out.get(REASON, ()):
            return "drop"
        return "keep" if place in self.kept else ""

    def decide(self, session: Session, chosen: Iterable[int], verdict: str, label: int | None = None) -> None:
        """Decide about the images at some places; without a verdict, take the decisions back.

        Images are relabelled as a class, or each as the judges suggest where none is given.

        Raises
        ------
        DatasetError
            When too few images would be left; then nothing is changed.
        """
        some = {*chosen}
        labels = {place: label for place, label in session.new_labels.items() if place not in some}
        dropped = {*session.left_out.get(REASON, np.empty(0, np.intp)).tolist()} - some
        if verdict == "relabel":
            suggested = dict(zip(self.places.tolist(), self.suggested.tolist(), strict=True))
            labels |= {place: suggested[place] if label is None else label for place in some}
        if verdict == "drop":
            dropped |= some
        if dropped:
            session.leave_out(REASON, np.array(sorted(dropped)))
        elif REASON in session.left_out:
            session.put_back(REASON)
        session.relabel(labels)
        self.kept = (self.kept | some) if verdict == "keep" else (self.kept - some)


@st.fragment
def show_court(judged: Judged) -> None:
    """Offer to hold the court, and show its cases and what was decided."""
    session = judged.session
    with friendly_errors():
        court = _court(session)
        if court is None:
            return
        st.write(court_in_words(court))
        _show_decisions(session, court)
        if len(court.places):
            _show_cases(session, court)
            offer_csv(_("Disputed labels (.csv)"), lambda: _table(session, court), "disputed-labels.csv")
        show_problem("court")


def _court(session: Session) -> Court | None:
    """Return the court that was held about this data set, or offer to hold it."""
    held: Court | None = st.session_state.get(HELD)
    if held is not None and held.given.fingerprint == session.as_given.fingerprint:
        return held
    train = session.split.train

    def task() -> Task:
        return opened, (label_court, packed(session, train))

    found: LabelCourt | None = show_study(
        "label_court",
        train.fingerprint,
        _("Check the labels"),
        task,
        memory=unpacked_bytes(session),
    )
    if found is None:
        text = _(
            "Five small networks are trained, each on four fifths of the {n:,} training images, and judge "
            "the rest."
        )
        st.caption(text.format(n=len(train)))
        return None
    st.session_state[HELD] = held = Court(
        session.as_given,
        train,
        places(train)[found.positions],
        found.suggested,
        found.suggested_probability,
        found.n,
        set(),
    )
    return held


def court_in_words(court: Court) -> str:
    """Return how many labels are disputed."""
    if len(court.places) == 0:
        return _("No label is disputed: the judges agree with all {n:,}.").format(n=court.n)
    text = _(
        "The labels of {k:,} of {n:,} training images are disputed. Each stands with its label, what the "
        "judges read, and how sure they are. The most disputed come first; many of the later ones are right, "
        "and only hard to read."
    )
    return text.format(k=len(court.places), n=court.n)


def _table(session: Session, court: Court) -> str:
    """Return the cases as CSV."""
    verdicts = [court.verdict(session, place) for place in court.places.tolist()]
    return court_csv(court.given, court.places, court.suggested, court.sure, verdicts)


def _show_decisions(session: Session, court: Court) -> None:
    """Say what was decided, and offer to train on that."""
    relabelled, dropped = len(session.new_labels), len(session.left_out.get(REASON, ()))
    if not (relabelled or dropped or court.kept):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="court_decisions"):
        text = _("{a:,} relabelled, {b:,} left out, {c:,} kept as they are.")
        with st.container(width="stretch"):
            st.write(text.format(a=relabelled, b=dropped, c=len(court.kept)))
        if (relabelled or dropped) and st.button(
            _("Train again on the cleaned set"), icon=":material/replay:", type="primary", key="court_train"
        ):
            start_run(session)
            st.switch_page(page("train"))
        st.button(
            _("Undo all"),
            icon=":material/undo:",
            key="court_undo",
            on_click=_decide,
            args=(session, court, court.places.tolist(), ""),
        )
        st.button(
            _("Check again"),
            icon=":material/refresh:",
            key="court_again",
            help=_("The check now uses the new labels, without the images that are left out."),
            on_click=lambda: st.session_state.pop(HELD, None),
        )


def _show_cases(session: Session, court: Court) -> None:
    """Show the cases, a page of them at a time, with a checkbox each, and what can be decided."""
    which = choose_one(_("Images"), LISTS, key="court_list")
    decided = np.array([bool(court.verdict(session, place)) for place in court.places.tolist()])
    rows = np.flatnonzero(decided == (which == "decided"))
    if len(rows) == 0:
        st.caption(_("There are no images left here."))
        return
    place = st.container()
    shown = rows[choose_page(len(rows), CASES_A_PAGE, f"court_page_{which}")]
    with place:
        chosen = _choose_cases(session, court, shown)
        _show_verdicts(session, court, chosen, which)
    if which == "open":
        _offer_many(session, court, rows)


def _choose_cases(session: Session, court: Court, rows: IndexArray) -> list[int]:
    """Show the cases, and return the places of those that are ticked."""
    keys = [_key(place) for place in court.places[rows].tolist()]
    st.button(
        _("Tick all on this page"),
        key="court_all",
        type="tertiary",
        icon=":material/done_all:",
        on_click=lambda: st.session_state.update(dict.fromkeys(keys, True)),
    )
    chosen = []
    with st.grid(6, min_column_width=110, key="court_cases"):
        for key, row, picture in zip(keys, rows, case_pictures(session, court, rows), strict=True):
            with st.container(gap="xsmall"):
                st.html(picture_html(picture, SIZE))
                if st.checkbox(_case_words(court, row), key=key):
                    chosen.append(int(court.places[row]))
    return chosen


def _key(place: int) -> str:
    return f"court_case_{place}"


def _case_words(court: Court, row: int) -> str:
    """Return the label, what the judges say, and how sure they are."""
    names, label = court.judged.class_names, court.given.labels[court.places[row]]
    pair = (quoted(names[label], SHORT_NAME), quoted(names[court.suggested[row]], SHORT_NAME))
    return plain("{} → {}, {}".format(*pair, percent(float(court.sure[row]))))


def case_pictures(session: Session, court: Court, rows: IndexArray) -> list[Picture]:
    """Return the images of some cases, with what was decided about each as its caption."""
    names, images = court.judged.class_names, court.given.take(court.places[rows]).images
    alt = _("Training image {number:,}, labelled {label}; the judges say {suggested}, {sure} sure")
    pictures = []
    for row, image in zip(rows.tolist(), images, strict=True):
        position = int(court.places[row])
        words = alt.format(
            number=position + 1,
            label=quoted(names[court.given.labels[position]]),
            suggested=quoted(names[court.suggested[row]]),
            sure=percent(float(court.sure[row])),
        )
        verdict = court.verdict(session, position)
        pictures.append(Picture(image, words, _(VERDICTS[verdict]) if verdict else ""))
    return pictures


def _show_verdicts(session: Session, court: Court, chosen: list[int], which: str) -> None:
    """Show what can be decided about the ticked images."""
    names = distinct(court.judged.class_names)
    with st.container(horizontal=True, vertical_alignment="bottom", key="court_verdicts"):
        new_label = st.selectbox(
            _("New label"),
            range(len(names)),
            index=None,
            format_func=names.__getitem__,
            placeholder=_("As suggested"),
            key="court_new_label",
            width=170,
        )
        for verdict, label in VERDICTS.items():
            st.button(
                _(label),
                key=f"court_{verdict}",
                disabled=not chosen,
                on_click=_decide,
                args=(session, court, chosen, verdict, new_label),
            )
        if which == "decided":
            st.button(
                _("Take back"),
                key="court_back",
                disabled=not chosen,
                on_click=_decide,
                args=(session, court, chosen, ""),
            )
        if not chosen:
            st.caption(_("Tick images to decide about them."))


def _offer_many(session: Session, court: Court, rows: IndexArray) -> None:
    """Offer to decide about the most disputed images at once."""
    with st.expander(_("Decide about many at once")):
        counts = [count for count in MANY if count < len(rows)] + [len(rows)]
        count = st.selectbox(
            _("How many of the most disputed"), counts, format_func="{:,}".format, key="court_many", width=220
        )
        first = court.places[rows[:count]].tolist()
        with st.container(horizontal=True, key="court_many_verdicts"):
            for verdict, label in VERDICTS.items():
                st.button(
                    _(label),
                    key=f"court_many_{verdict}",
                    on_click=_decide,
                    args=(session, court, first, verdict),
                )


def _decide(
    session: Session, court: Court, chosen: list[int], verdict: str, label: int | None = None
) -> None:
    with keeping_problem("court"):
        court.decide(session, chosen, verdict, label)
        for place in chosen:
            st.session_state.pop(_key(place), None)
