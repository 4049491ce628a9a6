"""The class of a picture is the folder that lies deepest, beside others."""

import pytest

from mlcore.datasets.readers.folders import classes_of

WRITERS = ("anna", "ben", "cleo")
CASES = {
    "plain": (["a/0", "a/1"], {"a/0": "0", "a/1": "1"}),
    "parts are looked through": (["d/train/0", "d/train/1"], {"d/train/0": "0", "d/train/1": "1"}),
    "a part repeated": (["trainingSet/trainingSet/3", "trainingSet/trainingSet/7"], None),
    "images below the class": (["0/images", "1/images"], {"0/images": "0", "1/images": "1"}),
    "one folder of another name below each": (["0/raw", "1/raw"], {"0/raw": "0", "1/raw": "1"}),
    "a preview above": (["d", "d/0", "d/1"], {"d/0": "0", "d/1": "1"}),
    "figures of a text": (["data/0", "data/1", "docs", "docs/img"], {"data/0": "0", "data/1": "1"}),
    "folders beside the data": (["logo", "icon", "data/0", "data/1"], None),
    "one stray folder at the same depth": (["data/0", "data/1", "more/figure"], None),
    "two groups of classes": (["upper/A", "upper/B", "lower/a", "lower/b"], None),
    "digit/writer": ([f"{k}/{w}" for k in "012" for w in WRITERS], None),
    "writer/digit": ([f"{w}/{k}" for k in "012" for w in WRITERS], None),
    "fold/word": ([f"{f}/{w}" for f in ("fold1", "fold2") for w in WRITERS], None),
    "the same folders twice": (["Good/Bmp/Sample001", "Good/Bmp/Sample002", "Bad/Bmp/Sample001"], None),
    "two halves of the same classes": ([f"{h}/Bmp/Sample00{k}" for h in ("Good", "Bad") for k in "12"], None),
    "digit/number of a writer": ([f"{k}/{w}" for k in "01" for w in ("01", "02")], None),
    "digit/writer, a few missing": (["0/writer_a", "0/writer_b", "1/writer_b", "2/writer_a"], None),
    "word/writer, a few missing": (["cat/user1", "cat/user2", "dog/user2"], None),
    "data among the figures": (["repo", "repo/assets/0", "repo/assets/1"], None),
    "one folder": (["scans"], {"scans": "scans"}),
    "numbered samples are classes": (["Sample001", "Sample002"], None),
    "nothing but parts": (["train", "test/images"], {}),
}
EXPECTED = {
    "fold/word": {f"{f}/{w}": w for f in ("fold1", "fold2") for w in WRITERS},
    "the same folders twice": {
        "Good/Bmp/Sample001": "Sample001",
        "Good/Bmp/Sample002": "Sample002",
    },
    "two halves of the same classes": {
        f"{h}/Bmp/Sample00{k}": f"Sample00{k}" for h in ("Good", "Bad") for k in "12"
    },
    "digit/writer": {f"{k}/{w}": k for k in "012" for w in WRITERS},
    "writer/digit": {f"{w}/{k}": k for k in "012" for w in WRITERS},
    "a part repeated": {"trainingSet/trainingSet/3": "3", "trainingSet/trainingSet/7": "7"},
    "folders beside the data": {"data/0": "0", "data/1": "1"},
    "one stray folder at the same depth": {"data/0": "0", "data/1": "1"},
    "two groups of classes": {"upper/A": "A", "upper/B": "B", "lower/a": "a", "lower/b": "b"},
    "digit/number of a writer": {"0/01": "0", "0/02": "0", "1/01": "1", "1/02": "1"},
    "digit/writer, a few missing": {
        "0/writer_a": "0",
        "0/writer_b": "0",
        "1/writer_b": "1",
        "2/writer_a": "2",
    },
    "word/writer, a few missing": {"cat/user1": "cat", "cat/user2": "cat", "dog/user2": "dog"},
    "data among the figures": {"repo/assets/0": "0", "repo/assets/1": "1"},
    "numbered samples are classes": {"Sample001": "Sample001", "Sample002": "Sample002"},
}


@pytest.mark.parametrize("kind", CASES)
def test_the_class_of_each_folder(kind: str) -> None:
    folders, expected = CASES[kind]
    found = classes_of([tuple(folder.split("/")) for folder in folders])
    assert {"/".join(folder): name for folder, name in found.items()} == (
        EXPECTED[kind] if expected is None else expected
    )
