"""The page about speed says what the benchmarks found, and nothing else."""

import json
from pathlib import Path

import pytest

from benchmarks import speed_page
from benchmarks.report import write_beside


def test_the_tables_of_the_page_are_those_that_the_benchmarks_found() -> None:
    text = speed_page.PAGE.read_text("utf-8")
    assert text == speed_page.with_tables(text), "Run python -m benchmarks.speed_page"


def test_the_figure_shows_the_board_that_was_found() -> None:
    board = json.loads((speed_page.RESULTS / "race.json").read_text("utf-8"))
    assert speed_page.FIGURE.read_text("utf-8") == speed_page.race_figure(board)


def test_a_bar_is_as_long_as_its_seconds_and_who_did_not_run_has_none() -> None:
    rows = {"ours": {"seconds": 2.0}, "JAX": {"seconds": 8.0}, "PyTorch": {"error": "not installed"}}
    figure = speed_page.race_figure({"kernel": "Zen", "98/1": rows})
    assert 'width="105.0"' in figure
    assert 'width="420.0"' in figure
    assert "PyTorch" not in figure


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


def test_a_board_leaves_out_who_did_not_run() -> None:
    there = {"seconds": 2.0, "processor": 1.5, "accuracy": 0.9901}
    found = {"kernel": "openblas Zen", "99/2": {"ours": there, "PyTorch": {"error": "not installed"}}}
    text = speed_page.race(found)
    assert "**To 99 % with 2 cores**" in text
    assert "| **ours** | 2.00 | 1.0 | 1.50 | 0.9901 |" in text
    assert "PyTorch" not in text
    assert "| JAX | 2.00 | – | 1.50 | 0.9901 |" in speed_page.race({"kernel": "Zen", "99/2": {"JAX": there}})


def test_an_epoch_that_was_measured_on_two_cores_only_is_in_the_table() -> None:
    ours, jax = ({"seconds": s, "accuracy": 0.97, "peak_mb": 100} for s in (0.2, 0.4))
    found = {
        "kernel": "Zen",
        "b/2": {"ours": ours, "jax jit": jax, "torch eager": {"error": "not installed"}},
    }
    assert "| **ours** | – | 0.2000 | 0.9700 | 100 |" in speed_page.epochs(found, {})
    assert "| b | 2 | 0.50 | 1 | – | – |" in speed_page.goals(found, {})


def test_a_recipe_is_told_with_its_promise_and_all_its_seeds() -> None:
    runs = [
        {"accuracy": right, "seconds": seconds}
        for right, seconds in ((0.99, 2.0), (0.992, 4.0), (0.994, 3.0))
    ]
    found = {"kernel": "Zen", "quick/2": {"promise": [0.99, 5.0], "runs": runs}}
    row = "| `quick` | 2 | 99.0 % in 5 s | 99.20 % | 99.00 % to 99.40 % | 3 | 3.00 |"
    assert row in speed_page.recipes(found)


def test_results_of_other_cases_stay_while_the_kernel_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    write_beside({"kernel": "Zen", "a/1": {}}, file)
    write_beside({"kernel": "Zen", "b/1": {}}, file)
    assert list(json.loads(file.read_text("utf-8"))) == ["kernel", "a/1", "b/1"]
    write_beside({"kernel": "Haswell", "b/1": {}}, file)
    assert json.loads(file.read_text("utf-8")) == {"kernel": "Haswell", "b/1": {}}


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for the table"):
        speed_page.with_tables("# Nothing here\n")
