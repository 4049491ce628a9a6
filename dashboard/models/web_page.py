"""The button on Draw that takes the model that answers home as one web page.

The Train page offers the same file of a run (`dashboard/train/exports.py`).
"""

import streamlit as st

from dashboard.shipped import refusal_for
from mlcore import Model
from mlcore.exports.browser import fits_web_page, web_page
from mlcore.language import _


def offer_web_page(model: Model) -> None:
    """Let the visitor take the model that answers home, unless it is too large for a page."""
    if not fits_web_page(model):
        return
    st.download_button(
        _("Take this network home (.html)"),
        lambda: web_page(model, refusal_for(model)),
        "digit-lab.html",
        "text/html",
        on_click="ignore",
        icon=":material/download:",
        help=_("One file with canvas and network. It works offline, on a phone too: open it in a browser."),
        key="web_page",
    )
