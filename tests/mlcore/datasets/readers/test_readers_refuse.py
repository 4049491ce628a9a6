"""A file that cannot be used is refused with a sentence: what is wrong, where, and what to do.

The readers never raise anything but a DatasetError, whatever bytes they are given.
"""

import contextlib
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.datasets import readers
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers import read_dataset
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make

RNG = np.random.default_rng(0)
IMAGES = np.zeros((6, 8, 8), np.uint8)
IMAGES[:, 2:6, 2:6] = RNG.integers(20, 256, (6, 4, 4))
LABELS = np.arange(6) % 3
CSV = make.csv(IMAGES, LABELS)
HEADER, ROW = CSV.splitlines()[:2]
IDX = make.idx_pair(IMAGES, LABELS)
IDX_IMAGES, IDX_LABELS = IDX
NPZ = make.npz(X=IMAGES, y=LABELS)
PICTURE = make.picture(IMAGES[0])

Files = dict[str, bytes]


def table(*lines: str, name: str = "a.csv") -> Files:
    """A table with these lines in place of rows 3 and on (row 1 is the header, row 2 a good one)."""
    return {name: "\n".join([HEADER, ROW, *lines]).encode()}


def cells(**changes: str) -> str:
    """The good row with some cells changed: c0 is the label, c1 the first pixel."""
    row = ROW.split(",")
    for place, text in changes.items():
        row[int(place[1:])] = text
    return ",".join(row)


def arrays(**stored: np.ndarray) -> Files:
    return {"a.npz": make.npz(**stored)}


def zipped(members: dict[str, bytes | str]) -> Files:
    return {"a.zip": make.archive(members)}


def encrypted() -> bytes:
    content = bytearray(make.archive({"3/a.png": PICTURE}))
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags_at] |= 1
    return bytes(content)


def packed_with(method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("3/a.png", PICTURE)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that announces a size and has no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def npy_header(shape: str, dtype: str = "'|u1'") -> bytes:
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


BAD: dict[str, tuple[Files, str]] = {
    # Any file
    "no file": ({}, "No file was chosen"),
    "unknown ending": ({"digits.what": b"PK"}, r"nothing that can be used in digits\.what.*\.csv"),
    "empty table": ({"a.csv": b""}, r"a\.csv is empty \(0 bytes\)"),
    "empty idx": ({**IDX, IDX_IMAGES: b""}, "empty"),
    "empty npz": ({"a.npz": b""}, "empty"),
    "empty zip": ({"a.zip": b""}, "empty"),
    "no gzip": ({"a.csv.gz": CSV.encode()}, "named like a gzip file but is not one"),
    "cut gzip": ({"a.csv.gz": gzip.compress(CSV.encode())[:-9]}, "damaged and cannot be unpacked.*Download"),
    "damaged gzip": ({"a.csv.gz": gzip.compress(CSV.encode())[:-8] + b"12345678"}, "damaged"),
    "gzip and then other bytes": ({"a.csv.gz": gzip.compress(CSV.encode()) + b"junk"}, "damaged"),
    # Tables
    "blank lines only": ({"a.csv": b"\n \n\n"}, "no rows: it is empty"),
    "header only": ({"a.csv": HEADER.encode()}, "a header but no rows"),
    "pixels without labels": (
        {"a.csv": "\n".join(line.split(",", 1)[1] for line in CSV.splitlines()).encode()},
        "its 64 columns are images of 8×8 pixels; the labels are missing.*file of their labels.*Evaluate",
    ),
    "pixels with the numbers of their rows": (
        {"a.csv": CSV.replace("label", "ImageId").encode()},
        "its 64 columns are images of 8×8 pixels; the labels are missing",
    ),
    "labels without pixels": (
        {"y.csv": b"label\n1\n2\n"},
        "holds labels without images.*table of its images",
    ),
    "a list of pictures": (
        {"a.csv": b"image,label\nimg/1.png,3\nimg/2.png,4\n"},
        r"list of pictures.*not a table of pixels.*together with the pictures as one \.zip",
    ),
    "text in a pixel column": (
        table(cells(c5="abc")),
        r"a\.csv, row 3, column 6 \(pixel4\): “abc” is not a number",
    ),
    "text in a table without header": (
        {"a.csv": "\n".join([cells(), cells(c5="abc")]).encode()},
        "row 2, column 6: “abc” is not a number",
    ),
    "text in the first row without header": (
        {"a.csv": "\n".join([cells(c1="x"), cells()]).encode()},
        "row 1, column 2: “x” is not a number",
    ),
    "value above 255": (table(cells(c64="256")), r"row 3, column 65 \(pixel63\): “256” is outside 0 to 255"),
    "negative value": (table(ROW, cells(c1="-1")), r"row 4, column 2 \(pixel0\): “-1” is outside"),
    "not a number": (table(cells(c2="nan")), "“nan” is not a number"),
    "digits with underscores": (table(cells(c2="1_0")), "“1_0” is not a number"),
    "huge number": (table(cells(c2="9" * 400)), "“999999999999999…99999999” is outside"),
    "empty pixel": (table(cells(c2="")), r"row 3, column 3 \(pixel1\) is empty"),
    "missing label": (table(cells(c0="")), r"row 3, column 1 \(label\): the label is missing"),
    "negative label": (table(cells(c0="-2")), "the label is “-2”; it must be 0, 1, 2"),
    "label that is text": (table(cells(c0="seven")), "the label is “seven”"),
    "fractional label": (table(cells(c0="1.5")), "the label is “1.5”"),
    "row too short": (table(ROW.rsplit(",", 1)[0]), "row 3 has 64 columns; the first row has 65"),
    "row too long": (table(ROW + ",0"), "row 3 has 66 columns"),
    "one class only": (table(), "All images in a.csv have the label 0. A network learns to tell"),
    "too many classes": (
        table(*[cells(c0=str(k)) for k in range(1, 70)]),
        r"70 different labels \(0, 1, 2, 3",
    ),
    "few columns": ({"a.csv": b"1,2,3\n4,5,6\n"}, "3 columns in its first row"),
    "too many columns": ({"a.csv": (",".join(["1"] * 5000)).encode()}, "4,999 pixel columns"),
    "too small images": ({"a.csv": b"1,2,3,4,5,6,7,8,9,0\n"}, r"10 columns in its first row"),
    "no square": (
        {"a.csv": b"1" + b",0" * 500 + b"\n"},
        "500 pixel columns, which do not make a square.*20x25",
    ),
    "shape in the name out of bounds": ({"a-2x50.csv": b"1" + b",0" * 100 + b"\n"}, "are 2×50 pixels"),
    "binary data": ({"a.csv": bytes(range(256)) * 10}, "not text, so it is not a table"),
    "binary in the middle": (table(cells(c2="\0\1")), "not text, so it is not a table"),
    "a header of another width": (
        {"a.csv": "\n".join([HEADER + ",more,and more", ROW]).encode()},
        "its header has 67 columns, the rows have 65",
    ),
    "a sparse row of ARFF with a column too many": (
        {
            "a.arff": b"@relation a\n"
            + b"".join(b"@attribute p%d numeric\n" % k for k in range(64))
            + b"@attribute class {0,1}\n@data\n{0 1, 64 1}\n{5 9}\n{99 1}\n"
        },
        "a.arff, row 70",
    ),
    "an ARFF file without rows": ({"a.arff": b"@relation a\n@attribute p0 numeric\n"}, "without @data"),
    "one endless line": ({"a.csv.gz": gzip.compress(b"0," * 2_000_000)}, "a line of more than 1 MB"),
    "no text": ({"a.csv": CSV.encode("utf-32")}, "not text"),
    "half a letter of utf-16": ({"a.csv": b"\xff\xfe\0\xd8,\0" + CSV.encode("utf-16-le")}, "damaged"),
    "all blank": ({"a.csv": make.csv(IMAGES * 0, LABELS).encode()}, "same value, 0"),
    # IDX
    "wrong magic number": (
        {**IDX, IDX_IMAGES: b"\x12" + IDX[IDX_IMAGES][1:]},
        "magic number 12 00 08 03; an IDX file begins with 00 00 08 03",
    ),
    "idx of floats": ({**IDX, IDX_IMAGES: b"\0\0\x0d\x03" + IDX[IDX_IMAGES][4:]}, "magic number 00 00 0D 03"),
    "truncated idx": (
        {**IDX, IDX_IMAGES: IDX[IDX_IMAGES][:-1]},
        "cut short: its header announces 6×8×8 values, 384 bytes, but only 383 are there",
    ),
    "truncated header": ({**IDX, IDX_IMAGES: IDX[IDX_IMAGES][:9]}, "ends inside its header"),
    "idx that goes on": ({**IDX, IDX_IMAGES: IDX[IDX_IMAGES] + b"\0"}, "more data than the 384 values"),
    "counts that differ": (
        {**IDX, IDX_LABELS: make.idx(LABELS[:5])},
        "train-labels-idx1-ubyte: there are 6 images but 5 labels",
    ),
    "labels only": ({IDX_LABELS: IDX[IDX_LABELS]}, "holds labels without images"),
    "images only": ({IDX_IMAGES: IDX[IDX_IMAGES]}, "holds images without labels"),
    "two image files": (
        {"a-idx3-ubyte": IDX[IDX_IMAGES], "b-idx3-ubyte": IDX[IDX_IMAGES]},
        "images without l",
    ),
    "two sets of images": (
        {**IDX, "train-b-images-idx3-ubyte": IDX[IDX_IMAGES], "train-b-labels-idx1-ubyte": IDX[IDX_LABELS]},
        r"several data sets in these files \(train-images-idx3-ubyte, train-b-images",
    ),
    "idx bomb": (
        {**IDX, IDX_IMAGES: b"\0\0\x08\x03" + b"\xff" * 12},
        "4,294,967,295 images; at most 500,000",
    ),
    "idx of no images": (make.idx_pair(IMAGES[:0], LABELS[:0]), "holds no images"),
    "idx of large images": (make.idx_pair(np.zeros((2, 1025, 8)), LABELS[:2]), "are 1025×8 pixels"),
    # NumPy files
    "npz that is none": ({"a.npz": b"hello"}, "not a zip file"),
    "no arrays": ({"a.npz": make.archive({"a.txt": "x"})}, r"holds the arrays \(none\)"),
    "pickled objects": (arrays(X=np.array([IMAGES, None], object), y=LABELS), "X holds Python objects"),
    "pickled labels": (arrays(X=IMAGES, y=np.array(["a"] * 6, object)), "y holds Python objects"),
    "array counts that differ": (arrays(X=IMAGES, y=LABELS[:4]), "6 images but 4 labels"),
    "array value above 255": (arrays(X=IMAGES.astype(int) + 70_000, y=LABELS), r"X\[0, 0, 0\] is 70000"),
    "array value below 0": (arrays(X=IMAGES.astype(int) - 2, y=LABELS), r"X\[0, 0, 0\] is -2"),
    "array value that is not a number": (arrays(X=np.where(IMAGES, np.nan, 0.5), y=LABELS), r"\] is nan"),
    "array with NaN": (arrays(X=np.where(IMAGES == 0, np.nan, IMAGES), y=LABELS), "is nan"),
    "complex images": (arrays(X=IMAGES + 1j, y=LABELS), "type complex128"),
    "flat images of no square": (arrays(X=IMAGES.reshape(6, 64)[:, :60], y=LABELS), r"shape \(6, 60\)"),
    "array without labels": (
        arrays(X=IMAGES),
        "the labels of the 6 images in the array X are missing.*file of their labels.*Evaluate page",
    ),
    "only test images have labels": (
        arrays(training_images=IMAGES, test_images=IMAGES, test_labels=LABELS),
        "the labels of the 6 images in the array training_images are missing",
    ),
    "labels in an array alone": (
        {"y.npy": make.npy(LABELS)},
        r"y\.npy holds labels without images.*file of its",
    ),
    "probabilities for labels": (
        arrays(X=IMAGES, y=np.full((6, 3), 1 / 3)),
        "not a single 1 among zeros in each row.*save the place of the highest",
    ),
    "very large images": (arrays(X=np.zeros((2, 8, 2000), np.uint8), y=LABELS[:2]), "are 8×2000 pixels"),
    "pickled objects in a .npy": (
        {"a.npy": make.npy(np.array([IMAGES, None], object))},
        "a holds Python obj",
    ),
    "single number": (arrays(X=np.array(1), y=np.array(1)), r"shape \(\)"),
    "negative array label": (arrays(X=IMAGES, y=LABELS - 2), r"y\[0\] is -2"),
    "fractional array label": (arrays(X=IMAGES, y=LABELS / 4), r"y\[1\] is 0.25"),
    "empty text label": (arrays(X=IMAGES, y=np.array(["a", "b", " "] * 2)), r"y\[2\] is ''"),
    "dates as labels": (arrays(X=IMAGES, y=LABELS.astype("M8[s]")), "type datetime64"),
    "array bomb": (
        {"a.npz": make.archive({"X.npy": npy_header("(99999, 64, 64)"), "y.npy": b""})},
        "400 MB",
    ),
    "negative shape": (
        {"a.npz": make.archive({"X.npy": npy_header("(-1, 8, 8)"), "y.npy": b""})},
        "X cannot be",
    ),
    "damaged header": (
        {"a.npz": make.archive({"X.npy": npy_header("(1,"), "y.npy": b""})},
        "X cannot be read",
    ),
    "cut array": (
        {"a.npz": make.archive({"X.npy": npy_header("(6, 8, 8)"), "y.npy": npy_header("(6,)")})},
        "cut",
    ),
    "not a zip": ({"a.zip": b"hello, I am text"}, "a.zip is not a zip file"),
    "half a zip": (
        {"a.zip": make.archive({"3/a.png": PICTURE})[:-30]},
        "not a zip file, or its end is missing",
    ),
    "zip of nothing": (zipped({}), "no file in what was chosen"),
    "zip of nothing useful": (
        zipped({"a/b.md": "x", "c.pdf": "y"}),
        r"nothing that can be used.*b\.md, c\.pdf",
    ),
    "encrypted zip": ({"a.zip": encrypted()}, r"encrypted \(3/a\.png asks for a password\)"),
    "unusual packing": ({"a.zip": packed_with(zipfile.ZIP_LZMA)}, "packed in an unusual way"),
    "picture that is none": (
        zipped({"3/a.png": PICTURE, "4/b.png": b"no picture"}),
        r"a\.zip: 4/b\.png is not a picture that can be read",
    ),
    "cut picture": (
        zipped({"3/a.png": PICTURE, "4/b.png": PICTURE[: len(PICTURE) // 2]}),
        r"4/b\.png is not a picture",
    ),
    "other kind of picture": (
        zipped({"3/a.png": make.picture(IMAGES[0], "ICO"), "4/b.png": b""}),
        "is not a picture",
    ),
    "picture in no folder": (
        zipped({"images/a.png": PICTURE, "images/b.png": PICTURE}),
        r"a\.png, images/b\.png\) lie in no folder.*3/photo",
    ),
    "one folder": (zipped({"3/a.png": PICTURE, "3/b.png": PICTURE}), "one folder, 3, whose name would"),
    "picture of too many pixels": (zipped({"3/a.png": png_of(30_000, 30_000), "4/b.png": PICTURE}), "pixels"),
    "picture of some too many pixels": (
        zipped({"3/a.png": png_of(6_000, 6_000), "4/b.png": PICTURE}),
        "6,000×6,000 pixels; at most 25",
    ),
    "large member": (
        zipped({"3/a.png": bytes(13_000_000), "4/b.png": PICTURE}),
        r"3/a\.png has 13 MB, too much for one image",
    ),
    "two tables in a zip": (zipped({"a.csv": CSV, "b.csv": CSV + "\n"}), "2 tables were chosen"),
    "bad table in a zip": (zipped({"train.csv": CSV + cells(c2="x")}), r"train\.csv, row 8, column 3"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_gets_its_sentence(kind: str) -> None:
    files, sentence = BAD[kind]
    with pytest.raises(DatasetError, match=f"(?s){sentence}") as caught:
        read_dataset(files)
    text = str(caught.value)
    assert text.endswith((".", "…", "?")), text
    assert "\n" not in text
    assert len(text) < 400, text


@pytest.mark.parametrize("line", [3, 2_000, 9_999])
def test_the_row_is_named_however_far_down(line: int) -> None:
    rows = [HEADER] + [cells(c0=str(k % 3)) for k in range(10_000)]
    rows[line - 1] = cells(c3="oops")
    rows[1] = rows[1] + "\r"
    with pytest.raises(DatasetError, match=rf"row {line:,}, column 4 \(pixel2\): “oops”"):
        read_dataset({"a.csv": "\n".join(rows).encode()})


def test_blank_lines_are_counted_as_rows() -> None:
    with pytest.raises(DatasetError, match="row 6, column 2"):
        read_dataset(table("", "", ROW, cells(c1="x")))


def test_a_table_of_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_BYTES", 100_000)
    with pytest.raises(DatasetError, match=r"more than 0 MB of pixels.*fewer or smaller"):
        read_dataset(table(*[ROW] * 2_000))


def test_a_table_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.table_lines.MAX_TEXT_BYTES", 3_000_000)
    bomb = gzip.compress(b"\n" * 5_000_000)
    assert len(bomb) < 6_000
    with pytest.raises(DatasetError, match="larger than 3 MB unpacked"):
        read_dataset({"a.csv.gz": bomb})


def test_a_zip_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_MEMBERS", 3)
    with pytest.raises(DatasetError, match="would unpack to 4 files"):
        read_dataset(zipped({f"{k}/a.png": PICTURE for k in range(4)}))


def test_a_zip_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.limits.MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(DatasetError, match="1 files, 2 MB in all; at most"):
        read_dataset(zipped({"train.csv": " " * 2_000_000}))


def test_a_zip_with_a_directory_that_would_fill_the_memory_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.zipped.LONGEST_READ", 70_000)
    with pytest.raises(DatasetError, match="damaged"):
        read_dataset(zipped({f"{k:04}{'x' * 250}/a.png": b"" for k in range(400)}))


def test_an_archive_that_points_before_its_start_is_refused() -> None:
    content = make.archive({"train.csv": CSV})
    end = content.rindex(b"PK\x05\x06")
    offset = struct.pack("<I", struct.unpack_from("<I", content, end + 16)[0] + 5_000)
    with pytest.raises(DatasetError, match="damaged"):
        read_dataset({"a.zip": content[: end + 16] + offset + content[end + 20 :]})


# Any bytes under any name


def read_or_refuse(files: Files) -> None:
    with contextlib.suppress(DatasetError):
        dataset = read_dataset(files)
        assert isinstance(dataset, Dataset)
        assert len(dataset) > 0


NAMES = [
    "a.csv",
    "a.csv.gz",
    "a.npz",
    "a.zip",
    "a-idx3-ubyte",
    "a-idx1-ubyte.gz",
    "a.tsv",
    "a.npy",
    "a.arff",
    "a.dat",
]
GOOD: list[Callable[[], Files]] = [
    lambda: {"a.csv": CSV.encode()},
    lambda: {"a.csv.gz": gzip.compress(CSV.encode())},
    lambda: dict(IDX),
    lambda: make.idx_pair(IMAGES, LABELS, pack=True),
    lambda: {"a.npz": NPZ},
    lambda: {"a.npz": make.npz(colour=np.stack([IMAGES] * 3, 3), of=np.eye(3)[LABELS])},
    lambda: {"a.csv": b"c,pixels\n" + b"".join(b"%d,%s\n" % (k % 2, b"0 9 " * 32) for k in range(4))},
    lambda: {"a.libsvm": b"0 1:255 64:3\n1 2:7\n2\n" * 3},
    lambda: {"x.npy": make.npy(IMAGES / 255), "y.npy": make.npy(LABELS.astype("S"))},
    lambda: {"x.csv": "\n".join(line[2:] for line in CSV.splitlines()).encode(), "y.csv": b"0\n1\n2\n" * 2},
    lambda: {"a.tra": make.csv(IMAGES, np.array(list("abcabc")), header=False).replace(",", ";").encode()},
    lambda: {
        "a.arff": b"@relation a\n@attribute a numeric\n" * 65 + b"@data\n" + CSV.partition("\n")[2].encode()
    },
    lambda: zipped(make.picture_folders(IMAGES, LABELS)),
    lambda: zipped({"train.csv": CSV}),
]


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=300), min_size=1, max_size=2))
def test_any_bytes_give_a_data_set_or_a_sentence(files: Files) -> None:
    read_or_refuse(files)


@given(st.text(max_size=200))
def test_any_text_as_a_table_gives_a_data_set_or_a_sentence(text: str) -> None:
    read_or_refuse({"a.csv": text.encode("utf-8", "surrogatepass")})


@given(
    st.lists(
        st.lists(
            st.sampled_from(["0", "1", "255", "256", "-1", "", "x", "1.0", " 3", "\ufeff", '"', "1e2"]),
            max_size=18,
        )
    )
)
def test_any_table_gives_a_data_set_or_a_sentence(rows: list[list[str]]) -> None:
    read_or_refuse({"a.csv": "\n".join(",".join(row) for row in rows).encode()})


@settings(max_examples=700)
@given(st.sampled_from(GOOD), st.data())
def test_a_good_file_with_damage_gives_a_data_set_or_a_sentence(
    make_files: Callable[[], Files], data: st.DataObject
) -> None:
    files = make_files()
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for __ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    read_or_refuse({**files, name: bytes(content)})


@given(st.sampled_from(GOOD), st.sampled_from(NAMES))
def test_a_file_under_a_wrong_name_gives_a_data_set_or_a_sentence(
    make_files: Callable[[], Files], name: str
) -> None:
    read_or_refuse({name: next(iter(make_files().values()))})


def test_there_is_a_sentence_for_at_least_thirty_kinds() -> None:
    assert len(BAD) >= 30
    assert readers.READERS


def test_a_file_that_is_not_there_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no file .*train\.csv"):
        read_dataset({"train.csv": tmp_path / "train.csv"})


LONG = "long\u202e" + "x" * 60_000
"""A name that turns the direction of writing and is as long as a zip allows."""

QUOTING: dict[str, Files] = {
    "a file's name": {f"{LONG}.csv": b"x"},
    "two files' names": {f"{LONG}.csv": b"x", f"{LONG}.npz": b"x"},
    "a missing partner's name": {f"{LONG}-images-idx3-ubyte": IDX[IDX_IMAGES]},
    "a table's cell": table(cells(c2=LONG)),
    "a table's label": table(cells(c0=LONG)),
    "a column": {"a.csv": "\n".join([HEADER.replace("pixel1", LONG), ROW, cells(c2="x")]).encode()},
    "columns without a label": {"a.csv": "\n".join([HEADER.replace("label", LONG), ROW]).encode()},
    "an array": {"a.npz": make.npz(**{LONG: IMAGES})},
    "labels of arrays": {"a.npz": make.npz(X=IMAGES, y=np.array([LONG] * 6))},
    "a type": {
        "a.npz": make.npz(X=np.zeros(6, [(f"field{'x' * 500}{k}", "u1") for k in range(9)]), y=LABELS)
    },
    "a member": zipped({LONG: b"x"}),
    "a picture": zipped({f"3/{LONG}.png": b"no picture"}),
    "a picture in no folder": zipped({f"{LONG}.png": PICTURE}),
    "a folder": zipped({f"{LONG}/a.png": PICTURE, f"{LONG}/b.png": PICTURE}),
    "a table in a zip": zipped({f"{LONG}.csv": cells(c0="x")}),
}


@pytest.mark.parametrize("kind", QUOTING)
def test_what_a_sentence_quotes_of_a_file_is_bounded_and_visible(kind: str) -> None:
    with pytest.raises(DatasetError) as caught:
        read_dataset(QUOTING[kind])
    text = str(caught.value)
    assert len(text) < 700
    assert all(letter.isprintable() for letter in text)
