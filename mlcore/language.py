"""The words that a person reads: `_` translates a sentence, `N_` marks one for later translation.

It stands beside the whole path: settings, readers and errors all speak through it. English is the
language of the source; another language is a gettext catalogue that the dashboard sets with `use`.
"""

from contextvars import ContextVar
from gettext import NullTranslations

_translations: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)


def use(translations: NullTranslations) -> None:
    """Let `_` answer from this catalogue, in this thread or task only."""
    _translations.set(translations)


def _(text: str) -> str:
    """Return ``text`` in the language in use.

    >>> _("Loss")
    'Loss'
    """
    translations = _translations.get()
    # A catalogue keeps its own header under the empty text.
    return text if translations is None or not text else translations.gettext(text)


def N_(text: str) -> str:
    """Mark ``text`` for the catalogue and return it unchanged: it is translated where it is shown."""
    return text
