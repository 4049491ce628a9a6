"""The live chart's data, and the Plotly that it is drawn with.

It stands at the end of the path from a run's history to the screen.
"""

import json
from pathlib import Path
from typing import Any

import streamlit
from streamlit.testing.v1 import AppTest

from dashboard.plotly_component import plotly_module
from tests.waiting import PATIENCE


def page() -> None:
    from typing import Any

    from dashboard.live_chart import prepare_live_chart, show_live_chart
    from dashboard.runs.records import History, RunStatus
    from mlcore import EpochMetrics, NetworkConfig, TrainingConfig

    facts: dict[str, Any] = dict.fromkeys(RunStatus.__dataclass_fields__)
    facts |= {"run_id": "it", "history_version": 2, "state": "running", "n_train": 1000, "epoch": 1.0}
    facts |= {"step": 10, "total_steps": 300, "network": NetworkConfig(), "training": TrainingConfig()}
    record = EpochMetrics(10, 1.25, 1250, 0.5, 0.9, 0.4, 0.95, 0.001)
    show_live_chart(RunStatus(**facts | {"history": History([record]), "best": record}))
    prepare_live_chart()


def sent() -> list[dict[str, Any]]:
    app = AppTest.from_function(page, default_timeout=PATIENCE).run()
    assert not app.exception
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def test_streamlit_brings_a_plotly_that_a_chart_of_ours_can_use() -> None:
    script = Path(streamlit.__file__).parent / "static" / "static" / "js" / plotly_module()
    assert "window.Plotly=" in script.read_text("utf-8")


def test_a_chart_is_sent_with_its_run_so_that_a_zoom_is_for_one_run_only() -> None:
    chart, _to_come = sent()
    assert chart["run"] == "it 2"
    assert [panel["title"] for panel in chart["charts"]] == ["Accuracy", "Loss"]
    assert [curve["kind"] for curve in chart["charts"][0]["curves"]] == ["batches", "train", "dev", "best"]
    assert chart["x"]["end"] == 10


def test_before_the_first_run_only_plotly_is_fetched() -> None:
    _chart, to_come = sent()
    assert to_come["charts"] == []
    assert to_come["module"] == plotly_module()
