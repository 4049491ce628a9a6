"""The figures of how the layers are while they train: weights, gradients, updates and dead neurons.

The Train page shows them below the learning curves on request; in a notebook they are ordinary figures.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.ui.messages import chart_text
from dashboard.ui.palette import COLORS, TEXT, TRAINING, axis, layout
from mlcore import LayerHealth, NetworkHealth
from mlcore.language import N_, _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

DASHES = ("solid", "dash", "dot", "dashdot")
HEIGHT = "15rem"

Trace = dict[str, Any]


@dataclass(frozen=True)
class Measure:
    """What a figure shows of each layer; the axis is logarithmic where values differ by powers of ten."""

    title: str
    unit: str
    value: Callable[[LayerHealth], float]
    is_log: bool = False


MEASURES = (
    Measure(N_("Gradient"), N_("Root mean square"), lambda layer: layer.gradient, is_log=True),
    Measure(N_("Update"), N_("% of the weights"), lambda layer: 100 * layer.update, is_log=True),
    Measure(N_("Dead neurons"), N_("% of the neurons"), lambda layer: 100 * layer.dead),
)
"""What is shown of every layer; a new measure is a row."""


def layer_figures(noted: Sequence[NetworkHealth], in_steps: bool) -> list["Figure"]:
    """Return a figure for each of `MEASURES`, with a curve for each layer.

    Parameters
    ----------
    noted : sequence of NetworkHealth
        At least one.
    in_steps : bool
        Whether the axis counts steps instead of epochs.
    """
    return [_layer_figure(noted, in_steps, measure) for measure in MEASURES]


def weights_figure(noted: Sequence[NetworkHealth], in_steps: bool, layer: int) -> "Figure":
    """Return how the weights of one layer are distributed, with dotted lines where they were at the start."""
    ones = [health.layers[layer] for health in noted]
    places = _places(noted, in_steps)
    low, quarter, middle, three_quarters, high = zip(*(one.weights for one in ones), strict=True)
    traces = [
        *_band(_("90 % of the weights"), places, low, high, "dash", 0.15),
        *_band(_("Half of the weights"), places, quarter, three_quarters, "solid", 0.35),
        _curve(_("Median"), places, middle, 0),
    ]
    start = {"color": TEXT, "width": 1, "dash": "dot"}
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": start}
        for at in (low[0], high[0])
    ]
    return _figure(_("Weights"), _("Weight"), traces, in_steps, weights_in_words(ones), shapes=lines)


def weights_in_words(ones: Sequence[LayerHealth]) -> str:
    """Return where nine in ten weights of a layer are, and where they were at the start."""
    first, last = ones[0].weights, ones[-1].weights
    text = _(
        "Nine in ten weights of {layer} are between {low:.2g} and {high:.2g}; at the start, between "
        "{first:.2g} and {second:.2g} (dotted)."
    )
    return text.format(layer=ones[-1].name, low=last[0], high=last[-1], first=first[0], second=first[-1])


def _layer_figure(noted: Sequence[NetworkHealth], in_steps: bool, measure: Measure) -> "Figure":
    places, traces, ends = _places(noted, in_steps), [], []
    for number in range(len(noted[0].layers)):
        values = [measure.value(health.layers[number]) for health in noted]
        if all(math.isnan(value) for value in values):
            continue  # no neurons with an activation
        name = noted[0].layers[number].name
        traces.append(_curve(name, places, values, number))
        ends.append(f"{name}: {values[-1]:.3g}")
    alt = f"{_(measure.title)}, {_(measure.unit)}. {'; '.join(ends)}"
    powers = {"type": "log", "dtick": 1, "exponentformat": "power"}
    settings = powers if measure.is_log else {"rangemode": "tozero"}
    return _figure(_(measure.title), _(measure.unit), traces, in_steps, alt, **settings)


def _places(noted: Sequence[NetworkHealth], in_steps: bool) -> list[float]:
    return [health.step if in_steps else float(f"{health.epoch:.6g}") for health in noted]


def _numbers(values: Sequence[float]) -> list[float | None]:
    """Return the values with four digits; what is not finite becomes None, which JSON can say."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values]


def _curve(name: str, places: Sequence[float], values: Sequence[float], number: int) -> Trace:
    line = {"width": 2, "color": COLORS[number % len(COLORS)], "dash": DASHES[number % len(DASHES)]}
    return {"name": chart_text(name), "x": places, "y": _numbers(values), "mode": "lines", "line": line}


def _band(
    name: str, places: Sequence[float], low: Sequence[float], high: Sequence[float], dash: str, opacity: float
) -> list[Trace]:
    """Return the two edges of a band, filled in between; only the upper one is in the legend."""
    edge = {
        "mode": "lines",
        "line": {"width": 1, "color": TRAINING, "dash": dash},
        "x": places,
        "legendgroup": name,
    }
    fill = {"fill": "tonexty", "fillcolor": _transparent(TRAINING, opacity)}
    lower = {"name": name, "y": _numbers(low), "showlegend": False, **edge}
    return [lower, {"name": name, "y": _numbers(high), **edge, **fill}]


def _transparent(colour: str, opacity: float) -> str:
    """Return a colour with an opacity.

    >>> _transparent("#ff8000", 0.5)
    'rgba(255, 128, 0, 0.5)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _figure(
    title: str,
    unit: str,
    traces: Sequence[Trace],
    in_steps: bool,
    alt: str,
    *,
    shapes: Sequence[dict[str, Any]] = (),
    **y_axis: Any,
) -> "Figure":
    from plotly.graph_objects import Figure

    settings = layout(
        title,
        xaxis=axis(_("Steps") if in_steps else _("Epochs"), rangemode="tozero", nticks=7),
        yaxis=axis(unit, nticks=6, **y_axis),
        shapes=list(shapes),
        meta={"alt": alt, "height": HEIGHT},
        hovermode="x unified",
    )
    shown = [{"type": "scatter", "hovertemplate": "%{y:.3~g}", **trace} for trace in traces]
    return Figure(shown, settings)
