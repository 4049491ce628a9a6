"""The page Evaluate in a real browser: every way into a cell of the matrix shows the right images.

What needs no browser is in `tests/pages/test_evaluate.py`.
"""

import io
import re
from functools import cache

import numpy as np
import pytest

from dashboard.models.answers import IMAGES_A_PAGE
from dashboard.shipped import MODELS
from mlcore import (
    Model,
    NetworkConfig,
    Preparation,
    confusion_matrix,
    load_dataset,
    load_model,
    most_confident_mistakes,
    save_model,
)
from mlcore.evaluation import UNSURE
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor, box_at_rest

N = 10
MATRIX = '[data-key="confusions"]'


@cache
def answers() -> tuple[np.ndarray, np.ndarray]:
    """Return labels and probabilities of the test images, asked directly."""
    test = load_dataset("mnist-test")
    return test.labels, load_model(MODELS / "mnist.npz").predict_probabilities(test.images)


@cache
def cells() -> list[tuple[int, int]]:
    """Return the cells off the diagonal, the fullest first."""
    labels, probabilities = answers()
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), N)
    np.fill_diagonal(matrix, 0)
    order = np.argsort(-matrix, axis=None, kind="stable")
    return [divmod(int(place), N) for place in order[: np.count_nonzero(matrix)]]


def surest_first(true: int, guessed: int) -> list[int]:
    """Return the images of a cell in the order in which they are shown."""
    labels, probabilities = answers()
    members = np.flatnonzero((labels == true) & (probabilities.argmax(axis=1) == guessed))
    return members[np.argsort(-probabilities[members, guessed], kind="stable")].tolist()


def expect_images(visitor: Visitor, grid: int, expected: list[int]) -> None:
    """Wait until a grid shows these images in this order: 0 is the cell's, 1 that of the mistakes."""
    visitor.page.wait_for_function(
        """([grid, expected]) => {
          const pictures = document.querySelectorAll(".dl-grid")[grid]?.querySelectorAll("img") ?? [];
          const numbers = [...pictures].map((picture) => /Image ([\\d,]+):/.exec(picture.alt)[1]);
          return String(numbers.map((number) => number.replaceAll(",", "") - 1)) === String(expected);
        }""",
        arg=[grid, expected],
    )


def expect_cell(visitor: Visitor, true: int, guessed: int) -> None:
    verb = (
        f"of {true} were classified correctly"
        if true == guessed
        else f"of {true} were classified as {guessed}"
    )
    visitor.see(re.compile(verb))
    expect(visitor.main.locator(MATRIX)).to_have_attribute("data-chosen", f"{true},{guessed}")
    expect(visitor.page).to_have_url(re.compile(f"true={true}&guessed={guessed}"))
    expect_images(visitor, 0, surest_first(true, guessed)[:IMAGES_A_PAGE])


def open_test_set(visitor: Visitor) -> None:
    visitor.open("/evaluate?set=test", "of 10,000 images were classified correctly")
    expect(visitor.main.locator(f"{MATRIX} .heatmaplayer")).to_be_attached()
    visitor.wait_until_idle()


def place_of(visitor: Visitor, true: int, guessed: int) -> tuple[float, float]:
    """Return the middle of a cell on the screen."""
    box = box_at_rest(visitor.main.locator(f"{MATRIX} .nsewdrag"))
    return box["x"] + box["width"] * (guessed + 0.5) / N, box["y"] + box["height"] * (true + 0.5) / N


def test_a_click_on_a_cell_shows_its_images_each_time_and_back_those_before(visitor: Visitor) -> None:
    open_test_set(visitor)
    one, other = cells()[1:3]
    for cell in (one, other, one, (4, 4)):
        visitor.page.mouse.click(*place_of(visitor, *cell))
        expect_cell(visitor, *cell)
    visitor.page.go_back()
    expect_cell(visitor, *one)


def test_the_gallery_is_sorted_filtered_and_turned_and_the_threshold_moved(visitor: Visitor) -> None:
    open_test_set(visitor)
    labels, probabilities = answers()
    of_label = probabilities[np.arange(len(labels)), labels]
    by_loss = np.argsort(of_label, kind="stable")
    wrong = probabilities.argmax(axis=1) != labels
    visitor.choose("Order", "Highest loss first")
    expect_images(visitor, 1, by_loss[wrong[by_loss]][:IMAGES_A_PAGE].tolist())
    visitor.main.get_by_role("radio", name="Unsure", exact=True).click()
    sure = probabilities.max(axis=1)
    unsure = by_loss[sure[by_loss] < UNSURE]
    expect_images(visitor, 1, unsure[:IMAGES_A_PAGE].tolist())
    pages = visitor.main.get_by_test_id("stPagination")
    pages.last.get_by_role("button", name="Page 2", exact=True).click()
    expect_images(visitor, 1, unsure[IMAGES_A_PAGE : 2 * IMAGES_A_PAGE].tolist())
    visitor.main.get_by_role("radio", name="Confidence", exact=True).click()
    visitor.main.get_by_role("slider", name=re.compile("at least this sure")).focus()
    visitor.page.keyboard.press("End")
    visitor.see(re.compile(f"^It answers {(sure >= np.float32(0.999)).sum():,} of 10,000 images"))


def expect_open(visitor: Visitor, position: int) -> None:
    """Wait until this image is open, with what the model answers."""
    labels, probabilities = answers()
    words = f"Image {position + 1:,} of MNIST test images, labelled {labels[position]}. "
    guess = probabilities[position].argmax()
    words += "The model reads it correctly" if guess == labels[position] else f"The model reads {guess}"
    expect(visitor.page.get_by_role("dialog").get_by_text(re.compile(f"^{words}"))).to_be_visible()


def test_an_image_is_opened_by_mouse_and_keyboard_and_sent_to_draw(visitor: Visitor) -> None:
    open_test_set(visitor)
    labels, probabilities = answers()
    mistakes = most_confident_mistakes(labels, probabilities).tolist()
    pictures = visitor.main.locator(".dl-grid").nth(1).locator(".dl-open")
    pictures.first.click()
    expect_open(visitor, mistakes[0])
    visitor.page.keyboard.press("ArrowRight")
    expect_open(visitor, mistakes[1])
    visitor.page.get_by_role("dialog").get_by_role("button", name="Previous").click()
    expect_open(visitor, mistakes[0])
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.get_by_role("dialog")).to_have_count(0)
    pictures.nth(2).focus()
    visitor.page.keyboard.press("Enter")
    expect_open(visitor, mistakes[2])
    visitor.page.get_by_role("button", name="Send to Draw").click()
    visitor.wait_until_idle(re.compile(f"Image {mistakes[2] + 1:,} of MNIST test images"))
    expect(visitor.main.locator(".dl-guess").first).to_have_text(str(probabilities[mistakes[2]].argmax()))


def test_a_tap_on_a_cell_shows_its_images_each_time(phone_visitor: Visitor) -> None:
    open_test_set(phone_visitor)
    one, other = cells()[1:3]
    for cell in (one, other, one):
        phone_visitor.page.touchscreen.tap(*place_of(phone_visitor, *cell))
        expect_cell(phone_visitor, *cell)
    phone_visitor.main.locator(".dl-open").first.tap()
    expect_open(phone_visitor, surest_first(*one)[0])


def test_the_arrow_keys_go_from_cell_to_cell_and_stop_at_the_edge(visitor: Visitor) -> None:
    visitor.open("/evaluate?set=test&true=0&guessed=5", "of 10,000 images were classified correctly")
    expect(visitor.main.locator(f"{MATRIX} .heatmaplayer")).to_be_attached()
    visitor.main.locator(MATRIX).focus()
    for key in ("ArrowUp", "ArrowDown", "ArrowDown", "ArrowRight"):
        visitor.page.keyboard.press(key)
    expect_cell(visitor, 2, 6)
    expect(visitor.main.locator(MATRIX)).to_have_attribute(
        "aria-label", re.compile("of 2 were classified as 6")
    )


def test_the_lists_and_by_the_keyboard_the_most_confused_pairs_lead_to_a_cell(visitor: Visitor) -> None:
    open_test_set(visitor)
    visitor.choose("True", "7")
    visitor.choose("Guessed", "2")
    expect_cell(visitor, 7, 2)
    true, guessed = cells()[1]
    assert (true, guessed) != (7, 2)
    pair = visitor.main.get_by_role("radio", name=re.compile(f"^{true} → {guessed}")).or_(
        visitor.main.get_by_role("button", name=re.compile(f"^{true} → {guessed}"))
    )
    pair.first.focus()
    visitor.page.keyboard.press("Enter")
    expect_cell(visitor, true, guessed)


def test_a_link_shows_its_cell_to_somebody_else_and_a_full_cell_is_turned_page_by_page(
    visitor: Visitor,
) -> None:
    true, guessed = cells()[3]
    visitor.open(
        f"/evaluate?set=test&true={true}&guessed={guessed}", "of 10,000 images were classified correctly"
    )
    expect_cell(visitor, true, guessed)
    visitor.choose("True", "1")
    visitor.choose("Guessed", "1")
    expect_cell(visitor, 1, 1)
    members = surest_first(1, 1)
    visitor.main.get_by_test_id("stPagination").first.get_by_role("button", name="Page 2", exact=True).click()
    expect_images(visitor, 0, members[IMAGES_A_PAGE : 2 * IMAGES_A_PAGE])


def test_the_mistakes_come_the_most_confident_first_with_class_guess_and_probability(
    visitor: Visitor,
) -> None:
    open_test_set(visitor)
    labels, probabilities = answers()
    mistakes = most_confident_mistakes(labels, probabilities).tolist()[:IMAGES_A_PAGE]
    expect_images(visitor, 1, mistakes)
    captions = visitor.main.locator(".dl-grid").nth(1).locator("figcaption").all_inner_texts()
    for position, caption in zip(mistakes, captions, strict=True):
        assert caption.startswith(f"{labels[position]} → {probabilities[position].argmax()}\n")
        assert caption.removesuffix("\ndisputed").endswith(" %")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_the_page_fits_the_screen_in_light_and_dark(new_visitor: NewVisitor, phone: bool) -> None:
    visitor = new_visitor(phone=phone)
    open_test_set(visitor)
    for dark in (False, True):
        visitor.prefer(dark=dark)
        visitor.wait_until_idle()
        width = visitor.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert width <= 0
        counts = visitor.main.locator(f"{MATRIX} .heatmaplayer text")
        expect(counts.first).to_be_visible()
    as_buttons = visitor.main.get_by_role("radiogroup", name="Look at")
    as_list = visitor.main.get_by_role("combobox", name=re.compile("Look at"))
    expect(as_list if phone else as_buttons).to_be_visible()
    expect(as_buttons if phone else as_list).to_have_count(0)


def test_a_model_that_does_not_fit_the_data_is_told_of_with_a_way_on(visitor: Visitor) -> None:
    visitor.open("/data?data=digits-8x8", "1,797")
    visitor.go_to("Evaluate")
    visitor.see(re.compile("28×28 pixels, but those of the data set have 8×8"))
    expect(visitor.main.get_by_role("combobox", name=re.compile("Model"))).to_be_visible()
    visitor.main.get_by_test_id("stPageLink").filter(has_text="Data").get_by_role("link").click()
    visitor.see("1,797")


def test_a_model_file_that_does_not_fit_leaves_the_list_to_choose_another(visitor: Visitor) -> None:
    small = Model(NetworkConfig(hidden_sizes=()), Preparation((8, 8)), tuple("ab"), np.zeros(130, np.float32))
    file = io.BytesIO()
    save_model(small, file)
    visitor.open("/draw", "Draw a digit")
    visitor.main.get_by_text("Use a model file").click()
    visitor.main.locator("input[type=file]").first.set_input_files(
        {"name": "small.npz", "mimeType": "application/zip", "buffer": file.getvalue()}
    )
    chosen = visitor.main.get_by_role("combobox", name=re.compile("Model"))
    expect(chosen).to_have_value("small.npz")
    visitor.go_to("Evaluate")
    visitor.see(re.compile("8×8 pixels, but those of the data set have 28×28"))
    visitor.choose("Model", re.compile("^MNIST"))
    visitor.wait_until_idle("images were classified correctly")


def test_the_robustness_is_computed_beside_the_page_and_each_distortion_has_its_pictures(
    visitor: Visitor,
) -> None:
    weights = np.random.default_rng(0).standard_normal(7850).astype(np.float32)  # quick, and mostly wrong
    file = io.BytesIO()
    save_model(
        Model(NetworkConfig(hidden_sizes=()), Preparation((28, 28)), tuple("0123456789"), weights), file
    )
    visitor.open("/evaluate?look=robustness", "Images are turned, moved")
    visitor.main.get_by_text("Use a model file").click()
    visitor.main.locator("input[type=file]").first.set_input_files(
        {"name": "quick.npz", "mimeType": "application/zip", "buffer": file.getvalue()}
    )
    expect(visitor.main.get_by_role("combobox", name=re.compile("Model"))).to_have_value("quick.npz")
    visitor.press("Measure the robustness")
    visitor.see(re.compile(r"Turned by \d+°, \d+ of 100 images are read correctly"))
    grid = visitor.main.locator(".dl-grid").last
    expect(grid.locator("img")).to_have_count(9)
    visitor.main.get_by_text("Noise", exact=True).click()
    visitor.see(re.compile(r"With noise of \d+ % of full ink"))
    expect(grid.locator("img")).to_have_count(7)
    expect(grid.locator("img").last).to_have_attribute(
        "alt", re.compile(r"A \d, Noise 80 %: classified as \d")
    )
