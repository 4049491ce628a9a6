"""The chart of how many images each class has, and in which part of the split they are.

It stands behind the split on the path. Vega-Lite draws it: it redraws without a blank frame, and its page
loads 3.7 MB; Plotly blanks a frame at each change of the split and loads 7.4 MB.
"""

from typing import Any

import pandas as pd
import streamlit as st

from mlcore.language import N_, _

HEIGHT = 320

PARTS = {"training": N_("Training"), "dev": N_("Dev set"), "unused": N_("Not used")}
"""The parts of a data set in the order in which they are stacked: column of the table → name."""


def show_class_chart(table: pd.DataFrame) -> None:
    """Show one bar a class, stacked from its parts; ``table`` is a `dashboard.dataset_view.class_table`."""
    parts = {part: _(label) for part, label in PARTS.items() if table[part].any()}
    st.vega_lite_chart(
        _long(table, parts),
        _chart(list(table["name"]), list(parts.values())),
        height=HEIGHT,
        width="stretch",
        alt=_("How many images of each class are in training and dev set; the table below has the numbers."),
    )


def _long(table: pd.DataFrame, parts: dict[str, str]) -> pd.DataFrame:
    """Return the table with one row for each class and part, as Vega-Lite likes it."""
    pieces = []
    for order, (part, label) in enumerate(parts.items()):
        piece = pd.DataFrame({"name": table["name"], "images": table[part]})
        pieces.append(piece.assign(part=label, order=order, total=table["total"]))
    return pd.concat(pieces, ignore_index=True)


def _chart(class_names: list[str], labels: list[str]) -> dict[str, Any]:
    return {
        "mark": "bar",
        "encoding": {
            "x": {
                "field": "name",
                "type": "nominal",
                "sort": class_names,
                "title": _("Class"),
                "axis": {"labelAngle": 0, "labelOverlap": True, "labelLimit": 80},
            },
            "y": {"field": "images", "type": "quantitative", "title": _("Images"), "stack": "zero"},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": labels},
                "legend": {"title": None, "orient": "top"},
            },
            # Each part is paler than the one before: colour is not the only sign.
            "opacity": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": labels, "range": [1, 0.65, 0.3][: len(labels)]},
                "legend": None,
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "name", "title": _("Class")},
                {"field": "part", "title": _("Part")},
                {"field": "images", "title": _("Images"), "format": ","},
                {"field": "total", "title": _("All images of the class"), "format": ","},
            ],
        },
    }
