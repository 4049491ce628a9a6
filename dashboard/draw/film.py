"""The film strip: a drawing after each stage of its preparation, with the answer to it.

The Draw page shows it on request. Each stage can be switched off, to see what it is worth.
"""

from collections.abc import Collection, Iterator, Sequence

import streamlit as st

from dashboard.draw.answer import Answer, answer_of
from dashboard.draw.strokes import strokes_of
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from dashboard.ui.pictures import Picture, grid_html
from dashboard.ui.probability_bars import sure
from mlcore import Model
from mlcore.images.stages import STAGES, image_after
from mlcore.images.strokes import Stroke
from mlcore.language import _


def show_film(session: Session, model: Model) -> None:
    """Show the drawing after each stage, with a switch for each, when the visitor asks for it."""
    is_wanted = st.toggle(
        _("Show the preparation"),
        key="draw_film",
        persist_state="session",
        help=_(
            "A network reads an image well only if it looks like the training images. See how "
            "your drawing is prepared, and what the network would answer without each step."
        ),
    )
    if not is_wanted:
        return
    kept = st.pills(
        _("Stages of the preparation"),
        list(STAGES),
        selection_mode="multi",
        default=list(STAGES),
        format_func=lambda name: _(STAGES[name]),
        key="draw_stages",
        persist_state="session",
    )
    strokes = strokes_of(session.drawing)
    if strokes:
        st.html(grid_html(film(model, strokes, kept), 84))
    else:
        st.caption(_("Draw a digit first."))


def film(model: Model, strokes: Sequence[Stroke], kept: Collection[str]) -> Iterator[Picture]:
    """Yield the drawing as it is, and after each of the stages that are kept, with the answers."""
    done: list[str] = []
    for name in ("", *(name for name in STAGES if name in kept)):
        done += [name] if name else []
        image = image_after(done, strokes, model.frame, model.image_shape, SIZE)
        answer = answer_of(model, image)
        if answer is not None:
            words = _(STAGES[name]) if name else _("As drawn")
            yield Picture(answer.seen, words, f"{words}\n{_said(answer)}")


def _said(answer: Answer) -> str:
    return _("{name}, {percent}").format(name=answer.guess, percent=sure(answer.share(0)))
