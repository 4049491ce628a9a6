"""Every page and state as axe-core judges it: words for each control, headings in order, readable text.

Each is looked at on a desk and on a phone, in light and in dark colours.
"""

from collections.abc import Sequence
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.steps import SEVEN, Visitor

DESK, PHONE = (1280, 900), (390, 844)
Look = tuple[tuple[int, int], Literal["light", "dark"]]
LOOKS: tuple[Look, ...] = ((DESK, "light"), (DESK, "dark"), (PHONE, "dark"), (PHONE, "light"))
FAR_APART = LOOKS[::2]
PAGES = {
    "/": "From data to drawing",
    "/data": "Show as a table",
    "/network": "Train it",
    "/train": "This is what will be trained",
    "/evaluate": "Scores by class",
    "/draw": "Pen width",
}
AXE = Axe()


def violations(visitor: Visitor, looks: Sequence[Look] = LOOKS) -> list[str]:
    """Return what breaks a rule of axe-core in any of the looks, each with its rule, element and reason."""
    found = []
    for (width, height), scheme in looks:
        visitor.page.set_viewport_size({"width": width, "height": height})
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.wait_for_function(
            "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme === scheme", arg=scheme
        )
        visitor.wait_until_idle()
        # A colour on its way to another one is no colour of ours.
        visitor.page.evaluate(
            "document.getAnimations().filter((a) => a instanceof CSSTransition).forEach((a) => a.finish())"
        )
        for broken in AXE.run(visitor.page).response["violations"]:
            found += [
                f"{broken['id']} at {width} px, {scheme}: {node['html'][:200]} ({node['failureSummary']})"
                for node in broken["nodes"]
            ]
    return found


def test_a_picture_without_words_and_a_skipped_heading_are_found(visitor: Visitor) -> None:
    visitor.open("/", PAGES["/"])
    visitor.page.evaluate(
        "document.querySelector('.stMain').insertAdjacentHTML('beforeend', '<img src=\"\"><h5>Deep</h5>')"
    )
    found = violations(visitor)
    assert {line.split()[0] for line in found} == {"image-alt", "heading-order"}
    assert len(found) == 2 * len(LOOKS)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule(visitor: Visitor, path: str) -> None:
    visitor.open(path, PAGES[path])
    assert violations(visitor) == []


def test_an_answer_breaks_no_rule(visitor: Visitor) -> None:
    visitor.open("/draw", PAGES["/draw"])
    visitor.draw(SEVEN, text="sure")
    assert violations(visitor) == []


def test_a_run_breaks_no_rule_while_it_trains_pauses_and_has_ended(visitor: Visitor) -> None:
    visitor.start_endless_run()
    expect(visitor.main.locator('[data-stale="true"]')).to_have_count(0)
    assert violations(visitor, FAR_APART) == []
    visitor.press("Pause", "Paused")
    assert violations(visitor, FAR_APART) == []
    visitor.press("Stop", "Train again")
    assert violations(visitor, FAR_APART) == []
