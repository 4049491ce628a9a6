"""What a how-to adds works: its code is run, and what it makes passes the checks of every such part.

The code is that of the pages in docs/how-to, and what they add to the tables is taken out again.
"""

import ast
import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from mlcore import READERS, Dataset, DatasetError, Reader, read_dataset
from tests import house
from tests.documents import blocks, run, tables_as_they_were
from tests.house import ROOT
from tests.mlcore.exports import test_script
from tests.mlcore.formulas import test_optimizers
from tests.mlcore.network import test_layers
from tests.mlcore.recipes import test_ready as test_recipes
from tests.mlcore.small import finish, small_run
from tests.waiting import PATIENCE

HOW_TO = ROOT / "docs/how-to"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["images", "labels"]), inner),
    max_leaves=40,
)


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    with tables_as_they_were():
        yield


def shown_code(text: str) -> list[str]:
    """Return the code on a page that opens with the docstring of a module: a file that is shown whole."""
    return re.findall(r"^```py\n(\"\"\".*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def test_the_optimizer_does_what_every_optimizer_must(tmp_path: Path) -> None:
    run(HOW_TO / "add-an-optimizer.md", tmp_path)
    test_optimizers.test_every_optimizer_walks_down_a_bowl_with_its_good_rate("lion")
    test_optimizers.test_a_step_works_in_place_and_keeps_the_precision("lion", "float32")
    test_optimizers.test_what_an_optimizer_remembers_has_the_letters_of_its_formula("lion")
    # Two steps by hand from w = 1, rate 0.1, gradients 2 and -1: c = 0.2, sign 1, w = 0.9, m = 0.02;
    # c = 0.9·0.02 - 0.1 = -0.082, sign -1, w = 1
    assert test_optimizers.walk("lion", [2, -1]) == pytest.approx([0.9, 1.0])
    learned = small_run(optimizer="lion")
    finish(learned, test_script.SPLIT)
    (tmp_path / "alone").mkdir()
    text = test_script.script_of(learned.model())
    test_script.expect_the_run(*test_script.run_alone(text, tmp_path / "alone"), learned)


def test_the_layer_keeps_the_contract_of_every_layer(tmp_path: Path) -> None:
    run(HOW_TO / "add-a-layer.md", tmp_path)
    test_layers.test_gradients_are_the_slopes_of_the_outputs("average-pool")
    test_layers.test_shapes_are_as_announced("average-pool")
    test_layers.test_a_small_batch_after_a_large_one_sees_nothing_of_it("average-pool")
    test_layers.test_a_layer_states_its_formulas("average-pool")
    test_layers.test_symbols_of_layers_that_share_a_subscript_differ()


def test_the_recipe_can_be_cooked(tmp_path: Path) -> None:
    run(HOW_TO / "add-a-recipe.md", tmp_path)
    test_recipes.test_a_recipe_takes_steps_with_the_loss_it_should_have_and_its_model_can_be_saved(
        "two-pixels"
    )
    test_recipes.test_a_recipe_says_what_it_is_for("two-pixels")


@pytest.fixture(scope="module")
def json_reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    with tables_as_they_were():
        run(HOW_TO / "add-a-data-format.md", tmp_path_factory.mktemp("page"))
        return READERS["json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.builds(lambda value: json.dumps(value).encode(), JSON) | st.binary(max_size=50))
@example(b'{"images": [[[1, 2], [3]]], "labels": [0]}')
@example(b'{"images": [[[0, 256]]], "labels": [0]}')
@example(b'{"images": [], "labels": []}')
@example(b"[" * 100_000)
def test_whatever_the_bytes_the_format_gives_a_data_set_or_a_sentence(
    json_reader: Reader, content: bytes
) -> None:
    READERS["json"] = json_reader
    with contextlib.suppress(DatasetError):
        assert isinstance(read_dataset({"some.json": content}), Dataset)


def test_the_page_shows_the_average_images(tmp_path: Path) -> None:
    (code,) = shown_code((HOW_TO / "add-a-page.md").read_text("utf-8"))
    page = tmp_path / "average.py"
    page.write_text(code, "utf-8")
    app = AppTest.from_file(str(page), default_timeout=PATIENCE)
    app.session_state["inside_app"] = True
    app.run()
    assert not app.exception
    assert app.title[0].value == "Average"
    (grid,) = [html.proto.body for html in app.get("html") if "<ul" in html.proto.body]
    assert grid.count("<img") == 10


@pytest.mark.parametrize("path", sorted(HOW_TO.glob("*.md")), ids=house.name_of)
def test_the_words_in_the_code_of_a_how_to_can_be_translated(path: Path) -> None:
    text = path.read_text("utf-8")
    for source in [code for _line, code, _printed in blocks(text)] + shown_code(text):
        assert house.spoken_breaches(path.name, ast.parse(source)) == []


def test_the_page_keeps_the_rules_of_the_house() -> None:
    (code,) = shown_code((HOW_TO / "add-a-page.md").read_text("utf-8"))
    tree = ast.parse(code)
    rules = (
        house.import_breaches,
        house.arithmetic_breaches,
        house.docstring_breaches,
        house.foreign_breaches,
    )
    assert [breach for rule in rules for breach in rule("pages/average.py", tree)] == []
