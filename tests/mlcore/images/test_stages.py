"""Strokes become the same image wherever, however large and by whatever pen they are drawn.

These are the tests of `digit_in_strokes` and of `mlcore.images.stages`.
"""

from dataclasses import replace

import numpy as np
import pytest

from mlcore.errors import NoDigitError
from mlcore.images.drawing import TWO, digit_in_strokes
from mlcore.images.frame import mnist_frame
from mlcore.images.stages import STAGES, image_after
from mlcore.images.strokes import Stroke

SHAPE = (28, 28)
FRAME = mnist_frame(SHAPE)
SEVEN = ((0.0, 0.0), (1.0, 0.0), (0.5, 1.4))


def seven(x: float = 100, y: float = 60, size: float = 100, pen: float = 20) -> Stroke:
    return Stroke(tuple((x + size * a, y + size * b) for a, b in SEVEN), pen)


def prepared(*strokes: Stroke) -> np.ndarray:
    return digit_in_strokes(strokes, FRAME, SHAPE, 280)


@pytest.mark.parametrize(
    "other", [seven(30, 20), seven(size=40), seven(pen=6), seven(20, 200, 40, 40)], ids=lambda s: str(s.width)
)
def test_place_size_and_pen_of_a_drawing_change_nothing(other: Stroke) -> None:
    assert np.abs(prepared(other).astype(int) - prepared(seven())).max() <= 8


def test_the_pen_is_that_of_the_training_images() -> None:
    bar = prepared(Stroke(((140.0, 40.0), (140.0, 240.0)), 40.0))
    assert (bar > 127).any(axis=1).sum() == 20
    assert 2 <= (bar.astype(int)[10] / 255).sum() <= 3
    by_own_pen = digit_in_strokes(
        [Stroke(((140.0, 40.0), (140.0, 240.0)), 40.0)], replace(FRAME, pen=0.0), SHAPE, 280
    )
    assert (by_own_pen.astype(int)[10] / 255).sum() == pytest.approx(20 / 6, abs=0.7)


def test_what_a_held_pen_did_outside_the_canvas_is_no_ink() -> None:
    went_out = Stroke((*seven().points, (150.0, 290.0), (-200.0, 290.0)), 20.0)
    np.testing.assert_array_equal(prepared(went_out), prepared(seven()))


def test_a_tap_far_away_is_no_ink_and_two_digits_are_refused() -> None:
    tap = Stroke(((270.0, 270.0),), 20.0)
    np.testing.assert_array_equal(prepared(seven(20, 20, 60), tap), prepared(seven(20, 20, 60)))
    with pytest.raises(NoDigitError, match=TWO):
        prepared(seven(20), seven(160))
    with pytest.raises(NoDigitError, match="No digit"):
        prepared()


def test_with_all_stages_the_image_is_that_which_the_network_is_given() -> None:
    drawn = [seven(30, 20, 60), Stroke(((270.0, 270.0),), 20.0)]
    np.testing.assert_array_equal(image_after(list(STAGES), drawn, FRAME, SHAPE, 280), prepared(*drawn))


def box(image: np.ndarray | None) -> list[int]:
    rows, columns = np.nonzero(image > 60)
    return [int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())]


def test_without_a_stage_the_drawing_stays_as_it_was_in_that() -> None:
    drawn = [seven(30, 20, 60)]  # of 280, so that it lies in rows 1 to 10 and columns 2 to 9 of 28
    assert box(image_after([], drawn, FRAME, SHAPE, 280)) == [1, 2, 10, 9]
    top, left, bottom, right = box(image_after(["place"], drawn, FRAME, SHAPE, 280))
    assert (bottom - top, right - left) == (9, 7)
    assert 8 <= top <= 11
    top, left, bottom, right = box(image_after(["size", "pen"], drawn, FRAME, SHAPE, 280))
    assert (top, left, bottom - top) == (0, 0, 19)  # there was no room above and to the left
    assert image_after(list(STAGES), [], FRAME, SHAPE, 280) is None
