"""What can be said of a data set before any training: the range of grey levels, and mean images."""

import numpy as np
import pytest

from mlcore import Dataset, average_images, commonest_share, load_dataset, pixel_range
from mlcore.datasets import describe


def three() -> Dataset:
    images = np.zeros((3, 4, 4), np.uint8)
    images[0, 0, 0], images[1, 0, 0], images[2] = 10, 21, 200
    return Dataset(images, np.array([0, 0, 2]), ("a", "b", "c"), "three")


def test_the_range_is_that_of_all_pixels() -> None:
    assert pixel_range(three()) == (0, 200)
    assert pixel_range(three().take([2])) == (200, 200)


def test_each_average_is_the_mean_of_its_class_rounded() -> None:
    averages = average_images(three())
    assert averages.dtype == np.uint8
    assert averages[0, 0, 0] == 16  # (10 + 21) / 2 = 15.5, to the even neighbour
    assert averages[0, 1:].max() == 0
    assert (averages[2] == 200).all()


def test_a_class_without_images_is_black() -> None:
    assert average_images(three())[1].max() == 0


def test_the_average_does_not_depend_on_the_size_of_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load_dataset("digits-8x8")
    whole = average_images(digits)
    monkeypatch.setattr(describe, "BLOCK", 7)
    np.testing.assert_array_equal(average_images(digits), whole)


def test_the_share_of_the_commonest_class_is_the_accuracy_of_one_answer() -> None:
    labels = np.array([3, 3, 1, 0, 3])
    assert commonest_share(labels) == np.mean(labels == 3) == 0.6
    assert np.isnan(commonest_share(labels[:0]))
