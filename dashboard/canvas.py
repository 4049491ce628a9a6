"""The canvas that a visitor draws on, with its own Undo and Clear.

It stands before `mlcore.image_from_drawing` on the path: each stroke ends in `Session.drawing`, and from
there everything else follows.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from dashboard.session import Session
from dashboard.strokes import draw_strokes, strokes_of
from mlcore.language import _

SIZE = 280
"""Pixels of the canvas, both ways: ten for each pixel of MNIST, and it fits a phone."""

KEY = "canvas"
BOARD = "canvas_board"
MANNERS = Path(__file__).parent / "canvas.js"


def drawn_image(session: Session) -> npt.NDArray[np.uint8]:
    """Return what is on the canvas, white on black, uint8 ``(SIZE, SIZE)``; all black when it is blank."""
    return draw_strokes(strokes_of(session.drawing), SIZE)


def show_canvas(session: Session) -> None:
    """Show the canvas with its buttons; call it inside a fragment, which then runs again after a stroke."""
    if KEY not in st.session_state:
        # It is put up anew, for example after a change of the page: begin with what was drawn before.
        session.canvas_start = session.drawing
    with st.container(key=BOARD, width=SIZE):
        st_canvas(
            stroke_width=session.pen_width,
            stroke_color="#ffffff",
            background_color="#000000",
            width=SIZE,
            height=SIZE,
            initial_drawing=session.canvas_start,
            key=KEY,
            on_change=lambda: _keep(session),
        )
        _show_buttons(session)
        _teach_manners(
            _("Canvas for drawing with mouse, pen or finger. To do without, choose File or Camera.")
        )


def undo(session: Session) -> None:
    """Take the last stroke back."""
    _put_up(session, _objects(session.drawing)[:-1])


def clear(session: Session) -> None:
    """Take all strokes back."""
    _put_up(session, [])


def _show_buttons(session: Session) -> None:
    blank = not _objects(session.drawing)
    with st.container(horizontal=True, wrap=False):
        for label, icon, action in ((_("Undo"), "undo", undo), (_("Clear"), "delete", clear)):
            icon = f":material/{icon}:"
            st.button(label, icon=icon, on_click=action, args=(session,), disabled=blank, width="stretch")


def _keep(session: Session) -> None:
    """Keep what the browser says is on the canvas now."""
    sent = (st.session_state.get(KEY) or {}).get("drawing") or {}
    session.drawing = {"objects": _objects(sent.get("raw"))}


def _put_up(session: Session, objects: list[Any]) -> None:
    """Put these strokes on the canvas in place of what is there.

    The canvas takes a start that differs from the last one it was given, without being put up anew, so that
    nothing flickers. The number makes a second Clear differ from the first.
    """
    session.drawing = {"objects": objects}
    session.canvas_revision += 1
    session.canvas_start = {"objects": objects, "revision": session.canvas_revision}


def _objects(drawing: dict[str, Any] | None) -> list[Any]:
    objects = (drawing or {}).get("objects")
    return objects if isinstance(objects, list) else []


def _teach_manners(label: str) -> None:
    """Give the canvas words for assistive technology, and take its toolbar out of the pen's way."""
    script = MANNERS.read_text(encoding="utf-8").replace("BOARD", BOARD)
    st.html(
        f'<span id="canvas-label" hidden>{label}</span><script>{script}</script>',
        unsafe_allow_javascript=True,
    )
