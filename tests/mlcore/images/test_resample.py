"""Resampling averages areas when it shrinks and interpolates when it grows; no brightness is added or lost.

It is checked by hand on a few pixels, and by its laws on any.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.images.resample import fit_into, resample, resample_all

SIDES = st.integers(1, 40)


def test_shrinking_by_hand() -> None:
    # 3 columns into 2: the first new one covers column 0 and half of column 1, (1·6 + ½·9) / 1½ = 7.
    image = np.array([[6, 9, 0], [6, 9, 0]], np.uint8)
    np.testing.assert_allclose(resample(image, (1, 2)), [[7, 3]], rtol=1e-6)


def test_growing_by_hand() -> None:
    # 2 columns into 4: their middles lie at ¼ and ¾ of a column further; beyond the last middle it stays.
    np.testing.assert_allclose(resample(np.array([[0, 8]], np.uint8), (1, 4)), [[0, 2, 6, 8]], rtol=1e-6)


@given(SIDES, SIDES, SIDES, SIDES, st.integers(0, 255))
def test_an_even_grey_stays_as_it_is(
    height: int, width: int, to_height: int, to_width: int, grey: int
) -> None:
    image = np.full((height, width), grey, np.uint8)
    np.testing.assert_allclose(resample(image, (to_height, to_width)), grey, rtol=1e-5)


@given(SIDES, SIDES, st.data())
def test_shrinking_keeps_the_mean(height: int, width: int, data: st.DataObject) -> None:
    to = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    image = np.random.default_rng(height).integers(0, 256, (height, width))
    assert resample(image, to).mean() == pytest.approx(image.mean(), rel=1e-4, abs=1e-4)


@given(SIDES, SIDES)
def test_the_same_size_is_the_same_image(height: int, width: int) -> None:
    image = np.random.default_rng(width).integers(0, 256, (height, width))
    np.testing.assert_allclose(resample(image, (height, width)), image, rtol=1e-5, atol=1e-4)


@given(SIDES, SIDES, st.integers(1, 40), st.integers(1, 40))
def test_what_is_fitted_touches_the_box_and_stays_inside(
    height: int, width: int, high: int, wide: int
) -> None:
    fitted = fit_into((height, width), (high, wide))
    assert fitted[0] <= high
    assert fitted[1] <= wide
    assert min(fitted) >= 1
    assert fitted[0] == high or fitted[1] == wide


def test_many_images_are_scaled_as_one_in_proportion_and_set_in_the_middle_on_black() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 6), np.uint8)
    scaled = resample_all(images, (9, 8))
    assert (scaled.shape, scaled.dtype) == ((5, 9, 8), np.uint8)
    assert scaled[:, :, [0, 1, 6, 7]].max() == 0  # 12×6 fits into 9×8 as 9×4
    for image, whole in zip(images, scaled, strict=True):
        np.testing.assert_array_equal(whole[:, 2:6], np.rint(resample(image, (9, 4))))
