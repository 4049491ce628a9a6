"""Numbers with a sign as a figure: a bar for each, to the right above zero and to the left below it.

The pages Inside and Evaluate show contributions and importance with it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dashboard.ui.messages import SHORT_NAME, chart_text, distinct
from dashboard.ui.palette import TRAINING, axis, layout

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def bars_figure(names: Sequence[str], values: npt.NDArray[np.floating], title: str, alt: str) -> "Figure":
    """Return one bar for each name, to the right above zero and to the left below it, the first on top."""
    from plotly.graph_objects import Figure

    shown = [chart_text(name) for name in distinct(names, SHORT_NAME)]
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": shown,
        "x": [float(f"{value:.4g}") for value in values],
        "marker": {"color": TRAINING},
        "text": [f"{value:+.3g}" for value in values],
        "textposition": "auto",
        "textangle": 0,
        "hovertemplate": "%{y}: %{x}<extra></extra>",
    }
    settings = layout(
        "",
        showlegend=False,
        xaxis=axis(title, fixedrange=True, zeroline=True),
        yaxis=axis("", fixedrange=True, type="category", autorange="reversed"),
        dragmode=False,
        meta={"alt": alt, "height": f"{5 + 1.6 * len(shown):.1f}rem"},
    )
    return Figure([bars], settings)
