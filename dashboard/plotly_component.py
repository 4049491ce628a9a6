"""Components of our own in which Plotly draws anew in place, with the Plotly that Streamlit itself brings.

They stand at the end of the path, where numbers become charts. `st.plotly_chart` puts up a new chart at each
change: it blinks, and a zoom is lost.
"""

from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

_HERE = Path(__file__).parent
_STREAMLIT = Path(st.__file__).parent / "static" / "static" / "js"


@cache
def plotly_module() -> str:
    """Return the name of the JavaScript module that brings Streamlit's own Plotly.

    One download serves every page, `st.plotly_chart` too, and the browser keeps it for good; the copy in
    the plotly package would be 4.8 MB more for each visitor. The component passes it on to `loadPlotly`.
    """
    names = [path.name for path in _STREAMLIT.glob("PlotlyChart.*.js")]
    if len(names) != 1:
        raise FileNotFoundError(f"Streamlit {st.__version__} keeps Plotly elsewhere than in {_STREAMLIT}")
    return names[0]


def plotly_component(name: str, html: str) -> ComponentRenderer:
    """Return the component of ``<name>.js`` and ``<name>.css``, after what plotly_component.js defines."""
    scripts = [(_HERE / file).read_text(encoding="utf-8") for file in ("plotly_component.js", f"{name}.js")]
    return st.components.v2.component(
        f"digit_lab_{name}",
        html=html,
        css=(_HERE / f"{name}.css").read_text(encoding="utf-8"),
        js="\n".join(scripts),
        isolate_styles=False,
    )
