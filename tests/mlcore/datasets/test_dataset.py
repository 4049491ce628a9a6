"""A Dataset keeps its promises: it does not change, its views share pixels, its fingerprint is content."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import load_dataset
from mlcore.datasets.dataset import Dataset
from mlcore.errors import DatasetError

NAMES = ("0", "1", "2")


def make(n: int = 30, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (n, 5, 4), dtype=np.uint8)
    return Dataset(images, rng.integers(0, 3, n), NAMES, "made")


def test_images_and_labels_cannot_be_written_to() -> None:
    for dataset in (make(), make().take([1, 2])):
        with pytest.raises(ValueError, match="read-only"):
            dataset.images[0] = 0
        with pytest.raises(ValueError, match="read-only"):
            dataset.labels[0] = 0


def test_a_subset_shares_the_pixels_until_its_images_are_asked_for() -> None:
    whole = make()
    part = whole.take(np.array([7, 3, 3]))
    assert part._images is None
    assert np.shares_memory(part._pixels, whole.images)
    np.testing.assert_array_equal(part.images, whole.images[[7, 3, 3]])
    assert part.images is part.images
    assert part.base is whole
    np.testing.assert_array_equal(part.rows, [7, 3, 3])


def test_a_subset_of_a_subset_counts_from_the_subset() -> None:
    whole = make()
    part = whole.take(slice(10, 20), "ten").take([0, -1])
    np.testing.assert_array_equal(part.labels, whole.labels[[10, 19]])
    np.testing.assert_array_equal(part.rows, [10, 19])
    assert part.base is whole
    assert part.name == "ten"


def test_a_mask_chooses_images_as_positions_do() -> None:
    whole = make()
    ones = whole.take(whole.labels == 1)
    assert set(ones.labels) == {1}
    assert len(ones) == whole.class_counts[1]


def test_rows_that_do_not_exist_are_refused() -> None:
    with pytest.raises(IndexError):
        make(5).take([5])


@given(st.lists(st.integers(0, 9), max_size=20), st.booleans())
def test_gather_copies_the_same_pixels_as_indexing(positions: list[int], subset: bool) -> None:
    dataset = make(30).take(slice(25, 5, -2)) if subset else make(10)
    where = np.array(positions, dtype=np.intp)
    out = np.empty((len(where), 20), np.uint8)
    assert dataset.gather(where, out) is out
    np.testing.assert_array_equal(out, dataset.images[where].reshape(len(where), 20))


def test_a_memory_map_is_not_copied(tmp_path: Path) -> None:
    whole = make()
    np.save(tmp_path / "images.npy", whole.images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    dataset = Dataset(mapped, whole.labels, NAMES, "mapped", rows=[2, 1])
    assert np.shares_memory(dataset._pixels, mapped)
    assert dataset.fingerprint == whole.take([2, 1]).fingerprint
    assert dataset.base.fingerprint == whole.fingerprint


def test_the_fingerprint_depends_on_content_alone() -> None:
    whole = make()
    assert whole.fingerprint == make().fingerprint
    assert Dataset(whole.images, whole.labels, NAMES, "other").fingerprint == whole.fingerprint
    part = whole.take([4, 5])
    copied = Dataset(part.images.copy(), part.labels.copy(), NAMES, "copy")
    assert whole.take([4, 5]).fingerprint == part.fingerprint == copied.fingerprint


def test_one_pixel_one_label_one_name_or_the_shape_changes_the_fingerprint() -> None:
    whole = make()
    images, labels = whole.images.copy(), whole.labels.copy()
    images[3, 2, 1] ^= 1
    labels[0] = (labels[0] + 1) % 3
    others = [
        Dataset(images, whole.labels, NAMES, "made"),
        Dataset(whole.images, labels, NAMES, "made"),
        Dataset(whole.images, whole.labels, ("0", "1", "two"), "made"),
        Dataset(whole.images.reshape(30, 4, 5), whole.labels, NAMES, "made"),
    ]
    assert len({dataset.fingerprint for dataset in (whole, *others)}) == 5


def test_a_large_subset_is_hashed_block_by_block_to_the_same_fingerprint() -> None:
    whole = make(9000)
    backwards = whole.take(slice(None, None, -1))
    fingerprint = backwards.fingerprint
    assert backwards._images is None
    assert fingerprint == Dataset(backwards.images, backwards.labels, NAMES, "copy").fingerprint


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros((2, 4, 4)), [0, 1], "must be uint8"),
        (np.zeros((2, 16), np.uint8), [0, 1], r"not uint8 of shape \(2, 16\)"),
        (np.zeros((2, 4, 4), np.uint8), [0], "2 images but labels"),
        (np.zeros((2, 4, 4), np.uint8), [0, 3], "from 0 to 3, .* classes 0 to 2"),
        (np.zeros((2, 4, 4), np.uint8), [0, -1], "from -1"),
        (np.zeros((2, 4, 4), np.uint8), [0.0, 1.0], "whole numbers"),
    ],
)
def test_parts_that_do_not_fit_are_refused(images: np.ndarray, labels: list[float], sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        Dataset(images, labels, NAMES, "bad")


def test_it_says_what_it_is() -> None:
    assert repr(make()) == "Dataset('made': 30 images 5×4, 3 classes)"


@pytest.mark.parametrize("rows", [slice(None), [4, 2, 2, 7, 1]])
def test_the_blocks_together_are_all_images_in_their_order(rows: object) -> None:
    dataset = make().take(rows)
    seen = [(part, pixels.copy()) for part, pixels in dataset.blocks(2)]
    np.testing.assert_array_equal(np.concatenate([pixels for _, pixels in seen]), dataset.images)
    assert [place for part, _ in seen for place in range(part.start, part.stop)] == list(range(len(dataset)))
    assert max(len(pixels) for _, pixels in seen) == 2


def test_the_blocks_of_a_subset_need_no_copy_of_all_its_pixels() -> None:
    dataset = make().take([4, 2])
    assert sum(len(pixels) for _, pixels in dataset.blocks(1)) == 2
    assert dataset._images is None


def test_a_detached_part_is_the_same_data_in_arrays_of_its_own() -> None:
    whole = load_dataset("digits-8x8")
    part = whole.take(slice(10, 20))
    alone = part.detached()
    assert alone.fingerprint == part.fingerprint
    assert (len(alone.base), len(part.base)) == (10, len(whole))
    assert not np.shares_memory(alone.images, whole.images)


def test_a_relabelled_data_set_shares_the_pixels_and_has_another_fingerprint() -> None:
    whole = Dataset(np.arange(4 * 6, dtype=np.uint8).reshape(4, 2, 3), [0, 1, 0, 1], ("a", "b"), "four")
    changed = whole.relabelled([2], [1])
    assert changed.labels.tolist() == [0, 1, 1, 1]
    assert whole.labels.tolist() == [0, 1, 0, 1]
    assert np.shares_memory(changed.images, whole.images)
    assert changed.fingerprint != whole.fingerprint
    part = whole.take([3, 0]).relabelled([1], [1])
    assert part.labels.tolist() == [1, 1]
    assert part.base.labels.tolist() == [1, 1, 0, 1]
    with pytest.raises(DatasetError, match="classes 0 to 1"):
        whole.relabelled([0], [2])
