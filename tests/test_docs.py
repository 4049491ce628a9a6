"""The documents are true and whole: their Python runs, their names exist, and nothing public is left out.

Each check that looks for a gap is tried on a gap that is planted.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import mlcore
from dashboard.data.overview import TERMS
from dashboard.data.quality import PROBLEMS
from dashboard.evaluate.looks import LOOKS
from dashboard.navigation import PAGES
from dashboard.runs.status import STATE_LABELS
from dashboard.ui.glossary import GLOSSARY
from docs import glossary_page, rooms_page, settings_page
from mlcore import RECIPES, SHIPPED_DATASETS, NetworkConfig, TrainingConfig, load_model, settings_of
from tests.documents import blocks, run, tables_as_they_were
from tests.house import ROOT, name_of, python_files

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_LINKS = [ROOT / "CONTRIBUTING.md", *ROOT.glob("data/*/README.md"), *ROOT.glob("models/*.md")]
WITH_CODE = [page for page in DOCUMENTS if "```python\n" in page.read_text("utf-8")]


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


# What the documents show, runs


@pytest.mark.parametrize("document", WITH_CODE, ids=name_of)
def test_the_python_of_a_page_runs_and_prints_what_the_page_says(document: Path, tmp_path: Path) -> None:
    with tables_as_they_were():
        run(document, tmp_path)


def test_a_block_is_found_with_its_line_and_what_it_prints() -> None:
    text = "# Page\n\n```python\nx = 1\n```\n\nwords\n\n```python\nprint(2)\n```\n\n```text\n2\n```\n"
    assert blocks(text) == [(3, "x = 1\n", None), (9, "print(2)\n", "2\n")]


def test_a_print_that_the_page_does_not_foresee_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "utf-8")
    with pytest.raises(AssertionError, match=r"page.md:1"):
        run(page, tmp_path)


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=name_of)
def test_an_example_runs_and_its_digit_is_read(example: Path, tmp_path: Path) -> None:
    # One thread: beside other busy processes two are slower by far.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "This is a 7" in done.stdout


# What the documents name, is there

ROW = re.compile(r"^\| .*\]\([./]*mlcore/[\w/]+\.py\) \|$", re.MULTILINE)
PLACE = re.compile(r"\| ([^|\n]*) in \[\w+\.py\]\([./]*(mlcore/[\w/]+)\.py\) \|$")
WITH_PLACES = [page for page in DOCUMENTS if ROW.search(page.read_text("utf-8"))]


def misplaced(text: str) -> list[str]:
    """Return the names of which a table says that they are in a module, and which are not there."""
    missing = []
    for row in ROW.findall(text):
        place = PLACE.search(row)
        assert place, f"not understood: {row}"
        module = __import__(place[2].replace("/", "."), fromlist=["_"])
        names = re.findall(r"`([\w.]+)`", place[1])
        assert names, f"no name in {row}"
        missing += [name for name in names if not _has(module, name)]
    return missing


def _has(thing: object, dotted: str) -> bool:
    for name in dotted.split("."):
        if not hasattr(thing, name):
            return False
        thing = getattr(thing, name)
    return True


@pytest.mark.parametrize("document", WITH_PLACES, ids=name_of)
def test_what_a_page_says_is_in_a_module_is_there(document: Path) -> None:
    assert misplaced(document.read_text("utf-8")) == []


def test_the_page_on_training_says_where_things_are() -> None:
    assert ROOT / "docs/explanation/how-the-network-is-trained.md" in WITH_PLACES


def test_a_name_that_is_not_in_its_module_is_found() -> None:
    good = "| a | `train` in [__init__.py](../mlcore/__init__.py) |\n"
    assert misplaced(good) == []
    assert misplaced(good.replace("`train`", "`train` and `TrainingRun.fly`")) == ["TrainingRun.fly"]


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the links to no file of the project; the site leads nowhere from a link to a folder."""
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    return [link for link in links if not link.startswith("mailto:") and not (folder / link).is_file()]


@pytest.mark.parametrize("document", [*DOCUMENTS, *WITH_LINKS], ids=name_of)
def test_a_link_leads_to_a_file(document: Path) -> None:
    assert broken_links(document.read_text("utf-8"), document.parent) == []


def test_a_link_to_a_folder_or_to_nothing_is_found() -> None:
    text = "[a](README.md#at-once) [b](tests) [c](none.md) [d](https://example.org/x)"
    assert broken_links(text, ROOT) == ["tests", "none.md"]


def wrong_addresses(text: str) -> list[str]:
    """Return the addresses in code spans that lead to no page, data set or recipe of the app."""
    known = {"recipe": RECIPES, "data": SHIPPED_DATASETS}
    pages = {"", *(entry.name for entry in PAGES)} - {"home"}
    wrong = []
    for address in re.findall(r"`(/[a-z]*(?:\?[^`]*)?)`", text):
        page, _, query = address[1:].partition("?")
        choices = [choice.partition("=")[::2] for choice in query.split("&") if choice]
        if page not in pages or any(value not in known.get(name, {value}) for name, value in choices):
            wrong.append(address)
    return wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_an_address_in_a_document_leads_somewhere(document: Path) -> None:
    assert wrong_addresses(document.read_text("utf-8")) == []


def test_an_address_that_leads_nowhere_is_found() -> None:
    text = "`/draw`, `/fly`, `/network?recipe=standard`, `/network?recipe=none`, `/data?data=none`"
    assert wrong_addresses(text) == ["/fly", "/network?recipe=none", "/data?data=none"]


def test_the_lesson_calls_the_controls_as_the_app_does() -> None:
    labels = set(re.findall(r"\*\*(.+?)\*\*", text_of("docs/tutorial/first-lesson.md"))) - {"You", "Pupils"}
    source = "".join(path.read_text("utf-8") for path in python_files())
    assert labels
    assert [label for label in sorted(labels) if f'_("{label}")' not in source] == []


def test_the_lesson_counts_the_images_that_the_shipped_model_learned_from() -> None:
    card = load_model(ROOT / "models/mnist.npz", with_state=False).card
    assert f"{card['train_size']:,} images" in text_of("docs/tutorial/first-lesson.md")


# Nothing is left out

SETTINGS = [*settings_of(NetworkConfig), *settings_of(TrainingConfig)]
TABLES = ("ACTIVATIONS", "INITIALIZERS", "LOSSES", "OPTIMIZERS", "RECIPES", "SCHEDULES")
PARAMETERS = re.compile(r"from_address\(\"(\w+)\"")


def in_api(name: str) -> str:
    return rf"^\.\. (?:autofunction|autoclass|py:data):: mlcore\.{name}$"


def in_table(name: str) -> str:
    return rf"^\|.*`{name}`.*\|$"


def of_page(name: str) -> str:
    return rf"^\| .* \| `/{'' if name == 'home' else name}` \|"


def parameter(name: str) -> str:
    return rf"^\| .* \| `/\w*` \|.*`{name}`"


def undocumented(names: Iterable[str], page: str, pattern: Callable[[str], str]) -> list[str]:
    """Return the names that a page has no line for."""
    return [name for name in names if not re.search(pattern(name), page, re.MULTILINE)]


def query_parameters() -> list[str]:
    """Return every name that the app reads behind the ? of an address."""
    sources = (path.read_text("utf-8") for path in python_files())
    return sorted({name for source in sources for name in PARAMETERS.findall(source)})


WHOLE = {
    "a public name of mlcore": (mlcore.__all__, "docs/reference/api.md", in_api),
    "a setting": (SETTINGS, "docs/reference/settings.md", in_table),
    "a choice or a recipe": (
        [name for table in TABLES for name in getattr(mlcore, table)],
        "docs/reference/settings.md",
        in_table,
    ),
    "a state of a run": ([*STATE_LABELS], "docs/explanation/life-of-a-run.md", in_table),
    "a page": ([entry.name for entry in PAGES], "docs/reference/addresses.md", of_page),
    "a parameter of an address": (query_parameters(), "docs/reference/addresses.md", parameter),
}


@pytest.mark.parametrize(("names", "page", "pattern"), WHOLE.values(), ids=WHOLE)
def test_each_has_its_documentation(names: list[str], page: str, pattern: Callable[[str], str]) -> None:
    assert names
    assert undocumented(names, text_of(page), pattern) == []


@pytest.mark.parametrize(("names", "page", "pattern"), WHOLE.values(), ids=WHOLE)
def test_one_that_is_left_out_is_found(names: list[str], page: str, pattern: Callable[[str], str]) -> None:
    line = re.compile(pattern(names[-1]) + ".*", re.MULTILINE)
    assert names[-1] in undocumented(names, line.sub("", text_of(page)), pattern)


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    assert text_of("docs/reference/settings.md") == settings_page.page(), "Run python -m docs.settings_page"


def test_every_term_of_the_glossary_is_explained_on_a_page() -> None:
    code = "".join(path.read_text("utf-8") for path in python_files())
    calls = re.findall(r"meaning\(([^)]*)\)", code)
    tables = {*TERMS.values(), *PROBLEMS.values()}.union(*(look.terms for look in LOOKS.values()))
    explained = set(re.findall(r'"(\w+)"', " ".join(calls))) | tables
    assert explained == GLOSSARY.keys()


def test_the_glossary_is_what_the_pages_explain() -> None:
    assert text_of("docs/reference/glossary.md") == glossary_page.page(), "Run python -m docs.glossary_page"


def test_the_picture_of_the_rooms_is_that_of_the_code() -> None:
    files = rooms_page.files()
    assert [path.name for path in files if path.suffix == ".svg"] == [
        "rooms-dashboard.svg",
        "rooms-dashboard-before.svg",
        "rooms-mlcore.svg",
        "rooms-mlcore-before.svg",
    ]
    for path, text in files.items():
        assert path.read_text("utf-8") == text, "Run python -m docs.rooms_page"


def test_a_room_is_drawn_above_those_that_it_imports_with_an_arrow_to_each() -> None:
    rooms = {"page": {"tools", "core"}, "tools": {"core"}, "core": set()}
    table = rooms_page.levels(rooms)
    assert table == [["page"], ["tools"], ["core"]]
    heights = {room: y for room, (_x, y) in rooms_page.places(rooms, table, 500).items()}
    assert heights["page"] < heights["tools"] < heights["core"]
    assert rooms_page.picture(rooms).count('<path d="M') == 1 + 3  # the arrow's tip and three arrows


def test_a_survey_can_be_written_and_read_again(tmp_path: Path) -> None:
    house = rooms_page.read(rooms_page.BEFORE)
    rooms_page.write(house, tmp_path / "survey.json")
    assert rooms_page.read(tmp_path / "survey.json") == house
