"""What is read of a canvas's JSON, and the picture that the strokes make.

These are the tests of `dashboard.draw.strokes`; every drawing that the network answers comes through it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dashboard.draw.strokes import (
    MOST_COMMANDS,
    MOST_FIELDS,
    MOST_POINTS,
    MOST_STROKES,
    drawn_by_pen,
    strokes_of,
)
from mlcore.images.strokes import Stroke, draw_strokes

DATA = Path(__file__).parent


def path(*commands: list[Any], width: float = 20) -> dict[str, Any]:
    return {"type": "Path", "strokeWidth": width, "path": list(commands)}


def drawing(*objects: Any) -> dict[str, Any]:
    return {"version": "7.4.0", "objects": list(objects)}


def test_a_line_keeps_its_ends_and_the_width_of_the_pen() -> None:
    (stroke,) = strokes_of(drawing(path(["M", 10, 20], ["L", 30, 40], width=12)))
    assert stroke == Stroke(((10.0, 20.0), (30.0, 40.0)), 12.0)


def test_a_curve_passes_through_the_middle_that_its_formula_gives() -> None:
    # B(1/2) = (start + 2 control + end) / 4 = ((0 + 2·50 + 100) / 4, (0 + 2·100 + 0) / 4) = (50, 50)
    (stroke,) = strokes_of(drawing(path(["M", 0, 0], ["Q", 50, 100, 100, 0])))
    assert min(np.hypot(x - 50, y - 50) for x, y in stroke.points) < 1e-9
    assert stroke.points[-1] == (100.0, 0.0)


def test_nothing_drawn_gives_no_stroke() -> None:
    assert strokes_of(None) == strokes_of({}) == strokes_of(drawing()) == []


@pytest.mark.parametrize(
    "item",
    [
        None,
        "M 1 2",
        {},
        {"type": "Rect", "strokeWidth": 2, "path": []},
        path(),
        path(["M", 1]),
        path(["M", "a", "b"]),
        path(["M", 1, 2], ["C", 1, 2, 3, 4, 5, 6]),
        path(["M", float("nan"), 2]),
        path(["M", 1e300, 2]),
        path(["M", 1, 2], width=0),
        path(["M", 1, 2], width=float("inf")),
        path(["M", True, 2]),
        path(["M", "1", 2]),
        path(["M", 10**400, 2]),
        path(["M", 1, 2], width=49),
        path(["M", 1, 2], width="20"),
        path(["M", 601, 2]),
        path(["M", 1, 2]) | {f"field {k}": 0 for k in range(MOST_FIELDS)},
    ],
)
def test_what_no_pen_can_have_drawn_is_left_out_and_the_rest_is_kept(item: Any) -> None:
    good = path(["M", 1, 2], ["L", 3, 4])
    assert len(strokes_of(drawing(item, good))) == 1


def zigzag(commands: int, step: float) -> dict[str, Any]:
    return path(["M", 0, 0], *[["L", k * step % 280, k * step // 280 * 4] for k in range(1, commands)])


def test_a_flood_of_strokes_points_or_commands_is_cut_off() -> None:
    dot = path(["M", 1, 2])
    assert len(strokes_of(drawing(*[dot] * (MOST_STROKES + 50)))) == MOST_STROKES
    long = strokes_of(drawing(*[zigzag(1500, 4)] * 5))
    assert [len(stroke.points) for stroke in long] == [1500, MOST_POINTS - 1500]
    slow = drawing(*[path(*[["L", 1, 2]] * (MOST_COMMANDS // 2))] * 5)
    assert len(strokes_of(slow)) == 2


def test_a_slow_hand_draws_the_same_with_fewer_points() -> None:
    slow, quick = (strokes_of(drawing(zigzag(n, step))) for n, step in ((1400, 0.2), (70, 4.0)))
    assert len(slow[0].points) < 160
    assert slow[0].points[-1] == (279.8, 0.0)
    difference = np.abs(draw_strokes(slow, 280).astype(int) - draw_strokes(quick, 280))
    assert difference[:, :270].mean() < 0.5


def test_the_largest_drawing_costs_little_more_to_draw_than_its_points() -> None:
    """Not in seconds: what grows with the work are the points, their number and the width of the pen."""
    generator = np.random.default_rng(0)
    far = path(
        ["M", 0, 0], *[["Q", *generator.uniform(-600, 600, 4).tolist()] for _ in range(2000)], width=48
    )
    strokes = strokes_of(drawing(*[far] * 50))
    assert sum(len(stroke.points) for stroke in strokes) <= MOST_POINTS
    assert max(stroke.width for stroke in strokes) <= 48


def test_what_is_kept_of_a_drawing_is_bounded_and_can_be_shown_again() -> None:
    stroke = path(["M", 1, 2], ["L", 30, 40]) | {
        "stroke": "#ffffff",
        "fill": None,
        "scaleX": 1,
        "shadow": {"deep": ["x" * 10_000]},
        "x" * 1000: 1,
        "version": "y" * 1000,
        "left": float("inf"),
    }
    trailing = path(*[["Q", k, 0, 9 * k, 9] for k in range(60)] * 3, ["L", 1, "z" * 1000])
    image = {"type": "Image", "src": "http://127.0.0.1:9/i.png"}
    kept = drawn_by_pen([stroke, image, "text", trailing, *[stroke] * 500])
    assert len(kept) == MOST_STROKES - 3
    assert kept[0] == path(["M", 1, 2], ["L", 30, 40]) | {"stroke": "#ffffff", "fill": None, "scaleX": 1}
    assert strokes_of(drawing(*kept)) == strokes_of(drawing(*[stroke] * len(kept)))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
objects = st.fixed_dictionaries({"type": st.just("Path"), "strokeWidth": json_values, "path": json_values})


@given(json_values | st.fixed_dictionaries({"objects": st.lists(objects | json_values, max_size=3)}))
def test_any_json_gives_strokes_that_can_be_drawn(value: Any) -> None:
    picture = draw_strokes(strokes_of(value), 28)
    assert picture.shape == (28, 28)
    assert picture.dtype == np.uint8


def test_strokes_look_as_the_canvas_of_a_browser_shows_them() -> None:
    # Both files are what streamlit-drawable-canvas 0.13 sent from Chromium for one drawing: a loop,
    # a straight line and a dot. They differ by the smoothing of edges alone.
    drawn = draw_strokes(strokes_of(json.loads((DATA / "canvas.json").read_text("utf-8"))), 280).astype(float)
    shown = np.asarray(Image.open(DATA / "canvas.png"))[..., 0].astype(float)
    assert np.abs(drawn - shown).mean() < 1
    assert drawn.sum() == pytest.approx(shown.sum(), rel=0.01)
