"""Every page and state as axe-core judges it: words for each control, headings in order, readable text.

Each is looked at on a desk and on a phone, in light and in dark colours.
"""

import re
from collections.abc import Sequence
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.expecting import expect
from tests.e2e.steps import CANVAS, SEVEN, Visitor
from tests.waiting import wait_until

DESK, PHONE = (1280, 900), (390, 844)
Look = tuple[tuple[int, int], Literal["light", "dark"]]
LOOKS: tuple[Look, ...] = ((DESK, "light"), (DESK, "dark"), (PHONE, "dark"), (PHONE, "light"))
FAR_APART = LOOKS[::2]
PAGES = {
    "/": "From data to drawing",
    "/data": "Show as a table",
    "/network": "Next: Train",
    "/train": "This is what will be trained",
    "/evaluate": "Scores by class",
    "/inside": "Output layer",
    "/draw": "Pen width",
    "/runs": "There are no runs yet.",
    "/search": "Settings to vary",
}
AXE = Axe()
# A colour on its way to another one is no colour of ours, nor is a line that is still growing a line.
SETTLE = "document.getAnimations().filter((a) => a instanceof CSSTransition).forEach((a) => a.finish())"


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
        expect(visitor.main.locator(".dl-field input:not([id])")).to_have_count(0)  # fields are named last
        visitor.page.evaluate(SETTLE)
        for broken in AXE.run(visitor.page).response["violations"]:
            found += [
                f"{broken['id']} at {width} px, {scheme}: {node['html'][:200]} ({node['failureSummary']})"
                for node in broken["nodes"]
            ]
    return found


def rules_broken(visitor: Visitor, look: Look) -> set[str]:
    return {line.split()[0] for line in violations(visitor, [look])}


PLANT = """document.querySelectorAll('.planted').forEach((old) => old.remove());
document.querySelector('.stMain').insertAdjacentHTML('beforeend',
  '<div class="planted"><img src=""><h5>Deep</h5></div>')"""


def test_a_picture_without_words_and_a_skipped_heading_are_found(visitor: Visitor) -> None:
    visitor.open("/", PAGES["/"])
    for look in LOOKS:
        visitor.page.evaluate(PLANT)
        wait_until(lambda look=look: rules_broken(visitor, look) == {"image-alt", "heading-order"})


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule(visitor: Visitor, path: str) -> None:
    visitor.open(path, PAGES[path])
    assert violations(visitor) == []


def test_an_answer_a_dare_that_was_met_and_the_last_drawings_break_no_rule(visitor: Visitor) -> None:
    visitor.open("/draw", PAGES["/draw"])
    visitor.main.get_by_text("See the network work").click()
    visitor.press("Another dare", "Confuse it.")
    visitor.press("Another dare", "Draw a 7 with a bar.")
    visitor.draw(SEVEN, text="Well done!")
    visitor.press("Clear", "Draw a digit: the answer")
    visitor.draw(SEVEN, text="% sure")
    expect(visitor.main.get_by_role("button", name=re.compile("^Show again: 7"))).to_be_visible()
    assert violations(visitor) == []


def test_a_run_breaks_no_rule_while_it_trains_pauses_and_has_ended(visitor: Visitor) -> None:
    visitor.start_endless_run()
    expect(visitor.main.locator('[data-stale="true"]')).to_have_count(0)
    assert violations(visitor, FAR_APART) == []
    visitor.press("Pause", "Paused")
    assert violations(visitor, FAR_APART) == []
    visitor.press("Stop", "Train again")
    assert violations(visitor, FAR_APART) == []


# What is outlined with focus: the element itself or, where it is hidden or small, what shows it.
OUTLINED = """() => {
  const outlined = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && element.offsetWidth >= 8;
  };
  const focused = document.activeElement;
  const chain = [];
  for (let at = focused; at && at !== document.body; at = at.parentElement) chain.push(at);
  return [chain.length ? focused.outerHTML.slice(0, 200) : "", chain.slice(0, 5).some(outlined)];
}"""


def test_focus_is_outlined_on_its_way_through_a_page(visitor: Visitor) -> None:
    visitor.page.emulate_media(forced_colors="active")
    visitor.open("/", PAGES["/"])
    focus_is_outlined(visitor)
    for title in ("Data", "Network", "Draw"):
        visitor.go_to(title)
        visitor.wait_until_idle(PAGES[f"/{title.lower()}"])
        focus_is_outlined(visitor)


def focus_is_outlined(visitor: Visitor) -> None:
    """Go through the page by the tabulator key from where the focus is."""
    stops: list[tuple[str, bool]] = []
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        visitor.page.evaluate(SETTLE)
        element, outlined = visitor.page.evaluate(OUTLINED)
        if not element:  # the browser's own controls have it
            break
        stops.append((element, outlined))
    assert len(stops) > 10
    assert [element for element, outlined in stops if not outlined] == []


def test_the_text_of_the_primary_link_can_be_read_with_focus_and_under_the_pointer(visitor: Visitor) -> None:
    visitor.open("/", PAGES["/"])
    link = visitor.main.locator(".st-key-primary_link a")
    for look in LOOKS[:2]:
        for act in (link.focus, link.hover):
            act()
            assert violations(visitor, [look]) == []
        visitor.page.mouse.move(0, 0)


def test_bars_and_progress_are_seen_in_forced_colours(visitor: Visitor) -> None:
    visitor.page.emulate_media(forced_colors="active")
    visitor.open("/draw", PAGES["/draw"])
    visitor.draw(SEVEN, text="sure")
    bar, track = visitor.main.locator(".dl-first .dl-fill"), visitor.main.locator(".dl-first .dl-track")
    paint = "element => getComputedStyle(element).backgroundColor"
    assert bar.evaluate(paint) != track.evaluate(paint)
    expect(track).to_have_css("outline-style", "solid")


def test_nothing_moves_when_the_canvas_arrives(visitor: Visitor) -> None:
    visitor.begin_each_page_with(
        """window.places = new Set();
        (function look() {
          const below = document.querySelector(".st-key-canvas_board button");
          const style = below && getComputedStyle(below).getPropertyValue("--dl-accent");
          if (style) places.add(below.getBoundingClientRect().top);
          requestAnimationFrame(look);
        })()"""
    )
    visitor.open("/draw", PAGES["/draw"])
    expect(visitor.main.locator(CANVAS).last).to_be_visible()
    places = visitor.page.evaluate("[...places]")
    # The canvas is 280 px high and more. Once, on a busy machine, something above the board moved it by 8.
    assert max(places) - min(places) < 16


def focused(visitor: Visitor) -> str:
    """Return the words of what has the focus."""
    return str(visitor.page.evaluate("document.activeElement.innerText"))


def press_by_key(visitor: Visitor, name: str) -> None:
    button = visitor.main.get_by_role("button", name=name).first
    expect(button).to_be_enabled()
    button.focus()
    visitor.page.keyboard.press("Enter")


def test_focus_stays_near_and_the_state_is_read_out_when_a_run_is_steered_by_keys(visitor: Visitor) -> None:
    visitor.start_endless_run()
    heard = visitor.page.locator(".dl-live")
    for button, state in (("Pause", "Paused"), ("Continue", "Training"), ("Stop", "Stopped")):
        press_by_key(visitor, button)
        expect(heard).to_have_text(state)
        visitor.page.wait_for_function("document.activeElement.closest('.stMain button, .stMain summary')")
        assert focused(visitor)
    expect(heard).to_have_count(1)


def test_focus_stays_near_and_the_answer_is_read_out_after_undo(visitor: Visitor) -> None:
    visitor.open("/draw", PAGES["/draw"])
    visitor.draw(SEVEN, text="sure")
    heard = visitor.page.locator(".dl-live")
    expect(heard).to_contain_text(re.compile("^7.*sure"))
    press_by_key(visitor, "Undo")
    expect(heard).to_contain_text("Draw a digit")
    visitor.page.wait_for_function("document.activeElement.closest('.stMain button')")
