"""A stranger's first minute: what moves on Home, a drawing, a dare, and an own network that answers it.

Each page leads on to the next by a link of its own, without the menu.
"""

import re

from mlcore import RECIPES
from tests.e2e.expecting import expect
from tests.e2e.steps import TRAINING, Stroke, Visitor

THREE: Stroke = (
    *((0.3, 0.26), (0.4, 0.17), (0.56, 0.16), (0.66, 0.26), (0.61, 0.4), (0.46, 0.47)),
    *((0.63, 0.51), (0.71, 0.66), (0.61, 0.81), (0.44, 0.86), (0.29, 0.77)),
)
OPEN_FOUR: tuple[Stroke, Stroke] = (
    ((0.32, 0.18), (0.28, 0.5), (0.68, 0.5)),
    ((0.66, 0.25), (0.62, 0.85)),
)
PROGRESS = """() => document.querySelector(".dl-show").getAnimations({ subtree: true })
  .map((animation) => [animation.playState, animation.currentTime])"""


def test_what_moves_on_home_can_be_paused_and_leaves_everything_in_its_place(visitor: Visitor) -> None:
    visitor.begin_each_page_with(
        """window.places = new Set();
        (function look() {
          const below = document.querySelector(".st-key-steps");
          const style = below && getComputedStyle(below).getPropertyValue("--dl-accent");
          if (style) places.add(Math.round(below.getBoundingClientRect().top));
          requestAnimationFrame(look);
        })()"""
    )
    visitor.open("/")
    expect(visitor.main.get_by_role("img", name="Digits are drawn stroke by stroke")).to_be_visible()
    visitor.page.wait_for_function(f"({PROGRESS})().some(([state, time]) => time > 500)")
    assert len(visitor.page.evaluate("[...places]")) == 1
    pause = visitor.main.get_by_label("Pause")
    pause.focus()
    visitor.page.keyboard.press("Space")
    expect(pause).to_be_checked()
    assert {state for state, _time in visitor.page.evaluate(PROGRESS)} == {"paused"}
    visitor.page.emulate_media(reduced_motion="reduce")
    assert visitor.page.evaluate(PROGRESS) == []
    visitor.page.set_viewport_size({"width": 360, "height": 640})
    assert visitor.main.locator(".dl-show").evaluate("show => show.scrollWidth <= show.clientWidth")
    expect(visitor.main.locator(".dl-show b:visible", has_text="3")).to_have_css("opacity", "1")


def test_a_stranger_draws_takes_a_dare_and_is_answered_by_a_network_of_ones_own(visitor: Visitor) -> None:
    guess, words = visitor.main.locator(".dl-guess"), visitor.main.locator(".dl-dare")
    visitor.open("/", "Digit Lab")
    visitor.main.get_by_role("link", name="Draw a digit").click()
    visitor.wait_until_idle("Draw a 4 with an open top.")
    visitor.draw(THREE)
    expect(guess).to_have_text("3")
    expect(words).to_contain_text("Dares met: 0 of 8")

    visitor.press("Clear")
    visitor.draw(*OPEN_FOUR)
    expect(words).to_contain_text("Well done! Dares met: 1 of 8")
    expect(visitor.page.locator(".dl-live")).to_contain_text("Well done!")
    visitor.press(re.compile("^Show again: 3"))
    expect(guess).to_have_text("3")

    visitor.main.get_by_role("link", name="Train your own").click()
    visitor.main.get_by_role("link", name="Next: Network").click()
    visitor.choose("Recipe", RECIPES["tenths-of-a-second"].label)
    visitor.main.get_by_role("link", name="Next: Train").click()
    visitor.press("Start")
    visitor.see("Finished", TRAINING)
    visitor.press("Draw a digit for it")
    visitor.see("Your own network now reads your drawing.")
    expect(visitor.main.get_by_role("combobox", name="Model", exact=True)).to_have_value(
        re.compile("^Your own run")
    )
    expect(guess).to_have_text("3")
    visitor.see("The pre-trained network says 3")
