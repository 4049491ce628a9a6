"""Training as a visitor sees it: started, watched, changed, left alone and found again.

What needs no browser is in `tests/pages/test_train.py`.
"""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, WebSocketRoute

from mlcore import load_dataset, load_model
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import CONNECTED, CURVES, TRAINING, Visitor, box_at_rest

# Looks at both plots each 50 ms, and notes what moved on the page without the visitor's doing.
WATCH = """() => {
  window.seen = [];
  window.moved = [];
  const name = (node) => `${node?.nodeName} ${node?.className} ${node?.textContent}`.slice(0, 200);
  const place = ({ x, y, width, height }) => `${x},${y} ${width}×${height}`;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.moved.push([entry.value,
    ...entry.sources.map(({ node, previousRect, currentRect }) =>
      `${name(node)}: ${place(previousRect)} → ${place(currentRect)}`)])))
    .observe({ type: 'layout-shift' });
  const opacity = (element) =>
    element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1;
  setInterval(() => window.seen.push([...document.querySelectorAll('.dl-plot')].map((plot) => ({
    lines: plot.querySelectorAll('svg.main-svg .scatterlayer .trace path.js-line').length,
    height: plot.getBoundingClientRect().height,
    top: plot.getBoundingClientRect().top,
    opacity: opacity(plot),
    end: plot.data?.[0].x.at(-1) ?? 0,
  }))), 50);
}"""


HEIGHTS = """() => {
  window.heights = new Set();
  (function look() {
    const run = document.querySelector(".st-key-run_live");
    const chart = run?.querySelector(".st-key-learning_curves .dl-chart");
    const hasEnded = run?.querySelector('[class*="st-key-go_on"]'); // to continue it takes room
    if (chart && !hasEnded) heights.add(Math.round(run.getBoundingClientRect().height));
    requestAnimationFrame(look);
  })();
}"""


# The run's height with all its parts, then without what comes last; nobody sees a frame of that.
HEIGHTS_AS_IT_COMES = """() => {
  const run = document.querySelector(".st-key-run_live");
  const last = ["numbers", "health"].map((name) => run.querySelector(`[class*="st-key-${name}-of"]`));
  const heights = [run.getBoundingClientRect().height];
  for (const part of last.toReversed()) {
    part.remove();
    heights.push(run.getBoundingClientRect().height);
  }
  run.append(...last);
  return heights;
}"""


def start(visitor: Visitor, recipe: str = "standard") -> None:
    visitor.open(f"/train?recipe={recipe}")
    visitor.page.evaluate(HEIGHTS)
    visitor.press("Start")
    visitor.see_curves()
    heights = visitor.page.evaluate("[...heights]")
    assert max(heights) - min(heights) <= 2, f"what stands below the run moved: {heights}"


def zoomed_range(visitor: Visitor) -> list[float]:
    found: list[float] = visitor.main.locator(".dl-plot").first.evaluate("plot => plot.layout.xaxis.range")
    return found


def drawn(visitor: Visitor) -> int:
    return int(visitor.main.locator(CURVES).get_attribute("data-drawn") or 0)


def wait_for_drawings(visitor: Visitor, more: int) -> None:
    begin = drawn(visitor)
    visitor.page.wait_for_function(
        f"least => Number(document.querySelector('{CURVES}').dataset.drawn) >= least",
        arg=begin + more,
    )


def figure(visitor: Visitor, label: str) -> str:
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text=label).first
    return metric.get_by_test_id("stMetricValue").inner_text()


EPOCH = """Number.parseFloat([...document.querySelectorAll('[data-testid="stMetric"]')]
  .find((metric) => metric.innerText.startsWith("Epoch"))
  ?.querySelector('[data-testid="stMetricValue"]').innerText)"""


def epoch(visitor: Visitor, beyond: float = 0.0) -> float:
    """Wait until the run has come further than this epoch, and return the one that it is at."""
    script = f"least => {EPOCH} > least && [{EPOCH}]"  # in a list: 0 alone would be no answer
    return float(visitor.page.wait_for_function(script, arg=beyond).json_value()[0])


def pause_and_step(visitor: Visitor) -> float:
    """Pause the run, take one step, and return the epoch where it rests now.

    By then a worker that was too busy to pause has been replaced, and its run is back at its checkpoint.
    """
    visitor.press("Pause", "Paused")
    expect(visitor.main.get_by_role("button", name="One step")).to_be_enabled()
    visitor.wait_until_idle()  # the figures come after the buttons
    before = epoch(visitor, -1.0)
    visitor.press("One step")
    script = f"before => {EPOCH} !== before && {EPOCH}"
    return float(visitor.page.wait_for_function(script, arg=before).json_value())


def test_while_it_trains_no_frame_is_blank_and_nothing_moves(visitor: Visitor) -> None:
    visitor.start_endless_run("deep")
    wait_for_drawings(visitor, 1)
    visitor.wait_until_idle()  # what stands below the curves has come
    visitor.page.evaluate(WATCH)
    wait_for_drawings(visitor, 4)
    visitor.page.wait_for_function("seen.length >= 40 && seen.at(-1)[0].end > seen[0][0].end")
    frames: list[list[dict[str, Any]]] = visitor.page.evaluate("window.seen")
    moved: list[list[Any]] = visitor.page.evaluate("window.moved")
    heights = visitor.page.evaluate(HEIGHTS_AS_IT_COMES)
    visitor.press("Stop")
    assert all(len(plots) == 2 for plots in frames)
    plots = [plot for frame in frames for plot in frame]
    assert all(plot["lines"] >= 1 for plot in plots), "a frame without curves"
    assert {plot["opacity"] for plot in plots} == {1}, "a frame that is faded"
    assert len({(plot["top"], plot["height"]) for plot in plots}) == 1, "a plot that moved"
    assert moved == [], "something on the page moved"
    assert len(heights) == 3
    assert len(set(heights)) == 1, f"what stands below a run moves as its last parts come: {heights}"


def test_a_zoom_stays_while_the_curves_grow_and_can_be_undone(visitor: Visitor) -> None:
    visitor.start_endless_run("deep", batch_size=2000)
    wait_for_drawings(visitor, 1)
    pause_and_step(visitor)  # so that the axes rest under the mouse
    whole = zoomed_range(visitor)
    box = box_at_rest(visitor.main.locator(".dl-plot .nsewdrag").first)
    visitor.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.8 * box["height"], steps=5)
    visitor.page.mouse.up()
    expect(visitor.main.get_by_role("button", name="Undo zoom")).to_be_enabled()
    zoomed = zoomed_range(visitor)
    assert zoomed[1] - zoomed[0] == pytest.approx(0.3 * (whole[1] - whole[0]), rel=0.05)
    visitor.press(re.compile("^Continue$"), "Training")
    wait_for_drawings(visitor, 3)
    assert zoomed_range(visitor) == zoomed
    visitor.press("Undo zoom")
    wait_for_drawings(visitor, 1)
    assert zoomed_range(visitor)[0] == whole[0]
    visitor.press("Stop")


def test_a_run_can_be_paused_stepped_once_and_let_go_on(visitor: Visitor) -> None:
    visitor.start_endless_run("deep", batch_size=2000)
    before = pause_and_step(visitor)
    visitor.press("One step")
    step = epoch(visitor, before) - before
    assert step == pytest.approx(2000 / 59_000, abs=0.011)  # what it shows has two digits behind the point
    visitor.press(re.compile("^Continue$"), "Training")
    wait_for_drawings(visitor, 2)
    visitor.press("Stop", "Stopped")
    expect(visitor.main.get_by_role("button", name="Pause")).to_be_disabled()


class Line:
    """A visitor's connection to the server, which can be cut and mended."""

    def __init__(self, visitor: Visitor) -> None:
        self.is_cut = False
        self.sockets: list[WebSocketRoute] = []
        visitor.route_connection(self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close()
        else:
            self.sockets += [socket, socket.connect_to_server()]

    def cut(self) -> None:
        self.is_cut = True
        while self.sockets:
            self.sockets.pop().close()

    def mend(self) -> None:
        self.is_cut = False


def test_a_run_goes_on_when_its_visitor_looks_elsewhere_reloads_or_loses_the_connection(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    line = Line(visitor)
    visitor.start_endless_run("deep")
    expect(visitor.page).to_have_url(re.compile(r"[?&]run=[\w-]{16,}"))
    guest = new_visitor()
    guest.open(visitor.page.url.removeprefix(visitor.address), "Training")
    visitor.go_to("Draw")
    away = epoch(guest, epoch(guest))
    visitor.go_to("Train")
    visitor.see("Training")
    assert epoch(visitor) >= away
    visitor.expect_problem("WebSocket is already|Cannot send rerun backMessage when disconnected")
    line.cut()
    expect(visitor.page.locator(CONNECTED)).to_have_count(0)
    away = epoch(guest, epoch(guest))
    line.mend()
    expect(visitor.page.locator(CONNECTED)).to_be_visible()
    epoch(visitor, away)
    visitor.reload("Training")
    visitor.see_curves()
    assert epoch(visitor) > away
    visitor.press("Stop", "Stopped")
    guest.see("Stopped")


def test_whoever_has_the_link_may_watch_a_run_but_not_steer_it(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    visitor.start_endless_run("deep")
    guest = new_visitor()
    guest.open(visitor.page.url.removeprefix(visitor.address), "someone else's run")
    guest.see_curves()
    for name in ("Pause", "Stop", "One step"):
        expect(guest.main.get_by_role("button", name=name, exact=False)).to_have_count(0)
    visitor.press("Stop", "Stopped")
    guest.see("Stopped")


def test_a_finished_run_is_tested_once_taken_home_and_answers_the_same_when_loaded_again(
    visitor: Visitor, tmp_path: Path
) -> None:
    start(visitor, "softmax-regression")
    visitor.see("Finished", TRAINING)
    visitor.wait_until_idle("Best at epoch")
    assert float(figure(visitor, "Dev accuracy").removesuffix(" %")) > 90
    lowest = "document.querySelector('.dl-plot').layout.yaxis.range[0]"
    visitor.page.wait_for_function(f"{lowest} >= 80")  # where the curves differ
    visitor.press("0–100 %")
    expect(visitor.main.get_by_role("button", name="0–100 %")).to_have_attribute("aria-pressed", "true")
    visitor.page.wait_for_function(f"{lowest} === 0")
    expect(visitor.main.get_by_test_id("stBaseButton-primary")).to_have_text(re.compile("See its mistakes"))
    visitor.press("Test on the 10,000 images", "accuracy on the 10,000 test images")
    expect(visitor.main.get_by_role("button", name="Test on the 10,000 images")).to_have_count(0)

    download = visitor.download("Trained model (.npz)")
    model_file = tmp_path / download.suggested_filename
    download.save_as(model_file)
    model, test = load_model(model_file), load_dataset("mnist-test")
    accuracy = float(np.mean(model.predict(test.images) == test.labels))
    assert f"{100 * accuracy:.2f} %" == figure(visitor, "Test accuracy")

    history_file = tmp_path / "history.csv"
    visitor.download("History (.csv)").save_as(history_file)
    rows = list(csv.DictReader(history_file.read_text("utf-8").splitlines()))
    assert sum(row["dev_accuracy"] != "" for row in rows) == 1 + 1 + 5  # untrained, early, after each epoch
    assert rows[-1]["step"] == str(5 * 461)

    visitor.main.get_by_text("More files").click()
    visitor.download("Program (.py)").save_as(tmp_path / "train.py")
    program = (tmp_path / "train.py").read_text("utf-8")
    compile(program, "train.py", "exec")
    assert "draw(1, (784, 10), 784, 10, 10)" in program


def test_a_finished_run_goes_on_with_more_epochs_and_another_rate(visitor: Visitor) -> None:
    start(visitor, "softmax-regression")
    visitor.see("Finished", TRAINING)
    visitor.wait_until_idle("Best at epoch")
    visitor.main.get_by_text("Continue training").click()
    visitor.page.get_by_role("spinbutton", name="Learning rate").fill("0.0005")
    visitor.page.get_by_role("spinbutton", name="More epochs").fill("2")
    visitor.page.get_by_role("button", name=re.compile("Continue$")).last.click()
    visitor.see("learning rate 0.0005", TRAINING)
    expect(visitor.main.get_by_test_id("stMetricValue").filter(has_text="7 of 7")).to_be_visible(
        timeout=TRAINING * 1000
    )


def test_a_run_that_blows_up_says_why_and_leads_to_a_gentler_rate(visitor: Visitor) -> None:
    visitor.open("/network?recipe=standard")
    visitor.fill("Learning rate", "100")
    visitor.fill("L2 (weight decay)", "1")
    visitor.choose("Optimizer", "Gradient descent")
    visitor.see("A good learning rate for Gradient descent is about 0.1")
    visitor.go_to("Train")
    visitor.press("Start")
    visitor.see("Training diverged", TRAINING)
    visitor.press("Set Learning rate to 0.1")
    expect(visitor.page).to_have_title(re.compile("^Network"))
    expect(visitor.main.get_by_role("spinbutton", name="Learning rate")).to_have_value("0.1")


def test_starting_while_a_run_is_live_is_a_clear_choice(visitor: Visitor) -> None:
    visitor.start_endless_run("deep")
    first = visitor.page.url
    open_other(visitor)
    visitor.press("Start in parallel")
    expect(visitor.page).not_to_have_url(first)
    expect(run_choice(visitor)).to_have_value(re.compile("^Run 2: "))
    visitor.wait_until_idle()
    second = visitor.page.url
    open_other(visitor)
    visitor.press("Stop this run and start")
    expect(visitor.page).not_to_have_url(second)
    visitor.see("Training")
    choose_run(visitor, "3", "2")
    expect(visitor.page).to_have_url(second)
    visitor.see("Stopped")
    choose_run(visitor, "2", "1")
    expect(visitor.page).to_have_url(first)
    visitor.see("Training")
    visitor.press("Stop", "Stopped")


def open_other(visitor: Visitor) -> None:
    visitor.main.get_by_text("Train something else").click()
    visitor.see("Start in parallel")
    # Two lines: the buttons below keep their place when the time comes.
    expect(visitor.main.locator(".st-key-plan_time")).to_have_css("min-height", "44.8px")


def run_choice(visitor: Visitor) -> Locator:
    return visitor.main.get_by_role("combobox", name=re.compile("Your runs"))


def choose_run(visitor: Visitor, shown: str, wanted: str) -> None:
    runs = run_choice(visitor)
    expect(runs).to_have_value(re.compile(f"^Run {shown}: "))
    visitor.wait_until_idle()
    visitor.choose("Your runs", re.compile(f"^Run {wanted}: "))


def test_on_a_phone_the_run_fits_the_screen(phone_visitor: Visitor) -> None:
    start(phone_visitor, "softmax-regression")
    width = phone_visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width == 375
    for plot in phone_visitor.main.locator(".dl-plot").all():
        box = plot.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375
    phone_visitor.see("Finished", TRAINING)
