"""The answer follows the pen, and the same network goes home as one file that needs no server.

That the script answers as Python does is tested in `test_answers_in_the_browser.py`.
"""

import base64
import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page

from mlcore import Model, load_model, write_web_page
from mlcore.exports.browser import CANVAS
from mlcore.images.drawing import digit_in_strokes
from mlcore.images.strokes import Stroke
from mlcore.refusal import refusal_of
from tests.e2e.browser import new_context
from tests.e2e.expecting import expect
from tests.e2e.steps import SEVEN, Visitor, box_at_rest
from tests.house import ROOT
from tests.waiting import wait_until

LIVE = ".dl-answer[data-live]"
HAS_MODEL = "() => window.digitLabLive?.models?.size > 0"
HEARS = """() => {
  window.said = [];
  console.warn = (...words) => said.push(words.join(" "));
}"""
SCRIBBLE = tuple(((0.2, 0.8)[k % 2], 0.2 + 0.07 * k) for k in range(9))
FOUR = (((0.35, 0.2), (0.28, 0.55), (0.72, 0.55)), ((0.62, 0.3), (0.6, 0.85)))


def test_the_answer_follows_the_pen_before_it_is_lifted_and_python_says_the_same(visitor: Visitor) -> None:
    visitor.open("/draw")
    visitor.page.wait_for_function(HAS_MODEL)
    visitor.page.evaluate(HEARS)
    guess, sure, bars = (visitor.main.locator(part) for part in (".dl-guess", ".dl-sure", ".dl-bars"))
    hold(visitor, SEVEN)
    expect(guess).to_have_text("7")
    expect(visitor.main.locator(LIVE)).to_be_visible()
    expect(visitor.main.locator(".st-key-canvas_board button").first).to_be_disabled()
    expect(sure).to_have_text("> 99.9 % sure")
    visitor.page.mouse.up()
    expect(visitor.main.locator(LIVE)).to_have_count(0)
    expect(visitor.main.locator(".st-key-canvas_board button").first).to_be_enabled()
    expect(guess).to_have_text("7")
    expect(bars.locator(".dl-first .dl-name")).to_have_text("7")
    visitor.press("Clear")
    expect(guess).to_have_text("?")
    expect(bars.locator(".dl-first")).to_have_count(0)
    hold(visitor, SCRIBBLE)
    expect(sure).to_have_text("That is no digit that I know.")
    expect(visitor.main.locator(LIVE)).to_be_visible()
    visitor.page.mouse.up()
    expect(visitor.main.locator(LIVE)).to_have_count(0)
    expect(sure).to_have_text("That is no digit that I know.")
    assert visitor.page.evaluate("said") == []


def test_a_stylus_draws_and_is_answered_before_it_is_lifted(visitor: Visitor) -> None:
    visitor.open("/draw")
    visitor.page.wait_for_function(HAS_MODEL)
    visitor.page.evaluate(
        "() => addEventListener('pointermove', (event) => (window.pen = [event.pointerType, event.pressure]))"
    )
    canvas = visitor.main.locator("canvas.upper-canvas").last
    canvas.click(trial=True)
    box = canvas.bounding_box()
    stylus = visitor.context.new_cdp_session(visitor.page)
    held = {"button": "left", "pointerType": "pen", "force": 0.4, "clickCount": 1}
    line = [SEVEN[0], *(point for pair in pairwise(SEVEN) for point in np.linspace(*pair, 8)[1:].tolist())]
    for number, (x, y) in enumerate(line):
        point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
        kind = "mouseMoved" if number else "mousePressed"
        stylus.send("Input.dispatchMouseEvent", {"type": kind, "buttons": 1, **held, **point})
    expect(visitor.main.locator(".dl-guess")).to_have_text("7")
    expect(visitor.main.locator(LIVE)).to_be_visible()
    assert visitor.page.evaluate("pen") == ["pen", pytest.approx(0.4)]
    stylus.send("Input.dispatchMouseEvent", {"type": "mouseReleased", **held, **point})
    stylus.detach()
    expect(visitor.main.locator(LIVE)).to_have_count(0)
    expect(visitor.main.locator(".dl-guess")).to_have_text("7")


def test_a_network_that_answers_otherwise_than_python_is_left_to_python(visitor: Visitor) -> None:
    visitor.open("/draw")
    visitor.page.wait_for_function(HAS_MODEL)
    visitor.page.evaluate(HEARS)
    visitor.page.evaluate("[...digitLabLive.models.values()][0].layers.at(-1).parameters.biases[3] = 99")
    visitor.draw(SEVEN)
    visitor.page.wait_for_function("said.length === 1")
    hold(visitor, ((0.2, 0.5), (0.8, 0.5)))
    expect(visitor.main.locator(LIVE)).to_have_count(0)
    visitor.page.mouse.up()
    expect(visitor.main.locator(".dl-guess")).to_have_text("7")


def hold(visitor: Visitor, stroke: tuple) -> None:
    """Draw a stroke by mouse, and leave the pen on the canvas."""
    drag(visitor.page, box_at_rest(visitor.main.locator("canvas.upper-canvas").last), stroke)


def drag(page: Page, box: dict[str, float], stroke: tuple) -> None:
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)


def test_a_network_taken_home_answers_from_disk_as_python_does(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("/draw")
    visitor.page.wait_for_function(HAS_MODEL)
    download = visitor.download("Take this network home")
    path = tmp_path / download.suggested_filename
    download.save_as(path)
    assert path.stat().st_size < 1_000_000
    page = visitor.context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    expect(page.locator("#checked")).to_have_text(
        "Checked: this browser answers as the network did in Python."
    )
    canvas = page.locator(".board canvas")
    for stroke in FOUR:
        drag(page, box_at_rest(canvas), stroke)
        page.mouse.up()
    expect(page.locator(".dl-guess")).to_have_text("4")
    same_as_python(page, load_model(ROOT / "models" / "mnist.npz"))
    page.get_by_text("See the network work").click()
    expect(page.locator(".dl-carried")).to_contain_text("Strongest evidence for 4: neuron")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".dl-guess")).to_have_text("?")
    drag(page, box_at_rest(canvas), SCRIBBLE)
    page.mouse.up()
    expect(page.locator(".dl-sure")).to_have_text("That is no digit that I know.")
    seen = page.evaluate("[...digitLab.model.answer(digitLab.strokes(), 280).image]")
    wait_until(lambda: seen_by(page) == seen)  # the page answers a frame later
    expect(page.locator("#told")).to_contain_text("46,730 parameters, trained on")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


TOPS = """() => {
  window.tops = new Set();
  const look = () => {
    tops.add(document.querySelector(".board canvas").getBoundingClientRect().top);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_network_taken_home_answers_below_a_finger_and_its_canvas_stays_there(
    browser: Browser, tmp_path: Path
) -> None:
    model, refusal = (load_model(ROOT / "models" / name) for name in ("mnist.npz", "refusals/mnist.npz"))
    write_web_page(model, tmp_path / "home.html", refusal_of(refusal))
    context = new_context(browser, phone=True)
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto((tmp_path / "home.html").as_uri())
    expect(page.locator("#checked")).to_have_text(re.compile("^Checked"))
    expect(page.locator(".dl-seen")).to_have_attribute("src", re.compile("bmp"))
    page.evaluate(TOPS)
    finger = context.new_cdp_session(page)
    # What is read on the way to a scribble: a hint, a digit that is sure, and two sentences of two lines.
    for stroke, reads in ((SEVEN, "7"), (SCRIBBLE, "?")):
        touch(finger, page.locator(".board canvas").bounding_box(), stroke)
        expect(page.locator(".dl-guess")).to_have_text(reads)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.get_by_role("button", name="Clear").click()
    assert page.evaluate("[scrollY, document.documentElement.scrollWidth, tops.size]") == [0, 360, 1]
    context.close()


def touch(finger: CDPSession, box: dict[str, float], stroke: tuple) -> None:
    """Draw a stroke by finger, and leave it on the canvas."""
    for k, (x, y) in enumerate(stroke):
        kind, point = (
            "touchMove" if k else "touchStart",
            (box["x"] + x * box["width"], box["y"] + y * box["height"]),
        )
        finger.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [dict(zip("xy", point, strict=True))]}
        )


def seen_by(page: Page) -> list[int]:
    """Return the grey levels of the picture that shows what the network sees."""
    uri = page.locator(".dl-seen").get_attribute("src")
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as picture:
        return list(picture.convert("L").tobytes())


def same_as_python(page: Page, model: Model) -> None:
    """Compare what the page answers with what Python answers to the same strokes."""
    rows = page.evaluate("digitLab.strokes().map(({ width, points }) => [width, points])")
    strokes = [Stroke(tuple(map(tuple, points)), width) for width, points in rows]
    assert len(strokes) == len(FOUR)
    assert all(np.hypot(*np.subtract(b, a)) > 0 for s in strokes for a, b in pairwise(s.points))
    image = digit_in_strokes(strokes, model.frame, model.image_shape, CANVAS)
    probabilities = model.predict_probabilities(image[None])[0]
    wait_until(lambda: fills(page) == pytest.approx(100 * probabilities, abs=0.06))


def fills(page: Page) -> list[float]:
    """Return how long the bars are, in percent."""
    found: list[float] = page.locator(".dl-fill").evaluate_all(
        "bars => bars.map(bar => Number.parseFloat(bar.style.width))"
    )
    return found
