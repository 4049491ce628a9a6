"""More files of a run: notebook, program and images to train it again, other formats, and a report.

The Train page offers them below the model file, each with a line on what it is for. A file is made when it is
asked for.
"""

import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard.models.take_home import c_archive, size_in_c
from dashboard.run_service import get_run_service
from dashboard.runs.status import RunStatus
from dashboard.server.server import server
from dashboard.train.report import run_report
from dashboard.ui.messages import friendly_errors, show_message
from dashboard.ui.wording import file_stem
from mlcore import (
    Model,
    ModelFileError,
    Split,
    export_safetensors,
    notebook_of,
    save_images,
    script_of,
)
from mlcore.exports.browser import fits_web_page, web_page
from mlcore.exports.c_header import fits_c_files
from mlcore.exports.script import as_json, exportable
from mlcore.language import N_, _

COPIES_OF_IMAGES = 2
"""Of the pixels that are in memory while the file of images is made: those of a view, and the packed file."""


@dataclass(frozen=True)
class Source:
    """What files are made from: a run, its last model, the model that was chosen, and its images."""

    status: RunStatus
    last: Callable[[], Model]
    chosen: Callable[[], Model]
    split: Callable[[], Split]

    @property
    def images_name(self) -> str:
        """What the file of images is called, which notebook and program read."""
        return f"{file_stem(self.status)}-images.npz"


@dataclass(frozen=True)
class Offer:
    """A file that is offered.

    Attributes
    ----------
    label, help : str
        Of its button, and the line below it (English; shown through `_`).
    ending : str
        Of its name, behind the run's own.
    mime, icon : str
    make : callable
        Makes the content from a `Source`.
    repeats : bool
        Whether it trains the run again, and is there only for a run that follows from its settings.
    shows_images : bool
        Whether images of the run's data are in it, which are for the run's owner alone.
    package : str
        What must be installed to make it; empty for most.
    suits : callable
        Whether there is one of a model.
    size : callable
        A sentence on how large it is and what it costs, of a model; empty for most.
    """

    label: str
    help: str
    ending: str
    mime: str
    icon: str
    make: Callable[[Source], bytes | str]
    repeats: bool = False
    shows_images: bool = False
    package: str = ""
    suits: Callable[[Model], bool] = lambda model: True
    size: Callable[[Model], str] = lambda model: ""


def _images(source: Source) -> bytes:
    split, file = source.split(), io.BytesIO()
    height, width = split.train.image_shape
    pixels = (len(split.train) + len(split.dev)) * height * width
    with server().budget.reserve(COPIES_OF_IMAGES * pixels):
        save_images(split, file)
        return file.getvalue()


def _safetensors(source: Source) -> bytes:
    file = io.BytesIO()
    export_safetensors(source.chosen(), file)
    return file.getvalue()


def _onnx(source: Source) -> bytes:
    from mlcore.onnx import export_onnx

    file = io.BytesIO()
    export_onnx(source.chosen(), file)
    return file.getvalue()


OFFERS: tuple[Offer, ...] = (
    Offer(
        N_("Web page that answers drawings (.html)"),
        N_("A canvas and this network in one file. It works offline, on a phone too: open it in a browser."),
        "draw.html",
        "text/html",
        ":material/draw:",
        lambda source: web_page(source.chosen()),
        suits=fits_web_page,
    ),
    Offer(
        N_("Notebook (.ipynb)"),
        N_("This training step by step in NumPy alone, with the same results. It reads the images below."),
        "train.ipynb",
        "application/x-ipynb+json",
        ":material/menu_book:",
        lambda source: as_json(notebook_of(source.last(), source.images_name)),
        repeats=True,
    ),
    Offer(
        N_("Program (.py)"),
        N_("The code of the notebook as one file for Python with NumPy."),
        "train.py",
        "text/x-python",
        ":material/code:",
        lambda source: script_of(source.last(), source.images_name),
        repeats=True,
    ),
    Offer(
        N_("Images (.npz)"),
        N_("The training set and the dev set of this run. Put the file beside the notebook or the program."),
        "images.npz",
        "application/octet-stream",
        ":material/photo_library:",
        _images,
        shows_images=True,
    ),
    Offer(
        N_("Report (.html)"),
        N_(
            "Settings, curves, confusion matrix and the worst mistakes on one page that needs no "
            "internet connection."
        ),
        "report.html",
        "text/html",
        ":material/description:",
        lambda source: run_report(source.status, source.chosen(), source.split().dev),
        shows_images=True,
    ),
    Offer(
        N_("Weights (.safetensors)"),
        N_("Weights and biases of each layer, for other programs."),
        "weights.safetensors",
        "application/octet-stream",
        ":material/deployed_code:",
        _safetensors,
    ),
    Offer(
        N_("ONNX (.onnx)"),
        N_("The model with its preparation, for any ONNX runtime."),
        "model.onnx",
        "application/octet-stream",
        ":material/deployed_code:",
        _onnx,
        package="onnx",
    ),
    Offer(
        N_("C code (.zip)"),
        N_("A header with weights in 8 bits and a small program, for any C compiler or a microcontroller."),
        "c.zip",
        "application/zip",
        ":material/memory:",
        lambda source: c_archive(source.chosen()),
        suits=fits_c_files,
        size=size_in_c,
    ),
)


def show_more_files(status: RunStatus, may_change: bool, best: bool) -> None:
    """Offer the other files; those with images to the owner of the run only."""
    more = st.expander(_("More files"), key=f"files of {status.run_id}", on_change="rerun")
    if not more.open:
        return
    with more, friendly_errors():
        service = get_run_service()
        source = Source(
            status,
            lambda: service.model(status.run_id),
            lambda: service.model(status.run_id, best=best),
            lambda: service.split(status.run_id),
        )
        last = source.last()
        reason = why_not_exportable(last)
        for offer in OFFERS:
            if offer.package and importlib.util.find_spec(offer.package) is None:
                continue
            if (offer.shows_images and not may_change) or (offer.repeats and reason):
                continue
            if not offer.suits(last):
                continue
            _show_offer(offer, source, offer.size(last))
        if reason:
            show_message("info", reason)


def why_not_exportable(model: Model) -> str:
    """Return why a run cannot be written out as a program, as a sentence; empty when it can."""
    try:
        exportable(model)
    except ModelFileError as error:
        return str(error)
    return ""


def _show_offer(offer: Offer, source: Source, size: str) -> None:
    button, words = st.columns([1, 2], vertical_alignment="center", gap="small")
    with button:
        st.download_button(
            _(offer.label),
            lambda: offer.make(source),
            f"{file_stem(source.status)}-{offer.ending}",
            offer.mime,
            on_click="ignore",
            icon=offer.icon,
            width="stretch",
        )
    words.caption(f"{_(offer.help)} {size}".strip())
