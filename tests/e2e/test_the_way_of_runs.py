"""The whole way of runs in a browser: train, take home, fork, compare, search, and hand over to another.

What needs no browser is in `tests/pages/test_runs.py`, `test_search.py` and `test_train.py`. The table of
runs is a canvas, in which rows are chosen by a click.
"""

import json
import re
from pathlib import Path

from tests.bare import BareProcess
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor

ROW = 35  # pixels; the header is as high
SMALL = "/train?data=digits-8x8&settings=1~hidden_sizes-16~"


def train(visitor: Visitor, epochs: int) -> str:
    """Train a small network to its end, and return the address of the run; another may be shown before."""
    visitor.open(f"{SMALL}epochs-{epochs}")
    before = re.findall("run=[0-9a-f]+", visitor.page.url)
    visitor.press("Start")
    visitor.see_curves()
    if before:
        expect(visitor.page).not_to_have_url(re.compile(before[0]))
    visitor.see("Finished")
    visitor.wait_until_idle(f"{epochs} of {epochs}")  # and so come all other figures of it
    return "/train?" + re.findall("run=[0-9a-f]+", visitor.page.url)[0]


def take_home(visitor: Visitor, folder: Path) -> None:
    """Download the model, the notebook and the images of the run that is shown."""
    visitor.main.get_by_text("More files").click()
    for label in ("Trained model (.npz)", "Notebook (.ipynb)", "Images (.npz)"):
        download = visitor.download(label)
        download.save_as(folder / download.suggested_filename)


def dev_accuracy(visitor: Visitor) -> str:
    """Return the dev accuracy that Train shows, as 93.5."""
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text="Dev accuracy").first
    return metric.get_by_test_id("stMetricValue").inner_text().split()[0]


def run_notebook(folder: Path) -> str:
    """Run the code of a notebook where NumPy is all there is; return what it printed."""
    notebook = json.loads(next(folder.glob("*.ipynb")).read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (folder / "train.py").write_text("\n".join(cells), "utf-8")
    process = BareProcess()
    try:
        return process.run(folder)
    finally:
        process.close()


def fork_with_another_rate(visitor: Visitor) -> None:
    """Fork the run that is shown, see both curves and the difference in words."""
    parent = visitor.page.url
    visitor.main.get_by_text("Fork this run").click()
    visitor.wait_until_idle("From there on the fork sees the same images")
    form = visitor.main.get_by_test_id("stExpander").filter(has_text="Fork this run")
    rate = form.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.02")
    rate.press("Enter")
    expect(form.get_by_text("Nothing is changed yet")).to_have_count(0)
    form.get_by_role("button", name="Fork", exact=True).click()
    expect(visitor.page).not_to_have_url(parent)
    visitor.see("Learning rate 0.02 instead of 0.008")
    race = visitor.main.locator(".st-key-run_race")
    expect(race.locator(".dl-plot .scatterlayer .trace")).to_have_count(4)
    visitor.see(re.compile(r"dev images, Run 4 alone got"))


def show_qr_code(visitor: Visitor) -> None:
    visitor.press("QR code")
    code = visitor.page.get_by_role("img", name=f"QR code of {visitor.page.url.split('?')[0]}?run=")
    expect(code).to_be_visible()
    expect(visitor.page.get_by_text("This address works on this computer only.")).to_be_visible()


def tick(visitor: Visitor, *rows: int) -> None:
    """Choose rows of the table, or choose them no longer."""
    for row in rows:
        table = visitor.main.get_by_test_id("stDataFrame").first
        table.click(position={"x": 15, "y": ROW * (row + 1) + ROW // 2})
        visitor.wait_until_idle()


def compare(visitor: Visitor) -> None:
    """Choose two runs that were not forked, and look at them side by side."""
    tick(visitor, 1, 2)
    visitor.see("Comparison")
    expect(visitor.main.locator(".st-key-comparison_curves .scatterlayer .trace")).to_have_count(2)
    visitor.see(re.compile(r"dev images, Run \d alone got"))
    expect(visitor.main.locator(".st-key-comparison_matrices .dl-plot .heatmaplayer .hm")).to_have_count(2)
    expect(visitor.main.locator(".st-key-comparison_settings .scatterlayer .trace")).to_have_count(2)
    seen = re.compile(r"Your drawing as Run \d sees it; it answers \d")
    expect(visitor.main.get_by_role("img", name=seen)).to_have_count(2)


def delete_and_bring_back(visitor: Visitor) -> None:
    tick(visitor, 1)
    visitor.see("Open on Train")
    visitor.press("Delete")
    visitor.see("Deleted: 1.")
    visitor.see(re.compile("3 of at most 500 runs"))
    visitor.press("Undo")
    visitor.see(re.compile("4 of at most 500 runs"))
    visitor.reload()
    visitor.see(re.compile("4 of at most 500 runs"))


def search(visitor: Visitor) -> None:
    """Try a few settings while another page is open, and train the best."""
    visitor.go_to("Search")
    visitor.see("Settings to vary")
    visitor.fill("Runs", "8")
    visitor.press("Start the search")
    visitor.see(re.compile("of 8 runs"))
    visitor.go_to("Draw")
    visitor.go_to("Search")
    visitor.see(re.compile("Finished: 8 of 8 runs"))
    expect(visitor.main.locator(".dl-plot .scatterlayer .point")).to_have_count(8)
    visitor.see(re.compile("mattered|No clear effect"))
    found = visitor.main.get_by_text(re.compile("The best:")).inner_text()
    visitor.press("Use the best")
    expect(visitor.main.get_by_role("button", name="Use the best")).to_be_disabled()
    visitor.go_to("Train")
    rate = re.findall(r"Learning rate ([\d.]+)", found)[0]
    visitor.see(re.compile(f"learning rate {re.escape(rate)},"))
    visitor.go_to("Runs")
    visitor.see(re.compile("7 of at most 500 runs"))


def look_at_anothers_run(other: Visitor, link: str) -> None:
    """Open a link that somebody sent: the run is shown, and nothing of it can be changed."""
    other.open(link, "You are watching someone else's run. Only its owner can control it.")
    other.see_curves()
    for name in ("Delete permanently", "Continue", "Fork"):
        expect(other.main.get_by_role("button", name=name)).to_have_count(0)
    other.go_to("Runs")
    other.see("There are no runs yet.")


def read_passport(other: Visitor, folder: Path) -> None:
    """Bring the model file of a run, and read how it was trained."""
    other.go_to("Evaluate")
    other.main.get_by_text("Use a model file").click()
    files = [path for path in folder.glob("*.npz") if not path.name.endswith("images.npz")]
    other.main.locator("input[type=file]").last.set_input_files(files)
    other.see(re.compile("images were classified correctly"))
    other.main.get_by_text("How this model was trained").click()
    other.see(re.compile("16 hidden neurons, ReLU · Adam, .*4 epochs"))


def test_runs_are_trained_taken_home_forked_compared_searched_and_handed_to_another(
    new_visitor: NewVisitor, tmp_path: Path
) -> None:
    visitor, other = new_visitor(), new_visitor()
    for epochs in (2, 3):
        train(visitor, epochs)
    link = train(visitor, 4)
    accuracy = dev_accuracy(visitor)
    take_home(visitor, tmp_path)
    fork_with_another_rate(visitor)
    show_qr_code(visitor)
    visitor.go_to("Draw")
    visitor.draw([(0.5, 0.15), (0.5, 0.85)], text="Second guess")
    visitor.go_to("Runs")
    visitor.see(re.compile("4 of at most 500 runs"))
    compare(visitor)
    delete_and_bring_back(visitor)
    search(visitor)
    look_at_anothers_run(other, link)
    read_passport(other, tmp_path)
    assert f"dev accuracy {float(accuracy):.1f}" in run_notebook(tmp_path)
