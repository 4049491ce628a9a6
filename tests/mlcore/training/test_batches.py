"""Batches: how images are gathered, changed and ordered."""

import numpy as np

from mlcore import Augmentation, Preparation, load_dataset
from mlcore.training.batches import AugmentedImages, ImageOrder


def test_augmented_images_come_in_compact_form() -> None:
    dataset = load_dataset("digits-8x8")
    preparation = Preparation((8, 8), 2, kept=np.array([0, 5, 6, 9]))
    positions = np.array([4, 1, 7])
    source = AugmentedImages(dataset, preparation, Augmentation(), 5)
    found = source.gather(positions, np.empty((3, 4), np.uint16), np.random.default_rng(0))
    expected = preparation.compact(dataset.images[positions])
    assert np.abs(found.astype(int) - expected).max() <= 2  # the mean of four was rounded


def test_a_batch_is_the_next_one_until_it_is_passed() -> None:
    order = ImageOrder(10, 4, 10, np.random.default_rng(0))
    first = order.next_batch().tolist()
    assert order.next_batch().tolist() == first
    order.pass_batch()
    second = order.next_batch().tolist()
    assert len({*first, *second}) == 8
    order.pass_batch()
    assert len(order.next_batch()) == 2


def test_the_full_batch_is_not_shuffled() -> None:
    order = ImageOrder(5, 5, 5, np.random.default_rng(0))
    for _step in range(2):
        assert order.next_batch().tolist() == [0, 1, 2, 3, 4]
        order.pass_batch()
