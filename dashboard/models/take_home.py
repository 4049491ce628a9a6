"""How a model is taken home: the bytes of its file, and the buttons on Draw, as a web page and as C code.

The pages Train and Inside offer the file; of a run, Train offers the others (`dashboard/train/exports.py`).
"""

import io
import zipfile

import streamlit as st

from dashboard.shipped import refusal_for
from mlcore import Model, c_files, save_model
from mlcore.exports.browser import fits_web_page, web_page
from mlcore.exports.c_header import fits_c_files, footprint
from mlcore.language import _


def model_file(model: Model) -> bytes:
    """Return a model as the bytes of a file."""
    buffer = io.BytesIO()
    save_model(model, buffer)
    return buffer.getvalue()


def offer_model(model: Model) -> None:
    """Let the visitor take the model that answers home, unless it is too large for such a file."""
    with st.container(horizontal=True, key="take_home"):
        if fits_web_page(model):
            _offer_web_page(model)
        if fits_c_files(model):
            _offer_c_code(model)


def _offer_web_page(model: Model) -> None:
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


def _offer_c_code(model: Model) -> None:
    st.download_button(
        _("C code (.zip)"),
        lambda: c_archive(model),
        "digit-lab-c.zip",
        "application/zip",
        on_click="ignore",
        icon=":material/memory:",
        help=f"{_('This network for a microcontroller, with weights in 8 bits.')} {size_in_c(model)}",
        key="c_code",
    )


def c_archive(model: Model) -> bytes:
    """Return a model as C code in a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in c_files(model).items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def size_in_c(model: Model) -> str:
    """Return how large a model is as C code, and what an answer costs, as a sentence."""
    size = footprint(model)
    told = _(
        "{constants:,} bytes of constants, {memory:,} of working memory, {n:,} multiplications per answer."
    )
    return told.format(constants=size.constants, memory=size.memory, n=size.multiplications)
