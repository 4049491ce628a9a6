"""The code in the documents: found, run page by page, and what it adds to a table taken out again.

The tests of the documents use it, and those of the how-tos.
"""

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlcore
from mlcore.exports import formula_code
from mlcore.network.network import LAYERS
from tests.house import ROOT

TABLES: list[dict[str, Any]] = [
    LAYERS,
    *(getattr(mlcore, name) for name in mlcore.__all__ if name.isupper()),
    *(table for name, table in vars(formula_code).items() if name.endswith("_CODE")),
]
"""The tables of choices, to which a page may add an entry."""


def blocks(text: str) -> list[tuple[int, str, str | None]]:
    """Return the Python blocks: the number of the line above, the code, and what is said to be printed."""
    found = re.finditer(
        r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", text, flags=re.DOTALL | re.MULTILINE
    )
    return [(text.count("\n", 0, block.start()) + 1, block[1], block[2]) for block in found]


def run(document: Path, folder: Path) -> dict[str, Any]:
    """Run the Python of a page from top to bottom in a folder, compare its prints, and return its names."""
    link = folder / "models"  # as in the project's folder, but what a page writes is not left there
    if not link.exists():
        link.symlink_to(ROOT / "models")
    names: dict[str, Any] = {"__name__": "page"}
    with contextlib.chdir(folder):
        for line, code, printed in blocks(document.read_text("utf-8")):
            with contextlib.redirect_stdout(io.StringIO()) as out:
                # blank lines in front, so that an error names the line of the page
                exec(compile("\n" * line + code, os.fspath(document), "exec"), names)
            if printed is not None:
                assert out.getvalue() == printed, f"{document}:{line}"
    return names


@contextlib.contextmanager
def tables_as_they_were() -> Iterator[None]:
    """Take out again, at the end, what was added to a table inside the block."""
    before = [dict(table) for table in TABLES]
    try:
        yield
    finally:
        for table, entries in zip(TABLES, before, strict=True):
            table.clear()
            table.update(entries)
