"""The script that runs a model in a browser answers as Python does: to images, and to drawings.

`tests/mlcore/exports` tests what is written for it.
"""

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from mlcore import ACTIVATIONS, Model, NetworkConfig, load_dataset, load_model
from mlcore.errors import NoDigitError
from mlcore.exports.browser import CANVAS, describe_answer, describe_model, network_script
from mlcore.images.drawing import TWO, digit_in_strokes
from mlcore.images.frame import Frame
from mlcore.images.preparation import Preparation
from mlcore.images.strokes import Stroke, draw_strokes
from mlcore.network.network import Network
from mlcore.refusal import refusal_of
from tests.house import ROOT

IMAGES = load_dataset("mnist-test").images[:1000]


def made(config: NetworkConfig, **preparation: object) -> Model:
    """Return a model with random weights, large enough that its answers differ."""
    prepared = Preparation((28, 28), **preparation)
    network = Network(config, prepared, 10, seed=1)
    return Model(config, prepared, tuple("0123456789"), 3 * network.parameters)


def models() -> Iterator[tuple[str, Model]]:
    for activation in ACTIVATIONS:
        yield activation, made(NetworkConfig(hidden_sizes=(12, 8), activation=activation))
        yield (
            f"{activation} with filters",
            made(
                NetworkConfig(
                    hidden_sizes=(8,), filters=(3, 4), kernel_size=3, activation=activation, dropout=0.5
                )
            ),
        )
    generator = np.random.default_rng(1)
    some = np.sort(generator.choice(196, 120, replace=False))
    yield (
        "all preparations",
        made(
            NetworkConfig(hidden_sizes=(9,), loss="sigmoid_cross_entropy", precision="float64"),
            pooling=2,
            kept=some,
            mean=generator.uniform(0, 0.3, 120),
            deviation=generator.uniform(0.2, 1, 120),
            scale=1 / (4 * 255),
        ),
    )
    yield "levels, uneven squares", made(NetworkConfig(hidden_sizes=()), pooling=3, levels=16, scale=1 / 128)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.add_script_tag(
        type="module",
        content=network_script() + "Object.assign(window, { Model, drawStrokes, strokesOf, bytesOf });",
    )
    yield page
    page.close()


ANSWER_ALL = """description => {
  const model = new Model(description);
  const size = images.length / 1000;
  const image = (k) => images.slice(size * k, size * (k + 1));
  return Array.from({ length: 1000 }, (_, k) => [...model.probabilities(image(k))]);
}"""


DOUBT_ALL = ANSWER_ALL.replace("[...model.probabilities(image(k))]", "model.doubt(image(k))")


def test_a_thousand_images_are_answered_as_in_python(page: Page) -> None:
    page.evaluate("text => { window.images = bytesOf(text); }", base64.b64encode(IMAGES.tobytes()).decode())
    for name, model in models():
        rows = page.evaluate(ANSWER_ALL, describe_model(model))
        expected = model.probabilities_of(IMAGES)
        assert np.ptp(expected, axis=0).max() > 0.05, name
        assert np.abs(np.array(rows) - expected).max() < 1e-4, name
    shipped = load_model(ROOT / "models" / "mnist.npz")
    refusal = refusal_of(load_model(ROOT / "models" / "refusals" / "mnist.npz"))
    doubts = page.evaluate(DOUBT_ALL, describe_model(shipped, refusal))
    assert np.ptp(doubts) > 0.5
    assert np.abs(np.array(doubts) - refusal.doubts(IMAGES)).max() < 1e-4


FRAMES = {
    "as in MNIST": ((28, 28), Frame((20.0, 20.0), (14.5, 14.5))),
    "as in MNIST, with its pen": ((28, 28), Frame((20.0, 20.0), (14.5, 14.5), pen=0.088)),
    "in two parts": ((28, 28), Frame((20.0, 20.0), (14.5, 14.5), in_parts=True)),
    "stretched, in the corner": (
        (20, 24),
        Frame((18.0, 22.0), (0.0, 0.0), ("start", "start"), stretched=True),
    ),
    "between the pixels": ((16, 16), Frame((12.3, 11.6), (8.2, 7.9), whole_pixels=False)),
    "enlarged, dark on light": (
        (56, 56),
        Frame((40.0, 40.0), (28.0, 56.0), ("middle", "end"), whole_pixels=False, blur=2.6, paper=230, ink=12),
    ),
    "tiny": ((8, 8), Frame((8.0, 5.5), (4.0, 4.0), ("middle", "mass"), whole_pixels=False)),
}


def drawings() -> list[list[Stroke]]:
    """Return drawings of every kind: lines that wander, taps near and far, two digits, a frame."""
    generator = np.random.default_rng(2)
    found: list[list[Stroke]] = [[]]
    for k in range(30):
        strokes = []
        for _ in range(generator.integers(1, 4)):
            n = 1 if generator.random() < 0.25 else int(generator.integers(2, 25))
            steps = generator.normal(0, 14, (n, 2))
            points = generator.uniform(20, 260, 2) + np.cumsum(steps, axis=0)
            strokes.append(Stroke(tuple(map(tuple, points.tolist())), float(generator.uniform(1, 40))))
        found.append(strokes)
        if k % 10 == 0:
            x = float(generator.uniform(50, 100))
            found.append([Stroke(((a, 60.0), (a + 3, 220.0)), 20.0) for a in (x, x + 120)])
    edge = 4.0
    border = ((edge, edge), (276.0, edge), (276.0, 276.0), (edge, 276.0), (edge, edge))
    found += [[Stroke(border, 20.0)], [Stroke(border, 20.0), Stroke(((140.0, 80.0), (140.0, 200.0)), 30.0)]]
    found += [[Stroke(((140.0, 40.0), (140.0, 240.0)), width)] for width in (17.0, 24.0, 30.0)]
    return found


def rows_of(strokes: list[Stroke]) -> list[list[float]]:
    """Return strokes as the script is given them."""
    return describe_answer(strokes, None, None)["strokes"]


def expected(strokes: list[Stroke], frame: Frame, shape: tuple[int, int]) -> tuple[list[int] | None, str]:
    """Return what Python makes of a drawing: an image, or why there is none."""
    try:
        return digit_in_strokes(strokes, frame, shape, CANVAS).ravel().tolist(), ""
    except NoDigitError as error:
        return None, "two" if str(error) == TWO else "nothing"


DRAW_ALL = """([drawings, size]) => {
  window.drawings = drawings.map(strokesOf);
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return drawings.map((_, k) => text(drawStrokes(window.drawings[k], size)));
}"""
PREPARE_ALL = """([description, size]) => {
  const model = new Model(description);
  return drawings.map((strokes) => {
    const { image, reason } = model.answer(strokes, size);
    return [image && [...image], reason];
  });
}"""


def test_drawings_are_prepared_as_in_python(page: Page) -> None:
    given = drawings()
    pictures = [draw_strokes(strokes, CANVAS) for strokes in given]
    drawn = page.evaluate(DRAW_ALL, [[rows_of(strokes) for strokes in given], CANVAS])
    assert [base64.b64decode(text) for text in drawn] == [picture.tobytes() for picture in pictures]
    reasons = set()
    for name, (shape, frame) in FRAMES.items():
        prepared = Preparation(shape, frame=frame)
        model = Model(
            NetworkConfig(hidden_sizes=()), prepared, ("0", "1"), np.zeros(2 * shape[0] * shape[1] + 2)
        )
        for k, (image, reason) in enumerate(page.evaluate(PREPARE_ALL, [describe_model(model), CANVAS])):
            wanted, why = expected(given[k], frame, shape)
            assert reason == why, (name, given[k])
            reasons.add(reason)
            if wanted is not None:
                assert np.abs(np.subtract(image, wanted)).max() <= 1, (name, given[k])
    assert reasons == {"", "nothing", "two"}
