"""NumPy's arrays are read under any names, in one file or two: what goes together is known by its shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers import read_dataset, read_images, read_parts
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

RNG = np.random.default_rng(0)
LABELS = np.arange(20) % 10
IMAGES = np.zeros((20, 8, 8), np.uint8)
IMAGES[:, 1:-1, 2:-2] = RNG.integers(20, 256, (20, 6, 4))
IMAGES[0, 3, 3] = 255
OTHERS, OTHER_LABELS = IMAGES[::-2].copy(), LABELS[::-2].copy()

Arrays = dict[str, np.ndarray]


def same(dataset: Dataset, images: np.ndarray = IMAGES, labels: np.ndarray = LABELS) -> None:
    np.testing.assert_array_equal(dataset.images, images)
    assert [dataset.class_names[label] for label in dataset.labels] == [str(label) for label in labels]


def zipped(arrays: Arrays) -> dict[str, bytes]:
    return {"digits.npz": make.npz(**arrays)}


# Which arrays


@pytest.mark.parametrize(("images", "labels"), [
    ("train", "train_labels"), ("images", "targets"), ("pictures", "what"), ("imgs", "lbls"), ("b", "a"),
    ("data", "label"), ("x_train", "labels"), ("training_images", "training_labels"), ("a/X", "a/Y"),
])  # fmt: skip
def test_arrays_of_any_names_are_paired_by_their_shapes(images: str, labels: str) -> None:
    same(read_dataset(zipped({images: IMAGES, labels: LABELS})))
    same(read_dataset(zipped({labels: LABELS, images: IMAGES.reshape(20, 64)})))


def test_of_several_arrays_with_a_value_an_image_the_one_called_so_is_the_labels() -> None:
    dataset = read_dataset(zipped({"writer": LABELS // 3, "pictures": IMAGES, "class_id": LABELS}))
    same(dataset)
    assert "Left out: the arrays writer." in dataset.notes


@pytest.mark.parametrize(
    "prefixes", [("training_", "test_"), ("x", "test"), ("Train/", "Test/"), ("tra_", "tes_"), ("trn", "tst")]
)
def test_test_images_are_never_read_for_training_images(prefixes: tuple[str, str]) -> None:
    train, test = prefixes
    arrays = {f"{test}images": OTHERS, f"{test}labels": OTHER_LABELS}
    files = zipped({**arrays, f"{train}images": IMAGES, f"{train}labels": LABELS})
    same(read_dataset(files))
    same(read_dataset(files, part="test"), OTHERS, OTHER_LABELS)


@pytest.mark.parametrize("names", ["X{}r Y{}r X{}e Y{}e", "{}rainX {}rainY {}estX {}estY"])
def test_parts_are_told_in_names_written_together(names: str) -> None:
    arrays = dict(zip(names.format(*"tttt").split(), (IMAGES, LABELS, OTHERS, OTHER_LABELS), strict=True))
    parts = read_parts(zipped(arrays))
    same(parts.train)
    assert parts.test is not None
    same(parts.test, OTHERS, OTHER_LABELS)


def test_validation_arrays_are_the_dev_part() -> None:
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_val": OTHERS, "y_val": OTHER_LABELS}
    parts = read_parts(zipped(arrays))
    same(parts.train)
    assert parts.dev is not None
    same(parts.dev, OTHERS, OTHER_LABELS)


@pytest.mark.parametrize("names", [("x_train.npy", "y_train.npy"), ("a.npy", "b.npy"), ("y.npy", "x.npy.gz")])
def test_two_npy_files_are_paired(names: tuple[str, str]) -> None:
    import gzip

    images, labels = make.npy(IMAGES), make.npy(LABELS)
    pack = gzip.compress if names[1].endswith(".gz") else bytes
    same(read_dataset({names[0]: images, names[1]: pack(labels)}))
    same(read_dataset({names[0]: labels, names[1]: pack(images)}))


def test_two_npz_files_of_one_array_are_paired_and_their_names_tell_the_part() -> None:
    files = {
        "k-train-imgs.npz": make.npz(arr_0=IMAGES), "k-train-labels.npz": make.npz(arr_0=LABELS),
        "k-test-imgs.npz": make.npz(arr_0=OTHERS), "k-test-labels.npz": make.npz(arr_0=OTHER_LABELS),
    }  # fmt: skip
    parts = read_parts(files)
    same(parts.train)
    assert parts.test is not None
    same(parts.test, OTHERS, OTHER_LABELS)


LABELS_OF_ANOTHER_FORMAT = {
    "labels.csv": "label\n" + "".join(f"{label}\n" for label in LABELS),
    "y.txt": "".join(f"{label}\n" for label in LABELS),
    "labels-idx1-ubyte": make.idx(LABELS),
}


@pytest.mark.parametrize("name", LABELS_OF_ANOTHER_FORMAT)
def test_images_may_have_their_labels_in_a_file_of_another_format(name: str) -> None:
    content = LABELS_OF_ANOTHER_FORMAT[name]
    labels = content.encode() if isinstance(content, str) else content
    dataset = read_dataset({"images.npy": make.npy(IMAGES), name: labels})
    same(dataset)
    assert dataset.notes == ()
    same(read_dataset({"images-idx3-ubyte": make.idx(IMAGES), name: labels}))
    same(read_dataset({"images-idx3-ubyte": make.idx(IMAGES), "y.npy": make.npy(LABELS)}))
    table = make.unlabelled_csv(IMAGES).encode()
    same(read_dataset({"images.csv": table, "y.npy": make.npy(LABELS)}))


def test_labels_of_another_format_that_are_not_as_many_are_not_used() -> None:
    with pytest.raises(DatasetError, match="the labels of the 20 images in the array images are missing"):
        read_dataset({"images.npy": make.npy(IMAGES), "labels.csv": b"label\n1\n2\n3\n"})


def test_each_part_has_labels_of_its_own_in_another_format() -> None:
    parts = read_parts({
        "X_train.npy": make.npy(IMAGES), "y_train.csv": LABELS_OF_ANOTHER_FORMAT["labels.csv"].encode(),
        "X_test.npy": make.npy(OTHERS),
        "y_test.csv": "".join(f"{label}\n" for label in OTHER_LABELS).encode(),
    })  # fmt: skip
    same(parts.train)
    assert parts.test is not None
    same(parts.test, OTHERS, OTHER_LABELS)


def test_arrays_in_a_zip_are_read() -> None:
    members = {"data/x.npy": make.npy(IMAGES), "data/y.npy": make.npy(LABELS), "README.md": "Mine"}
    same(read_dataset({"a.zip": make.archive(members)}))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None], LABELS[None]], ids=["row", "column", "matrix"])
def test_images_that_the_last_axis_counts_are_read_as_matlab_saves_them(
    labels: np.ndarray, order: str
) -> None:
    last = np.asarray(np.moveaxis(IMAGES, 0, -1), order=order)  # type: ignore[call-overload]
    same(read_dataset(zipped({"X": last, "y": labels})))
    same(read_dataset({"X.npy": make.npy(last), "y.npy": make.npy(labels)}))
    coloured = np.repeat(last[:, :, None], 3, axis=2)
    same(read_dataset(zipped({"images": coloured, "labels": labels})))
    many = np.repeat(last, 2, axis=2)
    np.testing.assert_array_equal(read_images(zipped({"X": many})).images, np.repeat(IMAGES, 2, axis=0))


@pytest.mark.parametrize("labels", [LABELS, LABELS[None]], ids=["row", "matrix"])
def test_images_may_be_the_columns_of_a_matrix(labels: np.ndarray) -> None:
    columns = IMAGES.reshape(20, 64).T
    same(read_dataset(zipped({"X": columns, "Y": labels})))
    same(read_dataset(zipped({"X": np.asfortranarray(columns) / 255, "Y": labels})))


def test_a_value_that_is_no_pixel_is_named_by_its_place_in_the_file() -> None:
    wrong = np.moveaxis(IMAGES, 0, -1).astype(int)
    wrong[2, 3, 4] = -7
    with pytest.raises(DatasetError, match=r"X\[2, 3, 4\] is -7"):
        read_dataset(zipped({"X": wrong, "y": LABELS}))


def test_two_data_sets_are_not_mixed() -> None:
    one, other = make.npz(X=IMAGES, y=LABELS), make.npz(X=OTHERS, y=OTHER_LABELS)
    with pytest.raises(DatasetError, match="several data sets"):
        read_dataset({"a.npz": one, "b.npz": other})


def test_images_alone_are_read_for_answers() -> None:
    np.testing.assert_array_equal(read_images({"mine.npy": make.npy(IMAGES)}).images, IMAGES)
    np.testing.assert_array_equal(read_images({"one.npy": make.npy(IMAGES[0])}).images, IMAGES[:1])
    arrays = {"x_train": IMAGES, "y_train": LABELS, "x_test": OTHERS}
    np.testing.assert_array_equal(read_images(zipped(arrays)).images, OTHERS)


# A class each


def by_class(name: str) -> Arrays:
    return {name.format(digit): IMAGES[digit == LABELS] for digit in range(10)}


def in_order_of_class(dataset: Dataset) -> None:
    np.testing.assert_array_equal(dataset.images, IMAGES[np.argsort(LABELS, kind="stable")])
    np.testing.assert_array_equal(dataset.labels, np.sort(LABELS))
    assert dataset.class_names == tuple("0123456789")


@pytest.mark.parametrize("name", ["{}", "digit_{}", "full_numpy_bitmap_{}", "my-digit{}-28x28"])
def test_arrays_of_images_alone_are_a_class_each(name: str) -> None:
    arrays = by_class(name)
    in_order_of_class(read_dataset(zipped(arrays)))
    files = {f"{title}.npy": make.npy(array.reshape(-1, 64)) for title, array in arrays.items()}
    in_order_of_class(read_dataset(files))
    in_order_of_class(read_dataset({"a.zip": make.archive({f"data/{path}": files[path] for path in files})}))
    in_order_of_class(
        read_dataset({f"{title}.npz": make.npz(arr_0=array) for title, array in arrays.items()})
    )
    assert len(read_images(files)) == 20


def test_such_classes_are_told_in_their_own_letters_and_have_one_scale() -> None:
    lit, dim = IMAGES[:10] / 255, IMAGES[10:] / 255 / 2
    dataset = read_dataset({"Lit.npy": make.npy(lit), "A dim one.npy": make.npy(dim)})
    assert dataset.class_names == ("A dim one", "Lit")
    assert dataset.images[dataset.labels == 1].max() == 255
    assert dataset.images[dataset.labels == 0].max() < 130
    assert "The classes are the names of the files, arrays or folders: Lit, A dim one." in dataset.notes


@pytest.mark.parametrize("colours", [False, True])
def test_an_array_an_image_in_folders_of_classes_is_read_like_pictures(colours: bool) -> None:
    images = np.stack([IMAGES] * 3, 3) if colours else IMAGES
    members = {f"d/{LABELS[k]}/{k}.npy": make.npy(image) for k, image in enumerate(images)}
    same(read_dataset({"a.zip": make.archive(dict(members))}))


def test_arrays_of_images_in_folders_of_classes_are_read() -> None:
    members = {f"{k}/data.npy": make.npy(IMAGES[k == LABELS].reshape(-1, 64)) for k in range(10)}
    in_order_of_class(read_dataset({"a.zip": make.archive(dict(members))}))


def test_a_trained_network_is_no_data() -> None:
    with pytest.raises(
        DatasetError, match=r"m\.npz is a trained network, not data.*Draw or the Evaluate page"
    ):
        read_dataset({"m.npz": make.npz(header=np.zeros(9, np.uint8), parameters=np.zeros(99, np.float32))})


def test_the_classes_of_a_part_stay_in_it() -> None:
    files = {f"train/{k}.npy": make.npy(IMAGES[k == LABELS]) for k in range(10)}
    files |= {f"test/{k}.npy": make.npy(OTHERS[k == OTHER_LABELS]) for k in range(1, 10, 2)}
    parts = read_parts({"a.zip": make.archive(dict(files))})
    in_order_of_class(parts.train)
    assert parts.test is not None
    assert len(parts.test) == 10


@pytest.mark.parametrize("names", [
    ("images_1", "images_2"), ("arr_0", "arr_1"), ("batch1", "batch2"), ("images", "masks"),
    ("x_train", "x_test"),
])  # fmt: skip
def test_pieces_of_one_array_and_parts_are_no_classes(names: tuple[str, str]) -> None:
    with pytest.raises(DatasetError):
        read_dataset(zipped(dict(zip(names, (IMAGES, OTHERS), strict=True))))


# Images


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("form", ["last", "first", "alpha"])
def test_colours_become_grey(form: str, order: str) -> None:
    colours = np.stack([IMAGES] * 3, 1 if form == "first" else 3)
    if form == "alpha":
        colours = np.concatenate([colours, np.full((20, 8, 8, 1), 255, np.uint8)], axis=3)
    same(read_dataset(zipped({"X": np.asarray(colours, order=order), "y": LABELS})))


def test_colours_count_as_bright_as_an_eye_sees_them() -> None:
    colours = np.zeros((20, 8, 8, 3), np.float32)
    colours[:, 2:6, 2:6, 1] = 1
    colours[0, 3, 3] = 1
    dataset = read_dataset(zipped({"X": colours, "y": LABELS}))
    assert set(np.unique(dataset.images)) == {0, 150, 255}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(100, 100), (128, 96)])
def test_large_images_are_scaled_down_as_they_are_read(shape: tuple[int, int], order: str) -> None:
    large = np.zeros((20, *shape), np.uint8)
    large[:, 30:70, 40:60] = 255
    dataset = read_dataset(zipped({"X": np.asarray(large, order=order), "y": LABELS}))
    assert dataset.image_shape == (28, 28)
    assert dataset.images.max() == 255
    assert [decision.key for decision in dataset.decisions] == ["shrink"]
    assert f"{shape[1]}×{shape[0]}" in dataset.decisions[0].sentence


def test_large_images_take_the_memory_of_small_ones() -> None:
    asked: list[int] = []
    images = np.zeros((2000, 200, 200), np.uint8)
    images[:, 50:60, 50:60] = 255
    read_dataset(zipped({"X": images, "y": np.arange(2000) % 3}), ask=asked.append)
    assert max(asked) < 10_000_000 < images.nbytes


@pytest.mark.parametrize("dark", [False, True])
def test_signed_bytes_are_read_whether_they_were_moved_or_only_called_so(dark: bool) -> None:
    images = 255 - IMAGES if dark else IMAGES
    for signed in (images.astype(np.int8), (images.astype(int) - 128).astype(np.int8)):
        dataset = read_dataset({"x.npy": make.npy(signed), "y.npy": make.npy(LABELS)})
        same(dataset)
        assert [decision.key for decision in dataset.decisions] == ["stretch", "invert"][: 1 + dark]


def test_a_photo_in_signed_bytes_has_no_paper_and_counts_from_minus_128() -> None:
    photos = RNG.normal(0, 40, (20, 8, 8)).clip(-128, 127).astype(np.int8)
    dataset = read_dataset({"x.npy": make.npy(photos), "y.npy": make.npy(LABELS)})
    np.testing.assert_array_equal(dataset.images, photos.astype(int) + 128)


# Labels


@pytest.mark.parametrize("dtype", ["u1", "f4", "?"])
def test_one_hot_labels_are_told(dtype: str) -> None:
    dataset = read_dataset(zipped({"X": IMAGES, "y": np.eye(10)[LABELS].astype(dtype)}))
    same(dataset)
    assert any("one-hot" in note for note in dataset.notes)


def test_as_many_classes_as_a_square_has_may_be_one_hot_too() -> None:
    labels = np.arange(20) % 16
    same(read_dataset(zipped({"targets": np.eye(16)[labels], "images": IMAGES})), labels=labels)


def test_labels_of_bytes_are_text() -> None:
    names = np.array([f"né{label}".encode() for label in LABELS])
    dataset = read_dataset(zipped({"X": IMAGES, "y": names}))
    assert [dataset.class_names[label] for label in dataset.labels] == [f"né{label}" for label in LABELS]


def test_images_with_the_label_minus_1_are_left_out() -> None:
    labels = np.where(LABELS == 4, -1, LABELS)
    dataset = read_dataset(zipped({"X": IMAGES, "y": labels}))
    same(dataset, IMAGES[LABELS != 4], LABELS[LABELS != 4])
    assert "Images with the label −1, which means none, were left out: 2." in dataset.notes


@given(
    st.dictionaries(
        st.sampled_from(["x", "y", "images", "labels", "train", "test_images", "a", "arr_0"]),
        st.tuples(
            st.lists(st.integers(0, 9), max_size=4),
            st.sampled_from(["u1", "i8", "f4", "?", "c8", "S2", "U2", "M8[s]"]),
            st.sampled_from("CF"),
        ),
        max_size=4,
    )
)
def test_any_arrays_give_a_data_set_or_a_sentence(
    arrays: dict[str, tuple[list[int], str, str]],
) -> None:
    stored = {
        name: np.asarray(np.zeros(shape, np.int64).astype(dtype), order=order)
        for name, (shape, dtype, order) in arrays.items()
    }
    with pytest.raises(DatasetError):  # all of them are blank, at best
        read_dataset(zipped(stored))
