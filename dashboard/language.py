"""The visitor's language: that of the browser where there is a catalogue for it, else English.

`navigation.py` imports it for all pages. Catalogues are made from the sentences that `make messages`
collects; a new language needs nothing else.
"""

from gettext import NullTranslations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.catalogue import catalogue
from mlcore.language import choose_by


def visitors_catalogue() -> NullTranslations | None:
    """Return the catalogue of the visitor for whom this script runs; None outside of a visit."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    locale = st.context.locale
    return catalogue(locale) if locale else None


choose_by(visitors_catalogue)
