"""Distortions have exactly the strength that is asked for, and their neutral strength changes nothing."""

import numpy as np
import pytest

from mlcore.arrays import UInt8Array
from mlcore.images.distortion import DISTORTIONS, distort


def images(n: int = 5, shape: tuple[int, int] = (9, 7)) -> UInt8Array:
    return np.random.default_rng(0).integers(0, 256, (n, *shape), np.uint8)


def dot(row: int, column: int, n: int = 1, side: int = 9) -> UInt8Array:
    picture = np.zeros((n, side, side), np.uint8)
    picture[:, row, column] = 200
    return picture


def ink(image: UInt8Array) -> list[list[int]]:
    places: list[list[int]] = np.argwhere(image).tolist()
    return places


@pytest.mark.parametrize("name", DISTORTIONS)
def test_the_neutral_strength_is_tried_and_changes_nothing(name: str) -> None:
    about = DISTORTIONS[name]
    assert about.neutral in about.strengths_for((28, 28))
    assert about.neutral in about.strengths_for((8, 8))
    np.testing.assert_array_equal(distort(images(), name, about.neutral), images())


@pytest.mark.parametrize("name", DISTORTIONS)
def test_every_strength_gives_images_of_the_same_shape_and_leaves_the_given_ones_alone(name: str) -> None:
    given = images()
    strengths = DISTORTIONS[name].strengths_for((9, 7))
    for strength in strengths:
        changed = distort(given, name, strength)
        assert (changed.shape, changed.dtype) == (given.shape, given.dtype)
    assert (distort(given, name, strengths[-1]) != given).any()
    np.testing.assert_array_equal(given, images())


def test_a_quarter_turn_goes_one_way_and_the_other_in_turn() -> None:
    turned = distort(dot(1, 4, n=2), "rotation", 90)  # above the middle of nine by nine
    assert sorted(ink(image) for image in turned) == [[[4, 1]], [[4, 7]]]


def test_shifts_go_right_down_left_and_up() -> None:
    moved = distort(dot(4, 4, n=4), "shift", 3)
    assert [ink(image) for image in moved] == [[[4, 7]], [[7, 4]], [[4, 1]], [[1, 4]]]


def test_half_a_pixel_shares_the_ink_out_among_two() -> None:
    moved = distort(dot(4, 4), "shift", 0.5)[0]
    assert (moved[4, 4], moved[4, 5], moved.sum()) == (100, 100, 200)


def test_what_leaves_the_image_is_gone() -> None:
    assert not distort(dot(4, 8), "shift", 3).any()


def test_twice_the_size_is_twice_as_far_from_the_middle() -> None:
    brightest = np.unravel_index(distort(dot(2, 4), "scale", 200)[0].argmax(), (9, 9))
    assert brightest == (0, 4)


def test_a_blurred_dot_is_a_bell_curve_that_keeps_its_ink() -> None:
    blurred = distort(dot(4, 4), "blur", 1.0)[0].astype(float)
    # e^-1/2 of the middle beside it, e^-1 across the corner
    assert blurred[4, 5] / blurred[4, 4] == pytest.approx(np.exp(-0.5), abs=0.03)
    assert blurred[5, 5] / blurred[4, 4] == pytest.approx(np.exp(-1.0), abs=0.03)
    assert blurred.sum() == pytest.approx(200, abs=10)


def test_noise_has_the_deviation_that_is_asked_for() -> None:
    grey = np.full((50, 20, 20), 127, np.uint8)
    grey[:, 0, 0] = 255  # what full ink is
    noisy = distort(grey, "noise", 10).astype(float)[:, 1:]
    assert noisy.std() == pytest.approx(25.5, rel=0.05)
    np.testing.assert_array_equal(distort(grey, "noise", 10), distort(grey, "noise", 10))


def test_a_pen_four_pixels_wider_leaves_a_line_of_five() -> None:
    line = np.zeros((1, 1, 11), np.uint8)
    line[0, 0, 5] = 200
    assert ink(distort(line, "pen_width", 4)[0, 0]) == [[3], [4], [5], [6], [7]]


def test_no_images_stay_none() -> None:
    assert len(distort(images(0), "rotation", 30)) == 0
