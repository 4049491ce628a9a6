"""The component that draws figures: what it sends to the browser, and the Plotly that it uses there.

What the browser makes of it is in `tests/e2e/test_charts.py`.
"""

import json
from pathlib import Path
from typing import Any

import streamlit
from streamlit.testing.v1 import AppTest

from dashboard.ui import palette
from dashboard.ui.plotly_chart import plotly_module
from tests.waiting import PATIENCE


def page() -> None:
    import streamlit as st
    from plotly.graph_objects import Figure

    from dashboard.ui.palette import TRAINING, axis, layout
    from dashboard.ui.plotly_chart import prepare_charts, show_chart

    line = {"type": "scatter", "x": [0, 1], "y": [2, 3], "name": "up", "line": {"color": TRAINING}}
    settings = layout("Accuracy", xaxis=axis("Epochs"), meta={"alt": "It goes up."})
    show_chart(Figure([line], settings), key="chart", subject="run 7")
    st.button("HTML", on_click=lambda: st.session_state.update(chart_wanted=True))
    prepare_charts()


def opened() -> AppTest:
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert not app.exception
    return app


def sent(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def test_streamlit_brings_a_plotly_that_a_chart_of_ours_can_use() -> None:
    script = Path(streamlit.__file__).parent / "static" / "static" / "js" / plotly_module()
    assert "window.Plotly=" in script.read_text("utf-8")


def test_a_figure_is_sent_whole_with_its_subject_and_without_a_template() -> None:
    chart, _to_come = sent(opened())
    assert chart["subject"] == "run 7"
    (text,) = chart["figures"]
    figure = json.loads(text)
    assert figure["data"][0]["y"] == [2, 3]
    assert figure["layout"]["meta"]["alt"] == "It goes up."
    assert len(text) < 2000


def test_every_colour_of_a_figure_can_be_exchanged_for_the_themes() -> None:
    chart, _to_come = sent(opened())
    known = {color for colors in chart["colors"].values() for color in colors}
    assert known == {
        palette.TEXT,
        palette.LINES,
        palette.BACKGROUND,
        *palette.COLORS,
        *palette.SHADES,
    }
    assert len(known) == 3 + len(palette.COLORS) + len(palette.SHADES), "no two mean the same colour"
    assert json.loads(chart["figures"][0])["data"][0]["line"]["color"] in known


def test_before_the_first_run_only_plotly_is_fetched() -> None:
    _chart, to_come = sent(opened())
    assert to_come["figures"] == []
    assert to_come["module"] == plotly_module()


def test_a_web_page_with_plotly_in_it_is_sent_once_when_it_was_asked_for() -> None:
    app = opened()
    assert sent(app)[0]["file"] is None
    app.button[0].click().run()
    page_file = sent(app)[0]["file"]
    assert "Accuracy" in page_file
    assert "It goes up." in page_file
    assert len(page_file) > 3_000_000, "it needs no network, so Plotly is inside"
    assert 'src="http' not in page_file
    app.run()
    assert sent(app)[0]["file"] is None
