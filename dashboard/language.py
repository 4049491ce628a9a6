"""Which language a visitor reads: that of the browser, where there is a catalogue for it, else English.

It stands beside every page. A catalogue is `locale/<language>/LC_MESSAGES/digitlab.mo`, made from the
sentences that `make messages` collects; a new language needs nothing else.
"""

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from mlcore.language import choose_by

CATALOGUES = Path(__file__).resolve().parent.parent / "locale"


@cache
def catalogue(locale: str, folder: Path = CATALOGUES) -> NullTranslations:
    """Return the catalogue for a locale such as "de-AT" (else for "de", else English itself)."""
    whole = locale.replace("-", "_")
    return translation("digitlab", folder, [whole, whole.split("_")[0]], fallback=True)


def visitors_catalogue() -> NullTranslations | None:
    """Return the catalogue of whoever this script runs for; None outside of a visit."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    locale = st.context.locale
    return catalogue(locale) if locale else None


choose_by(visitors_catalogue)
