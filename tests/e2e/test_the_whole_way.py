"""The whole way of a visitor, from a data set to a drawn digit, on real MNIST, at a desk and on a phone.

What the tests of single pages prove one by one has to hold in a row.
"""

import re
from pathlib import Path

import numpy as np
import pytest

from mlcore import load_dataset, load_model
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.steps import SEVEN, TRAINING, Visitor


def choose_data(visitor: Visitor) -> None:
    visitor.open("/", "Teach a neural network")
    visitor.go_to("Data")
    visitor.see("60,000")
    dev = visitor.main.get_by_role("spinbutton", name="Dev set")
    expect(dev).to_have_value("1000")


def set_network(visitor: Visitor) -> None:
    visitor.go_to("Network")
    visitor.fill("Epochs", "2")
    visitor.see("101,770")


def train_to_the_end(visitor: Visitor) -> float:
    visitor.go_to("Train")
    visitor.see(re.compile("2 epochs"))
    visitor.press("Start")
    visitor.see("Finished", TRAINING)
    visitor.wait_until_idle("Best at epoch")
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text="Dev accuracy").first
    return float(metric.get_by_test_id("stMetricValue").inner_text().split()[0])


def look_into_a_cell(visitor: Visitor) -> None:
    visitor.go_to("Evaluate")
    visitor.wait_until_idle("1,000 images were classified correctly")
    visitor.choose("Guessed", "7")
    expect(visitor.page).to_have_url(re.compile("guessed=7"))
    visitor.choose("True", "7")
    expect(visitor.page).to_have_url(re.compile("true=7"))
    expect(visitor.main.get_by_alt_text(re.compile("a 7, classified correctly")).first).to_be_visible()


def answering(visitor: Visitor, model: str) -> None:
    choice = visitor.main.get_by_role("combobox", name="Model", exact=True)
    expect(choice).to_have_value(re.compile(model))


def draw_a_seven(visitor: Visitor, model: str) -> None:
    visitor.go_to("Draw")
    answering(visitor, model)
    visitor.draw(SEVEN)
    expect(visitor.main.locator(".dl-guess")).to_have_text("7")


def take_home(visitor: Visitor, folder: Path) -> Path:
    visitor.go_to("Train")
    download = visitor.download("Trained model (.npz)")
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_from_a_data_set_to_a_drawn_digit_and_home_again(
    new_visitor: NewVisitor, tmp_path: Path, phone: bool
) -> None:
    visitor = new_visitor(phone=phone)
    choose_data(visitor)
    set_network(visitor)
    assert train_to_the_end(visitor) > 90
    look_into_a_cell(visitor)
    draw_a_seven(visitor, "Your own run")
    path = take_home(visitor, tmp_path)

    other = new_visitor(phone=phone)
    other.open("/draw")
    other.main.get_by_text("Use a model file").click()
    other.main.locator("input[type=file]").last.set_input_files(path)
    answering(other, re.escape(path.stem))
    other.draw(SEVEN)
    expect(other.main.locator(".dl-guess")).to_have_text("7")

    images = load_dataset("mnist-test").images[:500]
    first, second = load_model(path), load_model(path.read_bytes())
    assert np.array_equal(first.predict_probabilities(images), second.predict_probabilities(images))
    assert first.card["train_size"] == 59_000
