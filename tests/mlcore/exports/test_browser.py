"""A model for a browser: what is written for the script, and the web page that is taken home.

What the script answers is tested in a browser, in `tests/e2e/test_answers_in_the_browser.py`.
"""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import mlcore.exports.browser
import mlcore.exports.lights
from mlcore import ACTIVATIONS, Model, ModelFileError, NetworkConfig, load_model
from mlcore.evaluation import UNSURE
from mlcore.exports.browser import (
    CHECKS,
    MOST_PARAMETERS,
    describe_model,
    describe_words,
    network_script,
    tell_story,
    web_page,
    write_web_page,
)
from mlcore.formulas import activations
from mlcore.images import drawing, frame, marks, photo, strokes
from mlcore.images.preparation import Preparation
from mlcore.network.layers import Dropout
from mlcore.network.network import LAYERS, Network
from mlcore.refusal import refusal_of
from tests.house import ROOT


def small_model(class_names: tuple[str, ...] = ("0", "1"), **preparation: object) -> Model:
    config, prepared = NetworkConfig(hidden_sizes=(3,)), Preparation((4, 4), **preparation)
    network = Network(config, prepared, len(class_names), seed=1)
    return Model(config, prepared, class_names, network.parameters)


def content_of(page: str) -> dict:
    return json.loads(re.findall(r'<script type="application/json" id="content">(.*?)</script>', page)[0])


def test_the_weights_are_written_in_the_order_of_the_layers() -> None:
    model = small_model()
    described = describe_model(model)
    written = np.frombuffer(base64.b64decode(described["weights"]), "<f4")
    assert np.array_equal(written, model.parameters)
    assert [layer["parameters"] for layer in described["layers"]] == [
        {"weights": 48, "biases": 3},
        {},
        {"weights": 6, "biases": 2},
    ]


@pytest.mark.parametrize("name", ["network.js", "flow.js"])
def test_the_way_forward_and_the_way_back_know_every_layer_and_every_activation(name: str) -> None:
    script = (ROOT / "mlcore" / "exports" / name).read_text("utf-8")
    for kind in {kind for kind in LAYERS if kind != Dropout.kind} | set(ACTIVATIONS):
        assert re.search(rf'^  "?{kind}"?[:(]', script, re.MULTILINE), kind


@pytest.mark.parametrize(
    ("name", "value"), re.findall(r"^const ([A-Z_]+) = ([0-9. /]+);", network_script(), re.M)
)
def test_a_constant_of_the_script_is_that_of_python(name: str, value: str) -> None:
    top, *bottom = map(float, value.split("/"))
    found = {
        getattr(module, spelling)
        for module in (strokes, marks, frame, photo, drawing, activations)
        for spelling in (name, f"_{name}")
        if hasattr(module, spelling)
    }
    assert found == {top / bottom[0] if bottom else top}


def test_the_page_of_the_shipped_model_is_small_and_loads_nothing() -> None:
    refusal = refusal_of(load_model(ROOT / "models" / "refusals" / "mnist.npz"))
    page = web_page(load_model(ROOT / "models" / "mnist.npz"), refusal)
    assert len(page.encode()) < 400_000
    assert content_of(page)["model"]["refusal"]["above"] == refusal.above
    assert not re.search(r"(?:src|href)=|https?://|@import|url\(", page.replace('src="data:,"', ""))
    story = content_of(page)["texts"]["story"]
    assert "46,730 parameters" in story
    assert "99.4 % of the test images" in story


def test_the_page_uses_nothing_that_phones_of_2021_lack() -> None:
    newer = (
        r"light-dark\(|\.at\(|\.findLast|structuredClone|Object\.hasOwn|OffscreenCanvas|\.toDataURL|:has\("
    )
    assert re.findall(newer, web_page(small_model())) == []


def test_no_name_is_declared_twice_in_the_one_script_of_the_page() -> None:
    page = web_page(load_model(ROOT / "models" / "mnist.npz"))
    declared = re.findall(r"^(?:const|let|class|function) (\w+)", page, re.MULTILINE)
    assert len(declared) > 50
    assert [name for name in sorted(set(declared)) if declared.count(name) > 1] == []


def test_the_page_of_a_large_model_does_not_show_its_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    assert content_of(web_page(small_model()))["lights"]["map"] == "feature map {number}"
    monkeypatch.setattr(mlcore.exports.lights, "MOST_PARAMETERS", 58)
    assert content_of(web_page(small_model()))["lights"] is None


def test_the_page_holds_drawings_with_the_answers_of_python() -> None:
    model = load_model(ROOT / "models" / "mnist.npz")
    checks = content_of(web_page(model))["checks"]
    guesses = [check["probabilities"] and int(np.argmax(check["probabilities"])) for check in checks]
    assert guesses == [0, 1, 7, 8, None]
    assert len(checks) == len(CHECKS)


def test_a_name_of_a_class_cannot_become_a_part_of_the_page() -> None:
    names = ("</script><script>alert(1)</script>", "{{SCRIPT}}", "<b>&", "\u202eabc")
    page = web_page(small_model(names))
    assert page.count("<script") == 2
    assert page.count("export class Model") == 1
    assert content_of(page)["names"] == [*names[:3], "\N{REPLACEMENT CHARACTER}abc"]
    assert "<title>Draw one of these: &lt;/script&gt;" in page


def test_a_name_from_right_to_left_turns_no_word_around_it() -> None:
    assert describe_words(["שבע", "7"], "")["short"] == ["\u2068שבע\u2069", "7"]


def test_a_browser_calls_an_answer_sure_from_the_same_probability_on_as_python() -> None:
    assert describe_words(["7", "1"], "")["words"]["sureFrom"] == UNSURE


def test_a_file_is_written_as_it_is(tmp_path: Path) -> None:
    model = small_model()
    write_web_page(model, tmp_path / "page.html", title="Mine", story="Made by hand.")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page == web_page(model, title="Mine", story="Made by hand.")
    assert content_of(page)["texts"]["story"] == "Made by hand."


def test_a_model_without_a_card_tells_its_size_alone() -> None:
    assert tell_story(small_model()) == "A neural network with 59 parameters."


def test_a_model_of_a_table_has_no_page() -> None:
    with pytest.raises(ModelFileError, match="a table of numbers"):
        web_page(small_model(floats=True))


def test_a_model_too_large_for_a_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlcore.exports.browser, "MOST_PARAMETERS", 58)
    with pytest.raises(ModelFileError, match="58 parameters at most, and this one has 59"):
        web_page(small_model())
    assert MOST_PARAMETERS > 1e6
