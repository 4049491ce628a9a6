"""Files that a visitor brings become a data set, and are let go of at once.

It stands at the head of the path, between the browser and `mlcore.read_dataset`. Streamlit keeps an uploaded
file in memory for as long as the visit lasts; a data set of 33 MB would so cost 76 MB more for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO, TypeAlias

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from dashboard.memory import return_large_blocks
from dashboard.messages import plain, sentence, show_message
from mlcore import Dataset, DatasetError
from mlcore.language import _
from mlcore.readers import read_dataset

LARGEST_FILE = 150  # MB; Kaggle's train.csv has 76
LARGEST_KEPT = 60_000_000  # bytes; the images of MNIST as they come unpacked have 47 million

Take: TypeAlias = Callable[[Dataset, Dataset | None], None]
"""Receives a data set and, when the files had them, the images kept for the final test."""

_one_at_a_time = Lock()

return_large_blocks()


@dataclass
class UploadTray:
    """What one visitor has put into the uploader.

    Attributes
    ----------
    number : int
        Of the uploader: a new one is empty.
    tried : tuple of str
        The ids of the files that were read last, so that no rerun reads them again.
    message : str
        Why they could not be used; empty when they could.
    """

    number: int = 0
    tried: tuple[str, ...] = ()
    message: str = ""


def show_uploader(tray: UploadTray, take: Take) -> None:
    """Show the uploader; when files have come, read them, ``take`` what they hold, and run the page again.

    Files that cannot be used stay in the uploader, with a sentence below it: labels may still be added to
    images. Only what is large is dropped.
    """
    files = st.file_uploader(
        _("Your files"),
        accept_multiple_files=True,
        max_upload_size=LARGEST_FILE,
        key=f"upload_{tray.number}",
        label_visibility="collapsed",
    )
    ids = tuple(file.file_id for file in files)
    if not files and tray.tried:
        tray.tried, tray.message = (), ""
    if files and ids != tray.tried:
        names = ", ".join(file.name for file in files)
        with st.spinner(plain(_("Reading {names} …").format(names=names))):
            # All of it inside: when the visitor goes to another page meanwhile, leaving the spinner raises.
            tray.tried, number = ids, tray.number
            tray.message = _read(files, take)
            if not tray.message or sum(file.size for file in files) > LARGEST_KEPT:
                _let_go(tray)
        if tray.number != number:
            st.rerun()
    if tray.message:
        show_message("error", tray.message)


def _read(files: Sequence[UploadedFile], take: Take) -> str:
    """Read the files, one visitor at a time; return why they cannot be used, or nothing when they can."""
    named = _by_name(files)
    try:
        with _one_at_a_time:
            dataset = read_dataset(named)
            test = _read_test_part(named, dataset)
    except Exception as error:
        return sentence(error)
    take(dataset, test)
    return ""


def _read_test_part(files: Mapping[str, BinaryIO], dataset: Dataset) -> Dataset | None:
    """Return the test images that came along, when there are some; reading the others said so in a note."""
    if not dataset.notes:
        return None
    try:
        test = read_dataset(files, part="test")
    except DatasetError:
        return None
    is_other = test.fingerprint != dataset.fingerprint
    return test if is_other and test.class_names == dataset.class_names else None


def _let_go(tray: UploadTray) -> None:
    """Take the files out of Streamlit's memory; the uploader is a new and empty one from the next run on."""
    tray.number, tray.tried = tray.number + 1, ()
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def _by_name(files: Sequence[UploadedFile]) -> dict[str, BinaryIO]:
    """Return name → file; a second file of the same name gets a number, so that none is lost."""
    named: dict[str, BinaryIO] = {}
    for file in files:
        name, number = file.name, 2
        while name in named:
            name, number = f"{file.name} ({number})", number + 1
        named[name] = file
    return named
