"""The learning curve that the default settings usually give on MNIST, recorded once by a real training.

The Train page shows it before a run. `python -m benchmarks.usual_curve --write` records it again.
"""

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.ui.palette import DEV, axis, layout
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

RECORDED = Path(__file__).with_name("usual_curve.json")
"""Settings, epochs and dev accuracy of that training."""

LOWEST = 90  # per cent: where the axis begins
HEIGHT = "16rem"


@cache
def usual_curve() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the epochs from the first on, and the dev accuracy after each, in per cent."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    pairs = zip(recorded["epochs"], recorded["dev_accuracy"], strict=True)
    epochs, accuracy = zip(*((epoch, 100 * value) for epoch, value in pairs if epoch >= 1), strict=True)
    return epochs, accuracy


def usual_figure() -> "Figure":
    """Return the curve as a figure, dotted, because it is not the visitor's own."""
    from plotly.graph_objects import Figure

    epochs, accuracy = usual_curve()
    curve = {
        "type": "scatter",
        "name": _("Dev set"),
        "x": epochs,
        "y": accuracy,
        "mode": "lines",
        "showlegend": False,  # the heading says what it is
        "line": {"width": 2, "color": DEV, "dash": "dot"},
        "hovertemplate": "%{y:.1f} %",
    }
    alt = _(
        "Dev accuracy in a usual training on MNIST: {first:.1f} % after {begin:g} epoch, {last:.1f} % after "
        "{end:g}."
    ).format(first=accuracy[0], begin=epochs[0], last=accuracy[-1], end=epochs[-1])
    return Figure(
        [curve],
        layout(
            "",
            xaxis=axis(_("Epochs"), range=[0, epochs[-1]], nticks=6, fixedrange=True),
            yaxis=axis(_("Right answers"), range=[LOWEST, 100.2], ticksuffix=" %", nticks=6, fixedrange=True),
            dragmode=False,
            hovermode="x unified",
            meta={"alt": alt, "height": HEIGHT},
        ),
    )
