"""A visitor teaches the network their hand: drawings get names, go into a file and come back."""

from pathlib import Path

import numpy as np

from dashboard.draw.hand import my_drawing, pack
from dashboard.models.drawn import SIZE
from mlcore import NetworkConfig, TrainingConfig, TrainingRun, load_dataset, save_model, split_dataset, train
from mlcore.images.strokes import Stroke
from tests.e2e.expecting import expect
from tests.e2e.steps import SEVEN, Visitor

ONE = ((0.5, 0.2), (0.5, 0.8))


def test_drawings_get_names_and_outlive_a_reload_and_a_file(visitor: Visitor, tmp_path: Path) -> None:
    visitor.open("/draw")
    visitor.main.get_by_text("Teach it my hand").click()
    kept = visitor.main.locator('[class*="st-key-hand_chosen_"] button')
    for number, (stroke, name) in enumerate([(ONE, "1"), (SEVEN, "9")]):
        visitor.draw(stroke)
        visitor.main.get_by_role("radio", name=name, exact=True).click()
        expect(kept).to_have_count(number + 1)
        expect(visitor.main.locator(".dl-guess")).to_have_text("?")
    visitor.reload("Drawings kept: 2")
    visitor.main.get_by_role("button", name="File", exact=False).last.click()
    pack = tmp_path / "mine.zip"
    visitor.download("Download my drawings (.zip)").save_as(pack)
    visitor.page.keyboard.press("Escape")
    kept.last.click()
    visitor.press("Remove the chosen ones (1)", "Drawings kept: 1")
    visitor.main.get_by_role("button", name="File", exact=False).last.click()
    visitor.page.locator('.st-key-hand_file input[type="file"]').set_input_files(pack)
    expect(kept).to_have_count(2)


CARET = ((0.25, 0.8), (0.5, 0.2), (0.75, 0.8))  # as some people write a 1


def carets(number: int) -> bytes:
    """Return a file of so many drawings of a caret, each moved a little, that are named 1."""
    random = np.random.default_rng(0)
    lines = np.array(CARET) * SIZE + random.uniform(-12, 12, (number, len(CARET), 2))
    return pack([my_drawing("1", [Stroke(tuple(map(tuple, line.tolist())), 20.0)]) for line in lines])


def small_network(folder: Path) -> Path:
    """Save a network that learns a hand within a second."""
    run = TrainingRun(NetworkConfig(hidden_sizes=(16,)), TrainingConfig(iterations=100))
    for _record in train(run, split_dataset(load_dataset("mnist"), 1000, 0)):
        pass
    save_model(run.model(), folder / "small.npz")
    return folder / "small.npz"


def test_what_was_misread_is_corrected_learned_and_read(visitor: Visitor, tmp_path: Path) -> None:
    guess = visitor.main.locator(".dl-guess")
    visitor.open("/draw")
    visitor.main.get_by_text("Use a model file").click()
    visitor.main.locator('.st-key-draw_model_file input[type="file"]').set_input_files(
        small_network(tmp_path)
    )
    visitor.wait_until_idle("small")
    visitor.main.get_by_text("Teach it my hand").click()
    visitor.draw(CARET, text="Second guess")
    expect(guess).not_to_have_text("1")
    visitor.main.get_by_role("radio", name="1", exact=True).click()
    visitor.see("Drawings kept: 1 ")
    visitor.main.get_by_role("button", name="File", exact=False).last.click()
    drawings = {"name": "mine.zip", "mimeType": "application/zip", "buffer": carets(11)}
    visitor.page.locator('.st-key-hand_file input[type="file"]').set_input_files(drawings)
    visitor.see("Drawings kept: 12 ")
    visitor.page.keyboard.press("Escape")
    visitor.press("Learn my hand", "What it learned")
    visitor.press("Keep what it learned")
    expect(visitor.main.get_by_text("What it learned")).to_have_count(0)
    visitor.wait_until_idle()
    visitor.draw(CARET, text="Second guess")
    expect(guess).to_have_text("1")
