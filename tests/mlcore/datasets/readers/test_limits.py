"""A small file never becomes more than a data set may have, and its reader asks before it takes memory."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image

from mlcore.datasets.readers import limits, read_dataset, table_values
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

RNG = np.random.default_rng(0)
IMAGES = np.zeros((6, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = RNG.integers(20, 256, (6, 4, 4))
LABELS = np.arange(6) % 3
TABLE = make.csv(IMAGES, LABELS)
FORMATS = {
    "table": {"a.csv": TABLE.encode() + b"\n".join(TABLE.encode().splitlines()[1:] * 400)},
    "idx": make.idx_pair(IMAGES, LABELS),
    "arrays": {"a.npz": make.npz(X=IMAGES, y=LABELS)},
    "arrays in columns": {"a.npz": make.npz(X=np.asfortranarray(IMAGES), y=LABELS)},
    "pictures": {"a.zip": make.archive(make.picture_folders(IMAGES, LABELS))},
}


def picture(side: int, form: str = "PNG", **options: bool) -> bytes:
    file = io.BytesIO()
    Image.new("L", (side, side)).save(file, form, **options)
    return file.getvalue()


# Limits


def test_twelve_million_tiny_images_are_refused_before_they_are_unpacked() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("X.npy", "w") as member:
        np.lib.format.write_array_header_1_0(
            member, {"descr": "|u1", "fortran_order": False, "shape": (12_500_000, 4, 4)}
        )
        for _piece in range(200):
            member.write(bytes(1_000_000))
        member.close()
        packed.writestr("y.npy", b"")
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"12,500,000 images; at most 500,000"):
        read_dataset({"a.npz": bomb.getvalue()})
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_labels_of_millions_of_letters_are_refused_before_they_are_unpacked() -> None:
    labels = np.array(["a" * 1_000_000, "b"] * 3)
    content = make.npz(X=IMAGES, y=labels)
    tracemalloc.start()
    with pytest.raises(DatasetError, match=r"labels of up to 1,000,000 letters; at most 100"):
        read_dataset({"a.npz": content})
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_folder_with_a_long_name_is_no_class() -> None:
    members = {f"{name}/a.png": make.picture(IMAGES[0]) for name in ("a" * 101, "b")}
    with pytest.raises(DatasetError, match="labels of up to 101 letters"):
        read_dataset({"a.zip": make.archive(members)})


def test_a_label_may_have_a_hundred_letters() -> None:
    names = ["a" * 100, "b" * 100]
    dataset = read_dataset({"a.npz": make.npz(X=IMAGES, y=np.array(names * 3))})
    assert dataset.class_names == tuple(names)


@pytest.mark.parametrize("letter", [0xD800, 0x110000, 0xFFFFFFFF])
def test_labels_that_are_no_text_are_refused(letter: int) -> None:
    labels = np.array(["a", "b"] * 3)
    content = make.npz(X=IMAGES, y=labels)
    stored = io.BytesIO()
    np.save(stored, labels)
    broken = stored.getvalue().replace("b".encode("utf-32-le"), letter.to_bytes(4, "little"))
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "r") as archive:
        images = archive.read("X.npy")
    with pytest.raises(DatasetError):
        read_dataset({"a.npz": make.archive({"X.npy": images, "y.npy": broken})})


def test_many_large_pictures_are_refused_by_their_headers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    reader = "mlcore.datasets.readers.pictures.read_picture"
    monkeypatch.setattr(reader, lambda name, *_: decoded.append(name))
    large = picture(5000)
    content = make.archive({f"{k % 2}/{k}.png": large for k in range(60)})
    assert len(content) < 50_000
    with pytest.raises(DatasetError, match=r"together; at most 1,000 million are read here"):
        read_dataset({"a.zip": content})
    assert decoded == []


def test_photos_of_a_whole_class_may_come_as_the_camera_made_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = []
    monkeypatch.setattr("mlcore.datasets.readers.pictures.check_decoding", lambda _file, n: pixels.append(n))
    content = picture(4000, "JPEG")
    files = {"a.zip": make.archive({f"{k}/a.jpg": content for k in range(2)})}
    with pytest.raises(DatasetError, match="same value"):
        read_dataset(files)
    assert max(pixels) * 100 < 2 * limits.MAX_DECODED_PIXELS


# Asking


@pytest.mark.parametrize("kind", FORMATS)
def test_the_caller_is_asked_for_what_a_data_set_takes_and_can_refuse(kind: str) -> None:
    asked: list[int] = []
    dataset = read_dataset(FORMATS[kind], ask=asked.append)
    assert max(asked) >= dataset.images.nbytes
    assert asked[-1] >= dataset.images.nbytes, "What is held already counts too."

    def refuse(_bytes: int) -> None:
        raise DatasetError("No room.")

    with pytest.raises(DatasetError, match=r"^No room\.$"):
        read_dataset(FORMATS[kind], ask=refuse)


@pytest.mark.parametrize(("options", "least"), [({}, 0), ({"progressive": True}, 6 * 2000**2)])
def test_the_memory_that_decoding_takes_is_asked_for(options: dict[str, bool], least: int) -> None:
    asked: list[int] = []
    members = {"3/a.png": picture(1000), "4/b.jpg": picture(2000, "JPEG", **options)}
    with pytest.raises(DatasetError, match="same value"):
        read_dataset({"a.zip": make.archive(members)}, ask=asked.append)
    assert max(asked) >= max(least, 8 * 1000**2)


def test_nobody_is_asked_once_a_reading_is_over() -> None:
    asked: list[int] = []
    read_dataset(FORMATS["idx"], ask=asked.append)
    before = list(asked)
    read_dataset(FORMATS["idx"])
    assert asked == before


@pytest.mark.parametrize(
    "error",
    [MemoryError, RecursionError, OverflowError, SystemError, TypeError, ValueError, ZeroDivisionError],
)
def test_whatever_a_parser_raises_becomes_a_sentence(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_anything: object) -> None:
        raise error

    monkeypatch.setattr("mlcore.datasets.readers.make_dataset", fail)
    with pytest.raises(DatasetError, match=r"a\.npz.*\.$"):
        read_dataset(FORMATS["arrays"])


# The slow path of tables


@pytest.mark.parametrize("blank", ["", " ", "\t", " \r"])
def test_blank_lines_do_not_make_a_table_slow(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(table_values, "_slowly")
    lines = TABLE.splitlines()
    dataset = read_dataset({"a.csv": "\n".join([*lines[:3], blank, *lines[3:], blank]).encode()})
    np.testing.assert_array_equal(dataset.images, IMAGES)


def test_only_the_line_with_the_error_is_read_cell_by_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    header, *rows = TABLE.splitlines()
    lines = [header, "", *rows * 50, " ", rows[0] + ",1", "", *rows * 50]
    slow: list[int] = []
    read = table_values._slowly
    monkeypatch.setattr(table_values, "_slowly", lambda *a: slow.append(a[-1]) or read(*a))
    with pytest.raises(DatasetError, match="row 304 has 66 columns"):
        read_dataset({"a.csv": "\n".join(lines).encode()})
    assert slow == [304]


def test_a_cell_of_a_million_digits_is_refused_as_soon_as_it_is_read() -> None:
    header, row = TABLE.splitlines()[:2]
    long = row.replace(",0,", f",{'1' * 900_000}x,", 1)
    with pytest.raises(DatasetError, match="is not a number"):
        read_dataset({"a.csv": "\n".join([header, row, long]).encode()})
