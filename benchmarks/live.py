"""How long the network takes to answer in a browser while the pen is down: milliseconds a frame.

`python -m benchmarks.live` lets a stroke grow point by point in a real browser, at full speed and slowed down
fourfold, as a phone is, and prints two lines for each model: for the answer, and for the panel that shows the
network work, which is drawn after it. Where a model comes with a refusal, it is asked, too. It needs no
running app.
"""

import argparse
import itertools
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Browser, sync_playwright

from mlcore import Model, load_model
from mlcore.exports.browser import CANVAS, PEN, as_text, describe_model, network_script
from mlcore.exports.lights import HTML, lights_script, lights_words
from mlcore.refusal import Refusal, refusal_of
from tests.e2e.browser import launch

MODELS = Path(__file__).resolve().parent.parent / "models"
SLOWER = {"desk": 1, "phone (four times slower)": 4}

# A 7, a point every two units; each frame answers all points so far. The first ones warm the compiler up.
GROW = """([description, size, width]) => {
  const model = new Model(description);
  const lights = Object.assign(new Lights(document.querySelector(".dl-lights"), words), { isSeen: true });
  const short = Array.from({ length: description.layers.at(-1).outputs[0] }, (_, k) => String(k));
  const point = (k) => (k < 70 ? [70 + 2 * k, 60] : [210 - 0.75 * (k - 70), 60 + 2.2 * (k - 70)]);
  const times = [[], []];
  for (let round = 0; round < 4; round++) {
    const stroke = { width, points: [] };
    for (let k = 0; k < 150; k++) {
      stroke.points.push(point(k));
      const begun = performance.now();
      const answer = model.answer([stroke], size);
      const answered = performance.now();
      Object.assign(lights, { given: { model, answer, short } }).draw();
      const drawn = performance.now();
      if (!round) continue;
      times[0].push(answered - begun);
      times[1].push(drawn - answered);
    }
  }
  return times.map((of) => of.sort((a, b) => a - b));
}"""


def main() -> None:
    """Measure each model, as on a desk and as on a phone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, nargs="+", default=sorted(MODELS.glob("*.npz")))
    chosen = parser.parse_args()
    print("| model | on | what | least | median | p95 |\n| --- | --- | --- | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for path, (name, slower) in itertools.product(chosen.models, SLOWER.items()):
            measured = frames(browser, load_model(path), refusal_beside(path), slower)
            for what, times in zip(("the answer", "the panel"), measured, strict=True):
                least, median, slow = (times[len(times) * percent // 100] for percent in (0, 50, 95))
                print(
                    f"| {path.stem} | {name} | {what} | {least:.1f} ms | {median:.1f} ms | {slow:.1f} ms |",
                    flush=True,
                )
        browser.close()


def refusal_beside(path: Path) -> Refusal | None:
    """Return what a model refuses, by the file that ships with it."""
    beside = path.parent / "refusals" / path.name
    return refusal_of(load_model(beside)) if beside.exists() else None


def frames(browser: Browser, model: Model, refusal: Refusal | None, slower: int) -> list[list[float]]:
    """Return the milliseconds of answers and of the panel, each sorted, in a browser that is slowed down."""
    page = browser.new_page()
    page.set_content(f'<div style="width: 330px">{HTML}</div>')
    page.add_script_tag(type="module", content=network_script() + "Object.assign(window, { Model });")
    shown = f"Object.assign(window, {{ Lights, words: {as_text(lights_words())} }});"
    page.add_script_tag(type="module", content=lights_script() + shown)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    times: list[list[float]] = page.evaluate(GROW, [describe_model(model, refusal), CANVAS, PEN])
    page.close()
    return times


if __name__ == "__main__":
    main()
