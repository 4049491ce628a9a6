"""The rules of the house, checked on every file, and each proved on a planted breach.

What CONTRIBUTING asks of a file, and a program can see, is asked here of every file.
"""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.extract import extract_from_file
from streamlit.testing.v1 import AppTest

import mlcore
from dashboard.navigation import PAGES, PageEntry
from tests import house
from tests.house import ROOT
from tests.waiting import PATIENCE

FILES = house.python_files()
SPEAKING = [
    path for path in FILES if house.name_of(path).split("/")[0] in ("app.py", "pages", "dashboard", "mlcore")
]
TESTS = sorted({*(ROOT / "tests").rglob("*.py")} - {ROOT / "tests/waiting.py", ROOT / "tests/e2e/browser.py"})
MARKDOWN = sorted(path for path in ROOT.rglob("*.md") if not {".venv", "node_modules"} & {*path.parts})
MODULES = [found.name for found in pkgutil.walk_packages(mlcore.__path__, "mlcore.")]
PAGE_FILES = sorted((ROOT / "pages").glob("*.py"))
TABLES = sorted(name for name in mlcore.__all__ if name.isupper() and name != "SHIPPED_DATASETS")


Rule = Callable[[str, ast.Module], list[str]]

RULES: dict[Rule, list[Path]] = {
    house.import_breaches: FILES,
    house.feature_breaches: FILES,
    house.level_breaches: FILES,
    house.docstring_breaches: FILES,
    house.arithmetic_breaches: PAGE_FILES,
    house.spoken_breaches: SPEAKING,
    house.foreign_breaches: SPEAKING,
    house.waiting_breaches: TESTS,
}
"""The rules that look at a file's code, and the files that they hold for."""


@pytest.fixture(scope="module")
def breaches() -> dict[Rule, list[str]]:
    """What breaks each rule, in all of its files; each file is parsed once."""
    found: dict[Rule, list[str]] = {rule: [] for rule in RULES}
    for path in sorted({*FILES, *SPEAKING, *TESTS}):
        tree = ast.parse(path.read_text("utf-8"))
        for rule, paths in RULES.items():
            if path in paths:
                found[rule] += rule(house.name_of(path), tree)
    return found


def test_every_rule_looks_at_files() -> None:
    assert all(RULES.values())


def planted(source: str) -> ast.Module:
    return ast.parse(source)


# Imports


def test_imports_point_one_way(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.import_breaches] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("mlcore/network/network.py", "import streamlit"),
        ("mlcore/network/network.py", "def late():\n    from pandas import DataFrame"),
        ("mlcore/network/network.py", "import dashboard.session"),
        ("mlcore/network/network.py", "from sklearn.base import clone"),
        ("mlcore/network/network.py", "from . import layers"),
        ("dashboard/runs/service.py", "import streamlit as st"),
        ("dashboard/charts.py", "from pages import train"),
        ("pages/train.py", "import numpy as np"),
        ("pages/train.py", "import plotly.graph_objects"),
        ("app.py", "import numpy"),
        ("examples/train_and_answer.py", "import dashboard.session"),
        ("models/make.py", "from dashboard.draw import strokes"),
        ("docs/settings_page.py", "import streamlit"),
        ("benchmarks/load.py", "from pages import train"),
    ],
)
def test_an_import_against_the_way_is_found(name: str, source: str) -> None:
    assert len(house.import_breaches(name, planted(source))) == 1


def test_an_optional_door_may_import_its_own_library() -> None:
    assert house.import_breaches("mlcore/sklearn.py", planted("from sklearn.base import clone")) == []


def test_the_parts_of_a_page_are_imported_by_no_other_part_of_the_dashboard(
    breaches: dict[Rule, list[str]],
) -> None:
    assert breaches[house.feature_breaches] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("dashboard/train/panel.py", "from dashboard.network.settings import set_network"),
        ("dashboard/session.py", "import dashboard.data.uploads"),
        ("dashboard/ui/config_form.py", "def late():\n    from dashboard.evaluate import tables"),
        ("dashboard/data/choice.py", "from dashboard import draw"),
    ],
)
def test_an_import_of_another_pages_parts_is_found(name: str, source: str) -> None:
    assert len(house.feature_breaches(name, planted(source))) == 1


def test_a_page_part_may_import_its_own_folder_and_what_all_share() -> None:
    source = "from dashboard.train.plan import start\nfrom dashboard.ui import look\nimport dashboard.session"
    assert house.feature_breaches("dashboard/train/panel.py", planted(source)) == []


def test_every_page_but_no_other_room_is_a_feature() -> None:
    assert {house.ROOMS.get(page.name, page.name) for page in PAGES} == house.FEATURES
    assert all((ROOT / "dashboard" / feature).is_dir() for feature in house.FEATURES)


def test_the_rooms_of_mlcore_import_those_below_them(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.level_breaches] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("mlcore/datasets/dataset.py", "from mlcore.network.layers import Linear"),
        ("mlcore/formulas/losses.py", "import mlcore.images.drawing"),
        ("mlcore/model.py", "def late():\n    from mlcore.training.run import train"),
        ("mlcore/quote.py", "from mlcore import settings"),
        ("mlcore/network/network.py", "import mlcore"),
        ("mlcore/cellar/stairs.py", "import math"),
    ],
)
def test_an_import_of_a_room_above_is_found(name: str, source: str) -> None:
    assert len(house.level_breaches(name, planted(source))) == 1


def test_a_room_may_import_those_below_it_and_itself() -> None:
    source = "from mlcore.network.layers import Linear\nfrom mlcore.config import NetworkConfig"
    assert house.level_breaches("mlcore/network/network.py", planted(source)) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    sources = {house.name_of(path): path.read_text("utf-8") for path in SPEAKING}
    assert house.circles(house.import_graph(sources)) == []


def test_a_circle_is_found_however_long_but_not_through_a_function() -> None:
    sources = {
        "mlcore/a.py": "from mlcore import b",
        "mlcore/b.py": "if True:\n    import mlcore.c",
        "mlcore/c.py": "from mlcore.a import x",
        "mlcore/d.py": "from mlcore.e import x",
        "mlcore/e.py": "def late():\n    import mlcore.d",
    }
    assert house.circles(house.import_graph(sources)) == [["mlcore.a", "mlcore.b", "mlcore.c"]]


@pytest.mark.parametrize("package", ["mlcore", "dashboard.runs"])
def test_what_runs_without_a_page_brings_no_streamlit_along(package: str) -> None:
    script = (
        "import importlib, pkgutil, sys\n"
        f"package = importlib.import_module({package!r})\n"
        "for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    if found.name not in ('mlcore.sklearn', 'mlcore.onnx'): importlib.import_module(found.name)\n"
        "print(*sorted({'streamlit', 'plotly', 'pandas', 'sklearn', 'scipy'} & {*sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


# Pages


def test_a_page_computes_nothing(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.arithmetic_breaches] == []


@pytest.mark.parametrize("source", ["a = x @ w", "a = images.mean(axis=0)", "a = x.reshape(-1)"])
def test_arithmetic_in_a_page_is_found(source: str) -> None:
    assert len(house.arithmetic_breaches("pages/train.py", planted(source))) == 1


def test_a_page_is_short() -> None:
    texts = {house.name_of(path): path.read_text("utf-8") for path in PAGE_FILES}
    assert [breach for name, text in texts.items() for breach in house.length_breaches(name, text)] == []


def test_a_long_page_is_found() -> None:
    assert len(house.length_breaches("pages/train.py", "x = 1\n" * 81)) == 1
    assert house.length_breaches("pages/train.py", "x = 1\n" * 80) == []


def test_every_page_is_in_the_menu_and_every_entry_of_the_menu_has_a_page() -> None:
    assert sorted(page.name for page in PAGES) == sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_opens_without_an_error(page: PageEntry) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE).run()
    if page.name != "home":
        app.switch_page(f"pages/{page.name}.py").run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    assert len(app.title) == 1


# Docstrings


def test_a_module_opens_with_two_sentences(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.docstring_breaches] == []


def test_a_poor_opening_is_found() -> None:
    for source in ("x = 1", '"""One sentence only."""', '"""No sentence at all"""'):
        assert len(house.docstring_breaches("mlcore/x.py", planted(source))) == 1


def test_every_public_name_of_mlcore_has_a_docstring() -> None:
    undocumented = {name: house.undocumented(importlib.import_module(name)) for name in MODULES}
    assert {name: breaches for name, breaches in undocumented.items() if breaches} == {}


def test_a_public_name_without_a_docstring_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
class A:
    "A is documented, and so is B.one, by A."
    def one(self): "One."
    def two(self): ...
    def _three(self): ...
class B(A):
    def one(self): ...
@__import__("dataclasses").dataclass
class C: x: int
def d(): ...
"""
    module = ModuleType("planted")
    monkeypatch.setitem(sys.modules, "planted", module)
    exec(source, vars(module))
    assert house.undocumented(module) == ["A.two", "B", "C", "d"]


def test_every_name_that_mlcore_offers_is_there() -> None:
    assert [name for name in mlcore.__all__ if not hasattr(mlcore, name)] == []


# Tables and sentences


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_a_table_has_a_label_and_one_line_of_help(table: str) -> None:
    for name, row in getattr(mlcore, table).items():
        assert row.label.strip(), name
        assert row.help.strip().endswith((".", "!", "?")), name
        assert "\n" not in row.help, name


def sentences_for_translators() -> set[str]:
    """Collect what `make messages` collects."""
    keywords = {"_": None, "N_": None}
    found = (extract_from_file("python", path, keywords=keywords) for path in SPEAKING)
    return {message for messages in found for _, message, _, _ in messages}


def test_every_label_and_help_of_tables_and_settings_reaches_the_translators() -> None:
    configs = (mlcore.NetworkConfig, mlcore.TrainingConfig)
    rows = [row for table in TABLES for row in getattr(mlcore, table).values()]
    rows += [about for config in configs for about in mlcore.settings_of(config).values()]
    shown = {text for row in rows for text in (row.label, row.help)}
    assert shown - sentences_for_translators() == set()


def test_what_a_visitor_reads_can_be_translated(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.spoken_breaches] == []


@pytest.mark.parametrize(
    "source",
    [
        'st.title("Train")',
        'column.button("Start")',
        'st.slider(_("Rate"), help="How fast")',
        'st.markdown(f"<b>{n} images</b>")',
        'st.tabs([_("One"), "Two"])',
        'raise DatasetError("This is no image.")',
        '_(f"{n} images")',
        '_("{n} images".format(n=n))',
        "N_(text)",
    ],
)
def test_a_sentence_that_misses_the_translators_is_found(source: str) -> None:
    assert len(house.spoken_breaches("pages/x.py", planted(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'st.title(_("Train"))',
        'st.button(":material/undo:", key="undo")',
        "st.html(f\"<img src='{picture}'>\")",
        'st.caption(_("{n} images").format(n=n))',
        "_(entry.title)",
        '_(getattr(entry, "label", name))',
        '_log.error("Not for visitors")',
    ],
)
def test_what_is_translated_or_no_sentence_is_let_through(source: str) -> None:
    assert house.spoken_breaches("pages/x.py", planted(source)) == []


def test_what_a_file_brought_is_shown_as_text(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.foreign_breaches] == []


@pytest.mark.parametrize(
    "source",
    [
        "st.error(message)",
        'st.warning(_("Nothing was found."))',
        "st.subheader(dataset.name)",
        'st.caption(_("{name} stays").format(name=dataset.name))',
        'with st.spinner(f"{file.name} …"): pass',
        "st.markdown(sentence(error))",
        "st.write(str(error))",
        'st.pills(_("Class"), numbers, format_func=lambda k: dataset.class_names[k])',
        'st.html(f"<p>{status.message}</p>")',
        'place.button(_("Use"), help=dataset.notes[0])',
    ],
)
def test_foreign_text_that_goes_through_no_door_is_found(source: str) -> None:
    assert len(house.foreign_breaches("pages/x.py", planted(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'show_message("error", sentence(error))',
        "st.subheader(plain(dataset.name))",
        'st.caption(_("{name} stays").format(name=plain(dataset.name)))',
        'st.html(f"<p>{html_text(status.message)}</p>")',
        'st.metric(_("Classes"), len(dataset.class_names))',
        "st.write(_(shipped.about))",
    ],
)
def test_text_that_is_ours_or_went_through_a_door_is_let_through(source: str) -> None:
    assert house.foreign_breaches("pages/x.py", planted(source)) == []


# Tests


def test_a_test_waits_for_conditions_with_the_patience_of_all(breaches: dict[Rule, list[str]]) -> None:
    assert breaches[house.waiting_breaches] == []


@pytest.mark.parametrize(
    "source",
    [
        "time.sleep(1)",
        "page.wait_for_timeout(300)",
        "AppTest.from_function(page)",
        "AppTest.from_file('app.py', default_timeout=60)",
        "future.result(timeout=5)",
    ],
)
def test_a_wait_for_a_time_is_found(source: str) -> None:
    assert len(house.waiting_breaches("tests/x.py", planted(source))) == 1


# Words


def test_texts_use_the_words_of_a_textbook() -> None:
    texts = {house.name_of(path): path.read_text("utf-8") for path in [*FILES, *MARKDOWN]}
    assert [breach for name, text in texts.items() for breach in house.word_breaches(name, text)] == []


def test_a_word_that_the_house_has_left_is_found() -> None:
    text = "What was learnt.\nWhoever comes draws anew.\nIt stands beside it.\nWhat it learned stands."
    lines = [breach.split(" says")[0] for breach in house.word_breaches("x.md", text)]
    assert lines == ["x.md:1", "x.md:2", "x.md:2", "x.md:3"]


# Documents


def test_every_relative_link_leads_somewhere() -> None:
    texts = {path: path.read_text("utf-8") for path in MARKDOWN}
    assert [breach for path, text in texts.items() for breach in house.link_breaches(path, text)] == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    text = '# One\n[a](no.md) [b](#one) [c](#two) `[d](code.md)` <img src="no.png"> [e](https://x.org)'
    page.write_text(text, "utf-8")
    breaches = house.link_breaches(page, text)
    assert [breach.split()[3].strip(",") for breach in breaches] == ["no.md", "#two", "no.png"]


def all_below(error: type) -> set[str]:
    """Return the names of all classes derived from an error."""
    return {name for below in error.__subclasses__() for name in ({below.__name__} | all_below(below))}


def test_every_error_with_a_sentence_for_people_is_known_to_the_rule_for_sentences() -> None:
    for path in house.python_files():
        if path.is_relative_to(house.ROOT / "dashboard") or path.is_relative_to(house.ROOT / "mlcore"):
            name = house.name_of(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            if "DigitLabError" in path.read_text("utf-8"):
                importlib.import_module(name)
    ours = all_below(mlcore.DigitLabError)
    assert ours == house.SPEAKING_ERRORS
