"""An answer as HTML: class, probability, second guess, what the network saw, and all probabilities.

The Draw page shows it.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.draw.answer import Answer
from dashboard.draw.second import Asked
from dashboard.ui.messages import SHORT_NAME, html_text, isolated
from dashboard.ui.pictures import Picture, picture_html
from dashboard.ui.probability_bars import bars_html, sure
from mlcore import Model
from mlcore.evaluation import UNSURE
from mlcore.language import _
from mlcore.quote import LONGEST, quoted
from mlcore.refusal import NEAREST, REFUSED

FEW = 200
"""With fewer training images of each class, on average, the page warns of strangers' handwriting."""


def show_verdicts(asked: Sequence[Asked], answers: Sequence[Answer | None], hint: str) -> None:
    """Show what each model answers, or the hint when there is no image."""
    cards = [
        blank_html(one.model.image_shape, hint) if answer is None else verdict_html(answer)
        for one, answer in zip(asked, answers, strict=True)
    ]
    st.html(side_by_side(asked, cards))


def show_bars(asked: Sequence[Asked], answers: Sequence[Answer | None]) -> None:
    """Show the probability of each class, what it means, and a warning when few images were learned from."""
    bars = [
        bars_html(None if answer is None else answer.probabilities, one.model.class_names)
        for one, answer in zip(asked, answers, strict=True)
    ]
    st.html(side_by_side(asked, bars))
    model = asked[0].model
    n = len(model.class_names)
    st.caption(
        _("The bars compare these {n} classes only: they add up to 100 %, whatever you draw.").format(n=n)
    )
    if warning := few_images_sentence(model):
        st.caption(warning)


def side_by_side(asked: Sequence[Asked], parts: Sequence[str]) -> str:
    """Return the HTML of one model as it is; of two each below its name, on a phone one below the other."""
    if len(parts) == 1:
        return parts[0]
    columns = (
        f'<div><p class="dl-model">{html_text(one.name)}</p>{part}</div>'
        for one, part in zip(asked, parts, strict=True)
    )
    return f'<div class="dl-two">{"".join(columns)}</div>'


def few_images_sentence(model: Model) -> str:
    """Return a sentence when the model saw too few hands to read any; nothing otherwise."""
    n = model.card.get("train_size")
    if type(n) is not int or not 0 < n < FEW * len(model.class_names):
        return ""
    return _(
        "This model learned from only {n:,} images, about {each:,.0f} of each class. "
        "It may misread handwriting that looks different."
    ).format(n=n, each=n / len(model.class_names))


def verdict_html(answer: Answer) -> str:
    """Return the answer as HTML: the class, how sure, the second guess and what the network saw."""
    seen = Picture(answer.seen, _("The image that the network sees"), _("What the network sees"))
    if answer.is_refused:
        nearest = html_text(_(NEAREST)).format(name=isolated(answer.guess, SHORT_NAME))
        return card_html(guess="?", verdict=_(REFUSED), runner_up=nearest, seen=seen)
    name = isolated(answer.class_names[answer.ranking[1]], SHORT_NAME)
    verdict = _("{percent} sure") if answer.share(0) >= UNSURE else _("not sure ({percent})")
    runner_up = html_text(_("Second guess: {name}, {percent}"))
    return card_html(
        guess=answer.guess,
        verdict=verdict.format(percent=sure(answer.share(0))),
        runner_up=runner_up.format(name=name, percent=html_text(sure(answer.share(1)))),
        seen=seen,
    )


def blank_html(shape: tuple[int, int], hint: str) -> str:
    """Return the same card without an answer, so that nothing moves when the first stroke is made."""
    seen = Picture(np.zeros(shape, np.uint8), _("Nothing yet"), _("What the network sees"))
    return card_html(guess="?", verdict=hint, runner_up="", seen=seen)


def card_html(guess: str, verdict: str, runner_up: str, seen: Picture, *, in_a_row: bool = False) -> str:
    """Return a card; the runner-up is HTML, the rest is text. What is in a row is never broken."""
    letters = max(map(len, [*quoted(guess, LONGEST).split(), ""]))  # of the longest word
    return (
        f'<section class="dl-answer{" dl-row" if in_a_row else ""}">'
        f'<div class="dl-verdict" style="--dl-letters: {letters}">'
        f'<p class="dl-guess">{html_text(guess, LONGEST)}</p>'
        f'<div><p class="dl-sure">{html_text(verdict)}</p>'
        f'<p class="dl-second">{runner_up}</p></div></div>'
        f"{picture_html(seen, 96)}</section>"
    )
