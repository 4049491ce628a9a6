"""Images without labels come out of every format as the images of a data set would, in the file's order."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore import DatasetError, UnlabelledImages, load_dataset, read_dataset, read_images
from mlcore.datasets.unlabelled import MissingLabels
from tests.mlcore.datasets.readers import data_files as make

DIGITS = load_dataset("digits-8x8").take(slice(0, 40))
IMAGES, LABELS = DIGITS.images, DIGITS.labels


def table(images: np.ndarray = IMAGES) -> bytes:
    return make.unlabelled_csv(images).encode()


def pictures(names: str = "img_{}.png") -> dict[str, bytes | str]:
    return {names.format(k): make.picture(image) for k, image in enumerate(IMAGES, 1)}


UNLABELLED: dict[str, Callable[[], dict[str, bytes]]] = {
    "csv": lambda: {"test.csv": table()},
    "csv without header": lambda: {"test.csv": table().split(b"\n", 1)[1]},
    "csv in a zip": lambda: {"test.zip": make.archive({"test.csv": table()})},
    "npz": lambda: {"mine.npz": make.npz(arr_0=IMAGES)},
    "npz with labels": lambda: {"mine.npz": make.npz(images=IMAGES, labels=LABELS)},
    "idx": lambda: {"t10k-images-idx3-ubyte": make.idx(IMAGES)},
    "idx with labels": lambda: make.idx_pair(IMAGES, LABELS),
    "pictures": lambda: {"mine.zip": make.archive(pictures())},
    "pictures by themselves": lambda: {name: bytes(content) for name, content in pictures().items()},
    "pictures in a folder": lambda: {"mine.zip": make.archive(pictures("testSet/img_{}.png"))},
}


@pytest.mark.parametrize("form", UNLABELLED)
def test_images_without_labels_are_read_from_every_format(form: str) -> None:
    read = read_images(UNLABELLED[form]())
    np.testing.assert_array_equal(read.images, IMAGES)
    assert len(read) == 40
    assert read.names[:2] == (("img_1.png", "img_2.png") if "pictures" in form else ("1", "2"))


def test_they_are_prepared_as_those_of_a_data_set() -> None:
    dark = 255 - IMAGES
    read = read_images({"test.csv": table(dark)})
    np.testing.assert_array_equal(
        read.images, read_dataset({"a.npz": make.npz(images=dark, labels=LABELS)}).images
    )
    assert any("inverted" in note for note in read.notes)
    np.testing.assert_array_equal(read_images({"a.npz": make.npz(x=IMAGES / 255)}).images, IMAGES)


def with_column(name: str, cells: list[str], at: int = 0) -> bytes:
    """Return a table without labels that has one more column; an empty name leaves the header out."""
    lines = [line.split(",") for line in table().decode().splitlines()]
    for line, cell in zip(lines, [name, *cells], strict=True):
        line.insert(at, cell)
    return "\n".join(",".join(line) for line in lines[0 if name else 1 :]).encode()


@pytest.mark.parametrize(
    ("name", "form", "at"),
    [
        ("ImageId", "{}", 0),
        ("id", "{}", 64),
        ("image_id", "test_{:05d}", 0),
        ("", "img/{}.png", 0),
        ("", "{}", 0),
        ("filename", "{}.jpg", 64),
        ("Id", "0{}", 0),
    ],
)
def test_a_column_that_names_the_images_is_what_they_are_called(name: str, form: str, at: int) -> None:
    names = [form.format(28_001 + k) for k in range(40)]
    read = read_images({"test.csv": with_column(name, names, at)})
    assert read.names == tuple(names)
    np.testing.assert_array_equal(read.images, IMAGES)
    assert f"read in column {at + 1}" in " ".join(read.notes)


def test_numbers_that_pandas_writes_beside_a_table_name_nothing() -> None:
    names = [str(k) for k in range(40)]
    assert read_images({"test.csv": with_column("Unnamed: 0", names)}).names[0] == "1"
    assert read_images({"test.csv": with_column("id", names)}).names[0] == "0"


def test_a_label_in_a_file_that_is_answered_names_nothing() -> None:
    words = [f"digit {label}" for label in LABELS]
    for name in ("label", ""):
        assert read_images({"test.csv": with_column(name, words)}).names[0] == "1"


def test_the_names_of_the_rows_of_one_part_go_with_them() -> None:
    lines = with_column("id", [f"a{k}" for k in range(40)]).decode().splitlines()
    parts = ["part", *("train" if k % 2 else "test" for k in range(40))]
    both = "\n".join(f"{line},{part}" for line, part in zip(lines, parts, strict=True))
    assert read_images({"all.csv": both.encode()}).names[:2] == ("a0", "a2")


def test_names_of_images_that_are_very_long_are_refused() -> None:
    names = [f"{k}{'a' * 300}" for k in range(40)]
    with pytest.raises(DatasetError, match="names of images of up to 302 letters"):
        read_images({"test.csv": with_column("id", names)})


def test_of_a_whole_competition_the_test_images_are_read() -> None:
    content = {
        "train.csv": make.csv(IMAGES[:20], LABELS[:20]),
        "test.csv": table(IMAGES[20:]),
        "sample_submission.csv": "ImageId,Label\n1,0\n2,0\n",
    }
    read = read_images({"digit-recognizer.zip": make.archive(content)})
    np.testing.assert_array_equal(read.images, IMAGES[20:])
    assert any("test images were read" in note for note in read.notes)


def test_of_arrays_for_training_and_test_the_test_images_are_read() -> None:
    content = make.npz(x_train=IMAGES[:30], y_train=LABELS[:30], x_test=IMAGES[30:], y_test=LABELS[30:])
    np.testing.assert_array_equal(read_images({"mnist.npz": content}).images, IMAGES[30:])


def test_pictures_of_one_name_in_several_folders_are_called_by_their_folders_too() -> None:
    content = {"a/1.png": make.picture(IMAGES[0]), "b/1.png": make.picture(IMAGES[1])}
    names = read_images({"mine.zip": make.archive(content)}).names
    assert [name[-7:] for name in names] == ["a/1.png", "b/1.png"]


def test_a_picture_that_cannot_be_read_takes_no_name_from_another() -> None:
    content = pictures()
    content["img_2.png"] = b"no picture"
    read = read_images({"mine.zip": make.archive(content)})
    assert read.names[:2] == ("img_1.png", "img_3.png")
    np.testing.assert_array_equal(read.images[1], IMAGES[2])


@pytest.mark.parametrize("form", ["csv", "npz", "idx", "pictures"])
def test_images_alone_are_no_data_set_and_the_sentence_leads_to_where_they_can_be_answered(form: str) -> None:
    with pytest.raises(MissingLabels, match="“Images without labels” on the Evaluate page"):
        read_dataset(UNLABELLED[form]())


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"test.csv": b""},
        {"labels-idx1-ubyte": make.idx(LABELS)},
        {"a-images-idx3-ubyte": make.idx(IMAGES), "b-images-idx3-ubyte": make.idx(IMAGES[1:])},
        {"blank.npz": make.npz(x=np.zeros((3, 8, 8), np.uint8))},
        {"large.npz": make.npz(x=np.ones((3, 2, 2), np.uint8))},
        {"README.md": b"# Digits"},
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(files: dict[str, bytes]) -> None:
    with pytest.raises(DatasetError):
        read_images(files)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(UNLABELLED)), st.floats(0, 1), st.binary(min_size=1, max_size=12), st.booleans()
)
def test_a_file_that_was_changed_anywhere_gives_images_or_a_sentence(
    form: str, where: float, piece: bytes, is_cut: bool
) -> None:
    files = dict(UNLABELLED[form]())
    name = next(iter(files))
    place = int(where * len(files[name]))
    files[name] = files[name][:place] + piece + (b"" if is_cut else files[name][place + len(piece) :])
    with suppress(DatasetError):
        read = read_images(files)
        assert len(read.names) == len(read.images) > 0


def test_the_reader_asks_before_it_takes_memory() -> None:
    asked: list[int] = []
    read_images({"mine.npz": make.npz(x=IMAGES)}, ask=asked.append)
    assert max(asked) >= IMAGES.nbytes


def test_each_image_has_a_name_and_the_content_decides_the_fingerprint() -> None:
    some = UnlabelledImages(IMAGES, tuple(map(str, range(40))), "some")
    assert some.image_shape == (8, 8)
    assert repr(some) == "UnlabelledImages('some': 40 images 8×8)"
    same = UnlabelledImages(IMAGES.copy(), some.names, "other")
    assert same.fingerprint == some.fingerprint
    assert UnlabelledImages(IMAGES[::-1], some.names, "some").fingerprint != some.fingerprint
    assert UnlabelledImages(IMAGES, some.names[::-1], "some").fingerprint != some.fingerprint
    with pytest.raises(DatasetError, match="40 images but 39 names"):
        UnlabelledImages(IMAGES, some.names[1:], "some")
    with pytest.raises(DatasetError, match="no images"):
        UnlabelledImages(IMAGES[:0], (), "none")
    with pytest.raises(DatasetError, match="uint8"):
        UnlabelledImages(IMAGES / 255, some.names, "some")
