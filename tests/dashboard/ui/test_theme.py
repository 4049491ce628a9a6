"""The contrast of every colour in the theme, and that the style sheet has the same ones.

Text that cannot be read, or told apart from its background, helps nobody.
"""

import re
import tomllib

import pytest

from dashboard.navigation import ROOT

THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
STYLE = (ROOT / "dashboard" / "ui" / "style.css").read_text("utf-8")
both = pytest.mark.parametrize("name", ["light", "dark"])


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_highest_contrast_there_is() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@both
@pytest.mark.parametrize("background", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_links_and_accents_can_be_read(name: str, background: str) -> None:
    theme = THEME[name]
    for colour in (theme["textColor"], theme["linkColor"], theme["primaryColor"]):
        assert contrast(colour, theme[background]) >= 4.5


@both
def test_ten_chart_colours_stand_out_from_the_background_and_differ(name: str) -> None:
    colours = THEME[name]["chartCategoricalColors"]
    assert len(set(colours)) == 10
    assert min(contrast(colour, THEME[name]["backgroundColor"]) for colour in colours) >= 4.5


@both
def test_the_sequence_goes_steadily_from_the_background_to_the_ink(name: str) -> None:
    steps = [contrast(c, THEME[name]["backgroundColor"]) for c in THEME[name]["chartSequentialColors"]]
    assert len(steps) == 10
    assert steps == sorted(steps)
    assert steps[-1] >= 7


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    pairs = dict(re.findall(r"--dl-([\w-]+): light-dark\((#\w+, #\w+)\)", STYLE))
    for variable, option in [
        ("accent", "primaryColor"),
        ("soft", "secondaryBackgroundColor"),
        ("line", "borderColor"),
    ]:
        assert pairs[variable] == f"{THEME['light'][option]}, {THEME['dark'][option]}"
    light, dark = pairs["muted"].split(", ")
    assert contrast(light, THEME["light"]["secondaryBackgroundColor"]) >= 4.5
    assert contrast(dark, THEME["dark"]["secondaryBackgroundColor"]) >= 4.5
    for name, colour in zip(("light", "dark"), pairs["on-accent"].split(", "), strict=True):
        assert contrast(colour, THEME[name]["primaryColor"]) >= 4.5
        assert contrast(colour, pairs["pressed"].split(", ")[name == "dark"]) >= 4.5
