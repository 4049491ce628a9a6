"""The catalogue of a language: `locale/<language>/LC_MESSAGES/digitlab.mo`, else English itself.

The pages look a visitor's language up here, and so does a process that reads a visitor's files.
"""

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

CATALOGUES = Path(__file__).resolve().parent.parent / "locale"


@cache
def catalogue(locale: str, folder: Path = CATALOGUES) -> NullTranslations:
    """Return the catalogue for a locale such as "de-AT" (else for "de", else English itself)."""
    whole = locale.replace("-", "_")
    return translation("digitlab", folder, [whole, whole.split("_")[0]], fallback=True)
