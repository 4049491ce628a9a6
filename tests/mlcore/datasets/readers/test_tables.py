"""Tables as people have them are read right: wherever the label is, however it is written and separated."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore import load_dataset
from mlcore.datasets.dataset import Dataset
from mlcore.datasets.readers import read_dataset, read_parts
from mlcore.errors import DatasetError
from mlcore.images.picture_file import grey_of

RNG = np.random.default_rng(0)
DIGITS = np.arange(20) % 10
IMAGES = np.zeros((20, 8, 8), np.uint8)
IMAGES[:, 1:-1, 2:-2] = RNG.integers(20, 256, (20, 6, 4))
IMAGES[0, 3, 3] = 255
PIXELS = IMAGES.reshape(20, 64)
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
HEADER = ",".join(["label", *(f"{row}x{column}" for row in range(1, 9) for column in range(1, 9))])

Row = Callable[[object, list[str]], list[object]]


def rows(row: Row, separator: str = ",", pixels: np.ndarray = PIXELS, form: str = "{:g}") -> str:
    """Return a line an image, of the cells that ``row`` makes of its label and pixels."""
    cells = (
        row(label, [form.format(value) for value in image])
        for label, image in zip(DIGITS, pixels, strict=True)
    )
    return "\n".join(separator.join(map(str, line)) for line in cells) + "\n"


def first(label: object, pixels: list[str]) -> list[object]:
    return [label, *pixels]


def last(label: object, pixels: list[str]) -> list[object]:
    return [*pixels, label]


def numbered(text: str) -> str:
    return "\n".join(f"{k},{line}" for k, line in enumerate(text.splitlines()))


def one_hot(label: object, pixels: list[str]) -> list[object]:
    return [*pixels, *(int(label == k) for k in range(10))]


def sparse_arff(text: str) -> str:
    """Return rows as ARFF has them without the zeros; the first class, 0, goes without saying, too."""
    lines = [line.split(",") for line in text.splitlines()]
    pairs = [[f"{k} {cell}" for k, cell in enumerate(line) if cell != "0"] for line in lines]
    return "\n".join("{" + ", ".join(line) + "}" for line in pairs) + "\n"


ARFF = "% digits\n@RELATION digits\n" + "".join(f"@ATTRIBUTE p{k} NUMERIC\n" for k in range(64))
ARFF += "@ATTRIBUTE 'class' {0,1,2,3,4,5,6,7,8,9}\n\n@DATA\n"
MANGLED = ",".join(["5", "0", *(f"0.{k}" for k in range(1, 60)), "253", "0.60", "253.1", "0.61"])

TABLES: dict[str, str] = {
    "label first": rows(first),
    "label last": rows(last),
    "label first under numbers": ",".join(map(str, range(65))) + "\n" + rows(first),
    "label last under numbers": ",".join(map(str, range(65))) + "\n" + rows(last),
    "an index under numbers": "," + ",".join(map(str, range(65))) + "\n" + numbered(rows(first)),
    "a header that pandas made of an image": MANGLED + "\n" + rows(first),
    "a label of another name": HEADER.replace("label", "number") + "\n" + rows(first),
    "a last label of another name": HEADER.removeprefix("label,") + ",what\n" + rows(last),
    "names that count from 0x0": ",".join(["label", *(f"{k // 8}x{k % 8}" for k in range(64))])
    + "\n"
    + rows(first),
    "an id before the label": "ImageId," + HEADER + "\n" + numbered(rows(first)),
    "an id and a label at the other end": "id," + HEADER[6:] + ",label\n" + numbered(rows(last)),
    "an id without a header": numbered(rows(first)),
    "names of files": "file," + HEADER + "\n" + rows(lambda d, p: [f"img_{RNG.integers(1e6)}.png", d, *p]),
    "row names as R writes them": HEADER + "\n" + numbered(rows(first)),
    "a comma at the end of each row": rows(first).replace("\n", ",\n"),
    "a comma at the end of each row but the header's": HEADER + "\n" + rows(first).replace("\n", ",\n"),
    "one-hot": rows(one_hot),
    "one-hot under names": HEADER[6:] + "," + ",".join(f"is {k}" for k in range(10)) + "\n" + rows(one_hot),
    "one-hot first": rows(lambda d, p: [*one_hot(d, []), *p]),
    "quoted": rows(lambda d, p: [f'"{cell}"' for cell in first(d, p)]),
    "decimals": rows(first, form="{:.2f}"),
    "exponents": rows(first, form="{:.18e}"),
    "semicolons": rows(first, ";"),
    "tabs": rows(first, "\t"),
    "bars": rows(first, "|"),
    "blanks": rows(first, " "),
    "many blanks": rows(first, "   ").replace("\n", "  \n  "),
    "Excel's separator line": "sep=;\n" + rows(first, ";"),
    "decimal commas": rows(first, ";", form="{:.1f}").replace(".", ","),
    "comments": "# made by hand\n" + rows(first).replace("\n", "\n# more\n", 3),
    "comments under a header": "# made by hand\n\n" + HEADER + "\n# more\n" + rows(first),
    "labels as Python writes bytes": rows(lambda d, p: [f"b'{d}'", *p]),
    "a list of pixels in a cell": "label,pixels\n" + rows(lambda d, p: [d, f'"[{", ".join(p)}]"']),
    "a list as NumPy prints it": "label,pixels\n" + rows(lambda d, p: [d, f'"[{" ".join(p)}]"']),
    "a list of pixels without quotes": rows(lambda d, p: [f"[{', '.join(p)}]", d]),
    "ARFF": ARFF + rows(last),
    "sparse ARFF": ARFF + sparse_arff(rows(last)),
    "sparse ARFF of words": ARFF.replace("{0,1,", "{'0', 1, ")
    + sparse_arff(rows(last)).replace(" 9}", " '9' }"),
}


def same(dataset: Dataset, names: list[str] | None = None, images: np.ndarray = IMAGES) -> None:
    np.testing.assert_array_equal(dataset.images, images)
    expected = names or [str(digit) for digit in DIGITS]
    assert [dataset.class_names[label] for label in dataset.labels] == expected


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_read_however_it_is_laid_out(kind: str) -> None:
    same(read_dataset({"digits.csv": TABLES[kind].encode()}))


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_words_are_read_as_windows_writes_them(coding: str) -> None:
    words = [name.replace("o", "ö") for name in NAMES]
    text = rows(lambda digit, pixels: [words[int(str(digit))], *pixels])
    mark = "\ufeff" if coding == "utf-16-le" else ""
    same(read_dataset({"digits.csv": (mark + text).encode(coding)}), words * 2)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("first_axis", [-1, 1], ids=["colours last", "colours first"])
@pytest.mark.parametrize("tint", [(1, 1, 1), (1, 1, 0), (0.2, 0.8, 1)])
def test_colours_in_a_table_become_grey(header: bool, first_axis: int, tint: tuple[float, ...]) -> None:
    digits = load_dataset("mnist-test").take(slice(0, 30))
    coloured = np.rint(digits.images[..., None] * np.array(tint)).astype(np.uint8)
    flat = np.moveaxis(coloured, -1, first_axis).reshape(30, -1)
    lines = [",".join(map(str, [*row, label])) for row, label in zip(flat, digits.labels, strict=True)]
    if header:
        lines.insert(0, ",".join([*(f"pixel{k:04d}" for k in range(flat.shape[1])), "label"]))
    read = read_dataset({"hmnist_28_28_RGB.csv": "\n".join(lines).encode()})
    np.testing.assert_array_equal(read.images, [grey_of(image) for image in coloured])
    assert [read.class_names[k] for k in read.labels] == [str(label) for label in digits.labels]


def test_of_numbers_that_may_be_no_pixels_a_note_says_what_they_were_taken_for() -> None:
    features = RNG.integers(0, 16, (40, 16))
    lines = [",".join(map(str, ["TID"[k % 3], *row])) for k, row in enumerate(features)]
    dataset = read_dataset({"letters.data": "\n".join(lines).encode()})
    assert "The 16 columns of numbers were taken for the pixels of images of 4×4." in dataset.notes


def test_measurements_are_not_called_images_of_three_by_three() -> None:
    header = "acidity;sugar;chlorides;free;total;density;pH;sulphates;alcohol;quality\n"
    with pytest.raises(DatasetError, match=r"10 columns in its first row\. A table of images has one"):
        read_dataset({"wine.csv": (header + "7.4;1.9;0.08;11;34;0.99;3.5;0.5;9.4;5\n" * 9).encode()})


@pytest.mark.parametrize("scale", [1, 255])
def test_a_table_of_images_for_each_class_is_called_after_it(scale: int) -> None:
    files = {
        f"digit_{k}.csv": "\n".join(",".join(f"{v / scale:g}" for v in row) for row in PIXELS[k == DIGITS])
        for k in range(10)
    }
    dataset = read_dataset({name: text.encode() for name, text in files.items()})
    np.testing.assert_array_equal(dataset.images, IMAGES[np.argsort(DIGITS, kind="stable")])
    assert [dataset.class_names[k] for k in dataset.labels] == [str(k) for k in sorted(DIGITS)]
    assert "The classes are the names of the files: 0, 1, 2, 3, 4 and 5 more." in dataset.notes
    assert [decision.count for decision in dataset.decisions] == [20] * (scale == 255)


def test_true_and_false_are_pixels() -> None:
    table = rows(lambda d, p: [d, *(str(int(cell) > 100) for cell in p)])
    read = read_dataset({"digits.csv": table.encode()})
    same(read, images=np.where(IMAGES > 100, 255, 0).astype(np.uint8))


def test_cells_that_are_no_numbers_are_named() -> None:
    table = rows(lambda d, p: [d, *(hex(int(cell)) for cell in p)])
    with pytest.raises(DatasetError, match="column 2: the cells are not numbers, such as “0x"):
        read_dataset({"digits.csv": table.encode()})


def test_a_table_and_one_of_its_labels_have_no_other_parts() -> None:
    files = {
        "train.csv": HEADER[6:] + "\n" + rows(lambda _d, p: p),
        "labels.csv": "label\n" + "\n".join(map(str, DIGITS)),
    }
    parts = read_parts({name: text.encode() for name, text in files.items()})
    same(parts.train)
    assert parts.notes == ()


@pytest.mark.parametrize("name", ["digits.tra", "digits.tes", "digits.data", "digits.dat", "a.txt", "a.mine"])
@pytest.mark.parametrize("start", ["", "# mine\n", HEADER[6:] + ",label\n"])
def test_a_table_may_have_any_ending(name: str, start: str) -> None:
    same(read_dataset({name: (start + rows(last)).encode()}))


@pytest.mark.parametrize(
    "kind", ["an id before the label", "names of files", "a header that pandas made of an image"]
)
def test_what_is_left_out_is_said(kind: str) -> None:
    assert any(
        "ignored" in note or "left out" in note
        for note in read_dataset({"a.csv": TABLES[kind].encode()}).notes
    )


SPARSE = "\n".join(
    " ".join([str(label), *(f"{place}:{value}" for place, value in enumerate(image, 1) if value)])
    for label, image in zip(DIGITS, PIXELS, strict=True)
)


@pytest.mark.parametrize("name", ["digits.libsvm", "digits", "digits.t", "digits.scale"])
def test_rows_of_pairs_are_read(name: str) -> None:
    dataset = read_dataset({name: SPARSE.encode()})
    same(dataset)
    assert "8×8" in dataset.notes[0]


def test_pairs_may_count_from_0_and_be_fractions_and_the_name_may_tell_the_shape() -> None:
    tall = IMAGES.transpose(0, 2, 1)[:, 1:].reshape(20, 56)
    lines = [
        f"{label:.1f} 0:0 "
        + " ".join(f"{place}:{value / 255:.4f}" for place, value in enumerate(image) if value)
        for label, image in zip(DIGITS, tall, strict=True)
    ]
    same(read_dataset({"a-7x8.svm": "  \n".join(lines).encode()}), images=tall.reshape(20, 7, 8))


@pytest.mark.parametrize("line", ["x 1:2", "3 1:2 3", "1.5 3:2", "3 1:2:3", "3 1:1-2"])
def test_a_row_that_is_none_of_pairs_is_named(line: str) -> None:
    with pytest.raises(DatasetError, match="row 21 is not a label with pairs"):
        read_dataset({"a.libsvm": f"{SPARSE}\n{line}\n".encode()})


def test_short_rows_of_large_images_do_not_take_the_memory_of_all_at_once() -> None:
    text = "0 4096:255\n" + "1\n" * 20_000
    tracemalloc.start()
    dataset = read_dataset({"a.libsvm": text.encode()})
    assert dataset.image_shape == (64, 64)
    assert tracemalloc.get_traced_memory()[1] < 2 * dataset.images.nbytes + 50_000_000
    tracemalloc.stop()


def test_pairs_of_very_large_numbers_are_refused() -> None:
    with pytest.raises(DatasetError, match="its rows are not images"):
        read_dataset({"a.libsvm": f"{SPARSE}\n3 999999999:1\n".encode()})


# Labels


@pytest.mark.parametrize("place", [first, last])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("names", [NAMES, list("ABCDEFGHIJ"), list("0123ABCDEF"), list("yntfabcdex")])
def test_labels_may_be_words_and_letters(names: list[str], header: bool, place: Row) -> None:
    text = rows(lambda digit, pixels: place(names[int(str(digit))], pixels))
    title = HEADER if place is first else HEADER[6:] + ",label"
    dataset = read_dataset({"a.csv": (f"{title}\n" * header + text).encode()})
    same(dataset, [names[digit] for digit in DIGITS])


def test_labels_that_count_from_1_keep_their_names() -> None:
    text = rows(lambda digit, pixels: last(int(str(digit)) + 1, pixels))
    same(read_dataset({"a.csv": text.encode()}), [str(digit + 1) for digit in DIGITS])


def test_images_with_the_label_minus_1_are_left_out_and_counted() -> None:
    text = rows(lambda digit, pixels: first(-1 if digit == 4 else digit, pixels))
    dataset = read_dataset({"a.csv": text.encode()})
    same(dataset, [str(digit) for digit in DIGITS if digit != 4], IMAGES[DIGITS != 4])
    assert "Images with the label −1, which means none, were left out: 2." in dataset.notes


def test_minus_1_beside_1_is_a_class() -> None:
    text = rows(lambda digit, pixels: first(1 if digit == 4 else -1, pixels))
    assert set(read_dataset({"a.csv": text.encode()}).class_names) == {"-1", "1"}


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("place", [first, last])
def test_black_and_white_images_are_told_from_their_labels(place: Row, header: bool) -> None:
    ink = (IMAGES > 100).astype(np.uint8)
    ink[::3, 0, 0] = ink[::4, -1, -1] = 1
    title = ",".join(map(str, range(65))) + "\n"
    text = title * header + rows(place, pixels=ink.reshape(20, 64))
    same(read_dataset({"a.csv": text.encode()}), images=ink * 255)


@pytest.mark.parametrize("place", [first, last])
def test_the_label_is_found_where_the_rows_are_in_the_order_of_their_classes(
    place: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.table_lines.BLOCK_BYTES", 40_000)
    monkeypatch.setattr("mlcore.datasets.readers.table_values.MOST_CELLS", 0)
    images = np.tile(IMAGES, (90, 1, 1))
    lines = [",".join(map(str, place(k // 300, image.ravel().tolist()))) for k, image in enumerate(images)]
    dataset = read_dataset({"a.csv": "\n".join(lines).encode()})
    np.testing.assert_array_equal(dataset.images, images)
    assert dataset.labels.tolist() == [k // 300 for k in range(1800)]


@pytest.mark.parametrize("place", [first, last])
def test_images_above_64_pixels_are_scaled_down(place: Row) -> None:
    large = np.kron(IMAGES, np.ones((10, 10), np.uint8)).reshape(20, 6400)
    dataset = read_dataset({"a.csv": rows(place, pixels=large).encode()})
    assert dataset.image_shape == (28, 28)
    assert [dataset.class_names[label] for label in dataset.labels] == [str(digit) for digit in DIGITS]
    assert [decision.key for decision in dataset.decisions] == ["shrink"]


@given(st.integers(0, 10_000), st.sampled_from([first, last]), st.integers(2, 26), st.booleans())
def test_the_label_is_found_at_either_end_of_images_that_fill_their_frame(
    seed: int, place: Row, n_classes: int, letters: bool
) -> None:
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (60, 64))
    labels = [chr(65 + k % n_classes) if letters else str(k % n_classes) for k in range(60)]
    lines = [
        ",".join(map(str, place(label, list(map(str, photo)))))
        for label, photo in zip(labels, photos, strict=True)
    ]
    dataset = read_dataset({"a.csv": "\n".join(lines).encode()})
    assert [dataset.class_names[label] for label in dataset.labels] == labels


# Images and labels in two tables


@pytest.mark.parametrize("labels", [
    "".join(f"{digit}\n" for digit in DIGITS),
    "label\n" + "".join(f"{digit}\n" for digit in DIGITS),
    "0\n" + "".join(f"{digit}\n" for digit in DIGITS),
    ",0\n" + "".join(f"{k},{digit}\n" for k, digit in enumerate(DIGITS)),
    "Id,Label\n" + "".join(f"{k + 1},{digit}\n" for k, digit in enumerate(DIGITS)),
    "\n".join(",".join(str(int(digit == k)) for k in range(10)) for digit in DIGITS),
])  # fmt: skip
def test_images_and_labels_in_two_tables_are_joined(labels: str) -> None:
    images = rows(lambda digit, pixels: list(pixels))
    same(read_dataset({"X_train.csv": images.encode(), "y_train.csv": labels.encode()}))
    same(read_dataset({"b.csv": labels.encode(), "a.csv": images.encode()}))


def test_words_may_be_the_labels_of_another_table() -> None:
    images, labels = rows(lambda digit, pixels: list(pixels)), "\n".join(NAMES[digit] for digit in DIGITS)
    same(
        read_dataset({"x.csv": images.encode(), "y.csv": labels.encode()}), [NAMES[digit] for digit in DIGITS]
    )


# Parts


@pytest.mark.parametrize("header", ["", HEADER + ",Usage\n"])
def test_a_column_of_parts_is_no_label_and_keeps_the_test_images_apart(header: str) -> None:
    words = ["Training"] * 10 + ["PublicTest", "validation"] * 5
    lines = [f"{line},{word}" for line, word in zip(rows(first).splitlines(), words, strict=True)]
    parts = read_parts({"a.csv": (header + "\n".join(lines)).encode()})
    names = [str(digit) for digit in DIGITS]
    same(parts.train, names[:10], IMAGES[:10])
    assert parts.test is not None
    assert parts.dev is not None
    same(parts.test, names[10::2], IMAGES[10::2])
    same(parts.dev, names[11::2], IMAGES[11::2])


@pytest.mark.parametrize("header", ["", "emotion,pixels,Usage\n", "emotion, pixels, Usage\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_may_hold_all_pixels_of_an_image(quote: str, header: str) -> None:
    text = rows(lambda digit, pixels: [digit, f"{quote}{' '.join(pixels)}{quote}", "Training"])
    same(read_dataset({"fer.csv": (header + text).encode()}))
    text = rows(lambda digit, pixels: [f"{quote}{' '.join(pixels)}{quote}", digit])
    same(read_dataset({"fer.csv": text.encode()}))


# Scales


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (0, 16), (-0.5, 0.5), (-0.42, 2.8), (0, 4095)])
def test_pixels_of_another_scale_are_stretched_and_said(low: float, high: float) -> None:
    values = low + PIXELS / 255 * (high - low)
    text = rows(first, pixels=values, form="{:.0f}" if high > 255 else "{:.6f}")
    dataset = read_dataset({"a.csv": text.encode()})
    same(dataset, images=dataset.images)
    np.testing.assert_allclose(dataset.images.astype(int), IMAGES, atol=1)
    assert [decision.key for decision in dataset.decisions] == ["stretch"]


def test_a_scale_that_only_later_rows_show_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.table_lines.BLOCK_BYTES", 700)
    values = np.where(np.arange(20)[:, None] < 10, PIXELS / 255, PIXELS)
    dataset = read_dataset({"a.csv": rows(first, pixels=values, form="{:.6f}").encode()})
    np.testing.assert_array_equal(dataset.images[10:], IMAGES[10:])
    assert dataset.images[:10].max() <= 1


def test_a_stray_fraction_among_bytes_is_rounded() -> None:
    values = PIXELS.astype(float)
    values[7, 30] += 0.4
    same(read_dataset({"a.csv": rows(first, pixels=values).encode()}))


# Blocks


@pytest.mark.parametrize("size", [300, 301, 302, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_put_together_wherever_a_block_ends(
    size: int, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.table_lines.BLOCK_BYTES", size)
    same(read_dataset({"a.csv": rows(first).replace("\n", end).encode()}))


def test_a_row_without_a_single_mark_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.datasets.readers.table_values.MOST_CELLS", 0)
    monkeypatch.setattr("mlcore.datasets.readers.table_values.LOOK", 5)
    lines = rows(one_hot).splitlines()
    lines[12] = lines[12].replace(",1", ",0")
    with pytest.raises(DatasetError, match="row 13: columns 65 to 74 mark the class by a single 1"):
        read_dataset({"a.csv": "\n".join(lines).encode()})
