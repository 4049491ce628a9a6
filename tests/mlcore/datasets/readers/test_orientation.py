"""EMNIST's transposed images are set upright and its classes named after their characters."""

import numpy as np
import pytest

from mlcore import load_dataset, read_dataset, redo_decision
from tests.mlcore.datasets.readers import data_files as make

IMAGES = load_dataset("mnist-test").images[:60]
TRANSPOSED = IMAGES.transpose(0, 2, 1)
LETTERS = np.arange(60) % 26 + 1

FILES = {
    "IDX": make.idx_pair(TRANSPOSED, LETTERS, "emnist-letters-train"),
    "a table": {"emnist-letters-train.csv": make.csv(TRANSPOSED, LETTERS, header=False).encode()},
    "arrays": {"EMNIST_letters.npz": make.npz(X=TRANSPOSED, y=LETTERS)},
}


@pytest.mark.parametrize("kind", FILES)
def test_emnist_is_set_upright_in_any_format_and_its_letters_are_named(kind: str) -> None:
    dataset = read_dataset(FILES[kind])
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert [dataset.class_names[k] for k in dataset.labels[:27]] == [*"ABCDEFGHIJKLMNOPQRSTUVWXYZA"]
    assert [decision.key for decision in dataset.decisions] == ["turn", "name"]
    assert "turned upright" in dataset.notes[0]
    assert "A to Z" in dataset.notes[1]


@pytest.mark.parametrize(
    ("name", "labels", "characters"),
    [
        ("emnist-letters", range(26), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("emnist-balanced", range(47), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"),
        ("emnist-bymerge", [10, 36, 46], "Aat"),
        ("emnist-byclass", [9, 35, 36, 61], "9Zaz"),
    ],
)
def test_classes_are_named_by_the_mapping_of_their_set(name: str, labels: range, characters: str) -> None:
    labels = np.resize(labels, 60)
    dataset = read_dataset({f"{name}.npz": make.npz(X=TRANSPOSED, y=labels)})
    assert dataset.class_names == tuple(characters)


def test_digits_keep_their_names() -> None:
    dataset = read_dataset({"emnist-digits.npz": make.npz(X=TRANSPOSED, y=LETTERS % 10)})
    assert dataset.class_names == tuple("0123456789")
    assert [decision.key for decision in dataset.decisions] == ["turn"]


def test_images_that_are_upright_already_are_not_turned_again() -> None:
    dataset = read_dataset({"emnist-digits.npz": make.npz(X=IMAGES, y=LETTERS % 10)})
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert dataset.decisions == ()


def test_other_files_are_not_turned_but_where_the_ink_lies_that_is_offered() -> None:
    dataset = read_dataset({"mine.npz": make.npz(X=TRANSPOSED, y=LETTERS)})
    np.testing.assert_array_equal(dataset.images, TRANSPOSED)
    assert dataset.class_names == tuple(str(k) for k in range(1, 27))
    assert dataset.notes == ()
    (decision,) = dataset.decisions
    assert (decision.key, decision.is_undone) == ("turn", True)
    turned = redo_decision(dataset, "turn")
    np.testing.assert_array_equal(turned.images, IMAGES)
    assert turned.notes == ("The images were turned.",)


@pytest.mark.parametrize("name", ["mnist", "mnist-test", "digits-8x8"])
def test_nothing_is_offered_where_the_ink_stands(name: str) -> None:
    shipped = load_dataset(name)
    for start in range(0, 1500, 100):
        some = slice(start, start + 100)
        content = make.npz(X=shipped.images[some], y=shipped.labels[some])
        assert read_dataset({"a.npz": content}).decisions == ()


@pytest.mark.parametrize(
    ("name", "labels", "first", "last"),
    [
        ("A_Z Handwritten Data.csv", np.arange(60) % 26, "A", "Z"),
        ("a-z.csv", np.arange(60) % 26 + 1, "A", "Z"),
        ("handwritten_letters.csv", np.arange(60) % 26, "A", "Z"),
        ("sign_mnist_train.csv", np.array([k for k in range(25) if k != 9] * 3)[:60], "A", "Y"),
    ],
)
def test_numbers_in_a_file_of_letters_are_named_but_nothing_is_turned(
    name: str, labels: np.ndarray, first: str, last: str
) -> None:
    dataset = read_dataset({name: make.csv(IMAGES, labels).encode()})
    np.testing.assert_array_equal(dataset.images, IMAGES)
    assert (dataset.class_names[0], dataset.class_names[-1]) == (first, last)
    assert [decision.key for decision in dataset.decisions if not decision.is_undone] == ["name"]


@pytest.mark.parametrize("name", ["mnist_train.csv", "jazz.csv", "letterbox.csv", "a.csv"])
def test_numbers_in_other_files_are_no_letters(name: str) -> None:
    dataset = read_dataset({name: make.csv(IMAGES, np.arange(60) % 26).encode()})
    assert dataset.class_names[0] == "0"


def test_few_numbers_in_a_file_of_letters_may_be_anything() -> None:
    dataset = read_dataset({"letters.csv": make.csv(IMAGES, np.arange(60) % 3).encode()})
    assert dataset.class_names == ("0", "1", "2")
