"""Pictures in no folders of classes have labels in a table beside them, or in names that are shown first."""

import numpy as np
import pytest

from mlcore.datasets.readers import LabelsInNames, read_dataset, read_parts
from mlcore.datasets.unlabelled import MissingLabels
from tests.mlcore.datasets.readers import data_files as make

IMAGES = np.zeros((8, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = np.random.default_rng(0).integers(20, 256, (8, 4, 4))
LABELS = np.arange(8) % 2


def pictures(form: str, folder: str = "img") -> dict[str, bytes | str]:
    """Return the pictures in one folder, named by their number {k} and label {label}."""
    return {
        f"{folder}/{form.format(k=k, label=label)}.png": make.picture(image)
        for k, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True))
    }


# A table beside the pictures


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("image,label", "img/{k:03}.png,{label}"),
        ("filename;writer;label", "{k:03}.png;w{k};{label}"),
        ("", "{k:03}.png {label}"),
        ("id,digit", "{k:03},{label}"),
        ("label\tpath", "{label}\t.\\img\\{k:03}.png"),
        ("image,0,1", "{k:03},{other}.0,{label}.0"),
        ("id,label", "{k},{label}"),
    ],
)
def test_labels_are_read_from_a_table_beside_the_pictures(header: str, row: str) -> None:
    rows = [row.format(k=k, label=label, other=1 - label) for k, label in enumerate(LABELS)]
    members = pictures("{k:03}") | {"labels.csv": "\n".join(filter(None, [header, *rows]))}
    dataset = read_dataset({"a.zip": make.archive(members)})
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert "8 of 8 pictures were read from labels.csv" in dataset.notes[0]


def test_the_table_may_be_utf_16_and_mark_each_class_in_a_column_of_its_own() -> None:
    rows = "".join(f"{k:03}\t{int(k < 2)}\t{int(2 <= k < 5)}\t{int(k >= 5)}\n" for k in range(8))
    table = f"image\tcat\tdog\thare\n{rows}".encode("utf-16")
    dataset = read_dataset({"a.zip": make.archive(pictures("{k:03}") | {"truth.tsv": table})})
    assert [dataset.class_names[k] for k in dataset.labels] == ["cat"] * 2 + ["dog"] * 3 + ["hare"] * 3


def test_of_several_tables_the_one_that_names_the_most_pictures_has_the_labels() -> None:
    about = "number,label\n" + "".join(f"{k},w{k % 3}\n" for k in range(5))
    table = "path,label\n" + "".join(f"img/{k:03}.png,{label}\n" for k, label in enumerate(LABELS))
    members = pictures("{k:03}") | {"a.csv": about, "b.csv": table}
    dataset = read_dataset({"a.zip": make.archive(members)})
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert dataset.class_names == ("0", "1")


def test_tables_of_the_same_columns_tell_the_labels_together() -> None:
    header = "filename,digit\n"
    halves = [
        header + "".join(f"{k:03}.png,{LABELS[k]}\n" for k in places) for places in (range(4), range(4, 8))
    ]
    members = pictures("{k:03}") | {"a.csv": halves[0], "b.csv": halves[1], "c.csv": "x,y\n003,w\n"}
    dataset = read_dataset({"a.zip": make.archive(members)})
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert "The labels of 8 of 8 pictures were read from a.csv, b.csv." in dataset.notes


def test_pictures_that_the_table_does_not_name_are_left_out_and_counted() -> None:
    rows = [f"{k}.png,{label}" for k, label in enumerate(LABELS)][:6]
    members = pictures("{k}") | {"labels.csv": "\n".join(["image,label", *rows])}
    dataset = read_dataset({"a.zip": make.archive(members)})
    assert len(dataset) == 6
    assert "6 of 8 pictures" in dataset.notes[0]


def test_labels_that_are_names_of_pictures_too_are_told_from_them() -> None:
    rows = [f"{k},{label}" for k, label in enumerate(LABELS)]
    members = pictures("{k}") | {"labels.csv": "\n".join(["id,class", *rows])}
    assert read_dataset({"a.zip": make.archive(members)}).labels.tolist() == LABELS.tolist()


def test_a_picture_is_found_by_its_path_where_names_are_there_twice() -> None:
    members = pictures("{k}", "images/png") | pictures("{k}", "images/jpg")
    rows = [f"{folder}/{k}.png,{label}" for folder in ("png", "jpg") for k, label in enumerate(LABELS)]
    dataset = read_dataset({"a.zip": make.archive(members), "labels.csv": "\n".join(rows).encode()})
    assert dataset.labels.tolist() == [*LABELS, *LABELS]


def test_each_part_has_the_table_of_its_own() -> None:
    members = {}
    for part, shown in (("train", LABELS), ("test", 1 - LABELS)):
        rows = "\n".join(f"{k}.png,{label}" for k, label in enumerate(shown))
        members |= pictures("{k}", f"{part}/images") | {f"{part}/labels.csv": f"image,label\n{rows}"}
    parts = read_parts({"a.zip": make.archive(members)})
    assert parts.train.labels.tolist() == LABELS.tolist()
    assert parts.test is not None
    assert parts.test.labels.tolist() == (1 - LABELS).tolist()


def test_folders_of_classes_go_before_a_table() -> None:
    members = pictures("{k}", "one") | pictures("{k}", "other")
    rows = [f"{folder}/{k}.png,{label}" for folder in ("one", "other") for k, label in enumerate(LABELS)]
    dataset = read_dataset({"a.zip": make.archive(members), "labels.csv": "\n".join(rows).encode()})
    assert dataset.class_names == ("one", "other")
    assert "labels.csv" in dataset.notes[0]


def test_a_table_about_something_else_gives_no_labels() -> None:
    members = pictures("{k:04}") | {"prices.csv": "thing,price\npen,1\nink,2\n"}
    with pytest.raises(MissingLabels, match="no folder that names their class"):
        read_dataset({"a.zip": make.archive(members)})


# The names of the pictures


@pytest.mark.parametrize(
    "form", ["{label}_{k:02}", "digit{label}-{k:03}", "{k}_{label}", "img {k} label {label}"]
)
def test_labels_in_names_are_offered_with_examples_and_used_when_asked_for(form: str) -> None:
    files = {"a.zip": make.archive(pictures(form))}
    example = form.format(k=0, label=0)
    with pytest.raises(
        LabelsInNames, match=rf"img/{example}\.png is “0”.*\(2 classes\).*folder for each class"
    ):
        read_dataset(files)
    dataset = read_dataset(files, labels="names")
    np.testing.assert_array_equal(dataset.images, IMAGES)
    np.testing.assert_array_equal(dataset.labels, LABELS)


def test_words_in_names_are_labels_too() -> None:
    members = {
        f"{'cat' if label else 'dog'}.{k}.png": make.picture(IMAGES[k]) for k, label in enumerate(LABELS)
    }
    assert read_dataset({"a.zip": make.archive(members)}, labels="names").class_names == ("cat", "dog")


def test_a_folder_called_after_a_part_is_no_class() -> None:
    members = pictures("{k}_{label}", "pics/train") | pictures("{k}_{label}", "pics/test")
    files = {"a.zip": make.archive(members)}
    with pytest.raises(LabelsInNames):
        read_dataset(files)
    parts = read_parts(files, labels="names")
    assert (parts.train.class_names, len(parts.train)) == (("0", "1"), 8)
    assert parts.test is not None
    assert len(parts.test) == 8


def test_names_that_only_count_are_no_labels() -> None:
    files = {"a.zip": make.archive(pictures("img_{k}"))}
    with pytest.raises(MissingLabels, match=r"5 more|img/img_0\.png") as caught:
        read_dataset(files)
    assert not isinstance(caught.value, LabelsInNames)
    with pytest.raises(MissingLabels):
        read_dataset(files, labels="names")


def test_one_folder_is_not_taken_for_the_label_of_all() -> None:
    with pytest.raises(MissingLabels, match="all pictures lie in one folder, scans, whose name would be"):
        read_dataset({"a.zip": make.archive(pictures("img_{k}", "scans"))})
