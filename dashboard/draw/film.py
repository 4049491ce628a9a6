"""The film strip: a drawing after each stage of its preparation, with the answer to it.

The Draw page shows it on request. Each stage can be switched off, to see what it is worth.
"""

from collections.abc import Collection, Iterator, Sequence

import streamlit as st

from dashboard.draw.answer import Answer, answer_of
from dashboard.draw.strokes import strokes_of
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from dashboard.ui.messages import SHORT_NAME, plain
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
        help=_("Press a step to switch it off or on again, and watch the answers."),
    )
    shots = list(film(model, strokes_of(session.drawing), kept))
    if shots:
        st.html(grid_html([picture for picture, _answer in shots], 84))
        st.caption(moral([answer.guess for _picture, answer in shots]))
    else:
        st.caption(_("Draw a digit first."))


def moral(guesses: Sequence[str]) -> str:
    """Return what the strip shows, by its answers: what the preparation is worth to this drawing."""
    if len(guesses) == 1:
        return _("Switch the steps on again to see what each is worth.")
    if guesses[0] == guesses[-1]:
        return _(
            "Here these steps change nothing. Draw a small digit in a corner with a thin pen, and look again."
        )
    return _(
        "As drawn the answer is {first}, after these steps it is {last}. The network knows only digits as "
        "large, as thick and as central as its training images: the pre-trained one reads about 54 of 100 "
        "drawings as they are drawn, and 99 with all steps."
    ).format(first=plain(guesses[0], SHORT_NAME), last=plain(guesses[-1], SHORT_NAME))


def film(model: Model, strokes: Sequence[Stroke], kept: Collection[str]) -> Iterator[tuple[Picture, Answer]]:
    """Yield the drawing as it is, and after each of the stages that are kept, each with its answer."""
    done: list[str] = []
    for name in ("", *(name for name in STAGES if name in kept)):
        done += [name] if name else []
        image = image_after(done, strokes, model.frame, model.image_shape, SIZE)
        answer = answer_of(model, image)
        if answer is not None:
            words = _(STAGES[name]) if name else _("As drawn")
            yield Picture(answer.seen, words, f"{words}\n{_said(answer)}"), answer


def _said(answer: Answer) -> str:
    return _("{name}, {percent}").format(name=answer.guess, percent=sure(answer.share(0)))
