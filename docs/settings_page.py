"""Writes reference/settings.md from what the settings and the tables of choices say about themselves.

`make reference` runs it, and a test fails when the page is out of date.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlcore import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    RECIPES,
    SCHEDULES,
    NetworkConfig,
    Setting,
    TrainingConfig,
    settings_of,
)

PAGE = Path(__file__).resolve().parent / "reference" / "settings.md"

INTRODUCTION = """# Settings

Every setting of a network and of its training, as the Network page, `NetworkConfig` and `TrainingConfig` know
them. This page is written by `python -m docs.settings_page` from the settings themselves.
"""


def page() -> str:
    """Return the whole page."""
    parts = [
        INTRODUCTION,
        _settings("The network", NetworkConfig()),
        _settings("The training", TrainingConfig()),
        _choices("Activations", ACTIVATIONS, formula="formula", slope="slope, with a = f(z)"),
        _choices("Losses", LOSSES, formula="loss of one image", output="outputs p", gradient="slope at z"),
        _choices("Optimizers", OPTIMIZERS, formula="rule", good_rate="a rate to begin with"),
        _choices("Schedules", SCHEDULES),
        _choices("Initialisations", INITIALIZERS),
        _choices("Recipes", RECIPES),
    ]
    return "\n".join(parts)


def _settings(title: str, config: Any) -> str:
    rows = [
        (f"**{about.label}**", f"`{name}`", _value(getattr(config, name), about), _allowed(about), about.help)
        for name, about in settings_of(config).items()
    ]
    return _table(title, ("setting", "in Python", "default", "allowed", "what it does"), rows)


def _allowed(about: Setting) -> str:
    if about.choices is not None:
        words = ", ".join(f"`{name}`" for name in about.choices())
    elif about.minimum is not None and about.maximum is not None:
        words = f"{_number(about.minimum)} to {_number(about.maximum)} {about.unit}".strip()
    else:
        words = "`True`, `False`"
    return f"{words}; `None`: {about.none}" if about.none else words


def _value(value: Any, about: Setting) -> str:
    if value is None:
        return about.none or ""
    return f"`{value!r}`" if isinstance(value, str | tuple | bool) else _number(value)


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _choices(title: str, table: Mapping[str, Any], **columns: str) -> str:
    """A table of choices; ``columns`` names further fields of its entries and their headings."""
    rows = [
        (f"**{entry.label}**", f"`{name}`", entry.help, *(f"`{getattr(entry, field)}`" for field in columns))
        for name, entry in table.items()
    ]
    return _table(title, ("choice", "in Python", "what it is", *columns.values()), rows)


def _table(title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    body = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
    return f"## {title}\n\n{body}\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
