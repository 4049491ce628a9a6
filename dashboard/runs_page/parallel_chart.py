"""The settings of several runs and what came of them, in one figure of parallel coordinates.

The comparison on the page Runs shows it: each run is a line from its settings, at the top, to its accuracy.
The axes lie, so that their words have room on a phone. It is drawn of lines and not by Plotly's own parallel
coordinates, which need WebGL and code that is made in the browser.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashboard.runs.kept import KeptRun
from dashboard.ui.curves_chart import DASHES
from dashboard.ui.formats import percent
from dashboard.ui.messages import chart_text
from dashboard.ui.palette import COLORS, TEXT, axis, layout
from dashboard.ui.wording import value_words
from mlcore import Setting, settings_of
from mlcore.language import _

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Named = tuple[str, KeptRun]

WIDE = 20.0
"""How many times the smallest value the largest is from which on an axis is logarithmic."""

ROW_HEIGHT = 64  # CSS pixels from one axis to the next
LEAST_APART = 0.22
"""The part of an axis between two values that have room for their words on a phone."""


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes
    ----------
    label : str
    places : list of float
        Where each run lies on it, from 0, at the left, to 1.
    words : list of str
        The value of each run.
    """

    label: str
    places: list[float]
    words: list[str]


def parallel_figure(runs: Sequence[Named]) -> "Figure | None":
    """Return the figure; None where no setting differs, or too few runs have an accuracy to compare.

    Only settings that differ have an axis; the last axis is the best dev accuracy. The lines look like the
    runs' curves.
    """
    from plotly.graph_objects import Figure

    numbers = [k for k, (_name, run) in enumerate(runs) if run.best is not None and run.data.n_dev]
    judged = [runs[k] for k in numbers]
    axes = axes_of(judged)
    if len(judged) < 2 or len(axes) < 2:
        return None
    lines = [_line(number, judged[place][0], place, axes) for place, number in enumerate(numbers)]
    settings = layout(
        "",
        xaxis=axis("", range=[-0.02, 1.02], fixedrange=True, visible=False),
        yaxis=axis(
            "",
            range=[len(axes) - 0.7, -0.7],
            fixedrange=True,
            tickvals=[*range(len(axes))],
            showticklabels=False,
            showline=False,
        ),
        margin={"l": 14, "r": 14, "t": 4, "b": 4},
        annotations=[mark for number, one in enumerate(axes) for mark in _marks(number, one)],
        dragmode=False,
        hovermode="closest",
        meta={"alt": in_words(judged), "height": f"{ROW_HEIGHT * len(axes) + 8}px"},
    )
    return Figure(lines, settings)


def axes_of(runs: Sequence[Named]) -> list[Axis]:
    """Return an axis for each setting in which the runs differ, and one for their accuracy."""
    axes = [
        Axis(_(about.label), _spread(_numbers(values)), [value_words(about, value) for value in values])
        for about, values in differing(runs)
    ]
    best = [run.best.dev_accuracy for _name, run in runs if run.best is not None]
    return [*axes, Axis(_("Best dev accuracy"), _spread(best), [percent(value, 2) for value in best])]


def in_words(runs: Sequence[Named]) -> str:
    """Return the figure in words: of each run the settings that differ, and its accuracy."""
    axes = axes_of(runs)
    parts = []
    for place, (name, _run) in enumerate(runs):
        told = ", ".join(f"{one.label} {one.words[place]}" for one in axes)
        parts.append(f"{name}: {told}")
    return _("Settings that differ, and the result. {runs}.").format(runs="; ".join(parts))


def differing(runs: Sequence[Named]) -> list[tuple[Setting, list[Any]]]:
    """Return the settings in which the runs differ, each with the value of each run."""
    found = []
    for part in ("network", "training"):
        configs = [getattr(run, part) for _name, run in runs]
        for setting, about in settings_of(configs[0]).items() if configs else ():
            values = [getattr(config, setting) for config in configs]
            if len({*values}) > 1:
                found.append((about, values))
    return found


def _numbers(values: Sequence[Hashable]) -> list[float]:
    """Return values as numbers: of those far apart the logarithms, of what is no number its place.

    >>> _numbers([0.001, 0.1]), _numbers([1, 3]), _numbers(["adam", "rmsprop", "adam"])
    ([-3.0, -1.0], [1, 3], [0, 1, 0])
    """
    if not all(type(value) in (int, float) for value in values):
        kinds = list(dict.fromkeys(values))
        return [kinds.index(value) for value in values]
    numbers: list[float] = [value for value in values if isinstance(value, int | float)]
    if min(numbers) > 0 and max(numbers) >= WIDE * min(numbers):
        return [math.log10(number) for number in numbers]
    return numbers


def _spread(numbers: Sequence[float]) -> list[float]:
    """Return numbers as places from 0, the smallest, to 1; equal ones lie in the middle.

    >>> _spread([2, 4, 3]), _spread([5, 5])
    ([0.0, 1.0, 0.5], [0.5, 0.5])
    """
    low, width = min(numbers, default=0.0), max(numbers, default=0.0) - min(numbers, default=0.0)
    return [(number - low) / width if width else 0.5 for number in numbers]


def _line(number: int, name: str, place: int, axes: Sequence[Axis]) -> dict[str, Any]:
    look = {"color": COLORS[number % len(COLORS)], "dash": DASHES[number // len(COLORS) % len(DASHES)]}
    return {
        "type": "scatter",
        "name": chart_text(name),
        "x": [one.places[place] for one in axes],
        "y": list(range(len(axes))),
        "text": [chart_text(f"{one.label}: {one.words[place]}") for one in axes],
        "mode": "lines+markers",
        "line": {"width": 2, **look},
        "marker": {"size": 8, "color": look["color"]},
        "hovertemplate": "%{text}",
        "cliponaxis": False,
    }


def told(one: Axis) -> dict[float, str]:
    """Return the places of an axis whose values are written out: both ends, and what has room between them.

    >>> told(Axis("Epochs", [0, 1, 0.5, 0.6, 0], ["3", "13", "8", "9", "3"]))
    {0: '3', 1: '13', 0.5: '8'}
    """
    words, shown = dict(zip(one.places, one.words, strict=True)), dict[float, str]()
    for place in sorted(words, key=lambda place: (place not in (0, 1), place)):
        if all(abs(place - other) >= LEAST_APART for other in shown):
            shown[place] = words[place]
    return shown


def _marks(number: int, one: Axis) -> list[dict[str, Any]]:
    """Return the name of an axis and its values as words above it."""
    look = {"y": number, "showarrow": False, "font": {"size": 12, "color": TEXT}}
    title = {**look, "x": 0, "text": f"<b>{chart_text(one.label)}</b>", "xanchor": "left", "yshift": 30}
    values = [
        {**look, "x": place, "text": chart_text(words), "xanchor": _anchor(place), "yshift": 13}
        for place, words in told(one).items()
    ]
    return [title, *values]


def _anchor(place: float) -> str:
    """Return which side of a word lies at its place, so that it stays in the figure.

    >>> _anchor(0), _anchor(0.5), _anchor(1)
    ('left', 'center', 'right')
    """
    if place < LEAST_APART:
        return "left"
    return "right" if place > 1 - LEAST_APART else "center"
