"""The shipped data sets are whole, are what their cards say, and are refused when a byte has changed."""

import re
from pathlib import Path

import numpy as np
import pytest

from mlcore.datasets import shipped
from mlcore.datasets.shipped import DISPUTED, SHIPPED_DATASETS, disputed_labels, load_dataset
from mlcore.errors import DatasetError


@pytest.mark.parametrize(
    ("name", "n", "shape", "first_labels"),
    [
        ("mnist", 60_000, (28, 28), [5, 0, 4, 1]),
        ("mnist-test", 10_000, (28, 28), [7, 2, 1, 0]),
        ("digits-8x8", 1_797, (8, 8), [0, 1, 2, 3]),
    ],
)
def test_a_shipped_data_set_is_whole(
    name: str, n: int, shape: tuple[int, int], first_labels: list[int]
) -> None:
    dataset = load_dataset(name)
    assert len(dataset) == n
    assert dataset.image_shape == shape
    assert dataset.class_names == tuple("0123456789")
    assert dataset.labels[:4].tolist() == first_labels
    assert dataset.images.min() == 0
    assert dataset.images.max() == 255
    assert dataset.images[:, :, 0].mean() < 20, "black paper"


def test_the_8x8_digits_give_their_17_levels_back() -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    levels = shipped.bytes_to_levels(load_dataset("digits-8x8").images)
    np.testing.assert_array_equal(levels, sklearn_datasets.load_digits().images)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DatasetError, match="mnist, mnist-test, digits-8x8"):
        load_dataset("imagenet")


def test_a_missing_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "DATA_FOLDER", tmp_path)
    with pytest.raises(DatasetError, match=r"data/mnist/train-images-idx3-ubyte\.gz is missing"):
        load_dataset("mnist")


@pytest.mark.parametrize("name", ["mnist-test", "digits-8x8"])
@pytest.mark.parametrize("damage", ["one byte", "cut", "other content"])
def test_a_changed_file_is_refused(
    name: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in SHIPPED_DATASETS[name].files:
        content = bytearray((shipped.DATA_FOLDER / path).read_bytes())
        if damage == "one byte":
            content[len(content) // 2] ^= 1
        elif damage == "cut":
            del content[len(content) // 2 :]
        else:
            content = bytearray(b"0,1,2\n")
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(content)
    monkeypatch.setattr(shipped, "DATA_FOLDER", tmp_path)
    with pytest.raises(DatasetError, match=r"digits\.csv|t10k"):
        load_dataset(name)


@pytest.mark.parametrize(
    "folder", sorted({path.split("/")[0] for s in SHIPPED_DATASETS.values() for path in s.files})
)
def test_every_shipped_folder_has_a_card_with_its_checksums(folder: str) -> None:
    card = (shipped.DATA_FOLDER / folder / "README.md").read_text(encoding="utf-8")
    files = [f for s in SHIPPED_DATASETS.values() for f in s.files.items() if f[0].startswith(f"{folder}/")]
    for path, sha256 in files:
        assert path.split("/")[1] in card
        assert sha256 in card
    assert re.search(r"\*\*Licence\.\*\*", card)
    assert re.search(r"\*\*Credit\.\*\*", card)


def test_the_disputed_labels_are_of_the_test_images_and_of_no_others() -> None:
    test = load_dataset("mnist-test")
    assert list(DISPUTED) == [test.fingerprint]
    found = disputed_labels(test)
    assert len(set(found.tolist())) == 15
    assert found[[0, -1]].tolist() == [947, 9729]
    # 947 is labelled 8 and looks like a 9, 9729 is labelled 5 and looks like a 6, as everybody can see.
    assert test.labels[found[[0, -1]]].tolist() == [8, 5]
    assert disputed_labels(load_dataset("digits-8x8")).tolist() == []
