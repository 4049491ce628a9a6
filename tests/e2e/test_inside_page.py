"""The page Inside in a real browser: an image is followed, a bug turns the light red, and time travel.

What needs no browser is in `tests/pages/test_inside.py`.
"""

import re

from playwright.sync_api import Browser

from dashboard.shipped import MODELS
from dashboard.ui import flipbook
from mlcore import LabChanges, change_model, contributions, load_dataset, load_model, packed_bytes
from mlcore.study.lab import left_weights
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor, box_at_rest

SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]


def test_another_image_is_followed_and_a_bug_turns_the_light_red(visitor: Visitor) -> None:
    visitor.open("/inside?look=image", "nothing is left over")
    visitor.fill("Number in the data set", "7")
    model, image = load_model(MODELS / "mnist.npz"), load_dataset("mnist").images[7]
    found = contributions(model, image, int(model.predict(image[None])[0]))
    visitor.see(f"is {found.logit:.3f}: the pixels add {found.pixels.sum():+.3f}")
    visitor.main.get_by_text("One step", exact=True).click()
    visitor.choose("True class", "8")
    visitor.see("Green: the formulas agree")
    visitor.choose("Switch a known bug on", re.compile("Bias gradients summed"))
    visitor.see("Red: the gradient is wrong in")


def test_time_travel_shows_each_moment_of_a_run_by_the_arrow_keys(visitor: Visitor) -> None:
    visitor.open("/train?data=digits-8x8&settings=1~hidden_sizes-16~epochs-4")
    visitor.press("Start")
    visitor.see_curves()
    visitor.see("Finished")
    visitor.go_to("Draw")
    visitor.draw(SEVEN, text="sure")
    visitor.go_to("Inside")
    visitor.main.get_by_text("Time travel", exact=True).click()
    slider = visitor.main.get_by_role("slider", name="Moment of the training")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^epoch 4:"))
    expect(visitor.main.locator(".dl-flip .dl-bars li")).to_have_count(10)
    expect(slider).to_have_attribute("max", re.compile("[3-9]"))
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^epoch 3:"))
    words = re.fullmatch(
        r"epoch 3: ([\d.]+) % of (\d+) dev images right", str(slider.get_attribute("aria-valuetext"))
    )
    assert words is not None
    rows = visitor.main.locator(".dl-matrix tr").all()[1:]
    cells = [[int(text or 0) for text in row.locator("td").all_inner_texts()] for row in rows]
    right = sum(cells[k][k] for k in range(10))
    assert sum(map(sum, cells)) == int(words[2])
    assert f"{100 * right / int(words[2]):.1f}" == words[1]


def test_weights_are_pruned_by_keyboard_and_kept_and_a_line_on_the_map_shows_images(visitor: Visitor) -> None:
    visitor.open("/inside?look=lab", "Change the network")
    visitor.main.get_by_role("slider", name="Prune the smallest weights").press("End")
    pruned = change_model(load_model(MODELS / "mnist.npz"), LabChanges(pruned=0.99))
    visitor.see(f"{left_weights(pruned):,}")
    visitor.press("Keep as a separate model")
    visitor.see("You find it in the lists of models")
    visitor.choose("Model", "Changed in the lab")
    visitor.see(f"{left_weights(pruned):,}")
    visitor.main.get_by_text("Map", exact=True).click()
    box = box_at_rest(visitor.main.locator("[data-key=inside_map] .nsewdrag"))
    mouse, corners = (
        visitor.page.mouse,
        [(0.01, 0.01), (0.99, 0.01), (0.99, 0.99), (0.01, 0.99), (0.01, 0.02)],
    )
    for number, (x, y) in enumerate(corners):
        mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=4)
        if number == 0:
            mouse.down()
    mouse.up()
    n = re.search(r"([\d,]+) dev images", visitor.main.inner_text())
    assert n is not None
    visitor.see(f"{n[1]} images, ")
    expect(visitor.main.locator(".dl-gallery img")).to_have_count(60)
    pressed = visitor.main.locator(".dl-gallery button").nth(4)
    name = str(pressed.locator("img").get_attribute("alt")).split(":")[0]
    pressed.click()
    expect(visitor.page.get_by_role("dialog")).to_contain_text(f"{name} of MNIST, labelled")


def test_on_a_phone_the_results_of_the_lab_bench_stay_in_sight_beside_its_last_control(
    phone_visitor: Visitor,
) -> None:
    phone_visitor.open("/inside?look=lab", "Change the network")
    strip = phone_visitor.main.locator(".st-key-lab_strip")
    phone_visitor.main.get_by_role("slider", name="Temperature").press("End")
    expect(phone_visitor.main.get_by_role("button", name="Undo all changes")).to_be_in_viewport()
    expect(strip).to_be_in_viewport(ratio=1)
    phone_visitor.main.get_by_role("slider", name="Prune the smallest weights").press("End")
    pruned = change_model(load_model(MODELS / "mnist.npz"), LabChanges(pruned=0.99))
    expect(strip).to_contain_text(f"{packed_bytes(pruned, 32) / 1000:,.1f} kB")
    expect(strip).to_contain_text("accuracy (-")


def test_a_book_that_grows_stays_open_where_it_was_opened(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(flipbook._HTML)
    page.add_script_tag(type="module", content=flipbook._JS.replace("export default", "window.draw ="))

    def show(names: str, subject: str = "a run") -> None:
        pages = [{"name": name, "label": f"page {name}", "panels": [f"<b>{name}</b>"]} for name in names]
        data = {"label": "Moment", "titles": ["One"], "pages": pages, "subject": subject, "play": "Play"}
        page.evaluate("(data) => void window.draw({ data, parentElement: document })", data)

    shown = page.locator(".dl-flip-panels b")
    show("abc")
    expect(shown).to_have_text("c")
    show("abcd")
    expect(shown).to_have_text("d")  # nobody has opened it elsewhere
    page.get_by_role("slider").press("Home")
    page.get_by_role("slider").press("ArrowRight")
    show("abcdef")
    expect(shown).to_have_text("b")
    expect(page.get_by_role("slider")).to_have_js_property("value", "1")
    show("acdef")  # the page itself is gone
    expect(shown).to_have_text("c")
    show("xy", "another run")
    expect(shown).to_have_text("y")
    page.get_by_role("button").click()  # from the last page it begins with the first one
    expect(shown).to_have_text("x")
    expect(shown).to_have_text("y")
    expect(page.get_by_role("button")).to_have_text("Play")
    page.close()
