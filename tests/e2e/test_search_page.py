"""The page Search in a browser: a search of a few tiny runs, and what it has found is used.

What needs no browser is in `tests/pages/test_search.py`.
"""

import re

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor


def test_a_search_goes_on_while_another_page_is_open_and_its_best_settings_are_trained(
    visitor: Visitor,
) -> None:
    visitor.open("/network?data=digits-8x8&settings=1~hidden_sizes-8~epochs-3", "Next: Train")
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
    visitor.see(re.compile("3 of at most 500 runs"))
