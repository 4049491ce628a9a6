"""Files that visitors bring in a browser: what they hold is shown, a bad one gets its sentence.

All formats and bad files are brought in `tests/pages/test_files.py`.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload

from tests.e2e.expecting import expect
from tests.e2e.steps import Visitor
from tests.pages.files import BAD, FIRST, FORMATS, PAIR, SECOND, TABLE, Files

SOME_FORMATS = (
    "a table with a header",
    "an IDX pair packed by gzip",
    "pictures in folders",
    "images that are not square",
)
SOME_BAD = ("truncated IDX", "text in a pixel column", "pictures that are none", "two formats at once")
"""One of each kind of way; all of them are brought without a browser in tests/pages/test_files.py."""


def begin(visitor: Visitor) -> None:
    visitor.open("/data", "60,000")
    visitor.main.get_by_text("Your own").click()
    expect(visitor.main.locator("input[type=file]")).to_be_attached()


def bring(visitor: Visitor, files: Files) -> None:
    chooser = visitor.main.locator("input[type=file]")
    expect(chooser).to_have_count(1)
    expect(visitor.main.get_by_text("Checking the images")).to_have_count(0)  # the page runs again then
    visitor.wait_until_idle()
    payloads = [
        FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
        for name, content in files.items()
    ]
    chooser.set_input_files(payloads)


def take_back(visitor: Visitor, files: Files) -> None:
    remove = visitor.main.get_by_role("button", name=re.compile("^Remove"))
    for left in range(len(files) - 1, -1, -1):
        remove.first.click()
        expect(remove).to_have_count(left)
    expect(visitor.main.get_by_test_id("stAlert")).to_have_count(0)


def in_use(visitor: Visitor, name: str, count: str) -> None:
    expect(visitor.main.get_by_role("heading", name=name, exact=True)).to_be_visible()
    metric = visitor.main.get_by_test_id("stMetric").filter(has_text="Images").first
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(count)


def test_files_of_each_kind_are_read_and_shown(visitor: Visitor) -> None:
    begin(visitor)
    for name, files, count in (FORMATS[name] for name in SOME_FORMATS):
        bring(visitor, files)
        in_use(visitor, name, count)
        visitor.wait_until_idle()
        expect(visitor.main.locator(".dl-grid img").first).to_be_visible()
        expect(visitor.main.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)
        expect(visitor.main.get_by_text("Traceback")).to_have_count(0)


def test_a_bad_file_of_each_kind_gets_its_sentence_and_the_data_set_before_stays(visitor: Visitor) -> None:
    begin(visitor)
    bring(visitor, {"good.csv": TABLE.encode()})
    in_use(visitor, "good", "200")
    for files, sentence in (BAD[name] for name in SOME_BAD):
        bring(visitor, files)
        visitor.see(re.compile(sentence))
        visitor.wait_until_idle()
        expect(visitor.main.get_by_test_id("stAlert")).to_have_count(1)
        expect(visitor.main.get_by_text("Traceback")).to_have_count(0)
        in_use(visitor, "good", "200")
        take_back(visitor, files)
    visitor.go_to("Evaluate")
    visitor.see("8×8")


def test_labels_may_be_added_to_images_that_came_alone(visitor: Visitor) -> None:
    begin(visitor)
    bring(visitor, {FIRST: PAIR[FIRST]})
    visitor.see("holds images without labels")
    visitor.main.get_by_role("button", name="Add files").click()
    bring(visitor, {SECOND: PAIR[SECOND]})
    in_use(visitor, FIRST, "200")


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visitor: Visitor, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    with path.open("wb") as file:
        file.truncate(151 * 1024 * 1024)
    begin(visitor)
    visitor.main.locator("input[type=file]").set_input_files(path)
    visitor.see(re.compile("150", re.IGNORECASE))
    expect(
        visitor.main.get_by_text(re.compile("must be 150|exceeds|too large", re.IGNORECASE))
    ).to_be_visible()
    in_use(visitor, "MNIST", "60,000")


@pytest.mark.parametrize("away", ["Home", "Evaluate"])
def test_an_uploaded_data_set_is_still_there_after_another_page(visitor: Visitor, away: str) -> None:
    begin(visitor)
    bring(visitor, {"mine.csv": TABLE.encode()})
    in_use(visitor, "mine", "200")
    visitor.go_to(away) if away != "Home" else visitor.menu().filter(has_text="Home").first.click()
    visitor.go_to("Data")
    in_use(visitor, "mine", "200")


def test_files_can_be_dropped_onto_the_page(visitor: Visitor) -> None:
    begin(visitor)
    drop = visitor.page.evaluate_handle(
        """text => {
          const drop = new DataTransfer();
          drop.items.add(new File([text], 'dropped.csv', { type: 'text/csv' }));
          return drop;
        }""",
        TABLE,
    )
    visitor.main.get_by_test_id("stFileUploaderDropzone").dispatch_event("drop", {"dataTransfer": drop})
    in_use(visitor, "dropped", "200")
