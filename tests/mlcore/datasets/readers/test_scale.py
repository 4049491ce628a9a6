"""Numbers of any usual scale become the bytes that they stand for, and the user is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.datasets.readers import read_dataset
from mlcore.datasets.readers.scale import Scale, ValueRange, scale_of
from mlcore.datasets.undo import undo_decision
from tests.mlcore.datasets.readers import data_files as make

LABELS = np.arange(6) % 3


def bytes_of_images() -> np.ndarray:
    """Images with an empty border that use all of 0 to 255."""
    images = np.zeros((6, 8, 8), np.uint8)
    images[:, 2:6, 2:6] = np.random.default_rng(0).integers(20, 256, (6, 4, 4))
    images[:, 3, 3] = 255
    return images


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (lambda x: x / 255, "ranged from 0 to 1; they were stretched"),
        (lambda x: (x / 255).astype(np.float16), "ranged from 0 to 1; they were stretched"),
        (lambda x: x / 127.5 - 1, "ranged from -1 to 1; they were stretched"),
        (lambda x: x / 255 - 0.5, "ranged from -0.5 to 0.5; they were stretched"),
        (lambda x: (x / 255 - 0.1307) / 0.3081, "ranged from -0.42 to 2.82; they were stretched"),
        (lambda x: x / 255 * 16, "ranged from 0 to 16; they were stretched"),
        (lambda x: x / 2.55, "ranged from 0 to 100; they were stretched"),
        (lambda x: x.astype(np.uint16) * 257, "ranged from 0 to 65535; they were scaled down"),
        (lambda x: x.astype(np.int32) * 16, "ranged from 0 to 4080; they were scaled down"),
        (lambda x: x.astype(float) + 0.25 * (x > 0) * (x < 255), "had fractions; they were rounded"),
    ],
)
def test_arrays_of_any_scale_become_the_same_bytes(values, sentence: str) -> None:
    images = bytes_of_images()
    dataset = read_dataset({"a.npz": make.npz(X=values(images), y=LABELS)})
    np.testing.assert_array_equal(dataset.images, images)
    (decision,) = dataset.decisions
    assert (decision.key, decision.count) == ("stretch", 6)
    assert sentence in decision.sentence
    assert dataset.notes == (decision.sentence,)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.uint16, np.float32])
def test_bytes_in_any_type_are_left_as_they_are(dtype) -> None:
    images = bytes_of_images()
    dataset = read_dataset({"a.npz": make.npz(X=images.astype(dtype), y=LABELS)})
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.decisions == ()


def test_what_splines_leave_beyond_black_and_white_is_cut_off() -> None:
    scale = scale_of(ValueRange(-0.02, 1.03, whole=False))
    assert scale == Scale(0, 1)
    assert scale.to_bytes(np.array([-0.02, 0.5, 1.03])).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("lowest", "highest", "whole"),
    [(-2, 255, True), (0, 300, True), (0, 70_000, True), (-400.5, 900.5, False), (np.nan, np.nan, False)],
)
def test_numbers_that_can_be_no_pixels_have_no_scale(lowest: float, highest: float, whole: bool) -> None:
    assert scale_of(ValueRange(lowest, highest, whole)) is None


@given(st.integers(0, 65_535), st.integers(0, 65_535), st.booleans())
def test_a_scale_keeps_the_order_of_its_values_and_uses_no_more_than_bytes(
    one: int, other: int, whole: bool
) -> None:
    scale = scale_of(ValueRange(min(one, other), max(one, other), whole))
    if scale is not None:
        low, high = scale.to_bytes(np.array(sorted((one, other)))).tolist()
        assert 0 <= low <= high <= 255


@pytest.mark.parametrize("highest", [31, 63, 100, 127])
def test_levels_of_five_to_seven_bits_and_per_cent_are_stretched_and_can_be_undone(highest: int) -> None:
    levels = np.rint(bytes_of_images() * (highest / 255)).astype(np.uint8)
    read = read_dataset({"a.npz": make.npz(images=levels, labels=np.arange(len(levels)) % 2)})
    assert read.images.max() == 255
    assert f"from 0 to {highest}" in " ".join(read.notes)
    np.testing.assert_array_equal(undo_decision(read, "stretch").images, levels)
