"""Pixels that are blank in every image are found, and the others are copied once for all views."""

import numpy as np

from mlcore import Dataset
from mlcore.datasets.table import Table


def dataset_of(*rows: list[int]) -> Dataset:
    images = np.array(rows, np.uint8)[:, None, :]
    return Dataset(images, np.zeros(len(rows), int), ("a",), "rows")


def test_a_pixel_is_lit_when_any_image_of_the_whole_data_set_has_ink_there() -> None:
    whole = dataset_of([0, 5, 0, 0], [0, 0, 0, 9])
    part = whole.take([0])
    assert part.lit_columns is whole.lit_columns
    np.testing.assert_array_equal(whole.lit_columns, [1, 3])
    assert part.lit is whole.lit is not None
    np.testing.assert_array_equal(whole.lit.rows, [[5, 0], [0, 9]])


def test_few_blank_pixels_are_not_worth_a_copy_and_nor_is_an_empty_image() -> None:
    assert dataset_of([1] * 39 + [0]).lit is None
    assert dataset_of([1] * 37 + [0] * 3).lit is not None
    assert dataset_of([0, 0]).lit is None
    assert dataset_of([0, 0]).take([]).lit is None


def test_numbers_in_place_of_pixels_are_all_read() -> None:
    assert Table(np.array([[[0.0, 1.0]]], np.float32), [0], ("a",), "table").lit is None
