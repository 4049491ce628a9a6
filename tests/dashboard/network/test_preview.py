"""What augmentation and preparation do, as pictures: made by training's own functions, the same each time.

These are the tests of `dashboard.network.preview`.
"""

import numpy as np
import pytest

from dashboard.network.preview import DROPPED, augmented, describe, input_pictures
from mlcore import augment, fit_preparation
from mlcore.images.augmentation import Augmentation

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 6, 8), np.uint8)


def test_the_changed_images_are_those_that_training_would_make_with_this_seed() -> None:
    change = Augmentation(rotation=10, shift=1)
    expected = augment(IMAGES, np.random.default_rng(3), change)
    np.testing.assert_array_equal(augmented(IMAGES, change, 3), expected)
    assert (augmented(IMAGES, change, 4) != expected).any()


def test_inputs_that_are_only_scaled_look_like_the_images() -> None:
    preparation = fit_preparation(IMAGES)
    pictures = input_pictures(preparation, preparation(IMAGES))
    largest = IMAGES.max()
    np.testing.assert_allclose(pictures[..., 0], IMAGES * (255 / largest), atol=1)
    assert (pictures[..., 0] == pictures[..., 2]).all()


def test_a_pixel_that_is_dropped_has_a_colour_and_the_others_keep_their_places() -> None:
    images = IMAGES.copy()
    images[:, 2, 3] = 0
    preparation = fit_preparation(images, drop_rare_pixels=0.0)
    pictures = input_pictures(preparation, preparation(images))
    assert (pictures[:, 2, 3] == DROPPED).all()
    is_grey = (pictures == pictures[..., :1]).all(axis=-1)
    assert is_grey.sum() == len(images) * (6 * 8 - 1)
    assert "47 numbers" in describe(preparation, preparation(images))
    assert "Orange pixels" in describe(preparation, preparation(images))


def test_a_standardised_pixel_at_its_mean_is_mid_grey() -> None:
    preparation = fit_preparation(IMAGES, standardize=True)
    pictures = input_pictures(preparation, np.zeros((1, 48), np.float32))
    assert set(np.unique(pictures)) <= {127, 128}
    assert "Mid-grey" in describe(preparation, preparation(IMAGES))


@pytest.mark.parametrize("pooling", [2, 3])
def test_downsampled_images_are_shown_with_fewer_pixels(pooling: int) -> None:
    preparation = fit_preparation(IMAGES, pooling=pooling)
    pictures = input_pictures(preparation, preparation(IMAGES))
    assert pictures.shape[1:3] == preparation.pooled_shape
    assert f"{preparation.features} numbers" in describe(preparation, preparation(IMAGES))
