"""The check of a data set in a real browser: it comes by itself, and copies are looked at and left out."""

import re

import numpy as np

from mlcore import load_dataset
from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor
from tests.e2e.test_accessibility import FAR_APART, violations
from tests.mlcore.datasets.readers import data_files as make


def test_copies_are_found_looked_at_left_out_and_put_back(visitor: Visitor) -> None:
    digits = load_dataset("digits-8x8").take(slice(0, 300))
    twice = {"images": np.tile(digits.images, (2, 1, 1)), "labels": np.tile(digits.labels, 2)}
    visitor.open("/data?data=digits-8x8", "No problems found")

    visitor.main.get_by_text("Your own", exact=True).click()
    visitor.main.locator("input[type=file]").set_input_files(
        {"name": "twice.npz", "mimeType": "application/octet-stream", "buffer": make.npz(**twice)}
    )
    visitor.see(re.compile("Exact copies – 300 of 600 images; [0-9]+ of 120 in the dev set have a copy"))
    visitor.main.get_by_text("Show", exact=True).click()
    expect(visitor.main.locator(".dl-grid").nth(2).locator("li")).to_have_count(60)

    broken = {line.split()[0] for line in violations(visitor, FAR_APART)}
    assert broken <= {"presentation-role-conflict"}  # Streamlit's own, in each uploader

    visitor.press("Leave out", "300 left out")
    expect(visitor.main.get_by_test_id("stMetric").filter(has_text="Images")).to_contain_text("300")
    visitor.press("Put back", "300 of 600 images")
    expect(visitor.main.get_by_test_id("stMetric").filter(has_text="Images")).to_contain_text("600")
