"""The canvas that a visitor draws on, with its own Undo and Clear.

`input.py` shows it on the Draw page. Each stroke is kept in `Session.drawing`, and everything else is
computed from that.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.draw.drawing import WIDE, as_text, is_blank, keep, take_back, undo
from dashboard.draw.play import put_away
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from dashboard.ui.tab_memory import remember_in_tab
from mlcore.language import _

KEY, WIDE_KEY = "canvas", "canvas_wide"
BOARD, WIDE_BOARD = "canvas_board", "canvas_wide_board"
MANNERS = (Path(__file__).parent / "canvas.js").read_text(encoding="utf-8")


def show_canvas(session: Session, *, wide: bool = False) -> None:
    """Show the canvas with its buttons; call it inside a fragment, which then runs again after a stroke.

    A wide one has room for a number. What is drawn is kept when the other is chosen.
    """
    from streamlit_drawable_canvas import st_canvas  # only a running app can import it

    key, board = (WIDE_KEY, WIDE_BOARD) if wide else (KEY, BOARD)
    if key not in st.session_state:
        # It is mounted again, for example after a change of the page: begin with what was drawn before.
        session.canvas_start = session.drawing
    with st.container(key=board):
        st_canvas(
            stroke_width=session.pen_width,
            stroke_color="#ffffff",
            background_color="#000000",
            width=WIDE if wide else SIZE,
            height=SIZE,
            initial_drawing=session.canvas_start,
            key=key,
            on_change=lambda: keep(session, _sent(st.session_state.get(key))),
        )
        _show_buttons(session)
        _teach_manners(
            board,
            WIDE / SIZE if wide else 1,
            _(
                "Canvas for drawing with mouse, pen or finger. To draw by keys, open Draw with the keyboard "
                "below it."
            ),
        )
        remember_in_tab("drawing", as_text(session), lambda text: take_back(session, text))


def _sent(state: Any) -> Any:
    """Return the drawing in what the component says of itself; None when it is anything else than usual."""
    drawing = state.get("drawing") if isinstance(state, Mapping) else None
    return drawing.get("raw") if isinstance(drawing, Mapping) else None


def _show_buttons(session: Session) -> None:
    blank = is_blank(session)
    with st.container(horizontal=True, wrap=False):
        for label, icon, action in (
            (_("Undo"), ":material/undo:", undo),
            (_("Clear"), ":material/delete:", put_away),
        ):
            st.button(label, icon=icon, on_click=action, args=(session,), disabled=blank, width="stretch")


def _teach_manners(board: str, aspect: float, label: str) -> None:
    """Give the canvas words for assistive technology, and take its toolbar out of the pen's way."""
    script = MANNERS.replace("BOARD", board).replace("ASPECT", str(aspect))
    st.html(
        f'<span id="canvas-label" hidden>{label}</span><script>{script}</script>',
        unsafe_allow_javascript=True,
    )
