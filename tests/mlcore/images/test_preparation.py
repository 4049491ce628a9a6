"""The preparation makes of an image what it says, learns from training images alone, refuses nonsense."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mlcore import Preparation, fit_preparation

images = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 255)
)


def test_pixels_become_numbers_from_0_to_1() -> None:
    x = fit_preparation(np.zeros((0, 1, 3), np.uint8))(np.array([[[0, 51, 255]]], np.uint8), np.float64)
    np.testing.assert_allclose(x, [[0, 0.2, 1]])


def test_scalings_by_hand() -> None:
    image = np.array([[[0, 8, 16]]], np.uint8)
    by = {name: fit_preparation(image, scaling=name)(image, np.float64)[0] for name in ("maximum", "none")}
    np.testing.assert_allclose(by["maximum"], [0, 0.5, 1])
    np.testing.assert_allclose(by["none"], [0, 8, 16])


def test_black_images_have_no_maximum_to_divide_by() -> None:
    image = np.zeros((2, 2, 2), np.uint8)
    np.testing.assert_array_equal(fit_preparation(image, scaling="maximum")(image), np.zeros((2, 4)))


def test_pooling_averages_squares_by_hand() -> None:
    image = np.array([[[255, 255, 0, 51], [0, 0, 102, 51]]], np.uint8)
    # (255 + 255 + 0 + 0) / 4 / 255 = 0.5; (0 + 51 + 102 + 51) / 4 / 255 = 0.2
    np.testing.assert_allclose(fit_preparation(image, pooling=2)(image), [[0.5, 0.2]], rtol=1e-6)


@given(images, st.integers(1, 4))
def test_pooling_fills_odd_sides_up_with_black(pixels: np.ndarray, pooling: int) -> None:
    preparation = fit_preparation(pixels, pooling=pooling)
    n, height, width = pixels.shape
    rows, columns = preparation.pooled_shape
    padded = np.zeros((n, rows * pooling, columns * pooling))
    padded[:, :height, :width] = pixels
    squares = padded.reshape(n, rows, pooling, columns, pooling)
    expected = squares.mean(axis=(2, 4)).reshape(n, -1) / 255
    np.testing.assert_allclose(preparation(pixels, np.float64), expected, rtol=1e-12)
    assert preparation.features == rows * columns


def test_dropped_pixels_are_those_that_are_on_in_few_images() -> None:
    pixels = np.zeros((10, 1, 4), np.uint8)
    pixels[:1, 0, 1], pixels[:5, 0, 2], pixels[:, 0, 3] = 9, 9, 9  # on in 0, 1, 5 and 10 of 10
    kept = {part: fit_preparation(pixels, drop_rare_pixels=part).kept.tolist() for part in (0, 0.1, 0.5)}
    assert kept == {0: [1, 2, 3], 0.1: [2, 3], 0.5: [3]}
    assert fit_preparation(pixels).kept is None


def test_of_images_without_ink_one_pixel_is_kept() -> None:
    preparation = fit_preparation(np.zeros((3, 2, 2), np.uint8), drop_rare_pixels=0.0)
    assert preparation.features == 1


@given(images)
def test_dropping_dead_pixels_loses_nothing(pixels: np.ndarray) -> None:
    preparation = fit_preparation(pixels, drop_rare_pixels=0.0)
    np.testing.assert_allclose(
        preparation(pixels, np.float64).sum(axis=1), pixels.reshape(len(pixels), -1).sum(axis=1) / 255
    )


@pytest.mark.parametrize("pooling", [1, 2])
@pytest.mark.parametrize("drop", [None, 0.0])
def test_standardised_inputs_have_mean_0_and_deviation_1(pooling: int, drop: float | None) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5000, 4, 4), np.uint8)
    pixels[:, 0, 0] = 0
    preparation = fit_preparation(pixels, pooling=pooling, standardize=True, drop_rare_pixels=drop)
    x = preparation(pixels, np.float64)
    assert x.shape == (5000, preparation.features)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-10)
    alive = x.std(axis=0) > 0
    np.testing.assert_allclose(x.std(axis=0)[alive], 1, rtol=1e-10)
    assert alive.sum() == preparation.features - (pooling == 1 and drop is None)


def test_a_pixel_that_never_changes_is_not_divided_by_zero() -> None:
    pixels = np.full((5, 1, 2), 200, np.uint8)
    np.testing.assert_allclose(fit_preparation(pixels, standardize=True)(pixels, np.float64), 0, atol=1e-12)


def test_what_is_learnt_comes_from_the_training_images_alone() -> None:
    train, other = np.random.default_rng(0).integers(0, 256, (2, 50, 2, 2), np.uint8)
    preparation = fit_preparation(train, standardize=True)
    expected = (other.reshape(50, -1) - train.reshape(50, -1).mean(axis=0)) / train.reshape(50, -1).std(
        axis=0
    )
    np.testing.assert_allclose(preparation(other, np.float64), expected, rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"pooling": 2}, {"drop_rare_pixels": 0.0}, {"pooling": 4}])
def test_compact_images_are_whole_numbers_and_the_scale_may_come_later(options: dict) -> None:
    pixels = np.full((3, 5, 5), 255, np.uint8)
    preparation = fit_preparation(pixels, **options)
    compact = preparation.compact(pixels)
    assert compact.dtype.kind == "u"
    late = preparation.finish(compact, np.empty(compact.shape), scaled=False) * preparation.output_scale
    np.testing.assert_allclose(late, preparation(pixels, np.float64), rtol=1e-12)
    assert preparation.is_plain == (not options)
    assert fit_preparation(pixels, standardize=True, **options).output_scale is None


WHOLE = Preparation((4, 4), 2, np.array([0, 3]), 0.001, np.zeros(2), np.ones(2))


def test_a_whole_preparation_passes_its_check() -> None:
    WHOLE.check()
    Preparation((28, 28)).check()


@pytest.mark.parametrize(
    "damage",
    [
        {"image_shape": (0, 4)},
        {"image_shape": (4, 100_000)},
        {"pooling": 0},
        {"pooling": 17},
        {"scale": float("nan")},
        {"levels": 0},
        {"levels": 256},
        {"kept": np.array([0, 4])},
        {"kept": np.array([-1, 3])},
        {"kept": np.array([], int)},
        {"kept": np.array([0.0, 1.0])},
        {"kept": np.array([[0, 1]])},
        {"mean": None},
        {"deviation": None},
        {"mean": np.zeros(3)},
        {"deviation": np.array([1.0, np.inf])},
    ],
    ids=lambda damage: str(damage)[:40],
)
def test_parts_that_do_not_fit_together_are_refused(damage: dict) -> None:
    with pytest.raises(ValueError, match=r"."):
        dataclasses.replace(WHOLE, **damage).check()


def test_a_preparation_tells_in_words_what_it_does() -> None:
    text = WHOLE.describe()
    assert text == (
        "sums over squares of 2×2 pixels, in a row, only the 2 that are kept, × 0.001, "
        "minus the mean, divided by the standard deviation"
    )
    assert "as whole grey levels from 0 to 16" in Preparation((2, 2), levels=16).describe()
    assert Preparation((2, 2)).describe(scaled=False) == "the pixels, in a row"
