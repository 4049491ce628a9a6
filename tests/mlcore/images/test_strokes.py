"""The pen draws a line as wide as it is, with round ends, wherever it goes.

The app, the making of the shipped model and the benchmark of drawings all draw with it.
"""

import numpy as np
import pytest

from mlcore.images.strokes import Stroke, draw_strokes, without_stray_taps


def test_a_dot_is_a_disc_as_wide_as_the_pen() -> None:
    picture = draw_strokes([Stroke(((50.0, 50.0),), 20.0)], 100)
    assert picture.sum() / 255 == pytest.approx(np.pi * 10**2, rel=0.03)
    assert picture[50, 50] == 255
    assert not picture[:39].any()
    assert not picture[61:].any()


def test_a_line_has_round_ends_and_the_same_width_in_every_direction() -> None:
    area = 60 * 20 + np.pi * 10**2
    for turn in np.linspace(0, np.pi, 7):
        x, y = 30 * np.cos(turn), 30 * np.sin(turn)
        picture = draw_strokes([Stroke(((50 - x, 50 - y), (50 + x, 50 + y)), 20.0)], 100)
        assert picture.sum() / 255 == pytest.approx(area, rel=0.04)


def test_strokes_off_the_canvas_leave_it_black() -> None:
    assert not draw_strokes([Stroke(((-500.0, -500.0), (-400.0, -90.0)), 20.0)], 100).any()


STEM = Stroke(((100.0, 80.0), (100.0, 200.0)), 20.0)


@pytest.mark.parametrize("tap", [((230.0, 230.0),), ((200.0, 140.0), (204.0, 143.0))])
def test_a_tap_far_from_what_was_drawn_is_left_out(tap: tuple) -> None:
    assert without_stray_taps([Stroke(tap, 20.0), STEM]) == [STEM]


def test_a_tap_near_a_line_is_kept_and_so_is_a_short_line_anywhere() -> None:
    dot, beside = Stroke(((102.0, 40.0),), 20.0), Stroke(((140.0, 140.0),), 20.0)
    far_line = Stroke(((230.0, 230.0), (245.0, 230.0)), 20.0)
    assert without_stray_taps([STEM, dot, beside, far_line]) == [STEM, dot, beside, far_line]


def test_taps_alone_are_kept() -> None:
    colon = [Stroke(((100.0, 60.0),), 20.0), Stroke(((100.0, 200.0),), 20.0)]
    assert without_stray_taps(colon) == colon
    assert without_stray_taps([]) == []
