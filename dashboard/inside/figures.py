"""The figures of the Inside page: heatmaps of numbers with a sign.

Its bars are those of `dashboard.ui.signed_bars`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.ui.messages import chart_text
from dashboard.ui.palette import axis, layout
from dashboard.ui.signed_colours import SCALE, largest
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Numbers = npt.NDArray[np.floating]


def heatmap_figure(
    rows: Sequence[str], columns: Sequence[str], values: Numbers, titles: tuple[str, str], alt: str
) -> "Figure":
    """Return values (rows, columns) as a heatmap, red above zero and blue below; titles of x, y."""
    from plotly.graph_objects import Figure

    limit = largest(values)
    heatmap = {
        "type": "heatmap",
        "z": [[float(f"{value:.4g}") for value in row] for row in values],
        "x": [chart_text(name) for name in columns],
        "y": [chart_text(name) for name in rows],
        "zmin": -limit,
        "zmax": limit,
        "colorscale": SCALE,
        "colorbar": {"thickness": 12},
        "hovertemplate": "%{y}, %{x}: %{z}<extra></extra>",
    }
    settings = layout(
        "",
        showlegend=False,
        xaxis=axis(titles[0], fixedrange=True, type="category", showgrid=False),
        yaxis=axis(titles[1], fixedrange=True, type="category", autorange="reversed", showgrid=False),
        dragmode=False,
        meta={"alt": alt, "height": f"{8 + 1.2 * min(len(rows), 40):.1f}rem"},
    )
    return Figure([heatmap], settings)


def numbered(count: int) -> list[str]:
    """Return the numbers of neurons as a figure has them, from 0."""
    return [_("no. {number}").format(number=number) for number in range(count)]
