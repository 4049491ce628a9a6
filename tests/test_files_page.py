"""The page about file formats says what files hold: nothing is left out, and nothing is made up.

The fields are read from files written a moment before, and from the tables of docs/reference/files.md.
"""

import io
import json
import re
from typing import Any, get_args

import numpy as np
import pytest

from dashboard.train.downloads import history_csv
from mlcore import NetworkConfig, TrainingConfig, TrainingRun, load_dataset, save_model, split_dataset, train
from mlcore.datasets.decision import DecisionKey
from mlcore.datasets.readers import READERS
from mlcore.datasets.readers.kinds import REFUSED
from mlcore.datasets.readers.npz import ARRAY_NAMES
from mlcore.datasets.readers.orientation import CHARACTERS
from mlcore.datasets.readers.parts import WORDS, part_of
from mlcore.datasets.readers.scale import (
    FRACTION_SCALES,
    LARGER_FRACTION_SCALES,
    LEAST_DEEP,
    MOST_DEEP,
    WHOLE_SCALES,
)
from mlcore.datasets.readers.table_layout import LABEL_NAMES
from tests.house import ROOT

PAGE = (ROOT / "docs/reference/files.md").read_text("utf-8")
COUNTERS = "state.counters"


def documented(heading: str, page: str = PAGE) -> list[str]:
    """Return the names in the first column of the first table below a heading."""
    section = re.split(r"^#+ ", page.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@pytest.fixture(scope="module")
def run() -> TrainingRun:
    """A run with everything that a file may hold, and with a dev set."""
    network = NetworkConfig(hidden_sizes=(8,), standardize=True, drop_rare_pixels=0.0)
    run = TrainingRun(network, TrainingConfig(epochs=1))
    list(train(run, split_dataset(load_dataset("digits-8x8"), dev_size=300)))
    return run


@pytest.fixture(scope="module")
def arrays(run: TrainingRun) -> dict[str, Any]:
    buffer = io.BytesIO()
    save_model(run.model(resumable=True), buffer)
    buffer.seek(0)
    return dict(np.load(buffer))


@pytest.mark.parametrize(
    ("heading", "names"),
    [("Kinds of files", list(READERS)), ("These kinds are not read", list(REFUSED)), ("Parts", list(WORDS))],
)
def test_every_kind_of_file_and_every_part_is_on_the_page(heading: str, names: list[str]) -> None:
    page = PAGE.replace("These kinds are not read.", "\n# These kinds are not read\n")
    assert documented(heading, page) == names


def test_every_decision_about_pixels_and_every_scale_is_on_the_page() -> None:
    assert documented("Pixels") == [*get_args(DecisionKey), *CHARACTERS]
    for scales in (WHOLE_SCALES, (*FRACTION_SCALES, *LARGER_FRACTION_SCALES)):
        assert ", ".join(f"{low:g} to {high:g}".replace("-", "−") for low, high in scales) in PAGE
    for name, characters in CHARACTERS.items():
        assert f"| `{name}` | {characters} |" in PAGE
    assert f"A largest value from {LEAST_DEEP} to {MOST_DEEP:,} is white" in PAGE


def test_the_usual_names_of_labels_and_of_arrays_are_on_the_page() -> None:
    text = " ".join(PAGE.split())
    assert f"The usual names of a label are: {', '.join(LABEL_NAMES)}." in text
    pairs = [f"`{images}` and `{labels}`" for images, labels in ARRAY_NAMES]
    assert f"The usual names are {', '.join(pairs)}." in text


def test_the_words_for_each_part_are_those_on_the_page() -> None:
    for part, words in WORDS.items():
        assert f"| `{part}` | {words.replace('|', ', ')} |" in PAGE


def test_a_word_for_a_part_is_one_and_a_word_like_it_is_none() -> None:
    for part, words in WORDS.items():
        for word in words.split("|"):
            assert part_of(word) == part_of(word.upper()) == part
            assert part_of(f"{word}ament") is None


def json_in(array: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(array.tobytes())
    return found


def test_the_arrays_of_a_model_file_are_those_on_the_page(arrays: dict[str, Any]) -> None:
    assert sorted(arrays) == sorted(documented("Arrays") + documented("Training state"))


@pytest.mark.parametrize("heading", ["Header", "Frame", "Card", "Counters"])
def test_the_fields_in_a_model_file_are_those_on_the_page(arrays: dict[str, Any], heading: str) -> None:
    header = json_in(arrays["header"])
    found = {
        "Header": header,
        "Frame": header["frame"],
        "Card": header["card"],
        "Counters": json_in(arrays[COUNTERS]),
    }
    assert list(found[heading]) == documented(heading)


def test_the_columns_of_a_history_file_are_those_on_the_page(run: TrainingRun) -> None:
    columns = history_csv(run.history).splitlines()[0].split(",")
    assert columns == documented("The history (.csv)")


def test_types_and_shapes_of_the_arrays_are_those_on_the_page(arrays: dict[str, Any]) -> None:
    names = documented("Arrays") + documented("Training state")
    said = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) `\(", PAGE, re.MULTILINE))
    assert names
    for name in names:
        assert arrays[name].dtype.name in said[name] or arrays[name].dtype.name.startswith(said[name]), name


def test_a_field_is_read_from_the_table_below_its_own_heading_only() -> None:
    page = "# One\n\n| a | b |\n| --- | --- |\n| `x` | 1 |\n\n## Two\n\n| `y` | 2 |\n"
    assert documented("One", page) == ["x"]
    assert documented("Two", page) == ["y"]
