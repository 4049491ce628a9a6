"""Error bars: the 95 % interval of each accuracy in a chart.

The charts of the Evaluate page draw them, so that few images are not taken for many.
"""

from collections.abc import Iterable, Sequence
from typing import Any


def error_bars(accuracies: Sequence[float], bounds: Iterable[tuple[float, float]]) -> dict[str, Any]:
    """Return Plotly's ``error_y`` of accuracies that are drawn in percent.

    Parameters
    ----------
    accuracies : sequence of float
        Fractions, from 0 to 1.
    bounds : iterable of (float, float)
        The interval of each.

    >>> bars = error_bars([0.9], [(0.85, 0.93)])
    >>> bars["arrayminus"], bars["array"]
    ([5.0], [3.0])
    """
    pairs = list(zip(accuracies, bounds, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [_percent(high - accuracy) for accuracy, (_low, high) in pairs],
        "arrayminus": [_percent(accuracy - low) for accuracy, (low, _high) in pairs],
        "thickness": 1,
        "width": 3,
    }


def _percent(length: float) -> float:
    """Return the length of a bar: never below zero, as rounding would make it at 0 % or 100 %."""
    return max(0.0, round(100 * float(length), 3))
