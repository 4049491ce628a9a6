"""The studies of the page Evaluate in a real browser, from the first press to what a visitor does with them.

Their arithmetic and their sentences are in `tests/mlcore/study` and `tests/pages/test_evaluate_studies.py`.
"""

import re

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor

SMALL = "/train?data=digits-8x8&settings=1~hidden_sizes-16~epochs-4"
CASES = ".st-key-court_cases"


def train_a_small_network(visitor: Visitor) -> None:
    visitor.open(SMALL)
    visitor.press("Start")
    visitor.see("Finished")


def look_at(visitor: Visitor, look: str, question: str) -> None:
    visitor.main.get_by_role("radio", name=look, exact=True).click()
    expect(visitor.main.get_by_role("heading", name=question)).to_be_visible()
    visitor.wait_until_idle()


def tick_first(visitor: Visitor) -> str:
    """Tick the first case of the label court that is still open, and return its words."""
    case = visitor.main.locator(CASES).get_by_test_id("stCheckbox").first
    words = case.inner_text()
    case.locator("label").click()
    expect(visitor.main.get_by_role("button", name="Relabel").first).to_be_enabled()
    return words


def test_labels_are_checked_and_a_second_network_learns_from_the_cleaned_set(visitor: Visitor) -> None:
    train_a_small_network(visitor)
    visitor.go_to("Evaluate")
    look_at(visitor, "Labels", "Which training images may have a wrong label?")
    visitor.press("Check the labels", "training images are disputed")
    relabelled = tick_first(visitor)
    visitor.press("Relabel", "1 relabelled, 0 left out")
    expect(visitor.main.locator(CASES)).not_to_contain_text(relabelled)
    tick_first(visitor)
    visitor.press("Leave out", "1 relabelled, 1 left out")
    visitor.press("Train again on the cleaned set")
    visitor.see(re.compile(r"images \(1 relabelled, 1 left out\)"))
    visitor.see("Finished")
    visitor.go_to("Evaluate")
    look_at(visitor, "Other models", "Is another model better on these images?")
    visitor.choose("Compare with", re.compile("Run 1"))
    visitor.page.keyboard.press("Escape")
    visitor.see(re.compile("Only the first is right about [0-9]+ images"))
    expect(visitor.main.get_by_test_id("stDataFrame")).to_be_visible()
    visitor.go_to("Data")
    visitor.see(re.compile("Disputed labels: 1 left out"))


def test_a_slice_is_followed_over_a_run_and_a_mistake_is_traced_to_its_teachers(visitor: Visitor) -> None:
    train_a_small_network(visitor)
    visitor.go_to("Evaluate")
    visitor.main.get_by_role("radio", name="All", exact=True).click()
    visitor.main.get_by_text("Filter by class, confidence and strokes").click()
    visitor.choose("Labelled as", "8")
    visitor.wait_until_idle()  # what is opened meanwhile would close again
    visitor.main.get_by_text("Keep these images as a slice").click()
    visitor.main.get_by_role("textbox", name="Name").fill("my eights")
    visitor.main.get_by_role("textbox", name="Name").press("Enter")
    visitor.press(re.compile("^Keep [0-9]+ images"), "Kept as my eights")
    look_at(visitor, "Slices", "How good is it on the images that matter to you?")
    visitor.see(re.compile("^Its accuracy on the slice my eights is"))
    visitor.press("Evaluate the snapshots of this run")
    chart = visitor.main.locator('.dl-chart[data-key="slices_chart"]')
    expect(chart.locator("svg.main-svg").first).to_be_visible()
    look_at(visitor, "Who taught it that?", "Which training images taught it an answer?")
    visitor.press("Find the training images", "training images that pushed it most towards")
    expect(visitor.main.locator(".dl-grid").last.locator("img").first).to_have_attribute(
        "alt", re.compile(r"Training image [\d,]+, labelled \d: -\d+ % of the strongest push")
    )
    visitor.press(re.compile("^Train again without the"))
    visitor.see(re.compile(r"images \([0-9]+ left out\)"))
