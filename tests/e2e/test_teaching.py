"""A visitor teaches the network their hand: drawings get names, go into a file and come back."""

from pathlib import Path

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
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Download my drawings (.zip)").click()
    pack = tmp_path / "mine.zip"
    download.value.save_as(pack)
    visitor.page.keyboard.press("Escape")
    kept.last.click()
    visitor.press("Remove the chosen ones (1)", "Drawings kept: 1")
    visitor.main.get_by_role("button", name="File", exact=False).last.click()
    visitor.page.locator('.st-key-hand_file input[type="file"]').set_input_files(pack)
    expect(kept).to_have_count(2)
