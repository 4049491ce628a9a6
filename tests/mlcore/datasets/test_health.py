"""What is found wrong with the images of a data set, and that nothing is told of a good one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import Dataset, Health, check_health, load_dataset
from mlcore.arrays import UInt8Array
from mlcore.datasets import health as health_module
from mlcore.datasets.health import FEW, NEARNESS

DIGITS = load_dataset("digits-8x8")


def digits(n: int = 200) -> UInt8Array:
    """Different images, as many of each class."""
    return DIGITS.images[:n].copy()


def checked(images: UInt8Array, labels: object = None) -> Health:
    labels = np.arange(len(images)) % 2 if labels is None else labels
    return check_health(Dataset(images, np.asarray(labels), ("a", "b"), "some"))


def distance(one: UInt8Array, other: UInt8Array) -> float:
    """Return how far two images are apart, as a part of the contrast of the flatter one."""
    centred = [image.astype(float).ravel() - image.mean() for image in (one, other)]
    return float(np.linalg.norm(centred[0] - centred[1]) / min(map(np.linalg.norm, centred)))


def noisy(images: UInt8Array, seed: int = 0, levels: float = 3) -> UInt8Array:
    noise = np.random.default_rng(seed).normal(0, levels, images.shape)
    return np.rint(np.clip(images + noise, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize("name", ["digits-8x8", "mnist-test"])
def test_of_a_good_data_set_nothing_is_told(name: str) -> None:
    health = check_health(load_dataset(name))
    assert health.is_good
    assert health.complete


# Copies


def test_a_copy_is_found_and_the_first_is_not_among_the_copies() -> None:
    images = np.concatenate([digits(), digits(5), digits(1)])
    health = checked(images)
    assert health.copies.tolist() == [200, 201, 202, 203, 204, 205]
    assert health.original[200:].tolist() == [0, 1, 2, 3, 4, 0]
    assert len(health.near_copies) == 0
    assert not health.is_good


def test_images_that_differ_in_one_pixel_by_one_level_are_no_exact_copies() -> None:
    images = digits(2)
    images[1] = images[0]
    images[1, 4, 4] ^= 1
    health = checked(images)
    assert len(health.copies) == 0
    assert len(health.near_copies) == 1


def test_a_view_of_a_data_set_is_checked_by_its_own_positions() -> None:
    whole = Dataset(np.concatenate([digits(10), digits(10)]), np.arange(20) % 2, ("a", "b"), "twice")
    assert check_health(whole.take([7, 3, 17, 12])).original.tolist() == [0, 1, 0, 3]


def test_a_dev_image_is_known_when_a_copy_of_it_is_among_the_training_images() -> None:
    health = checked(np.concatenate([digits(10), digits(4), noisy(digits(10)[9:])]))
    training, dev = np.arange(10), np.arange(8, 15)
    assert health.known(dev, training).tolist() == [8, 9, 10, 11, 12, 13, 14]
    assert health.known(np.array([8, 13]), np.arange(3)).tolist() == []
    assert health.known(training, dev).tolist() == [0, 1, 2, 3, 8, 9]


# Near copies


@pytest.mark.parametrize("tile", [(256, 4096), (7, 20), (1, 1)])
def test_all_near_copies_are_found_and_nothing_else_as_comparing_each_pair_shows(
    tile: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "TILE", tile)
    images = np.concatenate([digits(120), *(noisy(digits(40), seed) for seed in range(3))])
    images = images[np.random.default_rng(0).permutation(len(images))]
    health = checked(images)
    for copy in health.near_copies:
        assert distance(images[copy], images[health.original[copy]]) <= NEARNESS
    kept = np.setdiff1d(np.arange(len(images)), health.near_copies)
    apart = [distance(images[i], images[j]) for i in kept for j in kept if i < j]
    assert min(apart) > NEARNESS
    assert len(health.near_copies) >= 100


def test_a_brighter_copy_is_near_and_one_moved_by_a_pixel_is_not() -> None:
    images = np.minimum(load_dataset("mnist-test").images[:20], 200)
    brighter, moved = images + np.uint8(40), np.roll(images, 1, axis=2)
    health = checked(np.concatenate([images, brighter, moved]))
    assert (health.original[20:40] == health.original[:20]).all()
    assert len(health.near_copies) == 20


def test_copies_of_one_image_are_compared_with_that_one_only(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 3000
    monkeypatch.setattr(health_module, "MOST_COMPARED", 600 * n)  # all pairs: 1,500 n
    health = checked(noisy(np.repeat(digits(1), n, axis=0), levels=1))
    assert health.complete
    assert len(health.near_copies) >= n - 5


def test_a_search_that_would_take_too_long_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_module, "MOST_COMPARED", 1000)
    assert checked(digits(200)).complete  # one tile, and what has begun is done
    assert not checked(digits(600)).complete


@given(st.integers(0, 40), st.integers(1, 9), st.integers(1, 9), st.randoms())
def test_images_of_any_size_and_number_are_checked(n: int, height: int, width: int, random: object) -> None:
    generator = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    images = generator.integers(0, generator.integers(1, 256), (n, height, width), np.uint8)
    health = checked(np.concatenate([images, images]))
    assert len(health.copies) + len(health.blank) >= n
    assert (health.original[health.original] == health.original).all()


# Labels, blank images, rare classes


def test_all_copies_of_one_image_contradict_each_other_when_one_has_another_label() -> None:
    images = np.concatenate([digits(4), digits(2), noisy(digits(1))])
    health = checked(images, [0, 0, 0, 0, 0, 0, 1])
    assert health.contradictions.tolist() == [0, 4, 6]


def test_images_on_which_nothing_can_be_seen_are_blank_and_no_copies() -> None:
    images = np.concatenate([digits(3), np.zeros((2, 8, 8), np.uint8), np.full((1, 8, 8), 200, np.uint8)])
    images[4, 0, 0] = 10
    health = checked(images)
    assert health.blank.tolist() == [3, 4, 5]
    assert len(health.copies) == len(health.near_copies) == len(health.contradictions) == 0


def test_the_images_of_a_class_with_few_are_told() -> None:
    labels = np.zeros(30, int)
    labels[[4, 9]] = 1
    assert checked(digits(30), labels).rare.tolist() == [4, 9]
    labels[:FEW] = 1
    assert len(checked(digits(30), labels).rare) == 0
