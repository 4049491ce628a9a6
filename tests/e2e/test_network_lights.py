"""The panel that shows the network work: what it draws is what Python computes, and it follows the pen.

That the script answers as Python does is tested in `test_answers_in_the_browser.py`.
"""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mlcore import ACTIVATIONS, Model, NetworkConfig, load_dataset, load_model
from mlcore.exports.browser import describe_model, network_script
from mlcore.exports.lights import lights_script
from mlcore.images.preparation import Preparation
from mlcore.network.layers import Layer, Linear
from mlcore.network.network import Network
from mlcore.study.contributions import carriers, layer_outputs
from mlcore.study.inside import over_pixels, twin_of
from mlcore.study.weight_pictures import weight_pictures
from tests.e2e.expecting import expect
from tests.e2e.steps import CANVAS, SEVEN, Visitor, box_at_rest
from tests.house import ROOT

IMAGES = load_dataset("mnist-test").images[:2]
NAMES = "{ Model, stagesOf, sharesOf, pathsTo, patchOf, weightsOf, gradientOf, isMap }"
ASK = """([description, image]) => {
  const model = new Model(description);
  const outputs = model.outputs(image);
  const stages = stagesOf(model);
  const units = (stage) => Array.from({ length: stage.count }, (_, unit) => unit);
  const each = (stage, of) => units(stage).map((unit) => of(stage, outputs, unit));
  const last = stages[stages.length - 1];
  return {
    outputs: outputs.slice(1).map((values) => [...values]),
    shares: stages.map((stage) => stage.before ? each(stage, sharesOf).map((shares) => [...shares]) : []),
    biases: stages.map(({ layer }) => [...layer.parameters.biases]),
    patches: stages.map((stage) =>
      isMap(stage) ? each(stage, (...of) => patchOf(...of, description.pooling)) : []),
    pictures: units(stages[0]).map((unit) => [...weightsOf(stages[0], unit, description).values]),
    gradients: stages.map((stage) =>
      [0, stage.count - 1].map((unit) => [...gradientOf(stage, outputs, unit, model).values])),
    paths: pathsTo(last, outputs, 3).map(({ stage, unit, from, share }) =>
      [stages.indexOf(stage), unit, from, share]),
  };
}"""


def made(config: NetworkConfig, **preparation: object) -> Model:
    prepared = Preparation((28, 28), **preparation)
    network = Network(config, prepared, 10, seed=1)
    return Model(config, prepared, tuple("0123456789"), 3 * network.parameters)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    code = f"{network_script()}\n{lights_script()}\nObject.assign(window, {NAMES});"
    page.add_script_tag(type="module", content=code)
    yield page
    page.close()


def asked(page: Page, model: Model, image: np.ndarray) -> dict:
    return page.evaluate(ASK, [describe_model(model), image.ravel().tolist()])


def sums_of_products(model: Model, image: np.ndarray) -> list[np.ndarray]:
    """Return what each layer with weights gives for an image, (units, places), as far as pooling reads it."""
    found = []
    for output in layer_outputs(model, image):
        if output.kind == "linear":
            found.append(output.values[:, None])
        elif output.kind == "convolution":
            rows, columns, filters = output.values.shape
            found.append(output.values[: rows // 2 * 2, : columns // 2 * 2].reshape(-1, filters).T)
    return found


def test_what_reaches_a_unit_adds_up_to_what_python_computes_there(page: Page) -> None:
    some = np.arange(0, 784, 3)
    models = {
        "dense": made(NetworkConfig(hidden_sizes=(12, 8), activation="tanh", dropout=0.2)),
        "dropped pixels": made(NetworkConfig(hidden_sizes=(7,)), kept=some),
        "filters": made(NetworkConfig(hidden_sizes=(8,), filters=(3, 4), kernel_size=3)),
        "filters alone": made(NetworkConfig(hidden_sizes=(), filters=(5,), kernel_size=5)),
        "no hidden layer": made(NetworkConfig(hidden_sizes=()), pooling=2),
        "shipped": load_model(ROOT / "models" / "mnist.npz"),
    }
    for name, model in models.items():
        for image in IMAGES[:1] if name == "shipped" else IMAGES:
            found = asked(page, model, image)
            sums = sums_of_products(model, image)
            for shares, biases, expected in zip(found["shares"], found["biases"], sums, strict=True):
                total = np.add([sum(of_unit) for of_unit in shares], biases) if shares else []
                assert np.allclose(total, expected.max(axis=1)[: len(total)], atol=1e-4), name
            of_units = found["shares"][-1]
            if of_units:
                last = carriers(model, image, 3).reshape(-1, len(of_units[3])).sum(axis=0)
                assert np.allclose(of_units[3], last, atol=1e-4), name


def test_the_paths_follow_the_largest_products_back_to_the_first_layer(page: Page) -> None:
    found = asked(page, load_model(ROOT / "models" / "mnist.npz"), IMAGES[0])
    links = [(stage, unit, origin) for stage, unit, origin, _share in found["paths"]]
    for depth, (stage, most) in enumerate(((3, 3), (2, 2), (1, 1))):
        units = {3} if not depth else {origin for of, _unit, origin in links if of == stage + 1}
        for unit in units:
            shares = np.array(found["shares"][stage][unit])
            best = [int(k) for k in np.argsort(-shares)[:most] if shares[k] > 0]
            assert [origin for of, end, origin in links if (of, end) == (stage, unit)] == best
    assert {share for stage, _unit, _origin, share in found["paths"] if stage == 1} == {1}


def test_a_feature_map_is_brightest_because_of_the_patch_that_is_shown(page: Page) -> None:
    model = load_model(ROOT / "models" / "mnist.npz")
    image = IMAGES[1]
    patches = asked(page, model, image)["patches"]
    assert {side for _top, _left, side in patches[0]} == {5}
    assert {side for _top, _left, side in patches[1]} == {14}
    before = sums_of_products(model, image)
    for stage in (0, 1):
        for unit, (top, left, side) in enumerate(patches[stage]):
            alone = np.zeros_like(image)
            seen = (slice(top, top + side), slice(left, left + side))
            alone[seen] = image[seen]
            rest = sums_of_products(model, alone)[stage][unit]
            assert np.abs(rest - before[stage][unit].max()).min() < 1e-5


def gradients(model: Model, image: np.ndarray) -> list[np.ndarray]:
    """Return how the pixels move the first and the last unit of each layer with weights, (2, pixels).

    Of a feature map, where it is largest among what pooling reads.
    """
    twin = twin_of(model, 1, "float64")
    values, behind, found = twin.read(twin.preparation.compact(image[None])), [], []
    for layer in twin.layers:
        values = layer.forward(values)
        behind.insert(0, layer)
        if layer.parameters:
            units = (0, values.shape[-1] - 1)
            starts = [_one_at_the_largest(values, unit) for unit in units]
            found.append(np.array([_backward(behind, start) for start in starts]))
    return [over_pixels(of_layer, model.preparation).reshape(2, -1) for of_layer in found]


def _one_at_the_largest(values: np.ndarray, unit: int) -> np.ndarray:
    of_unit = values[0, ..., unit]
    read = of_unit[tuple(slice(side // 2 * 2) for side in of_unit.shape)]
    start = np.zeros(values.shape)
    start[(0, *np.unravel_index(read.argmax(), read.shape), unit)] = 1
    return start


def _backward(layers: list[Layer], gradient: np.ndarray) -> np.ndarray:
    for layer in layers:
        gradient = layer.backward(gradient)
    return gradient.ravel().copy()


def test_a_unit_is_shown_with_its_weights_and_how_the_pixels_move_it(page: Page) -> None:
    dropped = made(NetworkConfig(hidden_sizes=(6, 5)), kept=np.arange(100, 500))
    shipped = load_model(ROOT / "models" / "mnist.npz")
    small = {"hidden_sizes": (8,), "filters": (3, 4), "kernel_size": 3}
    for model in (dropped, shipped, *(made(NetworkConfig(activation=name, **small)) for name in ACTIVATIONS)):
        found = asked(page, model, IMAGES[1])
        weights = weight_pictures(model).hidden
        assert np.allclose(found["pictures"], weights.reshape(len(weights), -1))
        first = model.network.layers[0]
        scale = first.input_scale if isinstance(first, Linear) else 1
        for ours, theirs in zip(found["gradients"], gradients(model, IMAGES[1]), strict=True):
            assert np.abs(theirs).max() > 0
            assert np.allclose(ours, theirs / scale, atol=1e-4 * np.abs(theirs / scale).max())


def hold(visitor: Visitor) -> None:
    """Draw a seven by mouse, and leave the pen on the canvas."""
    box = box_at_rest(visitor.main.locator(CANVAS).last)
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]
    visitor.page.mouse.move(*points[0])
    visitor.page.mouse.down()
    for point in points[1:]:
        visitor.page.mouse.move(*point, steps=6)


def test_the_panel_lights_up_under_the_pen_and_tells_of_a_neuron(visitor: Visitor) -> None:
    visitor.open("/draw")
    visitor.page.wait_for_function("() => window.digitLabLive?.models?.size > 0")
    assert visitor.page.evaluate("digitLabLights.model ?? null") is None  # folded away, it does nothing
    visitor.main.get_by_text("See the network work").click()
    visitor.page.wait_for_function("() => digitLabLights.model && digitLabLights.links.length === 0")
    canvas = visitor.main.locator(".dl-lights > canvas")
    hold(visitor)
    carried = visitor.main.locator(".dl-carried")
    expect(carried).to_contain_text("Strongest evidence for 7: neuron")  # the pen is still down
    visitor.page.mouse.up()
    expect(visitor.main.locator(".dl-answer[data-live]")).to_have_count(0)
    expect(carried).to_contain_text("Strongest evidence for 7: neuron")
    told = visitor.main.locator(".dl-told")
    x, y = visitor.page.evaluate("digitLabLights.rows[0].cells[5]")
    canvas.click(position={"x": x, "y": y})
    expect(told).to_contain_text("Layer 1, feature map 5.")
    expect(visitor.main.locator(".dl-liked figure")).to_have_count(2)
    canvas.press("ArrowDown")
    expect(told).to_contain_text("Layer 2, feature map 5.")
    expect(told).to_contain_text("Strongest inputs: feature map")
    canvas.press("ArrowDown")
    expect(visitor.main.locator(".dl-liked")).to_have_text(
        re.compile("How each pixel of your drawing moves it")
    )
    canvas.press("Escape")
    expect(told).to_have_text("Click a neuron or a feature map to see what it responds to.")
    visitor.press("Clear")
    expect(carried).to_have_text("")


def test_for_who_wants_no_motion_the_panel_rests_while_the_pen_is_down(visitor: Visitor) -> None:
    visitor.page.emulate_media(reduced_motion="reduce")
    visitor.open("/draw")
    visitor.page.wait_for_function("() => window.digitLabLive?.models?.size > 0")
    visitor.main.get_by_text("See the network work").click()
    visitor.page.wait_for_function("() => digitLabLights.model")
    hold(visitor)
    expect(visitor.main.locator(".dl-answer[data-live] .dl-guess")).to_have_text("7")
    expect(visitor.main.locator(".dl-carried")).to_have_text("")
    visitor.page.mouse.up()
    expect(visitor.main.locator(".dl-carried")).to_contain_text("Strongest evidence for 7")
