"""How a benchmark of the whole app tells what it measured: rows beside their limits, and a file for programs.

`upload`, `visit`, `load`, `slow_line` and `many_runs` share it; those of speed write their files by it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Row:
    """One measurement; `ratio` to its limit is at most 1 when the promise is kept."""

    what: str
    measured: float
    limit: float | None
    unit: str

    @property
    def ratio(self) -> float | None:
        """How much of the limit is used."""
        return None if self.limit is None else self.measured / self.limit


def command_line(description: str | None) -> argparse.ArgumentParser:
    """Return a reader of the command line that knows `--json FILE`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    return parser


def tell(rows: Sequence[Row], file: Path | None) -> None:
    """Print the rows, write them to the file where there is one, and end with 1 when a limit is missed."""
    print_table(rows)
    write([{**asdict(row), "ratio": row.ratio} for row in rows], file)
    judge(rows)


def print_table(rows: Sequence[Row]) -> None:
    """Print what was measured beside what was promised."""
    print(f"{'what':<50} {'measured':>12} {'limit':>10} {'ratio':>6}")
    for row in rows:
        limit = "" if row.limit is None else f"{row.limit:g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.what:<50} {row.measured:>10.3g} {row.unit:<2}{limit:>9} {ratio:>6}")


def write(found: Any, file: Path | None) -> None:
    """Write what was found as JSON to a file, where there is one."""
    if file is not None:
        file.write_text(json.dumps(found, indent=2), encoding="utf-8")


def write_beside(found: dict[str, Any], file: Path | None) -> None:
    """Write what was found into a file of results; what the same kernel found of other cases stays there."""
    if file is None:
        return
    before = json.loads(file.read_text("utf-8")) if file.exists() else {}
    write((before if before.get("kernel") == found["kernel"] else {}) | found, file)


def judge(rows: Sequence[Row]) -> None:
    """End this process with 1 when a limit is missed."""
    if any(row.ratio is not None and row.ratio > 1 for row in rows):
        sys.exit("A limit was missed.")
