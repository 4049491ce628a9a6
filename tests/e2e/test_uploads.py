"""Files that visitors bring: every format is shown, every bad file gets its sentence and loses nothing.

The readers themselves are tested in `tests/mlcore/datasets/readers`.
"""

import gzip
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload

from mlcore import load_dataset
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor
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
        "a.csv, row 3, column 5 .pixel3.: “ink” is no number",
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


def begin(visitor: Visitor) -> None:
    visitor.open("/data", "60,000")
    visitor.main.get_by_text("Your own").click()
    expect(visitor.main.locator("input[type=file]")).to_be_attached()


def bring(visitor: Visitor, files: Files) -> None:
    chooser = visitor.main.locator("input[type=file]")
    expect(chooser).to_have_count(1)
    expect(visitor.main.get_by_text("Checking the images")).to_have_count(0)  # the page runs again then
    visitor.wait_until_idle()
    payloads = [
        FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
        for name, content in files.items()
    ]
    chooser.set_input_files(payloads)


def take_back(visitor: Visitor, files: Files) -> None:
    remove = visitor.main.get_by_role("button", name=re.compile("^Remove"))
    for left in range(len(files) - 1, -1, -1):
        remove.first.click()
        expect(remove).to_have_count(left)
    expect(visitor.main.get_by_test_id("stAlert")).to_have_count(0)


def in_use(visitor: Visitor, name: str, count: str) -> None:
    expect(visitor.main.get_by_role("heading", name=name, exact=True)).to_be_visible()
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text="Images").first
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(count)


def test_every_format_is_read_and_shown(visitor: Visitor) -> None:
    names = [name for name, _files, _count in FORMATS.values()]
    assert all(name != following for name, following in pairwise(names))  # so that each is seen to be read
    begin(visitor)
    for name, files, count in FORMATS.values():
        bring(visitor, files)
        in_use(visitor, name, count)
        visitor.wait_until_idle()
        expect(visitor.main.locator(".dl-grid img").first).to_be_visible()
        expect(visitor.main.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
        expect(visitor.main.get_by_text("Traceback")).to_have_count(0)


def test_every_bad_file_gets_its_sentence_and_the_data_set_before_stays(visitor: Visitor) -> None:
    assert len(BAD) >= 20
    begin(visitor)
    bring(visitor, {"good.csv": TABLE.encode()})
    in_use(visitor, "good", "200")
    for files, sentence in BAD.values():
        bring(visitor, files)
        visitor.see(re.compile(sentence))
        visitor.wait_until_idle()
        expect(visitor.main.get_by_test_id("stAlert")).to_have_count(1)
        expect(visitor.main.get_by_text("Traceback")).to_have_count(0)
        in_use(visitor, "good", "200")
        take_back(visitor, files)
    visitor.go_to("Evaluate")
    visitor.see("8×8")


def test_labels_may_be_added_to_images_that_came_alone(visitor: Visitor) -> None:
    begin(visitor)
    bring(visitor, {FIRST: PAIR[FIRST]})
    visitor.see("holds images without labels")
    visitor.main.get_by_role("button", name="Add files").click()
    bring(visitor, {SECOND: PAIR[SECOND]})
    in_use(visitor, FIRST, "200")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visitor: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    with path.open("wb") as file:
        file.truncate(151 * 1024 * 1024)
    begin(visitor)
    visitor.main.locator("input[type=file]").set_input_files(path)
    visitor.see(re.compile("150", re.IGNORECASE))
    expect(
        visitor.main.get_by_text(re.compile("must be 150|exceeds|too large", re.IGNORECASE))
    ).to_be_visible()
    in_use(visitor, "MNIST", "60,000")


@pytest.mark.parametrize("away", ["Home", "Evaluate"])
def test_an_uploaded_data_set_is_still_there_after_another_page(visitor: Visitor, away: str) -> None:
    begin(visitor)
    bring(visitor, {"mine.csv": TABLE.encode()})
    in_use(visitor, "mine", "200")
    visitor.go_to(away) if away != "Home" else visitor.menu().filter(has_text="Home").first.click()
    visitor.go_to("Data")
    in_use(visitor, "mine", "200")


def test_files_can_be_dropped_onto_the_page(visitor: Visitor) -> None:
    begin(visitor)
    drop = visitor.page.evaluate_handle(
        """text => {
          const drop = new DataTransfer();
          drop.items.add(new File([text], 'dropped.csv', { type: 'text/csv' }));
          return drop;
        }""",
        TABLE,
    )
    visitor.main.get_by_test_id("stFileUploaderDropzone").dispatch_event("drop", {"dataTransfer": drop})
    in_use(visitor, "dropped", "200")
