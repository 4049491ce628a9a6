"""The menu and the page guard.

These are the tests of `dashboard.navigation`; that a fresh server guards its addresses is tested in a
browser.
"""

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.navigation import PAGES, ROOT, PageEntry
from tests.waiting import PATIENCE

FILES = sorted((ROOT / "pages").glob("*.py"))
each_page = pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)


def first_call(source: str) -> str:
    """Return the first statement of a page that is no docstring, import, definition or constant."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            return ast.unparse(node)
        if not isinstance(
            node, ast.Expr | ast.Import | ast.ImportFrom | ast.FunctionDef | ast.Assign | ast.AnnAssign
        ):
            return ast.unparse(node)
    return ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_page_calls_the_guard_before_it_shows_anything(path: Path) -> None:
    assert first_call(path.read_text("utf-8")) == "guard(__file__)"


def test_a_page_that_shows_something_before_the_guard_is_found() -> None:
    assert first_call("x = 1\nst.title('Late')\nguard(__file__)") == "st.title('Late')"
    assert first_call("if True:\n    pass\nguard(__file__)") == "if True:\n    pass"


@each_page
def test_a_page_sees_the_visitor_inside_the_app(entry: PageEntry) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    app.switch_page(f"pages/{entry.name}.py")
    app.run()
    assert app.session_state["inside_app"] is True
    assert len(app.title) == 1


def test_addresses_and_titles_differ() -> None:
    assert len({entry.name for entry in PAGES}) == len({entry.title for entry in PAGES}) == len(PAGES)
    assert PAGES[0].name == "home"


def test_a_problem_stays_on_its_page_and_is_forgotten_on_the_next() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    app.switch_page("pages/data.py").run()
    app.session_state["problems"] = {"split": "Too few images."}
    assert [error.value for error in app.run().error] == ["`Too few images.`"]
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/data.py").run()
    assert not app.error


@pytest.mark.parametrize(
    ("name", "following"), list(pairwise(["data", "network", "train", "evaluate", "inside", "draw"]))
)
def test_each_page_of_the_path_offers_the_next_one_last(name: str, following: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception
    links = [link.proto for link in app.get("page_link")]
    assert links[-1].label == f"Next: {following.title()}"
    assert links[-1].page.endswith(following)
