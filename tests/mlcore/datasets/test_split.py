"""A split keeps every image in one half only, repeats with its seed, and refuses sizes that cannot be had."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.split import LARGEST_SEED, SplitSettings, split_dataset
from mlcore.errors import DatasetError


def make(counts: list[int]) -> Dataset:
    labels = np.repeat(np.arange(len(counts)), counts)
    names = [chr(ord("a") + k) for k in range(len(counts))]
    return Dataset(np.zeros((len(labels), 4, 4), np.uint8), labels, names, "made")


@given(st.integers(2, 200), st.data(), st.integers(0, LARGEST_SEED))
def test_no_image_is_in_both_halves_and_none_is_lost(n: int, data: st.DataObject, seed: int) -> None:
    dev_size = data.draw(st.integers(1, n - 1))
    split = split_dataset(make([n]), dev_size, seed)
    assert len(split.dev) == dev_size
    assert sorted([*split.train.rows, *split.dev.rows]) == list(range(n))


def test_the_first_images_of_a_seeded_shuffle_are_the_dev_set() -> None:
    order = np.random.default_rng(42).permutation(50)
    split = split_dataset(make([20, 30]), 10, seed=42)
    np.testing.assert_array_equal(split.dev.rows, order[:10])
    np.testing.assert_array_equal(split.train.rows, order[10:])


def test_a_fraction_is_a_share_of_the_images() -> None:
    split = split_dataset(make([30, 30]), 0.25)
    assert len(split.dev) == 15


def test_halves_share_the_pixels() -> None:
    whole = make([10, 10])
    split = split_dataset(whole, 5)
    assert split.train.base is whole
    assert split.dev.base is whole
    assert split.train._images is None


@pytest.mark.parametrize("stratify", [False, True])
def test_fewer_training_images_leave_the_dev_set_as_it_is(stratify: bool) -> None:
    all_of_them = split_dataset(make([40, 60]), 20, seed=3, stratify=stratify)
    some = split_dataset(make([40, 60]), 20, seed=3, stratify=stratify, train_size=30)
    assert len(some.train) == 30
    np.testing.assert_array_equal(some.dev.rows, all_of_them.dev.rows)
    assert set(some.train.rows) <= set(all_of_them.train.rows)


@given(st.lists(st.integers(20, 60), min_size=2, max_size=6), st.floats(0.1, 0.5), st.integers(0, 99))
def test_a_stratified_dev_set_has_each_class_by_its_share(counts: list[int], share: float, seed: int) -> None:
    split = split_dataset(make(counts), share, seed, stratify=True)
    exact = np.array(counts) * len(split.dev) / sum(counts)
    assert np.abs(split.dev.class_counts - exact).max() < 1
    assert len(split.dev) == round(share * sum(counts))
    assert sorted([*split.train.rows, *split.dev.rows]) == list(range(sum(counts)))


def test_a_stratified_split_by_hand() -> None:
    # 50, 30 and 20 images; 7 of the 100 are 3.5, 2.1 and 1.4 of them; the one left over goes to the first.
    split = split_dataset(make([50, 30, 20]), 7, stratify=True)
    assert split.dev.class_counts.tolist() == [4, 2, 1]


def test_stratified_images_stay_shuffled() -> None:
    split = split_dataset(make([50, 50]), 20, stratify=True)
    assert split.dev.labels.tolist() != sorted(split.dev.labels.tolist())


def test_a_stratified_choice_may_take_every_image_that_is_left() -> None:
    split = split_dataset(make([2, 2]), 2, stratify=True, train_size=2)
    assert split.train.class_counts.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"dev_size": 0}, "needs at least 1"),
        ({"dev_size": -3}, "needs at least 1"),
        ({"dev_size": 100}, "leaves none of the 100 to train on"),
        ({"dev_size": 0.999}, "leaves none"),
        ({"dev_size": 1.0}, "write 1, or a fraction below 1"),
        ({"dev_size": 1.5}, "neither a whole number nor a fraction"),
        ({"dev_size": float("nan")}, "neither"),
        ({"dev_size": float("inf")}, "neither"),
        ({"dev_size": 10, "train_size": 0}, "At least 1 training image"),
        ({"dev_size": 10, "train_size": 91}, "more than the 100 available. Use at most 90"),
        ({"dev_size": 4, "stratify": True}, "Class c has 2 of 100 images: too few"),
        ({"dev_size": 90, "stratify": True}, "Class c has 2 of 100 images"),
        ({"dev_size": 50, "stratify": True, "train_size": 5}, "Class c has 1 of 50 images"),
        ({"dev_size": 10, "seed": -1}, "seed -1 is out of bounds"),
        ({"dev_size": 10, "seed": 2**32, "old_shuffle": True}, "from 0 to 4,294,967,295"),
    ],
)
def test_sizes_that_cannot_be_had_are_refused_with_a_sentence(settings: dict, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        split_dataset(make([49, 49, 2]), **settings)


def test_a_small_data_set_keeps_four_fifths_to_learn_from() -> None:
    split = split_dataset(make([20, 30]))
    assert (len(split.train), len(split.dev)) == (40, 10)


def test_a_large_data_set_gives_a_thousand_images_to_the_dev_set() -> None:
    assert len(split_dataset(make([2500, 2500])).dev) == 1000
    np.testing.assert_array_equal(
        split_dataset(make([2500, 2500])).dev.rows, SplitSettings().split(make([2500, 2500])).dev.rows
    )


def test_a_split_says_how_large_its_halves_are() -> None:
    assert repr(split_dataset(make([20, 30]), 10)).endswith("40 training images, 10 dev images)")
