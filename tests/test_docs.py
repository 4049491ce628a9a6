"""What the documents show works: every Python block is run, page by page, and every name in them exists.

It stands beside the whole path, where someone reads about it first.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import settings_page
from tests.house import ROOT, name_of

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_CODE = [page for page in PAGES if "```python\n" in page.read_text("utf-8")]


def blocks(text: str) -> list[tuple[int, str]]:
    """The Python blocks of a page with the number of the line above each."""
    found = re.finditer(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [(text.count("\n", 0, block.start()) + 1, block.group(1)) for block in found]


@pytest.mark.parametrize("document", WITH_CODE, ids=name_of)
def test_the_python_of_a_page_runs_from_top_to_bottom(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for line, code in blocks(document.read_text("utf-8")):
        # blank lines in front, so that an error names the line of the page
        exec(compile("\n" * line + code, str(document), "exec"), names)


def test_a_block_that_fails_is_told_with_its_line() -> None:
    text = "# Page\n\n```python\nx = 1\n```\n\nwords\n\n```python\nassert x == 2\n```\n"
    assert blocks(text) == [(3, "x = 1\n"), (9, "assert x == 2\n")]


def test_the_page_of_settings_is_what_the_settings_say() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    assert page == settings_page.page(), "Run python -m docs.settings_page"


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=name_of)
def test_an_example_runs_and_its_digit_is_read(example: Path, tmp_path: Path) -> None:
    # One thread: beside other busy processes two are slower by far.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "This is a 7" in done.stdout


@pytest.mark.parametrize("document", PAGES, ids=name_of)
def test_what_a_page_says_stands_in_a_module_stands_there(document: Path) -> None:
    rows = re.findall(
        r"\| ([^|\n]*) in \[\w+\.py\]\([./]*/(mlcore/[\w/]+)\.py\)", document.read_text("utf-8")
    )
    for cell, path in rows:
        module = __import__(path.replace("/", "."), fromlist=["_"])
        for dotted in re.findall(r"`([\w.]+)`", cell):
            thing: object = module
            for name in dotted.split("."):
                thing = getattr(thing, name)
