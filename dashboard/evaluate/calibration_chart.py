"""Whether a model's confidence can be trusted, as a figure: how often it is right at each confidence.

The Evaluate page shows it above the same numbers in a table.
"""

from typing import TYPE_CHECKING

import numpy as np

from dashboard.ui.error_bars import error_bars
from dashboard.ui.palette import DEV, TRAINING, axis, layout
from mlcore.language import _
from mlcore.metrics import Calibration, likely_accuracy

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def calibration_figure(calibration: Calibration) -> "Figure":
    """Return the accuracy of the answers in each bin of confidence, beside the diagonal where both agree."""
    from plotly.graph_objects import Figure

    used = calibration.counts > 0
    accuracy, counts = calibration.accuracy[used], calibration.counts[used]
    right = np.rint(accuracy * counts).astype(int)
    bounds = map(likely_accuracy, right.tolist(), counts.tolist())
    found = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": _("This model"),
        "x": (100 * calibration.confidence[used]).round(2).tolist(),
        "y": (100 * accuracy).round(2).tolist(),
        "customdata": counts.tolist(),
        "error_y": error_bars(accuracy.tolist(), bounds),
        "line": {"color": TRAINING, "width": 2},
        "marker": {"symbol": "circle", "size": 8, "color": TRAINING},
        "hovertemplate": "%{y:.1f} %, %{customdata:,}<extra></extra>",
    }
    ideal = {
        "type": "scatter",
        "mode": "lines",
        "name": _("Confidence equals accuracy"),
        "x": [0, 100],
        "y": [0, 100],
        "line": {"color": DEV, "width": 1, "dash": "dash"},
        "hoverinfo": "skip",
    }
    percent_axis = {"ticksuffix": " %", "fixedrange": True, "nticks": 6}
    text = _("Accuracy by confidence; on average they differ by {gap:.1f} percentage points.")
    alt = text.format(gap=100 * calibration.error)
    settings = layout(
        "",
        xaxis=axis(_("Confidence"), range=[0, 102], **percent_axis),
        yaxis=axis(_("Right answers"), range=[0, 102], **percent_axis),
        dragmode=False,
        meta={"alt": alt, "height": "18rem"},
    )
    return Figure([ideal, found], settings)
