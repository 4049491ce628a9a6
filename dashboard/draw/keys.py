"""Drawing by keys: a grid over the canvas on which the arrow keys move a pen, read out by a screen reader.

The Draw page offers it below the canvas, folded away. What is drawn becomes strokes on the canvas, so that
everything else is as after a stroke of the mouse.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.draw.drawing import WIDE, add
from dashboard.draw.strokes import MOST_POINTS, strokes_of
from dashboard.models.drawn import SIZE
from dashboard.session import Session
from mlcore.images.strokes import Point, Stroke
from mlcore.language import _

CELL = 10
"""Units of the canvas, both ways: 28 cells across, as MNIST's images have pixels."""

MOST_WAITING = 20
"""Strokes that a browser sends at once: those that the server has not answered yet."""

KEY = "keys_board"
_JS = (Path(__file__).parent / "keys.js").read_text(encoding="utf-8")
_HTML = """<div class="dl-keys">
  <canvas tabindex="0" role="application"></canvas>
  <p class="dl-place" role="status"></p>
</div>"""


def offer_keys(session: Session, *, wide: bool = False) -> None:
    """Offer to draw by keys, on a grid as wide as the canvas."""
    about = st.expander(
        _("Draw with the keyboard"), icon=":material/keyboard:", key="keys", on_change="rerun"
    )
    if not about.open:
        return
    columns, rows = (WIDE if wide else SIZE) // CELL, SIZE // CELL
    with about:
        st.caption(
            _(
                "The arrow keys move the pen by one cell; Home, End, Page Up and Page Down move it "
                "diagonally. Space or Enter sets the pen down, and lifts it again: then the network answers."
            )
        )
        component = st.components.v2.component("digit_lab_keys", html=_HTML, js=_JS, isolate_styles=False)
        component(
            data={
                "columns": columns,
                "rows": rows,
                "cell": CELL,
                "strokes": [stroke.points for stroke in strokes_of(session.drawing)],
                "turn": _turn(),
                "words": words(),
            },
            key=KEY,
            on_strokes_change=lambda: _take(session, columns, rows),
        )


def words() -> dict[str, str]:
    """Return what the grid says; what stands in braces is filled in by the script."""
    return {
        "label": _("Grid for drawing with the keyboard, {columns} columns by {rows} rows."),
        "place": _("Row {row}, column {column}: {cell}."),
        "ink": _("ink"),
        "paper": _("empty"),
        "down": _("Pen down."),
        "up": _("Pen up."),
        "edge": _("Edge."),
    }


def _take(session: Session, columns: int, rows: int) -> None:
    """Put the strokes on the canvas that it has not yet; what is no stroke is left out, whatever it is."""
    sent = st.session_state[KEY].strokes
    for entry in sent[:MOST_WAITING] if isinstance(sent, list) else []:
        turn = entry.get("turn") if isinstance(entry, Mapping) else None
        if type(turn) is not int or turn <= _turn():
            continue
        st.session_state["keys_turn"] = turn
        if cells := cells_of(entry.get("cells"), columns, rows):
            add(session, Stroke(line_through(cells), session.pen_width))


def cells_of(cells: Any, columns: int, rows: int) -> list[tuple[int, int]]:
    """Return the cells (column, row) that a browser sent; none when it sent anything else.

    >>> cells_of([[3, 4], [4, 4]], 28, 28), cells_of([[3, 4], [28, 4]], 28, 28), cells_of("x", 28, 28)
    ([(3, 4), (4, 4)], [], [])
    """
    if not isinstance(cells, list) or len(cells) > MOST_POINTS:
        return []
    places = [tuple(cell) if isinstance(cell, list) else () for cell in cells]
    is_on_board = all(
        len(place) == 2
        and all(type(number) is int for number in place)
        and 0 <= place[0] < columns
        and 0 <= place[1] < rows
        for place in places
    )
    return places if is_on_board else []


def line_through(cells: Sequence[tuple[int, int]]) -> tuple[Point, ...]:
    """Return a line along cells, through the middles between them: so stairs become a slope.

    A single cell is a short line, as a dot has to be longer than nothing to be seen.

    >>> line_through([(0, 0), (1, 0), (1, 1)])
    ((5.0, 5.0), (10.0, 5.0), (15.0, 10.0), (15.0, 15.0))
    >>> line_through([(2, 3)])
    ((23.0, 35.0), (27.0, 35.0))
    """
    middles = [(CELL * (column + 0.5), CELL * (row + 0.5)) for column, row in cells]
    if len(middles) == 1:
        ((x, y),) = middles
        return (x - 2, y), (x + 2, y)
    between = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in pairwise(middles)]
    return (middles[0], *between, middles[-1])


def _turn() -> int:
    """Return the number of the last stroke that was taken."""
    turn: int = st.session_state.setdefault("keys_turn", 0)
    return turn
