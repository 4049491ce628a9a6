"""How many images each class has, and in which part of the split they are, as a figure.

The Data page shows it below the split.
"""

from typing import TYPE_CHECKING

import pandas as pd

from dashboard.ui.messages import chart_text
from dashboard.ui.palette import BACKGROUND, COLORS, axis, layout
from mlcore.language import N_, _
from mlcore.quote import quoted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

PARTS = {"training": N_("Training"), "dev": N_("Dev set"), "unused": N_("Not used")}
"""The parts of a data set in the order in which they are stacked: column of the table → name."""

MOST_WIDE = 30
"""With more classes than this, names are smaller; where the chart is wider than the page, it scrolls."""

AXIS_NAME = 14
"""Letters of a class's name below its bar; the table has the rest."""

PATTERNS = ("", "/", ".")
"""Of the bars of each part, in the background's colour: the colours of two parts are equally dark."""


def class_figure(table: pd.DataFrame) -> "Figure":
    """Return one bar for each class, stacked from its parts.

    Parameters
    ----------
    table : DataFrame
        A `dashboard.data.samples.class_table`.
    """
    from plotly.graph_objects import Figure

    places, names = list(range(len(table))), [chart_text(quoted(name, AXIS_NAME)) for name in table["name"]]
    bars = [
        {
            "type": "bar",
            "name": _(label),
            "x": places,
            "y": table[part].tolist(),
            "marker": {
                "color": COLORS[number],
                "pattern": {
                    "shape": PATTERNS[number],
                    "fillmode": "overlay",
                    "fgcolor": BACKGROUND,
                    "fgopacity": 1,
                    "solidity": 0.3,
                    "size": 8,
                },
                "line": {"width": 1, "color": BACKGROUND},
            },
            "customdata": table["total"].tolist(),
            "hovertemplate": _("{part}: %{{y:,}} of %{{customdata:,}} images").format(part=_(label)),
        }
        for number, (part, label) in enumerate(PARTS.items())
        if table[part].any()
    ]
    is_large = len(table) > MOST_WIDE
    x = axis(_("Class"), tickvals=places, ticktext=names, fixedrange=True)
    x["tickfont"] = {"size": 10 if is_large else 13}
    alt = _("Images of each class in the training set and the dev set; the table below has the numbers.")
    settings = layout(
        "",
        barmode="stack",
        bargap=0.15,
        xaxis=x | {"showgrid": False},
        yaxis=axis(_("Images"), fixedrange=True, separatethousands=True),
        hovermode="x unified",
        dragmode=False,
        meta={"alt": alt, "height": "20rem", "least_width": f"{0.7 * len(table)}rem" if is_large else ""},
    )
    return Figure(bars, settings)
