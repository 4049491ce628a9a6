"""The play beside the canvas: a dare, how many were met, and the last drawings.

The Draw page shows it. What was met and drawn is kept in `Session.play`.
"""

import streamlit as st

from dashboard.draw.answer import Answer, answer_of
from dashboard.draw.dares import DARES, attempt_of, is_met, possible_dares
from dashboard.draw.drawing import clear, digit_drawn, show_again
from dashboard.draw.strokes import strokes_of
from dashboard.models.choice import own_run_answers
from dashboard.models.drawn import SIZE
from dashboard.navigation import page
from dashboard.session import PastDrawing, Session
from dashboard.shipped import shipped_model, shipped_model_names
from dashboard.ui.glossary import meaning
from dashboard.ui.messages import SHORT_NAME, html_text, plain
from dashboard.ui.pictures import data_uri
from dashboard.ui.probability_bars import sure
from mlcore.language import _

MOST_PAST = 6
"""Drawings that are remembered; the oldest goes first."""


def take_note(session: Session, answer: Answer | None) -> None:
    """Remember what is on the canvas with its answer, and tick the dare off when that meets it."""
    play = session.play
    strokes = tuple(strokes_of(session.drawing))
    if answer is None or not strokes:
        play.now = None
        return
    play.now = PastDrawing(strokes, answer.seen, answer.said, answer.share(0))
    key = _current(session, answer.class_names)
    if is_met(DARES[key], attempt_of(answer, strokes, SIZE)):
        play.met.add(key)


def put_away(session: Session) -> None:
    """Clear the canvas; what was on it joins the last drawings."""
    _keep_drawing(session)
    clear(session)


def take_out(session: Session, past: PastDrawing) -> None:
    """Put one of the last drawings on the canvas again; what was on it joins them."""
    _keep_drawing(session)
    show_again(session, past.strokes)


def _keep_drawing(session: Session) -> None:
    play = session.play
    if play.now is not None:
        others = [past for past in play.past if past.strokes != play.now.strokes]
        play.past = [play.now, *others][:MOST_PAST]


def next_dare(session: Session, keys: list[str]) -> None:
    """Go on to the next dare that is not met yet, with a blank canvas."""
    here = keys.index(session.play.dare) if session.play.dare in keys else 0
    others = [*keys[here + 1 :], *keys[: here + 1]]
    session.play.dare = next((key for key in others if key not in session.play.met), others[0])
    put_away(session)


def _current(session: Session, class_names: tuple[str, ...]) -> str:
    keys = possible_dares(class_names)
    if session.play.dare not in keys:
        session.play.dare = keys[0]
    return session.play.dare


def show_dare(session: Session, class_names: tuple[str, ...]) -> None:
    """Show the dare of the moment, how many were met, and the way to the next."""
    keys, key = possible_dares(class_names), _current(session, class_names)
    st.header(_("A dare"))
    st.html(dare_html(key, [other in session.play.met for other in keys], key in session.play.met))
    label = _("Next dare") if key in session.play.met else _("Another dare")
    st.button(
        label, icon=":material/arrow_forward:", on_click=next_dare, args=(session, keys), key="next_dare"
    )


def dare_html(key: str, met: list[bool], is_done: bool) -> str:
    """Return a dare as HTML, with a dot for each of all dares: full when it is met."""
    dare = DARES[key]
    dots = "".join(f"<i{' class=dl-full' if full else ''}></i>" for full in sorted(met, reverse=True))
    tally = _("Well done! Dares met: {n} of {all}") if is_done else _("Dares met: {n} of {all}")
    words, rule = html_text(_(dare.words)), html_text(_(dare.rule))
    return (
        f'<section class="dl-dare{" dl-met" if is_done else ""}"><p class="dl-words">{words}</p>'
        f'<p class="dl-rule">{rule}</p><p class="dl-tally">'
        f'<span class="dl-dots" aria-hidden="true">{dots}</span>'
        f"<span>{html_text(tally.format(n=sum(met), all=len(met)))}</span></p></section>"
    )


def show_past(session: Session) -> None:
    """Show the last drawings, each a button that puts it on the canvas again."""
    st.header(_("Your last drawings"), help=meaning("confidence"))
    with st.container(key="past_drawings", horizontal=True, gap="xsmall"):
        for number, past in enumerate(session.play.past):
            st.button(
                _past_label(past),
                key=f"past_drawing_{number}",
                on_click=take_out,
                args=(session, past),
            )
        if not session.play.past:
            st.caption(_("Your drawings stay here when you clear the canvas."))


def _past_label(past: PastDrawing) -> str:
    """Return a button's label: the small picture, and what was answered."""
    alt = _("Show again:")
    return f"![{alt}]({data_uri(past.image)}) {plain(past.guess, SHORT_NAME)} {sure(past.probability)}"


def show_way_on(session: Session, answer: Answer | None) -> None:
    """Lead on along the path: to a network of one's own or, when it answers already, to its mistakes."""
    if own_run_answers(session):
        text, target, label = (
            _("Your own network now reads your drawing."),
            "evaluate",
            _("See its mistakes"),
        )
        note = comparison(session, answer)
    else:
        text, target, label = _("Now train a network of your own."), "data", _("Train your own")
        note = _("It will then read the drawing that you leave on the canvas.")
    with st.container(key="way_on", gap="xsmall"):
        st.write(text)
        st.caption(note)
        with st.container(key="secondary_link"):
            st.page_link(page(target), label=label, icon=":material/arrow_forward:")


def comparison(session: Session, answer: Answer | None) -> str:
    """Return what the shipped model answers to the drawing that another model has just answered."""
    model = shipped_model(shipped_model_names()[0])
    if answer is not None and answer.class_names != model.class_names:
        return ""
    other = (
        None if answer is None or session.play.now is None else answer_of(model, digit_drawn(session, model))
    )
    if other is None:
        return _("Draw a digit, and compare it with the pre-trained network.")
    words = _("The pre-trained network says {guess}, {percent} sure.")
    return words.format(guess=other.guess, percent=sure(other.share(0)))
