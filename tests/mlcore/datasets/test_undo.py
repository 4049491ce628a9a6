"""What a reader decided can be undone and done again, exactly and in any order, without the file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import Dataset, DatasetError, load_dataset, read_dataset, read_parts, redo_decision, undo_decision
from mlcore.datasets.shipped import bytes_to_levels, levels_to_bytes
from tests.mlcore.datasets.readers import data_files as make

DIGITS = load_dataset("digits-8x8")
LEVELS = bytes_to_levels(DIGITS.images[:60])
MIXED = np.where(np.arange(60)[:, None, None] % 3 == 0, 16 - LEVELS, LEVELS)
LETTERS = np.arange(60) % 26 + 1
KEYS = ("stretch", "invert", "turn", "name")


def decided() -> Dataset:
    """Return a data set about which all was decided that can be: it was stored in every way otherwise."""
    files = {"emnist-letters.npz": make.npz(X=MIXED.transpose(0, 2, 1), y=LETTERS)}
    dataset = read_dataset(files)
    assert tuple(decision.key for decision in dataset.decisions) == KEYS
    return dataset


def test_a_reader_that_decides_all_gives_the_images_as_they_are_meant() -> None:
    np.testing.assert_array_equal(decided().images, DIGITS.images[:60])


@given(st.permutations(KEYS))
def test_all_undone_in_any_order_is_what_was_stored_and_all_done_again_is_what_was_read(
    order: list[str],
) -> None:
    read = decided()
    dataset = read
    for key in order:
        dataset = undo_decision(dataset, key)
    np.testing.assert_array_equal(dataset.images, MIXED.transpose(0, 2, 1))
    assert dataset.class_names == tuple(str(k) for k in range(1, 27))
    assert dataset.notes == ()
    for key in order[1:] + order[:1]:
        dataset = redo_decision(dataset, key)
    assert dataset.fingerprint == read.fingerprint
    assert dataset.decisions == read.decisions
    assert dataset.notes == read.notes


def test_only_the_images_that_were_inverted_are_inverted_back() -> None:
    read = decided()
    dataset = undo_decision(read, "invert")
    changed = (dataset.images != read.images).any(axis=(1, 2))
    np.testing.assert_array_equal(changed, np.arange(60) % 3 == 0)
    assert read.images.max() == 255, "the data set that was given is as it was"


def test_a_view_stays_the_same_view() -> None:
    read = decided()
    view = undo_decision(read.take([5, 3]), "turn")
    np.testing.assert_array_equal(view.images, read.images[[5, 3]].transpose(0, 2, 1))
    assert len(view.base) == 60


def test_a_decision_is_left_out_by_the_parameter_of_read_dataset() -> None:
    content = make.npz(X=255 - DIGITS.images[:60], y=LETTERS)
    dataset = read_dataset({"a.npz": content}, without=("invert", "turn"))
    np.testing.assert_array_equal(dataset.images, 255 - DIGITS.images[:60])
    assert [(decision.key, decision.is_undone) for decision in dataset.decisions] == [("invert", True)]


@pytest.mark.parametrize("key", ["turn", "stretch"])
def test_what_was_not_decided_or_needs_the_file_cannot_be_undone(key: str) -> None:
    dataset = read_dataset({"a.npz": make.npz(X=DIGITS.images[:60] / 255, y=LETTERS)})
    with pytest.raises(DatasetError, match=f"“{key}” cannot be undone in a"):
        undo_decision(dataset, key)


def test_without_names_only_what_can_be_decided() -> None:
    with pytest.raises(ValueError, match="no decisions"):
        read_dataset({"a.npz": make.npz(X=DIGITS.images[:60], y=LETTERS)}, without=("inversion",))


def test_validation_and_test_images_follow_what_was_decided_about_the_training_images() -> None:
    levels = np.minimum(LEVELS, 15)
    content = make.npz(
        x_train=MIXED.transpose(0, 2, 1),
        y_train=np.arange(60) % 25 + 1,
        x_test=levels[:8].transpose(0, 2, 1),
        y_test=[2, 3, 2, 3, 26, 3, 2, 3],
    )
    parts = read_parts({"emnist-letters.npz": content})
    test = parts.test
    assert test is not None
    kept = [0, 1, 2, 3, 5, 6, 7]
    np.testing.assert_array_equal(test.images, levels_to_bytes(levels[kept]))
    assert [test.class_names[k] for k in test.labels] == ["B", "C", "B", "C", "C", "B", "C"]
    assert test.class_names == parts.train.class_names
    stored = undo_decision(undo_decision(test, "name"), "stretch")
    np.testing.assert_array_equal(stored.images, levels[kept])
    assert stored.class_names == undo_decision(parts.train, "name").class_names
    assert not set(parts.notes) & set(parts.train.notes), "no sentence is there twice"
    decided = {decision.sentence for decision in test.decisions}
    assert not set(parts.notes) & decided, "what was decided about the test images is theirs"
