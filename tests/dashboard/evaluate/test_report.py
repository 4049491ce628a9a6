"""The report of an evaluation: sentences first, figures and pictures inside, nothing from elsewhere."""

import re

import numpy as np
import pytest

from dashboard.evaluate.report import MOST_MISTAKES, evaluation_report
from dashboard.evaluate.several import Answerer
from mlcore import Dataset, Evaluation, Slice, TrainingConfig, evaluate, fit, load_dataset, split_dataset

TRAP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def digits() -> Dataset:
    digits = load_dataset("digits-8x8")
    return Dataset(digits.images, digits.labels, (TRAP, *digits.class_names[1:]), TRAP)


@pytest.fixture(scope="module")
def found(digits: Dataset) -> Evaluation:
    model = fit(split_dataset(digits, 300), training=TrainingConfig(epochs=5), progress=False)
    return evaluate(model, digits)


@pytest.fixture(scope="module")
def report(digits: Dataset, found: Evaluation) -> str:
    zeros = Slice.of(digits, np.flatnonzero(digits.labels == 0), TRAP, "labelled 0")
    return evaluation_report("My network on all digits.", digits, Answerer(TRAP, found), [zeros])


def test_the_report_says_in_sentences_what_was_found(report: str, found: Evaluation) -> None:
    body = report[report.index("<body>") :]
    assert body.index("My network on all digits.") < body.index("<h2>")
    assert f"{found.right:,} of 1,797 images were classified correctly." in body
    true, guessed = found.confusions()[0]
    assert f"<p>Confused most often: {found.matrix[true, guessed]}" in body
    assert "It answers " in body
    assert f"differ by {100 * found.calibration.error:.2f} percentage points" in body


def test_everything_is_inside(report: str, found: Evaluation) -> None:
    assert report.count('class="plotly-graph-div"') == 3
    assert not re.search(r'<(script|img|link)[^>]* (src|href)="(?!data:)', report)
    assert report.count("<figure") == min(MOST_MISTAKES, found.wrong)
    assert report.count('<th scope="row">') == 10 + 2


def test_names_from_elsewhere_are_shown_as_text(report: str) -> None:
    assert TRAP not in report
    assert "&lt;script&gt;alert(1)" in report
