"""The one field of the app for a number: it reads what people type, and keeps the old value where it cannot.

The forms on Data, Network and Train are made of it. `st.number_input` hears no decimal comma, takes an empty
field for its lowest value, and loses the click that ends the typing (docs/decisions, number 17).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.ui.messages import forget_problem, keep_problem, problem_of
from mlcore.errors import DigitLabError, SettingError
from mlcore.language import _
from mlcore.quote import quoted

Number = int | float

LONGEST_TEXT = 40
"""Characters of a typed number that are looked at; no number of the app needs half of them."""

MOST_TEXTS = 9
"""Texts that a browser may send at once, because none was answered yet."""

_HERE = Path(__file__).parent
_CODE = (_HERE / "number_field.js").read_text(encoding="utf-8")
# The code comes once a page (`prepare_number_fields`), not with each of the 27 fields of Network.
_JS = """export default (field) => {
  (window.digitLabFields ??= []).push(field);
};"""
_HTML = """
<div class="dl-field"><label></label><div class="dl-box">
<input type="text" role="spinbutton" autocomplete="off" enterkeyhint="done">
<button type="button" tabindex="-1">−</button><button type="button" tabindex="-1">+</button>
</div><p role="alert" hidden></p></div>
"""


@dataclass(frozen=True)
class Bounds:
    """Which numbers a field takes.

    Attributes
    ----------
    minimum, maximum : float
        Both included.
    step : float
        How far an arrow key or a button goes.
    whole : bool
        Whether only whole numbers are taken.
    """

    minimum: float
    maximum: float
    step: float
    whole: bool = True

    def read(self, text: str) -> Number:
        """Return the number that was typed.

        Raises
        ------
        SettingError
            When it is none, not a whole one, or out of bounds.
        """
        number = read_number(text, self.whole)
        if number < self.minimum:
            raise SettingError(_("At least {limit}.").format(limit=as_words(self.minimum)))
        if number > self.maximum:
            raise SettingError(_("At most {limit}.").format(limit=as_words(self.maximum)))
        return number


def number_field(
    label: str,
    value: Number | None,
    change: Callable[[Any], None],
    *,
    key: str,
    bounds: Bounds,
    none: str | None = None,
    width: int | None = None,
    disabled: bool = False,
) -> None:
    """Show a field with a number, and hand on what is typed.

    Parameters
    ----------
    label : str
    value : int, float or None
        The value in force. The field shows it, unless something is being typed.
    change : callable
        Is given the new number, before the page runs again. When it raises a `DigitLabError`, or the text is
        no number within bounds, a sentence stands below the field, which shows the value in force again.
    key : str
        Of the field.
    bounds : Bounds
    none : str, optional
        What an empty field means; ``change`` is then given None. Without it, the value stays.
    width : int, optional
        In CSS pixels; without it, as wide as there is room.
    disabled : bool
        Whether it can only be read.
    """
    if value != _refused_at().get(key, value):  # the sentence says which value stays, and that is another now
        forget_problem(key)
    _component()(
        data={
            "label": label,
            "text": as_text(value),
            "none": none,
            "minimum": bounds.minimum,
            "maximum": bounds.maximum,
            "step": bounds.step,
            "whole": bounds.whole,
            "disabled": disabled,
            "problem": problem_of(key),
            "turn": _turns().get(key, 0),
            "less": _("Decrease"),
            "more": _("Increase"),
        },
        key=key,
        width=width or "stretch",
        on_typed_change=lambda: _take(key, value, change, bounds, none),
    )


def prepare_number_fields() -> None:
    """Bring the code of the fields to the browser; every page needs it once."""
    st.components.v2.component("digit_lab_number_field_code", js=_CODE)(key="number_field_code")


def read_number(text: str, whole: bool) -> Number:
    """Return the number that a text means, written with a decimal point or a decimal comma.

    >>> read_number("0,005", whole=False), read_number(" 1e-3 ", whole=False)
    (0.005, 0.001)
    >>> read_number("1.234,5", whole=False), read_number("1,234.5", whole=False)
    (1234.5, 1234.5)
    >>> read_number("60,000", whole=True), read_number("60 000", whole=True), read_number("3.0", whole=True)
    (60000, 60000, 3)

    Raises
    ------
    SettingError
        When it means none, or no whole one where one is needed.
    """
    plain_text = re.sub(r"[\s_'’]", "", text)
    if whole and re.fullmatch(r"[+-]?\d{1,3}([.,]\d{3})+", plain_text):
        plain_text = re.sub(r"[.,]", "", plain_text)
    elif "," in plain_text and "." in plain_text:  # the last of the two is the decimal one
        group = min(",.", key=plain_text.rindex)
        plain_text = plain_text.replace(group, "")
    plain_text = plain_text.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", plain_text):
        raise SettingError(_("{text} is not a number.").format(text=quoted(text)))
    number = float(plain_text)
    if not whole:
        return number
    if not number.is_integer():
        raise SettingError(_("{text} is not a whole number.").format(text=quoted(text)))
    return int(number)


def as_text(value: Number | None) -> str:
    """Return a number as the field shows it.

    >>> as_text(128), as_text(0.001), as_text(1e-06), as_text(None)
    ('128', '0.001', '1e-06', '')
    """
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def as_words(value: Number) -> str:
    """Return a number as a sentence shows it.

    >>> as_words(4096), as_words(1e-06), as_words(100.0)
    ('4,096', '0.000001', '100')
    """
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _take(
    key: str, value: Number | None, change: Callable[[Any], None], bounds: Bounds, none: str | None
) -> None:
    """Hand on what was typed, one text after the other. What the browser sends again is not taken again."""
    typed = st.session_state[key].typed
    if not (isinstance(typed, list) and [type(part) for part in typed] == [list, int]):
        return  # no field of ours sends anything else
    texts, turn = typed
    if not (0 < len(texts) <= MOST_TEXTS and all(isinstance(text, str) for text in texts)):
        return
    for number, text in enumerate(texts, turn - len(texts) + 1):
        if number > _turns().get(key, 0):
            _turns()[key] = number
            value = _take_text(text[:LONGEST_TEXT].strip(), key, value, change, bounds, none)


def _take_text(
    text: str,
    key: str,
    value: Number | None,
    change: Callable[[Any], None],
    bounds: Bounds,
    none: str | None,
) -> Number | None:
    """Hand on one text, or keep the sentence that says why not; return the value in force from now on."""
    forget_problem(key)
    if not text and none is None:
        return value
    try:
        number = bounds.read(text) if text else None
        change(number)
    except DigitLabError as error:
        stays = _("The field stays empty.")
        if value is not None:
            stays = _("The value stays {value}.").format(value=as_words(value))
        keep_problem(key, SettingError(f"{error} {stays}"))
        _refused_at()[key] = value
        return value
    return number


def _turns() -> dict[str, int]:
    """Return, by field, the number of the last text that was taken."""
    turns: dict[str, int] = st.session_state.setdefault("number_field_turns", {})
    return turns


def _refused_at() -> dict[str, Number | None]:
    """Return, by field, the value that was in force when a text was last refused."""
    values: dict[str, Number | None] = st.session_state.setdefault("number_field_refused_at", {})
    return values


def _component() -> ComponentRenderer:
    return st.components.v2.component("digit_lab_number_field", html=_HTML, js=_JS, isolate_styles=False)
