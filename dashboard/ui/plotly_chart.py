"""The one component that draws figures: in place, with the visitor's zoom, in the theme's colours.

Each chart of the app is a function that returns a `plotly.graph_objects.Figure`; pages hand figures to
`show_chart`. `st.plotly_chart` would put up a new chart at each change: it blinks, and the zoom is lost.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.ui import palette
from mlcore.language import _

if TYPE_CHECKING:  # 23 MB and 0.1 s, which a page without charts need not pay
    from plotly.graph_objects import Figure

Cell: TypeAlias = tuple[int, int]
"""Row and column of a heatmap's cell."""

_HERE = Path(__file__).parent
_STREAMLIT = Path(st.__file__).parent / "static" / "static" / "js"
# Each read once: a chart is shown once a second while a run trains.
_CSS = (_HERE / "plotly_chart.css").read_text(encoding="utf-8")
_JS = "\n".join(
    (_HERE / name).read_text(encoding="utf-8")
    for name in ("plotly_chart.js", "chart_bar.js", "chart_cells.js")
)
_HTML = """
<div class="dl-chart">
  <div class="dl-bar"><div class="dl-legend" role="group"></div><div class="dl-views">
    <span class="dl-other"></span>
    <button type="button" class="dl-whole" hidden></button>
    <details class="dl-menu"><summary>⋮</summary><div></div></details>
  </div></div>
  <div class="dl-figures"></div>
</div>
"""


def show_chart(
    *figures: "Figure",
    key: str,
    subject: str = "",
    chosen: Cell | None = None,
    on_choice: Callable[[Cell], None] | None = None,
    on_pick: Callable[[list[int]], None] | None = None,
) -> None:
    """Show figures side by side, as room allows, with one legend and one menu; call it again to redraw.

    Parameters
    ----------
    figures : plotly.graph_objects.Figure
        Each may have in its ``layout.meta``: ``alt``, its text alternative; ``height``, as
        CSS has it; ``view``, another view of the figure: the ``name`` of its button, and ``changes`` of the
        layout (dotted names).
    key : str
        Of the component; the visitor's zoom and hidden curves are kept under it.
    subject : str
        What the figures are about, such as a run: the zoom is taken back when it changes.
    chosen : (row, column), optional
        The cell of the first figure's heatmap that has the frame; the first shape of its layout is the frame.
    on_choice : callable, optional
        Is given the cell that was chosen by mouse, touch or arrow keys.
    on_pick : callable, optional
        Is given the ``customdata`` of the points round which the visitor drew a line; the ``dragmode`` of the
        figure is "lasso". A browser may send any whole numbers.
    """
    turn: int = st.session_state.get(f"{key}_turn", 0)
    _component()(
        data={
            "module": plotly_module(),
            "key": key,
            "figures": [figure.to_json() for figure in figures],
            "colors": _theme_colors(),
            "subject": subject,
            "cell": chosen,
            "turn": turn,
            "file": _stand_alone(figures) if st.session_state.pop(f"{key}_wanted", False) else None,
            "words": _words(),
        },
        key=key,
        on_cell_change=lambda: _take_cell(key, on_choice),
        on_picked_change=lambda: _take_picked(key, on_pick),
        on_wanted_change=lambda: st.session_state.update({f"{key}_wanted": True}),
    )


def prepare_charts() -> None:
    """Let the browser fetch Plotly, so that a chart which is shown soon is there at once."""
    show_chart(key="chart_to_come")


def _take_cell(key: str, on_choice: Callable[[Cell], None] | None) -> None:
    """Remember which choice it was, so that the frame does not go back when Python answers an older one."""
    said = st.session_state[key].cell
    if not (isinstance(said, list) and len(said) == 3 and all(type(number) is int for number in said)):
        return  # no chart of ours sends anything else
    row, column, turn = said
    st.session_state[f"{key}_turn"] = turn
    if on_choice is not None:
        on_choice((int(row), int(column)))


def _take_picked(key: str, on_pick: Callable[[list[int]], None] | None) -> None:
    picked = st.session_state[key].picked
    if on_pick is not None and isinstance(picked, list) and all(type(number) is int for number in picked):
        on_pick(picked)


def _words() -> dict[str, str]:
    return {
        "whole": _("Undo zoom"),
        "legend": _("Curves"),
        "menu": _("Save the chart"),
        "png": _("Picture (PNG)"),
        "svg": _("Drawing (SVG)"),
        "html": _("Web page (HTML)"),
        "keys": _("Use the arrow keys to move from cell to cell."),
    }


def _theme_colors() -> dict[str, Sequence[str]]:
    """Return the colours in which figures are made, by the name under which the browser knows the theme's."""
    return {
        "text-color": [palette.TEXT],
        "border-color": [palette.LINES],
        "background-color": [palette.BACKGROUND],
        "chart-categorical-colors": palette.COLORS,
        "chart-sequential-colors": palette.SHADES,
    }


def _stand_alone(figures: Sequence["Figure"]) -> str:
    """Return a web page with the figures in it, Plotly included: it needs neither this app nor a network."""
    parts = [
        figure.to_html(full_html=False, include_plotlyjs=number == 0) for number, figure in enumerate(figures)
    ]
    return '<!doctype html><meta charset="utf-8"><title>Digit Lab</title>\n' + "\n".join(parts)


@cache
def plotly_module() -> str:
    """Return the name of the JavaScript module that brings Streamlit's own Plotly.

    One download serves every page, and the browser keeps it for good; the copy in the plotly package would be
    4.8 MB more for each visitor.
    """
    names = [path.name for path in _STREAMLIT.glob("PlotlyChart.*.js")]
    if len(names) != 1:
        raise FileNotFoundError(f"Streamlit {st.__version__} keeps Plotly elsewhere than in {_STREAMLIT}")
    return names[0]


def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "digit_lab_plotly_chart",
        html=_HTML,
        css=_CSS,
        js=_JS,
        isolate_styles=False,
    )
