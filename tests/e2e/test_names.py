"""Classes whose names are words, long or written from right to left: every page has room for them.

The data set and its model are made here; each page is looked at on a desktop and on a phone.
"""

import io

import numpy as np
import pytest

from mlcore import NetworkConfig, TrainingConfig, fit, load_dataset, save_model, split_dataset
from mlcore.datasets.dataset import Dataset
from tests.e2e.conftest import NewVisitor
from tests.e2e.steps import SEVEN, Visitor
from tests.mlcore.datasets.readers import data_files as make

LONG = "A shirt whose name goes on and on, beyond what any card, matrix or caption has room for, and further"
WORDS = sorted(
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", LONG, "حذاء رياضي", "Bag", "Ankle boot"]
)
DIGITS = load_dataset("digits-8x8")

BOXES = "elements => elements.map((element) => element.getBoundingClientRect().toJSON())"
WIDER_THAN_ITS_PLACE = """element => {
  const right = (part) => part.getBoundingClientRect().right;
  return [...element.querySelectorAll("*")].filter((part) => right(part) > right(element) + 1)
    .map((part) => part.outerHTML);
}"""


@pytest.fixture(scope="module")
def model_file() -> bytes:
    """A network that tells the words apart."""
    words = Dataset(DIGITS.images, DIGITS.labels, WORDS, "words")
    model = fit(
        split_dataset(words, 300),
        network=NetworkConfig(hidden_sizes=()),
        training=TrainingConfig(epochs=5, learning_rate=0.01),
    )
    file = io.BytesIO()
    save_model(model, file)
    return file.getvalue()


def bring(visitor: Visitor, name: str, content: bytes) -> None:
    payload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    visitor.main.locator("input[type=file]").first.set_input_files([payload])


def fits_the_screen(visitor: Visitor) -> None:
    """Assert that nothing makes the page wider than the screen."""
    assert visitor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_cards_charts_and_captions_have_room_for_names_of_any_kind(
    new_visitor: NewVisitor, model_file: bytes, phone: bool
) -> None:
    visitor = new_visitor(phone=phone)
    visitor.open("/data")
    visitor.main.get_by_text("Your own", exact=True).click()
    visitor.see("Drop files here")
    bring(visitor, "words.npz", make.npz(images=DIGITS.images, labels=np.array(WORDS)[DIGITS.labels]))
    visitor.main.get_by_role("heading", name="words").wait_for()
    visitor.wait_until_idle()
    fits_the_screen(visitor)
    captions = visitor.main.locator(".dl-picture figcaption")
    captions.first.wait_for()
    assert max(caption["height"] for caption in captions.evaluate_all(BOXES)) < 90

    visitor.go_to("Draw")
    visitor.main.get_by_text("Use a model file").click()
    bring(visitor, "words-model.npz", model_file)
    visitor.see("words-model")
    visitor.draw(SEVEN)
    visitor.main.locator(".dl-first").wait_for()
    visitor.wait_until_idle()
    assert visitor.main.locator(".dl-answer").evaluate(WIDER_THAN_ITS_PLACE) == []
    fits_the_screen(visitor)

    visitor.go_to("Evaluate")
    visitor.main.locator(".dl-plot svg.main-svg").first.wait_for()
    visitor.wait_until_idle()
    matrix = visitor.main.locator(".dl-plot .nsewdrag").first.bounding_box()
    assert matrix is not None
    assert min(matrix["width"], matrix["height"]) > 170, "the names leave room for the matrix"
    fits_the_screen(visitor)
