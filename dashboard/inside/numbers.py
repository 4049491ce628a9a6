"""The numbers of one value of a training step: as colours, each with what it was made of.

The Inside page shows them last in the look at one step.
"""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.ui.messages import chart_text, plain
from dashboard.ui.number_field import Bounds, number_field
from dashboard.ui.palette import DEV, axis, layout
from dashboard.ui.pictures import Picture, grid
from dashboard.ui.plotly_chart import Cell, show_chart
from dashboard.ui.signed_colours import SCALE, largest, signed_picture, strip
from mlcore import StepValue
from mlcore.language import _
from mlcore.study.origin import Origin, indexed

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LARGE = 320
WIDE = 1200
"""CSS pixels that a page has for a chart at most."""
MOST_COLUMNS = 128
MOST_CELLS = 1024
"""Numbers at most that are cells of a chart, each with its own words; of more, those round the chosen one."""

LEAST_CELL = 0.5
"""Width in rem below which a finger or a mouse does not find a cell: a narrow screen scrolls the chart."""


def show_numbers(value: StepValue, words: str) -> None:
    """Show the numbers, let the visitor choose one, and say what it was made of."""
    key = f"inside_number {value.stage} {value.name} {value.shape}"
    size = value.values.size
    place = int(st.session_state.get(key, np.abs(np.nan_to_num(value.values)).argmax()))
    rows = as_rows(np.asarray(value.values, np.float64))
    if size == 1 or rows.size > MOST_CELLS:
        grid([Picture(signed_picture(rows, largest(rows)), words)], LARGE)
    if size > 1:
        _show_cells(value, rows, place, key, words)
        number_field(
            _("Number, from 0 to {last:,}").format(last=size - 1),
            place,
            lambda number: st.session_state.update({key: number}),
            key=f"field of {key}",
            bounds=Bounds(0, size - 1, 1),
            width=340,
        )
    _show_origin(value, place)


def _show_cells(value: StepValue, rows: np.ndarray, place: int, key: str, words: str) -> None:
    """Show the numbers as cells: all of them, or as many rows round the chosen one as a chart holds."""
    columns = rows.shape[1]
    shown = rows_around(place // columns, len(rows), columns)
    first = shown.start * columns

    def choose(cell: Cell) -> None:
        st.session_state[key] = min(first + cell[0] * columns + cell[1], value.values.size - 1)

    text = _("Point at a number to see what it was made of; click, touch or use the arrow keys.")
    if shown.stop - shown.start < len(rows):
        part = _("Lines {first:,} to {last:,} of {n:,}: the field below leads to any other number.")
        text += " " + part.format(first=shown.start + 1, last=shown.stop, n=len(rows))
    st.caption(text)
    cell = divmod(place - first, columns)
    depth = shown.stop - shown.start
    square = int(16 * height_of(depth) * columns / depth)  # pixels: an image must not look stretched
    with st.container(width=max(LARGE, square) if square < WIDE else "stretch"):
        show_chart(
            numbers_figure(value, rows, shown, cell, words),
            key="inside_numbers",
            subject=f"{key} {first}",
            chosen=cell,
            on_choice=choose,
        )


def height_of(n_rows: int) -> float:
    """Return how high a chart of so many rows is, in rem.

    >>> height_of(1), height_of(28)
    (12.2, 24.0)
    """
    return min(24.0, 11 + 1.2 * n_rows)


def rows_around(row: int, n_rows: int, columns: int) -> slice:
    """Return which rows a chart shows so that this one is among them; they stay while the choice is in them.

    >>> rows_around(3, 28, 28), rows_around(13, 784, 128), rows_around(783, 784, 100)
    (slice(0, 28, None), slice(8, 16, None), slice(780, 784, None))
    """
    depth = MOST_CELLS // columns
    start = row // depth * depth
    return slice(start, min(start + depth, n_rows))


def _show_origin(value: StepValue, place: int) -> None:
    """Say what a number was made of: its formula, and what is added up."""
    number = f"{float(value.values.ravel()[place]):.5g}"
    origin = value.origin(place)
    if origin is None:
        st.write(plain(f"{name_of(value, place)} = {number}"))
        return
    st.write(plain(f"{origin.formula} = {number}"))
    if len(origin.summands) > 1:
        st.markdown("\n".join(f"- {plain(name)}: {part:+.5g}" for name, part in origin.summands))
    else:
        st.caption(plain(f"{origin.summands[0][0]} = {number}"))


def name_of(value: StepValue, place: int) -> str:
    """Return the symbol of a number with its indices, such as "b₁[3]"; the image's pixels have no symbol."""
    position = tuple(int(k) for k in np.unravel_index(place, value.shape))
    symbol = value.symbol or _("pixel")
    return indexed(symbol, position) if position else symbol


def numbers_figure(value: StepValue, whole: np.ndarray, shown: slice, chosen: Cell, alt: str) -> "Figure":
    """Return some rows of the numbers as cells, red above zero and blue below, with what each was made of."""
    from plotly.graph_objects import Figure

    rows, limit = whole[shown], largest(whole)
    height, width = rows.shape
    first = shown.start * width
    texts = [_hover(value, place) for place in range(first, min(first + rows.size, value.values.size))]
    texts += [""] * (rows.size - len(texts))
    heatmap = {
        "type": "heatmap",
        "z": [[float(f"{number:.4g}") for number in row] for row in rows],
        "zmin": -limit,
        "zmax": limit,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertext": [texts[start : start + width] for start in range(0, rows.size, width)],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }
    row, column = chosen
    frame = {"type": "rect", "x0": column - 0.5, "x1": column + 0.5, "y0": row - 0.5, "y1": row + 0.5}
    hidden = {"fixedrange": True, "showgrid": False, "showticklabels": False, "ticks": ""}
    settings = layout(
        "",
        showlegend=False,
        xaxis=axis("", range=[-0.5, width - 0.5], **hidden),
        yaxis=axis("", range=[height - 0.5, -0.5], **hidden),
        shapes=[frame | {"line": {"color": DEV, "width": 3}}],
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        dragmode=False,
        meta={
            "alt": alt,
            "height": f"{height_of(height):.1f}rem",
            "least_width": f"{LEAST_CELL * width:g}rem",
        },
    )
    return Figure([heatmap], settings)


def _hover(value: StepValue, place: int) -> str:
    number = f"{float(value.values.ravel()[place]):.5g}"
    origin = value.origin(place)
    if origin is None:
        return chart_text(f"{name_of(value, place)} = {number}")
    return "<br>".join(chart_text(line) for line in (f"{origin.formula} = {number}", *origin_lines(origin)))


def origin_lines(origin: Origin) -> list[str]:
    """Return the summands of a number, one a line."""
    if len(origin.summands) == 1:
        return [origin.summands[0][0]]
    return [f"{part:+.4g}  {name}" for name, part in origin.summands]


def as_rows(values: np.ndarray) -> np.ndarray:
    """Return an array of any shape as rows and columns, none of them so long that it cannot be seen.

    >>> [as_rows(np.zeros(shape)).shape for shape in ((), (10,), (40,), (3, 4), (5, 1, 3, 3))]
    [(1, 1), (1, 10), (2, 32), (3, 4), (5, 9)]
    """
    if values.ndim < 2:
        return strip(values.reshape(-1))
    rows = values.reshape(values.shape[0], -1)
    return rows if rows.shape[1] <= MOST_COLUMNS else strip(values.reshape(-1), MOST_COLUMNS)
