"""Whatever format a data set comes in, the same images, labels and class names arrive."""

import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.datasets import shipped
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers import READERS, read_dataset, read_parts
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

SIZES = st.integers(4, 12)


@st.composite
def image_sets(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Images with an empty border and some full ink, and labels of at least two classes."""
    n, height, width = draw(st.integers(2, 12)), draw(SIZES), draw(SIZES)
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    images = np.zeros((n, height, width), np.uint8)
    images[:, 1:-1, 1:-1] = rng.integers(0, 256, (n, height - 2, width - 2))
    images[0, 1, 1] = 255
    labels = rng.integers(0, draw(st.integers(2, 62)), n)
    labels[:2] = 0, 1
    return images, labels


def same(dataset: Dataset, images: np.ndarray, labels: np.ndarray) -> None:
    np.testing.assert_array_equal(dataset.images, images)
    assert [dataset.class_names[k] for k in dataset.labels] == [str(label) for label in labels]
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.dtype == np.int64


def some_images(n: int = 6, shape: tuple[int, int] = (8, 8)) -> tuple[np.ndarray, np.ndarray]:
    images = np.zeros((n, *shape), np.uint8)
    images[:, 2:-2, 2:-2] = np.random.default_rng(0).integers(20, 256, (n, shape[0] - 4, shape[1] - 4))
    return images, np.arange(n) % 3


# Every format, there and back


@given(
    image_sets(), st.booleans(), st.integers(0, 16), st.sampled_from(["{}", "{}.0", "{}.00", '"{}"', " {}"])
)
def test_what_is_written_as_csv_is_read_back(
    data: tuple[np.ndarray, np.ndarray], header: bool, label_at: int, form: str
) -> None:
    images, labels = data
    text = make.csv(images, labels, header=header, label_at=label_at if header else 0, form=form)
    shape = "x".join(str(side) for side in images.shape[1:])
    same(read_dataset({f"digits-{shape}.csv": text.encode()}), images, labels)


@given(image_sets(), st.booleans())
def test_what_is_written_as_idx_is_read_back(data: tuple[np.ndarray, np.ndarray], pack: bool) -> None:
    same(read_dataset(make.idx_pair(*data, pack=pack)), *data)


@given(
    image_sets(),
    st.sampled_from(["u1", "i2", ">u4", "i8", "f4", ">f8"]),
    st.sampled_from(["u1", "i8", "f4", "U2"]),
    st.booleans(),
    st.booleans(),
)
def test_what_is_written_as_npz_is_read_back(
    data: tuple[np.ndarray, np.ndarray], dtype: str, label_dtype: str, fortran: bool, column: bool
) -> None:
    images, labels = data
    stored = images.astype(dtype, order="F" if fortran else "C")
    stored_labels = labels.astype(label_dtype)
    content = make.npz(images=stored, labels=stored_labels[:, None] if column else stored_labels)
    same(read_dataset({"digits.npz": content}), images, labels)


@settings(max_examples=30)
@given(image_sets(), st.sampled_from(["PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM"]))
def test_what_is_written_as_pictures_is_read_back(data: tuple[np.ndarray, np.ndarray], form: str) -> None:
    images, labels = data
    dataset = read_dataset({"digits.zip": make.archive(make.picture_folders(images, labels, form))})
    same(dataset, images, labels)


# However the file is handed over


@pytest.mark.parametrize("how", ["bytes", "path", "open file", "buffer"])
def test_a_file_may_come_as_bytes_path_or_open_file(how: str, tmp_path: Path) -> None:
    images, labels = some_images()
    content = make.csv(images, labels).encode()
    path = tmp_path / "train.csv"
    path.write_bytes(content)
    with path.open("rb") as file:
        file.seek(10)
        given_file = {"bytes": content, "path": path, "open file": file, "buffer": io.BytesIO(content)}[how]
        dataset = read_dataset({"train.csv": given_file})
        assert not file.closed
    same(dataset, images, labels)
    assert dataset.name == "train"
    if how == "buffer":
        assert not given_file.closed


def test_a_name_can_be_given() -> None:
    content = make.csv(*some_images()).encode()
    assert read_dataset({"train.csv": content}, name="Ours").name == "Ours"


@pytest.mark.parametrize("file_name", ["train.csv.gz", "Train.CSV (1).gz", "train.csv"])
def test_gzip_is_unpacked_whatever_the_name(file_name: str) -> None:
    images, labels = some_images()
    same(read_dataset({file_name: gzip.compress(make.csv(images, labels).encode())}), images, labels)


# Tables


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_line_ends_byte_order_mark_and_blank_lines_do_not_matter(start: str, end: str) -> None:
    images, labels = some_images()
    text = start + make.csv(images, labels).replace("\n", end) + end + " " + end
    same(read_dataset({"a.csv": text.encode()}), images, labels)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_and_tabs_divide_columns_too(delimiter: str) -> None:
    images, labels = some_images()
    same(read_dataset({"a.tsv": make.csv(images, labels).replace(",", delimiter).encode()}), images, labels)


def test_numpy_savetxt_writes_a_table_that_can_be_read() -> None:
    images, labels = some_images()
    file = io.BytesIO()
    np.savetxt(file, np.column_stack([labels, images.reshape(6, -1)]), delimiter=",")
    same(read_dataset({"a.csv": file.getvalue()}), images, labels)


def test_the_index_column_that_pandas_adds_is_left_out_and_said() -> None:
    images, labels = some_images(300)
    lines = make.csv(images, labels).splitlines()
    text = "\n".join(f"{k - 1 if k else ''},{line}" for k, line in enumerate(lines))
    dataset = read_dataset({"a.csv": text.encode()})
    same(dataset, images, labels)
    assert dataset.notes == ("The first column only numbers the rows; it was ignored.",)


def test_a_header_of_numbers_is_a_header_when_it_names_the_label() -> None:
    images, labels = some_images()
    body = make.csv(images, labels, header=False)
    header = ",".join(["class", *map(str, range(64))])
    same(read_dataset({"a.csv": f"{header}\n{body}".encode()}), images, labels)


def test_the_shape_is_read_from_the_header_or_the_file_name() -> None:
    images, labels = some_images(shape=(5, 20))
    names = ",".join(["label", *(f"{r + 1}x{c + 1}" for r in range(5) for c in range(20))])
    body = make.csv(images, labels, header=False)
    same(read_dataset({"a.csv": f"{names}\n{body}".encode()}), images, labels)
    same(read_dataset({"digits-5x20.csv": body.encode()}), images, labels)


def test_a_table_larger_than_a_block_is_read_whole() -> None:
    images, labels = some_images(3000, (20, 20))
    text = make.csv(images, labels)
    assert len(text) > 3_000_000
    same(read_dataset({"a.csv": text.encode()}), images, labels)


def test_labels_above_255_keep_their_names() -> None:
    images, labels = some_images()
    dataset = read_dataset({"a.csv": make.csv(images, labels * 500).encode()})
    assert dataset.class_names == ("0", "500", "1000")


def test_labels_that_do_not_count_from_0_keep_their_names_in_order() -> None:
    images, __ = some_images()
    dataset = read_dataset({"a.csv": make.csv(images, np.array([9, 10, 3, 9, 10, 3])).encode()})
    assert dataset.class_names == ("3", "9", "10")
    assert dataset.labels.tolist() == [1, 2, 0, 1, 2, 0]


# IDX


def test_the_shipped_mnist_files_are_read_as_an_upload() -> None:
    folder = shipped.DATA_FOLDER / "mnist"
    files = {path.name: path for path in folder.glob("*.gz")}
    assert len(files) == 4
    train, test = read_dataset(files), read_dataset(files, part="test")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert test.fingerprint == shipped.load_dataset("mnist-test").fingerprint
    assert train.notes == ("The test images in the files were set aside for a final test.",)


@pytest.mark.parametrize(
    "pattern", ["{}.idx{}-ubyte", "letters-{}-idx{}-ubyte", "MNIST-{}.idx{}.ubyte", "{}-idx{}-ubyte (2)"]
)
def test_other_spellings_of_idx_names_are_known(pattern: str) -> None:
    images, labels = some_images()
    files = {pattern.format("images", 3): make.idx(images), pattern.format("labels", 1): make.idx(labels)}
    same(read_dataset(files), images, labels)


# NumPy


def test_keras_files_give_their_training_part_and_keep_the_test_part() -> None:
    images, labels = some_images(9)
    content = make.npz(x_train=images[:6], y_train=labels[:6], x_test=images[6:], y_test=labels[6:])
    train = read_dataset({"mnist.npz": content})
    same(train, images[:6], labels[:6])
    assert "for a final test" in train.notes[0]
    same(read_dataset({"mnist.npz": content}, part="test"), images[6:], labels[6:])


@pytest.mark.parametrize("names", [("X", "y"), ("images", "labels"), ("data", "target"), ("arr_0", "arr_1")])
def test_usual_names_of_arrays_are_known(names: tuple[str, str]) -> None:
    images, labels = some_images()
    same(read_dataset({"a.npz": make.npz(**dict(zip(names, (images, labels), strict=True)))}), images, labels)


@pytest.mark.parametrize("shape", [(6, 64), (6, 8, 8, 1), (6, 1, 8, 8)])
def test_flat_images_and_one_channel_are_understood(shape: tuple[int, ...]) -> None:
    images, labels = some_images()
    same(read_dataset({"a.npz": make.npz(X=images.reshape(shape), y=labels)}), images, labels)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_fractions_from_0_to_1_become_bytes(dtype: str) -> None:
    images, labels = some_images()
    dataset = read_dataset({"a.npz": make.npz(X=(images / 255).astype(dtype), y=labels)})
    same(dataset, images, labels)
    assert dataset.notes[0] == "The pixels ranged from 0 to 1; they were stretched to 0–255."


def test_text_labels_become_class_names() -> None:
    images, __ = some_images()
    dataset = read_dataset({"a.npz": make.npz(X=images, y=np.array(list("bacbac")))})
    assert dataset.class_names == ("a", "b", "c")
    assert dataset.labels.tolist() == [1, 0, 2, 1, 0, 2]


# Grey levels


@pytest.mark.parametrize("scale", [1, 15, 16])
def test_few_grey_levels_are_stretched_without_losing_one(scale: int) -> None:
    images = np.zeros((4, 8, 8), np.uint8)
    images[:, 2:6, 2:6] = np.arange(16).reshape(4, 4) % (scale + 1)
    images[0, 3, 3] = scale
    dataset = read_dataset({"a.npz": make.npz(X=images, y=[0, 1, 0, 1])})
    assert dataset.images.max() == 255
    np.testing.assert_array_equal(np.rint(dataset.images / 255 * scale), images)
    assert f"from 0 to {scale}" in dataset.notes[0]


def test_the_8x8_digits_as_a_user_would_upload_them_equal_the_shipped_ones() -> None:
    digits = shipped.load_dataset("digits-8x8")
    levels = shipped.bytes_to_levels(digits.images)
    uploaded = read_dataset({"digits.csv": make.csv(levels, digits.labels).encode()})
    assert uploaded.fingerprint == digits.fingerprint


def test_boolean_images_are_black_and_white() -> None:
    images, labels = some_images()
    dataset = read_dataset({"a.npz": make.npz(X=images > 100, y=labels)})
    np.testing.assert_array_equal(dataset.images, (images > 100) * 255)


@pytest.mark.parametrize("form", ["csv", "npz", "zip"])
def test_dark_on_light_is_inverted_as_a_whole_and_said(form: str) -> None:
    images, labels = some_images()
    paper = 255 - images
    files = {
        "csv": lambda: make.csv(paper, labels).encode(),
        "npz": lambda: make.npz(X=paper, y=labels),
        "zip": lambda: make.archive(make.picture_folders(paper, labels)),
    }
    dataset = read_dataset({f"a.{form}": files[form]()})
    same(dataset, images, labels)
    assert "inverted" in dataset.notes[-1]


# Pictures


def test_colour_palette_grey_and_16_bit_pictures_are_the_same_to_the_reader() -> None:
    from PIL import Image

    images, __ = some_images(1)
    grey = images[0]
    forms = {
        "grey": Image.fromarray(grey),
        "colour": Image.fromarray(np.stack([grey] * 3, axis=2)),
        "palette": Image.fromarray(grey).convert("P"),
        "opaque": Image.fromarray(np.dstack([grey] * 3 + [np.full_like(grey, 255)])),
        "deep": Image.fromarray(grey.astype(np.uint16) * 257),
    }
    members: dict[str, bytes | str] = {}
    for name, image in forms.items():
        file = io.BytesIO()
        image.save(file, "PNG")
        members[f"{name}/a.png"] = file.getvalue()
    dataset = read_dataset({"a.zip": make.archive(members)})
    assert dataset.class_names == tuple(sorted(forms))
    for image in dataset.images:
        np.testing.assert_array_equal(image, grey)


@pytest.mark.parametrize(
    ("form", "deepened"),
    [
        ("PNG", lambda grey: grey.astype(np.uint16)),
        ("PNG", lambda grey: grey.astype(np.uint16) * 257),
        ("TIFF", lambda grey: np.rint(grey / 255 * 4095).astype(np.uint16)),
        ("TIFF", lambda grey: (grey / 255).astype(np.float32)),
    ],
)
def test_pictures_of_more_than_8_bits_are_scaled_by_what_they_use_of_them(form: str, deepened) -> None:
    images, labels = some_images()
    images[:, 4, 4] = 255
    members = {
        f"{label}/{k}.{form.lower()}": make.picture(deepened(image), form)
        for k, (image, label) in enumerate(zip(images, labels, strict=True))
    }
    dataset = read_dataset({"a.zip": make.archive(members)})
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.notes == ("6 of 6 pictures have more than 8 bits per pixel; 8 of them were kept.",)


def test_large_pictures_are_scaled_down_and_their_size_is_told() -> None:
    large = np.zeros((480, 640), np.uint8)
    large[100:400, 200:400] = 255
    members = {f"{k % 2}/{k}.png": make.picture(large) for k in range(4)}
    (decision,) = read_dataset({"a.zip": make.archive(members)}).decisions
    assert (decision.key, decision.count, decision.can_be_undone) == ("shrink", 4, False)
    assert decision.sentence == "The images were scaled from 640×480 to fit 28×28."


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_transparent_paper_becomes_white_on_black(ink: int) -> None:
    images, labels = some_images()
    pictures = [np.dstack([np.full_like(image, ink)] * 3 + [image]) for image in images]
    members = {
        f"{label}/{k}.png": make.picture(p) for k, (p, label) in enumerate(zip(pictures, labels, strict=True))
    }
    dataset = read_dataset({"a.zip": make.archive(members)})
    np.testing.assert_allclose(dataset.images.astype(int), images, atol=1)


def test_jpeg_pictures_are_read() -> None:
    images, labels = some_images(shape=(16, 16))
    dataset = read_dataset({"a.zip": make.archive(make.picture_folders(images // 255 * 255, labels, "JPEG"))})
    assert dataset.image_shape == (16, 16)


def test_pictures_of_different_sizes_are_all_brought_to_28x28() -> None:
    white = np.zeros((40, 20), np.uint8)
    white[10:30, 5:15] = 255
    members = {
        "a/1.png": make.picture(white),
        "a/2.png": make.picture(white[:, 2:-2]),
        "b/3.png": make.picture(np.kron(white, np.ones((30, 30), np.uint8))),
    }
    dataset = read_dataset({"a.zip": make.archive(members)})
    assert dataset.image_shape == (28, 28)
    assert "scaled to fit 28×28" in dataset.notes[0]
    # 40×20 fits as 28×14, in the middle: columns 7 to 21; its white box is then rows 7 to 21.
    for image in dataset.images[[0, 2]]:
        assert image[7:21, 11:17].min() == 255
        assert image[:, :7].max() == 0
        assert image[:6].max() == 0


def test_what_systems_leave_in_a_zip_is_passed_over() -> None:
    images, labels = some_images()
    members = make.picture_folders(images, labels)
    members |= {"__MACOSX/0/._0.png": b"x", "0/.DS_Store": b"x", ".hidden/a.png": b"x", "0/Thumbs.db": b"x"}
    members |= {"README.txt": "hello"}
    assert len(read_dataset({"a.zip": make.archive(members)})) == 6


def test_training_and_test_folders_are_told_apart() -> None:
    images, labels = some_images(12)
    members = {f"mnist/training/{p}": c for p, c in make.picture_folders(images[:9], labels[:9]).items()}
    members |= {f"mnist/testing/{p}": c for p, c in make.picture_folders(images[9:], labels[9:]).items()}
    content = make.archive(members)
    same(read_dataset({"a.zip": content}), images[:9], labels[:9])
    same(read_dataset({"a.zip": content}, part="test"), images[9:], labels[9:])


# Archives of other things


def test_kaggles_own_zip_gives_its_training_table() -> None:
    images, labels = some_images()
    content = make.archive(
        {"train.csv": make.csv(images, labels), "test.csv": "pixel0\n0\n", "sample.csv": "a\n"}
    )
    same(read_dataset({"digit-recognizer.zip": content}), images, labels)


@pytest.mark.parametrize(
    ("kind", "code", "columns"), [(">i4", 0x0C, 8), (">i4", 0x0C, 0), (">i2", 0x0B, 0), ("u1", 0x08, 2)]
)
def test_labels_in_idx_may_be_other_numbers_and_have_columns_as_qmnist_has_them(
    kind: str, code: int, columns: int
) -> None:
    images, labels = some_images(30)
    table = np.stack([labels, *([np.arange(len(labels))] * (columns - 1))], axis=1) if columns else labels
    header = struct.pack(f">HBB{table.ndim}I", 0, code, table.ndim, *table.shape)
    names = "qmnist-train-images-idx3-ubyte", f"qmnist-train-labels-idx{table.ndim}-int"
    pair = dict(zip(names, (make.idx(images), header + table.astype(kind).tobytes()), strict=True))
    same(read_dataset(pair), images, labels)
    same(
        read_dataset({f"{name}.gz": gzip.compress(content) for name, content in pair.items()}), images, labels
    )
    test = {name.replace("train", "test"): content for name, content in pair.items()}
    same(read_dataset(pair | test), images, labels)


def test_an_idx_pair_may_come_as_a_zip() -> None:
    images, labels = some_images()
    members = {
        f"MNIST/raw/{name}": content for name, content in make.idx_pair(images, labels, pack=True).items()
    }
    same(read_dataset({"a.zip": make.archive(members)}), images, labels)


# Containers, kinds and parts


def test_folders_in_a_tar_are_read_as_in_a_zip() -> None:
    images, labels = some_images()
    content = make.tar({f"digits/{path}": c for path, c in make.picture_folders(images, labels).items()})
    for name, packed in {
        "a.tar.gz": gzip.compress(content),
        "a.tgz": gzip.compress(content),
        "a.tar": content,
    }.items():
        dataset = read_dataset({name: packed})
        same(dataset, images, labels)
        assert dataset.name == "a"


def test_archives_within_an_archive_are_opened() -> None:
    images, labels = some_images()
    inner = make.archive(make.picture_folders(images, labels))
    same(read_dataset({"a.zip": make.archive({"digits.zip": inner})}), images, labels)
    packed = gzip.compress(make.tar(make.idx_pair(images, labels)))
    same(read_dataset({"a.zip": make.archive({"raw.tar.gz": packed})}), images, labels)
    same(read_dataset({"a.zip": make.archive({"a.npz": make.npz(X=images, y=labels)})}), images, labels)


def test_an_idx_file_is_known_by_its_content_whatever_its_name() -> None:
    images, labels = some_images()
    files = {"pictures.bin": make.idx(images), "answers.gz": gzip.compress(make.idx(labels))}
    same(read_dataset(files), images, labels)


def test_the_same_file_twice_counts_once() -> None:
    images, labels = some_images()
    plain, packed = make.idx_pair(images, labels), make.idx_pair(images, labels, pack=True)
    same(read_dataset({**plain, **packed}), images, labels)
    members = {f"{name}/{name}": content for name, content in plain.items()}
    members |= {name.replace("-idx", ".idx"): content for name, content in plain.items()}
    same(read_dataset({"a.zip": make.archive(members)}), images, labels)


def test_a_set_is_named_after_the_images_that_were_read_for_training() -> None:
    images, labels = some_images()
    files = make.idx_pair(images, labels, prefix="t10k") | make.idx_pair(images, labels)
    assert read_dataset(files).name == "train-images-idx3-ubyte"


def test_training_validation_and_test_folders_are_read_in_one_go() -> None:
    images, labels = some_images(15)
    members = {}
    for part, rows in {"train": slice(0, 9), "val": slice(9, 12), "test": slice(12, 15)}.items():
        found = make.picture_folders(images[rows], labels[rows])
        members |= {f"d/{part}/{path}": content for path, content in found.items()}
    parts = read_parts({"a.zip": make.archive(members)})
    same(parts.train, images[:9], labels[:9])
    assert parts.dev is not None
    same(parts.dev, images[9:12], labels[9:12])
    assert parts.test is not None
    same(parts.test, images[12:], labels[12:])
    assert len(parts.notes) == 2


def test_a_part_without_labels_is_left_out_and_said() -> None:
    images, labels = some_images()
    members = {f"trainingSet/trainingSet/{p}": c for p, c in make.picture_folders(images, labels).items()}
    members |= {
        f"trainingSample/trainingSample/{p}": c
        for p, c in make.picture_folders(images[:3], labels[:3]).items()
    }
    members |= {f"testSet/testSet/img_{k}.png": make.picture(image) for k, image in enumerate(images)}
    parts = read_parts({"a.zip": make.archive(members)})
    same(parts.train, images, labels)
    assert parts.test is None
    assert "test images in the files were left out" in parts.notes[0]
    assert "sample" in parts.train.notes[0]


def test_test_images_of_fewer_classes_keep_the_names_of_the_training_classes() -> None:
    images, labels = some_images(9)
    members = {f"train/{path}": content for path, content in make.picture_folders(images, labels).items()}
    members |= {
        f"test/{path}": content for path, content in make.picture_folders(images[2:3], labels[2:3]).items()
    }
    members |= {"test/other/a.png": make.picture(images[0])}
    parts = read_parts({"a.zip": make.archive(members)})
    assert parts.test is not None
    same(parts.test, images[2:3], labels[2:3])
    assert "1 of its images were left out" in parts.notes[-1]


def test_what_names_no_part_is_left_out_beside_a_training_part_and_named() -> None:
    images, labels = some_images()
    other = make.csv(images[::-1], labels)
    files = {"Dig.csv": other.encode(), "train.csv": make.csv(images, labels).encode()}
    dataset = read_dataset(files)
    same(dataset, images, labels)
    assert dataset.notes == ("Left out, as they belong to no part of the data: Dig.csv.",)
    same(
        read_dataset(make.idx_pair(images[::-1], labels, "mine") | make.idx_pair(images, labels)),
        images,
        labels,
    )
    folders = {
        f"{part}/{path}": c
        for part in ("train", "more")
        for path, c in make.picture_folders(images, labels).items()
    }
    assert len(read_dataset({"a.zip": make.archive(folders)})) == 6


def test_labels_in_a_file_that_names_no_part_are_used_where_the_training_part_has_none() -> None:
    images, labels = some_images()
    pixels = make.csv(images, labels).splitlines()
    files = {
        "X_train.csv": "\n".join(line.partition(",")[2] for line in pixels).encode(),
        "labels.csv": "\n".join(map(str, labels)).encode(),
    }
    same(read_dataset(files), images, labels)


def test_a_folder_of_this_machine_is_read_as_an_archive_is(tmp_path: Path) -> None:
    images, labels = some_images()
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for prefix in ("train", "t10k"):
        for pack in (False, True):
            for name, content in make.idx_pair(images, labels, prefix, pack).items():
                (raw / name).write_bytes(content)
    parts = read_parts({"MNIST": tmp_path / "MNIST"})
    same(parts.train, images, labels)
    assert parts.train.name == "MNIST"
    assert parts.test is not None


def test_a_preview_or_a_figure_beside_the_classes_is_no_class() -> None:
    images, labels = some_images()
    members = {f"repo/data/{path}": c for path, c in make.picture_folders(images, labels).items()}
    picture = make.picture(images[0])
    members |= {"repo/data/preview.png": picture, "repo/docs/a.png": picture, "repo/README.md": "# Digits"}
    dataset = read_dataset({"a.zip": make.archive(members)})
    same(dataset, images, labels)
    assert any("README.md" in note for note in dataset.notes)
    assert any("left out: 2 (repo/data/preview.png, repo/docs/a.png)" in note for note in dataset.notes)


def test_a_few_broken_pictures_are_left_out_and_named() -> None:
    images, labels = some_images()
    members = make.picture_folders(images, labels) | {"1/broken.png": b"", "2/text.png": b"hello"}
    dataset = read_dataset({"a.zip": make.archive(members)})
    same(dataset, images, labels)
    assert "2 of 8, 2 .png (1/broken.png, 2/text.png)" in dataset.notes[0]


def test_a_table_beside_single_pictures_is_read() -> None:
    images, labels = some_images()
    text = make.csv(images, labels)
    members = {"sign.png": make.picture(images[0]), "sign_train.csv": text, "sign_train/sign_train.csv": text}
    dataset = read_dataset({"a.zip": make.archive(members)})
    same(dataset, images, labels)
    assert "sign.png" in dataset.notes[0]


# The table itself


def test_every_row_of_readers_says_what_it_reads() -> None:
    for reader in READERS.values():
        assert reader.label
        assert reader.help.endswith(".")


def test_there_is_no_test_part_where_there_is_none() -> None:
    images, labels = some_images()
    for files in (
        {"a.csv": make.csv(images, labels).encode()},
        {"a.npz": make.npz(X=images, y=labels)},
        {"a.zip": make.archive(make.picture_folders(images, labels))},
        make.idx_pair(images, labels, prefix="mine"),
    ):
        with pytest.raises(DatasetError, match="no test part"):
            read_dataset(files, part="test")


def test_a_test_pair_alone_is_the_test_part() -> None:
    images, labels = some_images()
    files = make.idx_pair(images, labels, prefix="t10k")
    same(read_dataset(files, part="test"), images, labels)
    same(read_dataset(files), images, labels)
