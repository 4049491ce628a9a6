"""Files that visitors bring: every format, every kind of bad file, foreign text in what is wrong.

The tests of the page Data bring all of them, and the browser tests one of each kind of way.
"""

import gzip

import numpy as np

from mlcore import load_dataset
from tests.mlcore.datasets.readers import data_files as make

Files = dict[str, bytes]


def digits(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    dataset = load_dataset("digits-8x8")
    return dataset.images[:n], dataset.labels[:n]


IMAGES, LABELS = digits()
TABLE = make.csv(IMAGES, LABELS)
PICTURES = make.picture_folders(IMAGES, LABELS)


def keras() -> bytes:
    return make.npz(x_train=IMAGES[:150], y_train=LABELS[:150], x_test=IMAGES[150:], y_test=LABELS[150:])


FORMATS: dict[str, tuple[str, Files, str]] = {
    "a table with a header": ("table", {"table.csv": TABLE.encode()}, "200"),
    "a table without one": ("bare", {"bare.csv": make.csv(IMAGES, LABELS, header=False).encode()}, "200"),
    "a label in the middle": ("middle", {"middle.csv": make.csv(IMAGES, LABELS, label_at=9).encode()}, "200"),
    "a table packed by gzip": ("packed", {"packed.csv.gz": gzip.compress(TABLE.encode())}, "200"),
    "a table in a zip": ("zipped", {"zipped.zip": make.archive({"train.csv": TABLE})}, "200"),
    "an IDX pair": ("train-images-idx3-ubyte", make.idx_pair(IMAGES, LABELS), "200"),
    "arrays": ("arrays", {"arrays.npz": make.npz(images=IMAGES, labels=LABELS)}, "200"),
    "an IDX pair packed by gzip": (
        "train-images-idx3-ubyte",
        make.idx_pair(IMAGES, LABELS, pack=True),
        "200",
    ),
    "arrays as Keras has them": ("mnist", {"mnist.npz": keras()}, "150"),
    "pictures in folders": ("pictures", {"pictures.zip": make.archive(PICTURES)}, "200"),
    "images that are not square": (
        "wide",
        {"wide.npz": make.npz(X=np.dstack([IMAGES, IMAGES]), y=LABELS)},
        "200",
    ),
}


def with_cell(row: int, column: int, value: str) -> bytes:
    """Return the table with another value in one cell; the header is row 1."""
    lines = TABLE.splitlines()
    cells = lines[row - 1].split(",")
    cells[column - 1] = value
    lines[row - 1] = ",".join(cells)
    return "\n".join(lines).encode()


def cut_short(files: Files, by: int) -> Files:
    name, content = next(iter(files.items()))
    return files | {name: content[:-by]}


PAIR = make.idx_pair(IMAGES, LABELS)
FIRST, SECOND = PAIR
SMALL = IMAGES[:4, :3, :3]
MANY = np.arange(200)

BAD: dict[str, tuple[Files, str]] = {
    "wrong magic number": (
        PAIR | {FIRST: b"\x12\x34" + PAIR[FIRST][2:]},
        "magic number 12 34 .* begins with 00 00 08 03",
    ),
    "truncated IDX": (cut_short(PAIR, 100), f"{FIRST} is cut short: .* 12,800 bytes, but only 12,700"),
    "counts that differ": (
        {FIRST: PAIR[FIRST], SECOND: make.idx(LABELS[:150])},
        "200 images but 150 labels",
    ),
    "images without labels": ({FIRST: PAIR[FIRST]}, "holds images without labels"),
    "text in a pixel column": (
        {"a.csv": with_cell(3, 5, "ink")},
        "a.csv, row 3, column 5 .pixel3.: “ink” is not a number",
    ),
    "value above 255": (
        {"a.csv": with_cell(4, 2, "256")},
        "a.csv, row 4, column 2 .pixel0.: “256” is outside 0 to 255",
    ),
    "no pixel": ({"a.csv": with_cell(4, 2, "300")}, "row 4, column 2 .* is outside 0 to 255"),
    "missing label": ({"a.csv": with_cell(7, 1, "")}, "a.csv, row 7, column 1 .label.: the label is missing"),
    "row too short": ({"a.csv": TABLE[:-20].encode()}, "a.csv, row 201 has 60 columns; the first row has 65"),
    "pixels without labels": (
        {"test.csv": "\n".join(row.split(",", 1)[1] for row in TABLE.splitlines()).encode()},
        "its 64 columns are images of 8×8 pixels; the labels are missing",
    ),
    "one class only": (
        {"a.csv": make.csv(IMAGES, 0 * LABELS).encode()},
        "All images in a.csv have the label 0",
    ),
    "too many classes": (
        {"a.csv": make.csv(IMAGES, MANY).encode()},
        "200 different labels .* at most 62",
    ),
    "empty file": ({"a.csv": b""}, "a.csv is empty"),
    "not a zip": ({"a.zip": b"this is no archive"}, "a.zip"),
    "pictures that are none": (
        {"a.zip": make.archive({f"{k}/note.png": b"not a picture" for k in range(3)})},
        "0/note.png is not a picture that can be read",
    ),
    "pictures without folders": (
        {"a.zip": make.archive({"1.png": make.picture(IMAGES[0])})},
        "folder",
    ),
    "damaged gzip": ({"a.csv.gz": gzip.compress(TABLE.encode())[:-50]}, "a.csv.gz is damaged"),
    "arrays of objects": (
        {"a.npz": make.npz(images=np.array([{}, []], dtype=object), labels=LABELS[:2])},
        "a.npz",
    ),
    "images too small": (
        {"a.npz": make.npz(X=SMALL, y=LABELS[:4])},
        "3×3 pixels. Each side must have 4 to 1024",
    ),
    "nothing but paper": (
        {"a.npz": make.npz(X=0 * IMAGES, y=LABELS)},
        "Every pixel in a.npz has the same value",
    ),
    "a format that nobody reads": (
        {"thesis.pdf": b"%PDF-1.7"},
        "There is nothing that can be used in thesis.pdf",
    ),
    "two formats at once": (
        {"a.csv": TABLE.encode(), "b.npz": make.npz(images=IMAGES, labels=LABELS[:9])},
        "200 images but 9 labels",
    ),
}


# Foreign text

TRAP = "![x](//127.0.0.1:9/p) www.example.org me@example.org <img src=//127.0.0.1:9/i>"
"""Something of each, short enough to be shown in full."""

NAME = TRAP.replace("/", "∕")
"""The same as a file may be called: without slashes."""


def with_foreign_text() -> list[tuple[Files, str]]:
    """Return files that cannot be used, each with the words that its sentence quotes."""
    images, labels = digits(120)
    header, row, *rows = make.csv(images, labels).splitlines()
    unlabelled = row[row.index(",") :]
    spoilt = row.replace(",", f",{TRAP[:20]},", 1).rsplit(",", 1)[0]
    picture = make.picture(images[0])
    return [
        ({f"{NAME}.csv": b"x"}, NAME),
        ({"a.csv": "\n".join([header.replace("label", TRAP), *rows, unlabelled]).encode()}, TRAP),
        ({"a.csv": "\n".join([header.replace("pixel0", TRAP), row, spoilt]).encode()}, TRAP),
        ({"a.csv": "\n".join([header, row, spoilt]).encode()}, TRAP[:20]),
        ({f"{NAME}-images-idx3-ubyte": make.idx(images)}, NAME),
        ({"a.npz": make.npz(**{NAME: images})}, NAME),
        ({"a.npz": make.npz(x=images, y=np.array([TRAP] * 120))}, TRAP),
        ({"a.zip": make.archive({TRAP: b"x"})}, TRAP),
        ({"a.zip": make.archive({f"{NAME[:60]}.png": picture})}, NAME[:60]),
        ({"a.zip": make.archive({f"3/{NAME[:60]}.png": b"no picture", "4/b.png": b"none"})}, NAME[:60]),
    ]
