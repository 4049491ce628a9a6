"""How an error becomes a sentence that a visitor can act on.

It stands between every step of the path and the page: what mlcore says is shown as it is, and what nobody
foresaw goes to the log, never to the visitor.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from mlcore.language import _

_log = logging.getLogger(__name__)


def show_error(error: BaseException) -> None:
    """Show what is to be said about this error, and log the ones that were not foreseen."""
    st.error(plain(sentence(error)), icon=":material/error:")


def sentence(error: BaseException) -> str:
    """Return what a visitor reads about this error.

    Errors that are defined in mlcore and the dashboard carry a sentence of their own; of any other, only the
    log has the details.
    """
    if type(error).__module__.split(".")[0] in ("mlcore", "dashboard") and str(error):
        return str(error)
    if isinstance(error, MemoryError):
        return _("There is not enough memory for this. Try fewer images or a smaller network.")
    _log.error("An error that was not foreseen", exc_info=error)
    return _(
        "Something went wrong on our side. Your choices are kept: reload the page, or try another setting."
    )


def plain(text: str) -> str:
    """Return text, such as a file's name, so that Streamlit shows it as it is and reads no Markdown in it.

    >>> plain("my *new* digits: 3")
    'my \\\\*new\\\\* digits: 3'
    """
    return re.sub(r"([\\`*_\[\]$~<>#|]|:(?=[a-z]))", r"\\\1", text)


@contextmanager
def friendly_errors() -> Iterator[None]:
    """Show an error of the block as a sentence instead of raising it.

    Streamlit's own ways to stop a script (rerun, switch page, stop) pass through: they are no `Exception`.
    """
    try:
        yield
    except Exception as error:
        show_error(error)
