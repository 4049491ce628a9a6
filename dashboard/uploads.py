"""The uploader of data files: what a visitor brings is read, and is let go of at once.

The pages Data and Evaluate show it. The files are read by `dashboard.reading`, in a process of its own.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.typing import UploadedFile

from dashboard.budget import NoRoom
from dashboard.reading.readings import NamesOffered, NoDisk, TooSlow
from dashboard.server.presence import is_connected
from dashboard.server.server import server
from dashboard.session import UploadTray
from dashboard.ui.messages import keep_problem, plain, show_problem
from mlcore.language import _

LARGEST_FILE = 150  # MB; Kaggle's train.csv has 76

ABSENCE = 10.0
"""Seconds without a connection after which a visitor's file is read no further; it is when they come back."""

T = TypeVar("T")

Read: TypeAlias = Callable[[Mapping[str, Path], Callable[[str], None], str], T]
"""Reads files, as a method of `Readings` does: their paths by name, whom to tell, the visitor's language."""


class VisitorLeft(Exception):
    """Nobody waits for this file any more."""


def show_uploader(name: str, tray: UploadTray, read: Read[T], take: Callable[[T], None]) -> None:
    """Show the uploader; when files have come, ``read`` them, ``take`` what they hold, run the page again.

    Files that cannot be used stay in the uploader, with a sentence below it: labels may still be added to
    images, and what there was no room for may be tried again.

    Parameters
    ----------
    name : str
        Tells the uploaders of the app apart.
    tray : UploadTray
    read, take : callables
    """
    files = st.file_uploader(
        _("Your files"),
        accept_multiple_files=True,
        max_upload_size=LARGEST_FILE,
        key=f"{name}_{tray.number}",
        label_visibility="collapsed",
    )
    ids = tuple(file.file_id for file in files)
    if not files and tray.tried:
        tray.clear()
    if files and ids != tray.tried:
        tray.clear()
        _read(name, files, tray, read, take)
        if not tray.tried:
            st.rerun()
    if tray.tried:
        show_problem(name)
    if tray.offers_names:
        label = _("Read the labels from the names")
        st.button(label, icon=":material/label:", type="primary", on_click=tray.use_names)
    if tray.may_try_again:
        st.button(_("Try again"), icon=":material/refresh:", on_click=tray.clear)


def _read(
    name: str, files: Sequence[UploadedFile], tray: UploadTray, read: Read[T], take: Callable[[T], None]
) -> None:
    """Read the files and take what they hold, or leave in the tray why they cannot be used.

    When the visitor does something else meanwhile, Streamlit raises in the midst of it: nothing was tried.
    """
    names, here = ", ".join(file.name for file in files), server()
    ids = tuple(file.file_id for file in files)
    try:
        with (
            st.spinner(plain(_("Reading {names} …").format(names=names))),
            here.uploads.paths(files) as paths,
        ):
            named = dict(zip(_distinct([file.name for file in files]), paths, strict=True))
            wait = _waiting(st.empty())
            found = read(named, wait, st.context.locale or "")
    except VisitorLeft:
        st.stop()
    except Exception as error:
        keep_problem(name, error)
        tray.tried, tray.labels = ids, "folders"
        tray.offers_names = isinstance(error, NamesOffered)
        tray.may_try_again = isinstance(error, NoRoom | NoDisk | TooSlow)
        return
    _let_go(tray, ids)
    take(found)


def _waiting(place: DeltaGenerator) -> Callable[[str], None]:
    """Return what shows a visitor what is being waited for, and stops when they have left."""
    context, seen = get_script_run_ctx(), time.monotonic()

    def wait(text: str) -> None:
        nonlocal seen
        place.caption(text)  # raises Streamlit's own signal when the visitor has done something else
        now = time.monotonic()
        if context is None or is_connected(context.session_id):
            seen = now
        elif now - seen > ABSENCE:
            raise VisitorLeft

    return wait


def _let_go(tray: UploadTray, ids: Sequence[str]) -> None:
    """Give the files back that were read, and no other; the uploader is a new and empty one from now on."""
    tray.number, tray.labels = tray.number + 1, "folders"
    tray.clear()
    context = get_script_run_ctx()
    if context is not None:
        for file_id in ids:
            context.uploaded_file_mgr.remove_file(context.session_id, file_id)  # type: ignore[attr-defined]


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names; a second file of the same name gets a number, so that none is lost.

    >>> _distinct(["a.csv", "b.csv", "a.csv"])
    ['a.csv', 'b.csv', 'a.csv (2)']
    """
    found: list[str] = []
    for name in names:
        other, number = name, 2
        while other in found:
            other, number = f"{name} ({number})", number + 1
        found.append(other)
    return found
