"""A run is forked in a browser: another rate from some epoch on, both curves, the difference, and its link.

What needs no browser is in `tests/pages/test_train.py` and `tests/dashboard/runs/test_forks.py`.
"""

import re

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor


def test_a_run_is_forked_with_another_rate_seen_beside_its_parent_and_linked_to_a_phone(
    visitor: Visitor,
) -> None:
    visitor.open("/train?data=digits-8x8&settings=1~hidden_sizes-16~epochs-4")
    visitor.press("Start")
    visitor.see_curves()
    visitor.see("Finished")
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
    visitor.see(re.compile(r"dev images, Run 2 alone got"))
    visitor.press("QR code")
    code = visitor.page.get_by_role("img", name=f"QR code of {visitor.page.url.split('?')[0]}?run=")
    expect(code).to_be_visible()
    expect(visitor.page.get_by_text("This address works on this computer only.")).to_be_visible()
