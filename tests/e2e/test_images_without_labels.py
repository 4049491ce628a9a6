"""A file without labels in a real browser: dropped, answered, downloaded, and checked row by row."""

import csv
import io
from pathlib import Path

from playwright.sync_api import FilePayload

from dashboard.shipped import MODELS
from mlcore import load_dataset, load_model
from tests.e2e.steps import Visitor
from tests.e2e.test_accessibility import FAR_APART, violations
from tests.mlcore.datasets.readers import data_files as make

N = 300


def test_kaggles_test_table_is_answered_and_handed_in_as_it_should_be(visitor: Visitor) -> None:
    images = load_dataset("mnist-test").images[:N]
    file = hand_in_file(make.unlabelled_csv(images).encode())

    visitor.open("/data", "Your own")
    visitor.page.get_by_text("Your own", exact=True).click()
    visitor.see("Drop files here")
    visitor.main.locator("input[type=file]").set_input_files(file)
    visitor.see("“Images without labels” on the Evaluate page")

    bring_unlabelled(visitor, file)
    visitor.see("300 images, the least certain first.")

    broken = {line.split()[0] for line in violations(visitor, FAR_APART)}
    assert broken <= {"presentation-role-conflict"}  # Streamlit's own, in each uploader

    model = load_model(MODELS / "mnist.npz")
    answers = [str(guess) for guess in model.predict(images)]
    rows = downloaded(visitor, "Download submission.csv", "submission.csv")
    assert rows == [["ImageId", "Label"], *([str(k), answer] for k, answer in enumerate(answers, 1))]
    rows = downloaded(visitor, "With probabilities", "probabilities.csv")
    assert rows[0] == ["ImageId", "Label", *"0123456789"]
    assert [row[1] for row in rows[1:]] == answers


def hand_in_file(table: bytes) -> FilePayload:
    """Return a table of images without labels as a file that a visitor drops."""
    return {"name": "test.csv", "mimeType": "text/csv", "buffer": table}


def bring_unlabelled(visitor: Visitor, file: FilePayload) -> None:
    """Drop a file of images without labels on the Evaluate page."""
    visitor.go_to("Evaluate")
    visitor.main.get_by_text("Images without labels", exact=True).click()
    visitor.wait_until_idle("Drop images without labels here")
    visitor.main.locator("input[type=file]").last.set_input_files(file)  # the first is for a model


def downloaded(visitor: Visitor, button: str, name: str) -> list[list[str]]:
    """Press a button and return the rows of the table that it downloads."""
    download = visitor.download(button)
    assert download.suggested_filename == name
    return list(csv.reader(io.StringIO(Path(download.path()).read_text("utf-8"))))
