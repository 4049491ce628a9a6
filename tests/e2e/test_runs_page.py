"""The page Runs in a browser: its table is a canvas, in which rows are chosen by a click.

What needs no browser is in `tests/pages/test_runs.py`.
"""

import re

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor

ROW = 35  # pixels; the header is as high


def train(visitor: Visitor, settings: str) -> None:
    """Train a small network to its end; another run may be shown before."""
    visitor.open(f"/train?data=digits-8x8&settings=1~hidden_sizes-16~{settings}")
    before = re.findall("run=[0-9a-f]+", visitor.page.url)
    visitor.press("Start")
    visitor.see_curves()
    if before:
        expect(visitor.page).not_to_have_url(re.compile(before[0]))
    visitor.see("Finished")


def tick(visitor: Visitor, *rows: int) -> None:
    """Choose rows of the table, or choose them no longer."""
    for row in rows:
        table = visitor.main.get_by_test_id("stDataFrame").first
        table.click(position={"x": 15, "y": ROW * (row + 1) + ROW // 2})
        visitor.wait_until_idle()


def test_two_runs_are_listed_compared_deleted_and_brought_back_and_nobody_else_sees_them(
    new_visitor: NewVisitor,
) -> None:
    visitor, other = new_visitor(), new_visitor()
    train(visitor, "epochs-2")
    train(visitor, "epochs-3")
    visitor.go_to("Draw")
    visitor.draw([(0.5, 0.15), (0.5, 0.85)], text="% sure")
    visitor.go_to("Runs")
    visitor.see(re.compile("2 of at most 500 runs"))
    tick(visitor, 0, 1)
    visitor.see("Comparison")
    expect(visitor.main.locator(".st-key-comparison_curves .scatterlayer .trace")).to_have_count(2)
    visitor.see(re.compile(r"dev images, Run \d alone got"))
    expect(visitor.main.locator(".st-key-comparison_matrices .dl-plot .heatmaplayer .hm")).to_have_count(2)
    expect(visitor.main.locator(".st-key-comparison_settings .scatterlayer .trace")).to_have_count(2)
    seen = re.compile(r"Your drawing as Run \d sees it; it answers \d")
    expect(visitor.main.get_by_role("img", name=seen)).to_have_count(2)
    tick(visitor, 1)
    visitor.see("Open on Train")
    visitor.press("Delete")
    visitor.see("Deleted: 1.")
    visitor.see(re.compile("1 of at most 500 runs"))
    visitor.press("Undo")
    visitor.see(re.compile("2 of at most 500 runs"))
    visitor.reload()
    visitor.see(re.compile("2 of at most 500 runs"))
    other.open("/runs", "There are no runs yet.")
