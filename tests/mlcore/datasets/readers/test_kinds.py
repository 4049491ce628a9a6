"""Each file is judged by its first bytes, then by its name; what is not read is refused with a next step."""

import gzip

import numpy as np
import pytest

from mlcore.datasets.readers import READERS, read_dataset
from mlcore.datasets.readers.kinds import DOCUMENT, REFUSED, UNKNOWN, kind_of
from mlcore.errors import DatasetError
from tests.mlcore.datasets.readers import data_files as make
from tests.mlcore.datasets.readers.test_readers import some_images

STEPS = {
    "page": ("a.csv", b"\n<!DOCTYPE html>\n<html>", "web page, not the data.*Download raw file"),
    "pointer": (
        "a.csv",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "Git LFS pointer.*git lfs pull",
    ),
    "pickle": ("a.npz", b"\x80\x04\x95\x00", "can run foreign code.*np.savez"),
    "matlab": ("a.mat", b"MATLAB 5.0 MAT-file", "loadmat.*np.savez"),
    "hdf5": ("a.h5", b"\x89HDF\r\n\x1a\n", "h5py.*np.savez"),
    "parquet": ("a.parquet", b"PAR1\x15", r"read_parquet.*to_csv"),
    "excel": (
        "a.xlsx",
        make.archive({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}),
        "spreadsheet.*save it as CSV",
    ),
    "office": (
        "a.docx",
        make.archive({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}),
        "text document or a presentation.*as CSV",
    ),
    "answers": ("my_submission.csv", b"ImageId,Label\n1,0\n2,0\n", r"to hand in.*train\.csv"),
    "json": ("a.json", b'{"images": []}', "JSON.*np.savez"),
    "records": ("a.tfrecord", b"\x01\x00", "TensorFlow records.*np.savez"),
    "bitmap": ("3_1.txt", b"0001100001111110\n" * 16, "one picture written in letters.*np.savez"),
    "7z": ("a.7z", b"7z\xbc\xaf\x27\x1c", r"not unpacked here.*\.zip"),
    "rar": ("a.rar", b"Rar!\x1a\x07\x00", r"not unpacked here.*\.zip"),
    "packed": ("a.csv.xz", b"\xfd7zXZ\x00", r"not unpacked here.*\.zip"),
    "archive": (
        "a.zip",
        make.archive({"b.zip": make.archive({"c.zip": make.archive({"d.zip": b"PK\x03\x04"})})}),
        "Unpack the outer",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_read_is_refused_with_the_next_step_for_its_kind(kind: str) -> None:
    name, content, step = STEPS[kind]
    with pytest.raises(DatasetError, match=f"(?s){step}") as caught:
        read_dataset({name: content})
    assert len(str(caught.value)) < 350


@pytest.mark.parametrize("kind", REFUSED)
def test_beside_data_it_is_left_out_and_its_kind_is_named(kind: str) -> None:
    name, content, _step = STEPS[kind]
    images, labels = some_images()
    dataset = read_dataset({**make.idx_pair(images, labels), name: content})
    assert len(dataset) == len(images)
    assert any(REFUSED[kind].label in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("anything", b"\0\0\x08\x03\0\0", "idx"),
        ("a.png.txt", b"\x89PNG\r\n\x1a\n", "pictures"),
        ("optdigits.whatever", b"0,1,6,15,12,1,0,0,0\n", "csv"),
        ("readme.md", b"# 1, 2, 3\n", DOCUMENT),
        ("emnist-letters-mapping.txt", b"1 65 97\n2 66 98\n", DOCUMENT),
        ("k49_classmap.csv", b"index,codepoint,char\n0,U+3042,a\n", DOCUMENT),
        ("train.py", b"print(1, 2)\n", DOCUMENT),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "excel"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", "office"),
        ("samplesubmission.csv", b"ImageId,Label\n1,0\n", "answers"),
        ("my_submission.csv", b"7," + b"0," * 15 + b"255\n", "csv"),
        ("digits.xls", b"7\t" + b"0\t" * 15 + b"255\n", "csv"),
        ("digits.json", b"[[" + b"0, " * 15 + b"255]]", "json"),
        ("letter", b"Dear reader, this is no table.\n", UNKNOWN),
        ("empty", b"", UNKNOWN),
    ],
)
def test_content_goes_before_the_name(name: str, head: bytes, kind: str) -> None:
    assert kind_of(name, head) == kind


@pytest.mark.parametrize(
    ("member", "kind"),
    [("xl/workbook.xml", "excel"), ("word/document.xml", "office"), ("ppt/presentation.xml", "office")],
)
def test_an_office_program_s_file_is_known_by_what_is_in_it(member: str, kind: str) -> None:
    content = make.archive({"[Content_Types].xml": "<x/>", member: "<x/>"})
    with pytest.raises(DatasetError) as caught:
        read_dataset({"file": content})
    assert str(caught.value) == REFUSED[kind].step.format(file="file")


def test_an_archive_that_is_packed_once_more_is_one_within_others() -> None:
    with pytest.raises(DatasetError, match="Unpack the outer ones"):
        read_dataset({"a.npz.gz": gzip.compress(make.npz(x=np.zeros((2, 4, 4))))})


def test_no_format_that_is_read_is_refused_too() -> None:
    assert not set(READERS) & set(REFUSED)


def test_a_note_or_a_refusal_names_at_most_five_files() -> None:
    images, labels = some_images()
    many: dict[str, bytes | str] = {f"notes/{k:05}.txt": "0110011001100110\n" * 16 for k in range(2_000)}
    with pytest.raises(DatasetError) as caught:
        read_dataset({"a.zip": make.archive(many)})
    assert len(str(caught.value)) < 400
    dataset = read_dataset({"a.zip": make.archive(many | dict(make.idx_pair(images, labels)))})
    assert "and 1,995 more" in dataset.notes[0]
