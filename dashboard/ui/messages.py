"""How messages and errors reach a page, and how text from a file, an address or a model is shown as text.

`show_message` shows a sentence, `keep_problem` keeps one until the page runs again. Foreign text is shown by
`plain` (in Markdown), by `html_text` (in HTML), and by `quoted` or `distinct` (where Streamlit shows text as
it is).
"""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import Literal, TypeAlias

import streamlit as st

from mlcore.errors import DigitLabError
from mlcore.language import _
from mlcore.quote import LONGEST, quoted

Kind: TypeAlias = Literal["error", "warning", "info", "success"]

ICONS: dict[Kind, str] = {
    "error": ":material/error:",
    "warning": ":material/warning:",
    "info": ":material/info:",
    "success": ":material/check_circle:",
}

LONGEST_MESSAGE = 1000
"""Characters of a whole message; its foreign parts are bounded where they enter the sentence."""

SHORT_NAME = 24
"""Letters of a class's name where many stand close together; the whole name is never far."""

MOST_NOTES = 20

_log = logging.getLogger(__name__)


def plain(text: str, most: int = LONGEST_MESSAGE) -> str:
    """Return text in Markdown that Streamlit shows as it is, bounded and on one line.

    It is a code span, which style.css gives the looks of the text around it: nothing in it is Markdown.
    Backslashes would not do, because links, emoji, icons and arrows are looked for after they have been taken
    off. One thing is beyond reach: Streamlit writes ``:material/`` as ``:material_``, even in code.

    >>> plain("my *new* digits: www.example.org")
    '`my *new* digits: www.example.org`'
    >>> plain("a `tick`")
    '`` a `tick` ``'
    """
    text = quoted(text, most)
    if not text:
        return ""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{space}{text}{space}{fence}"


def html_text(text: str, most: int = LONGEST_MESSAGE) -> str:
    """Return text as HTML that a browser shows as it is, bounded and on one line.

    >>> html_text("<b>seven</b>")
    '&lt;b&gt;seven&lt;/b&gt;'
    """
    return escape(quoted(text, most))


def isolated(name: str, most: int = LONGEST_MESSAGE) -> str:
    """Return a name as HTML that turns nothing around it, should it be written from right to left.

    >>> isolated("seven"), isolated("שבע")
    ('seven', '<bdi>שבע</bdi>')
    """
    return html_text(name, most) if name.isascii() else f"<bdi>{html_text(name, most)}</bdi>"


def chart_text(text: str) -> str:
    """Return text as Plotly shows it as it is: it reads some HTML, links and line breaks among it.

    >>> chart_text("<b>7</b> & 8")
    '&lt;b&gt;7&lt;/b&gt; &amp; 8'
    """
    return escape(quoted(text, LONGEST_MESSAGE), quote=False)


def distinct(names: Sequence[str], most: int = LONGEST) -> list[str]:
    """Return names as a list, a table or a chart shows them: bounded, and each told apart from the others.

    Streamlit finds what was chosen from a list by its words, and a chart puts equal names in one place.
    ``most`` is the number of letters that there is room for.

    >>> distinct(["a", "a\\u200b", "b"])
    ['a', 'a�', 'b']
    >>> distinct(["a b", "a  b"])
    ['a b', 'a b (2)']
    """
    shown: list[str] = []
    for name in (quoted(name, most) for name in names):
        words, number = name, 2
        while words in shown:
            words, number = f"{name} ({number})", number + 1
        shown.append(words)
    return shown


def show_message(kind: Kind, text: str, icon: str | None = None) -> None:
    """Show a sentence in a coloured box; whatever stands in it, it is text.

    Parameters
    ----------
    kind : "error", "warning", "info" or "success"
    text : str
        Shown as it is: no Markdown.
    icon : str, optional
        Another one than is usual for the kind.
    """
    getattr(st, kind)(plain(text), icon=icon or ICONS[kind])


def show_notes(notes: Iterable[str]) -> None:
    """Show a few sentences as a list in one box."""
    lines = [f"- {plain(note)}" for note in [*notes][:MOST_NOTES]]
    st.info("\n".join(lines), icon=ICONS["info"])


def show_error(error: BaseException) -> None:
    """Show what is to be said about this error, and log the ones that were not foreseen."""
    show_message("error", sentence(error))


def sentence(error: BaseException) -> str:
    """Return what a visitor reads about this error.

    A `DigitLabError` carries a sentence of its own; of any other error, only the log has the details.
    """
    if isinstance(error, DigitLabError) and str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return _("There is not enough memory for this. Try fewer images or a smaller network.")
    _log.error("An error that was not foreseen", exc_info=error)
    return _(
        "Something went wrong on our side. Your choices are kept: reload the page, or try another setting."
    )


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Show an error of the block as a sentence instead of raising it.

    Streamlit's own ways to stop a script (rerun, switch page, stop) pass through: they are no `Exception`.
    """
    try:
        yield
    except Exception as error:
        show_error(error)


# ---- problems that outlive a run of the page -------------------------------------------------------------


@contextmanager
def keeping_problem(place: str) -> Iterator[None]:
    """Keep an error of the block until the page runs again; without one, forget the last.

    Callbacks use it: they run before the page and can show nothing themselves.

    Parameters
    ----------
    place : str
        Where `show_problem` shows it.
    """
    try:
        yield
    except Exception as error:
        keep_problem(place, error)
    else:
        forget_problem(place)


def keep_problem(place: str, error: BaseException) -> None:
    """Keep what is to be said about this error until the next try in the same place, or another page."""
    _problems()[place] = sentence(error)


def forget_problem(place: str) -> None:
    """Forget what was kept for this place."""
    _problems().pop(place, None)


def forget_problems() -> None:
    """Forget all that was kept, because the visitor opened another page."""
    _problems().clear()


def problem_of(place: str) -> str:
    """Return the sentence that was kept for this place, or nothing."""
    return _problems().get(place, "")


def show_problem(place: str) -> None:
    """Show what was kept for this place, if anything."""
    if problem := problem_of(place):
        show_message("error", problem)


def _problems() -> dict[str, str]:
    """Return the sentences that are kept, by place."""
    problems: dict[str, str] = st.session_state.setdefault("problems", {})
    return problems
