"""Teaching: the visitor says what each drawing is, and a network learns this hand from them.

The Draw page shows `ask_label` below the canvas and `show_hand` below everything else.
"""

import hashlib

import numpy as np
import streamlit as st

from dashboard.draw.drawing import is_blank
from dashboard.draw.hand import (
    LARGEST_PACK,
    counts,
    dataset_for,
    dataset_of,
    join,
    keep_drawing,
    pack,
    remove,
)
from dashboard.draw.play import put_away
from dashboard.models.choice import let_answer
from dashboard.models.known import known_to
from dashboard.navigation import page
from dashboard.server.uploaded_files import opened
from dashboard.session import MyDrawing, Session
from dashboard.study import Task, show_study
from dashboard.ui.messages import (
    SHORT_NAME,
    friendly_errors,
    keeping_problem,
    plain,
    show_problem,
)
from dashboard.ui.pictures import data_uri
from mlcore import Model
from mlcore.datasets.readers.limits import MAX_LABEL_LETTERS
from mlcore.language import _
from mlcore.study.fine_tuning import (
    FINE_TUNING,
    LEAST_DRAWINGS,
    MEMORY,
    Lesson,
    Outcome,
    draw_memory,
    learn_hand,
)
from mlcore.training.memory import memory_needed

MOST_MULTIPLY_ADDS = 4_000_000
"""Of a network that learns a hand: some ten seconds of one core."""

ENOUGH = 30
"""Drawings of each class of one's own that a network learns well from."""

PLACE = "hand"


def ask_label(session: Session, model: Model) -> None:
    """Let the visitor say what is on the canvas, when they want to teach; it is kept, the canvas cleared."""
    st.session_state["teaches"] = session.teaches
    st.toggle(
        _("Teach it my hand"),
        key="teaches",
        on_change=lambda: setattr(session, "teaches", st.session_state["teaches"]),
        help=_("Say what each of your drawings is. They are kept, and the network can learn from them."),
    )
    if not session.teaches:
        return
    st.pills(
        _("This is a …"),
        classes_of(session, model),
        format_func=lambda name: plain(name, SHORT_NAME),
        key="hand_label",
        on_change=_keep,
        args=(session,),
        disabled=is_blank(session),  # Python hears of a stroke a moment after the pen was lifted
        help=_("Your drawing is kept under this name, and the canvas is cleared for the next."),
    )
    show_problem(PLACE)
    st.caption(next_step(session))
    with st.container(horizontal=True, key="hand_way"):
        _offer_class(session)
        _offer_dataset(session)


def next_step(session: Session) -> str:
    """Return what a visitor who teaches does next, and how far they are with classes of their own."""
    own, drawn = session.hand_classes, counts(session.hand)
    if not own:
        return _(
            "Draw, then press the name of what you drew. Or add classes of your own: letters, shapes, faces."
        )
    tally = ", ".join(
        _("{name}: {n} of {all}").format(name=plain(name, SHORT_NAME), n=drawn.get(name, 0), all=ENOUGH)
        for name in own
    )
    if len(own) == 1:
        return _("{tally}. Add a second class: a network needs two to tell apart.").format(tally=tally)
    if any(drawn.get(name, 0) < ENOUGH for name in own):
        return _("{tally}. Draw, then press the name; about {all} drawings of each are enough.").format(
            tally=tally, all=ENOUGH
        )
    return _("{tally}. That is enough: use them as a data set, and train a network.").format(tally=tally)


def classes_of(session: Session, model: Model) -> list[str]:
    """Return the names that a drawing can have: the visitor's own, the model's classes, and those in use."""
    return [*dict.fromkeys([*session.hand_classes, *model.class_names, *counts(session.hand)])]


def _keep(session: Session) -> None:
    label, st.session_state["hand_label"] = st.session_state["hand_label"], None
    with keeping_problem(PLACE):
        if label is not None:
            keep_drawing(session, label)
            put_away(session)


def show_hand(session: Session, model: Model) -> None:
    """Show what was kept, and what can be done with it."""
    if not session.teaches:
        return
    st.header(_("My drawings"))
    _show_drawings(session)
    _offer_lesson(session, model)
    with st.container(horizontal=True, key="hand_actions"):
        _offer_file(session)
    _show_lesson(session, model)


def _show_drawings(session: Session) -> None:
    """Show each drawing with its name; those that are chosen can be removed."""
    hand = session.hand
    if not hand:
        st.caption(
            _(
                "Draw a digit, then say what it is. Your drawings are collected here, and only you "
                "can see them."
            )
        )
        return
    by_name = ", ".join(f"{plain(name, SHORT_NAME)}: {n}" for name, n in counts(hand).items())
    st.caption(_("Drawings kept: {n} ({by_name})").format(n=len(hand), by_name=by_name))
    key = f"hand_chosen_{len(hand)}"
    chosen = st.pills(
        _("Choose drawings to remove them"),
        range(len(hand)),
        selection_mode="multi",
        format_func=lambda number: (
            f"![{_('Drawing')}]({data_uri(hand[number].image)}) {plain(hand[number].label, SHORT_NAME)}"
        ),
        key=key,
        label_visibility="collapsed",
    )
    st.button(
        _("Remove the chosen ones ({n})").format(n=len(chosen)),
        icon=":material/delete:",
        disabled=not chosen,
        on_click=remove,
        args=(session, tuple(chosen)),
        key="hand_remove",
    )


def _offer_lesson(session: Session, model: Model) -> None:
    """Offer to let the network that answers learn these drawings, as soon as there are enough."""
    known = sum(drawing.label in model.class_names for drawing in session.hand)
    too_large = model.multiply_adds > MOST_MULTIPLY_ADDS
    enough = known >= LEAST_DRAWINGS and not too_large
    why = _("This network is too large to learn within seconds. Choose a smaller one.")
    help = _(
        "The network is trained further on your drawings, mixed with images that it already "
        "knows. One drawing in four is held back to measure the gain. At least {n} drawings "
        "are needed; about thirty are enough."
    ).format(n=LEAST_DRAWINGS)

    def task() -> Task:
        images = known_to(session, model)
        memory = images.learned.take(draw_memory(images.learned, np.random.default_rng(0))).detached()
        return learn_hand, (model, dataset_for(session.hand, model), memory, images.unseen.detached())

    found: Lesson | None = show_study(
        "learn_hand",
        (model.fingerprint, _fingerprint(session.hand)),
        _("Learn my hand"),
        task,
        help=why if too_large else help,
        memory=_memory(model),
        icon="school",
        disabled=not enough,
        keep=False,  # the visitor has what was learned from now on, or throws it away
    )
    session.lesson = found or session.lesson


def _fingerprint(hand: list[MyDrawing]) -> str:
    """Return what tells these drawings from others."""
    return hashlib.sha256(repr([(drawing.label, drawing.text) for drawing in hand]).encode()).hexdigest()


def _memory(model: Model) -> int:
    """Return the bytes that a lesson takes."""
    n_classes = len(model.class_names)
    needed = memory_needed(model.network_config, FINE_TUNING, model.image_shape, n_classes, 2 * MEMORY)
    return needed.kept + needed.saving


def _show_lesson(session: Session, model: Model) -> None:
    """Show what a lesson brought and cost, and let the visitor keep it or throw it away."""
    lesson = session.lesson
    if lesson is None:
        return
    with st.container(border=True, key="lesson"):
        st.markdown(_("**What it learned**"))
        st.markdown(lesson_words(lesson))
        if not known_to(session, model).is_certain:
            st.caption(
                _(
                    "The model file does not say which images the model was trained on: it may have seen "
                    "some of other people's digits before."
                )
            )
        with st.container(horizontal=True):
            st.button(
                _("Keep what it learned"),
                type="primary",
                on_click=_accept,
                args=(session,),
                key="keep_lesson",
            )
            st.button(_("Throw it away"), on_click=_decline, args=(session,), key="decline_lesson")


def lesson_words(lesson: Lesson) -> str:
    """Return what a lesson brought and cost as a list in Markdown."""
    hand = _("Your drawings that it had not seen: {before} right before, **{after}** now.")
    others = _("Other people's: {before} right before, **{after}** now.")
    return "\n".join(
        "- " + words.format(before=_share(before), after=_share(after))
        for words, before, after in (
            (hand, lesson.hand_before, lesson.hand_after),
            (others, lesson.others_before, lesson.others_after),
        )
    )


def _share(outcome: Outcome) -> str:
    return _("{right:,} of {images:,}").format(right=outcome.right, images=outcome.images)


def _accept(session: Session) -> None:
    if session.lesson is not None:
        let_answer(session, session.lesson.model, _("Taught by your hand"))
        session.lesson = None


def _decline(session: Session) -> None:
    session.lesson = None


def _offer_dataset(session: Session) -> None:
    """Offer the drawings as a data set, to train a network of one's own with them."""
    if st.button(
        _("Use as a data set"),
        icon=":material/dataset:",
        disabled=len(counts(session.hand)) < 2,
        help=_("Train a network on your drawings alone, with classes of your own."),
        key="hand_as_data",
    ):
        with friendly_errors():
            session.use_upload(dataset_of(session.hand))
            st.switch_page(page("data"))


def _offer_file(session: Session) -> None:
    """Offer the drawings as a file, and to add those of a file."""
    with st.popover(_("File"), icon=":material/folder_zip:"):
        st.download_button(
            _("Download my drawings (.zip)"),
            lambda: pack(session.hand),
            "my-drawings.zip",
            "application/zip",
            on_click="ignore",
            icon=":material/download:",
            disabled=not session.hand,
            key="hand_pack",
        )
        st.file_uploader(
            _("Add drawings from such a file"),
            "zip",
            max_upload_size=LARGEST_PACK,
            key="hand_file",
            on_change=_join,
            args=(session,),
        )
        show_problem("hand_file")


def _join(session: Session) -> None:
    file = st.session_state["hand_file"]
    with keeping_problem("hand_file"):
        if file is not None:
            with opened(file) as stream:
                join(session, stream)


def _offer_class(session: Session) -> None:
    """Let the visitor name a class of their own."""
    with st.popover(_("A class of your own"), icon=":material/add:"):
        st.text_input(
            _("Its name"),
            max_chars=MAX_LABEL_LETTERS,
            key="hand_class",
            on_change=_add_class,
            args=(session,),
            help=_("A letter, a shape, a face: draw some of each, and use them as a data set."),
        )


def _add_class(session: Session) -> None:
    name, st.session_state["hand_class"] = st.session_state["hand_class"].strip(), ""
    if name and name not in session.hand_classes:
        session.hand_classes = [*session.hand_classes, name]
