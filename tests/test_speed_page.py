"""The page about speed says what the benchmarks found, and nothing else."""

from pathlib import Path

import pytest

from benchmarks import speed_page


def test_the_tables_of_the_page_are_those_that_the_benchmarks_found() -> None:
    text = speed_page.PAGE.read_text("utf-8")
    assert text == speed_page.with_tables(text), "Run python -m benchmarks.speed_page"


def test_a_table_follows_its_file_and_stays_without_one(tmp_path: Path) -> None:
    places = "".join(
        f"<!-- {name} -->\n\nas it was\n\n<!-- end of {name} -->\n" for name in speed_page.BLOCKS
    )
    pair = '{"kernel": "openblas Zen", "pairs": [{"what": "this, not that", "ours": 2.0, "other": 3.0}]}'
    (tmp_path / "pairs.json").write_text(pair, "utf-8")
    text = speed_page.with_tables(places, tmp_path)
    assert "| this, not that | 2.0 | 3.0 | 1.50 |" in text
    assert "Kernel Zen." in text
    assert text.count("as it was") == len(speed_page.BLOCKS) - 1


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        speed_page.with_tables("# Nothing here\n")
