"""The colours and the common look of every figure, taken from the app's theme.

Figures are made in the light theme's colours, so that they look right in a notebook too; the chart component
exchanges them for those of the theme in force.
"""

import tomllib
from pathlib import Path
from typing import Any

_CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"
_LIGHT: dict[str, Any] = tomllib.loads(_CONFIG.read_text("utf-8"))["theme"]["light"]

TEXT: str = _LIGHT["textColor"]
LINES: str = _LIGHT["borderColor"]
BACKGROUND: str = _LIGHT["backgroundColor"]
COLORS: tuple[str, ...] = tuple(_LIGHT["chartCategoricalColors"])
"""Of traces: the first is the training set's, the second the dev set's."""

SHADES: tuple[str, ...] = tuple(_LIGHT["chartSequentialColors"])
"""From few to many, for heatmaps."""

TRAINING, DEV = COLORS[0], COLORS[1]


def axis(title: str, **settings: Any) -> dict[str, Any]:
    """Return an axis of the common look."""
    look = {"gridcolor": LINES, "linecolor": LINES, "zeroline": False, "automargin": True}
    return {"title": {"text": title, "standoff": 8, "font": {"size": 12}}, **look, **settings}


def layout(title: str, **settings: Any) -> dict[str, Any]:
    """Return a layout of the common look; ``title`` is the figure's heading."""
    look = {
        "template": "none",
        "title": {"text": title},
        "font": {"size": 13, "color": TEXT},
        "paper_bgcolor": BACKGROUND,
        "plot_bgcolor": BACKGROUND,
        "margin": {"l": 56, "r": 14, "t": 10, "b": 44},
        "showlegend": True,
        "hoverlabel": {"bgcolor": BACKGROUND, "bordercolor": LINES, "font": {"color": TEXT, "size": 13}},
    }
    return look | settings
