"""The answer to a number: its digits, how sure the model is, and the bars of each.

The Draw page shows it in place of the answer to one digit.
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.draw.answer_card import blank_html, card_html
from dashboard.shipped import refusal_for
from dashboard.ui.pictures import Picture, picture_html
from dashboard.ui.probability_bars import bars_html, sure
from mlcore import Model
from mlcore.language import _
from mlcore.number import ReadDigit


def show_number(model: Model, digits: Sequence[ReadDigit], hint: str, bars: DeltaGenerator) -> None:
    """Show a number and, in the container for them, the bars of each digit; the hint when there is none."""
    refusal = refusal_for(model)
    above = 1.0 if refusal is None else refusal.above
    st.html(number_html(model, digits, above) if digits else blank_html(model.image_shape, hint))
    with bars:
        st.html(f'<div class="dl-digits">{"".join(_digit_html(model, digit) for digit in digits)}</div>')


def number_html(model: Model, digits: Sequence[ReadDigit], above: float) -> str:
    """Return a number as HTML; a digit that is doubted more than ``above`` is a question mark."""
    names = [
        "?" if digit.doubt > above else model.class_names[int(np.argmax(digit.probabilities))]
        for digit in digits
    ]
    certain = float(np.prod([digit.probabilities.max() for digit in digits]))
    verdict = _("{percent} sure") if len(digits) == 1 else _("{percent} sure of all {n} digits")
    return card_html(
        guess=("" if max(map(len, names)) == 1 else " ").join(names),
        verdict=verdict.format(percent=sure(certain), n=len(digits)),
        runner_up="",
        seen=Picture(
            np.hstack([digit.image for digit in digits]),
            _("The images that the network sees"),
            _("What the network sees"),
        ),
        in_a_row=True,
    )


def _digit_html(model: Model, digit: ReadDigit) -> str:
    name = model.class_names[int(np.argmax(digit.probabilities))]
    picture = Picture(digit.image, name)
    return f"<div>{picture_html(picture, 48)}{bars_html(digit.probabilities, model.class_names)}</div>"
