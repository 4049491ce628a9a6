"""The words that a person reads: `_` translates a sentence, `N_` marks one for later translation.

Settings, readers and errors all use it, and `percent` says a fraction. English is the language of the source;
another language is a gettext catalogue that is set with `use`, or found for each visitor by the function that
the dashboard gives to `choose_by`.
"""

from collections.abc import Callable
from contextvars import ContextVar
from gettext import NullTranslations

_translations: ContextVar[NullTranslations | None] = ContextVar("translations", default=None)
_chooser: list[Callable[[], NullTranslations | None]] = []


def use(translations: NullTranslations) -> None:
    """Let `_` answer from this catalogue, in this thread or task only."""
    _translations.set(translations)


def choose_by(chooser: Callable[[], NullTranslations | None]) -> None:
    """Let ``chooser`` say, at each sentence, which catalogue it is looked up in, where `use` has set none."""
    _chooser[:] = [chooser]


def _(text: str) -> str:
    """Return ``text`` in the language in use.

    >>> _("Loss")
    'Loss'
    """
    translations = _translations.get()
    if translations is None and _chooser:
        translations = _chooser[0]()
    # A catalogue keeps its own header under the empty text.
    return text if translations is None or not text else translations.gettext(text)


def N_(text: str) -> str:
    """Mark ``text`` for the catalogue and return it unchanged: it is translated where it is shown."""
    return text


def percent(part: float, digits: int = 1) -> str:
    """Return a part of one in percent; what is not quite all or nothing is never rounded to it.

    >>> percent(0.9734), percent(0.98617, 2), percent(1.0), percent(0.99997), percent(0.00001), percent(0.0)
    ('97.3 %', '98.62 %', '100.0 %', '> 99.9 %', '< 0.1 %', '0.0 %')
    """
    least = 10.0 ** -(digits + 2)
    text = _("{number} %")
    if 0 < part < least / 2:
        return "< " + text.format(number=f"{100 * least:.{digits}f}")
    if 1 - least / 2 < part < 1:
        return "> " + text.format(number=f"{100 * (1 - least):.{digits}f}")
    return text.format(number=f"{100 * part:.{digits}f}")
