"""The answer that follows the pen: the network at work in the visitor's browser while a stroke is drawn.

The Draw page calls `show_live` with each answer of its own, which the browser's must equal. The model's
weights go to a browser once, when it asks for them.
"""

from pathlib import Path

import streamlit as st

from dashboard.draw.answer import Answer
from dashboard.draw.strokes import strokes_of
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from dashboard.shipped import refusal_for
from mlcore import Model
from mlcore.exports.browser import (
    as_text,
    describe_answer,
    describe_model,
    describe_words,
    network_script,
)
from mlcore.images.drawing import NOTHING, TWO
from mlcore.language import _
from mlcore.refusal import REFUSED

MOST_PARAMETERS = 500_000
"""Of a model that is sent to a browser: 2.7 MB."""

MOST_MULTIPLY_ADDS = 8_000_000
"""For one answer in a browser: some 8 ms at a desk."""

KEY = "live_pen"
WANTED = "live_pen_wanted"
_CODE = network_script() + (Path(__file__).parent / "live.js").read_text(encoding="utf-8")
# The code is an element of its own, which never changes: all that an element holds goes out when it does.
_JS = """export default (component) => {
  (window.digitLabLive ??= []).push(component);
};"""


def show_live(session: Session, model: Model, answer: Answer | None, hint: str) -> None:
    """Tell the browser what is on the canvas and what the model answers to it; call it after each stroke."""
    st.components.v2.component("digit_lab_live_code", js=_CODE)(key=f"{KEY}_code")
    component = st.components.v2.component("digit_lab_live", js=_JS)
    fingerprint = model.fingerprint if is_small(model) else ""
    is_wanted = st.session_state.pop(WANTED, None) == fingerprint != ""
    known = (None,) * 3 if answer is None else (answer.seen, answer.probabilities, answer.doubt)
    component(
        data={
            **describe_words(model.class_names, _("{number} %")),
            "answer": describe_answer(strokes_of(session.drawing), *known),
            "reason": "hint" if answer is None else "refused" if answer.is_refused else "",
            "fingerprint": fingerprint,
            "model": as_text(describe_model(model, refusal_for(model))) if is_wanted else None,
            "shape": model.image_shape,
            "size": SIZE,
            "pen": session.pen_width,
            "hints": {"hint": hint, "nothing": _(NOTHING), "two": _(TWO), "refused": _(REFUSED)},
        },
        key=KEY,
        on_wanted_change=_note_wanted,
    )


def _note_wanted() -> None:
    """Note which model the browser asks for; a question that comes after the page was left is none."""
    asked = st.session_state.get(KEY)
    if asked is not None:
        st.session_state[WANTED] = asked.wanted


def is_small(model: Model) -> bool:
    """Return whether a browser can answer as this model does, in time."""
    return (
        model.parameter_count <= MOST_PARAMETERS
        and model.multiply_adds <= MOST_MULTIPLY_ADDS
        and not model.preparation.floats
    )
