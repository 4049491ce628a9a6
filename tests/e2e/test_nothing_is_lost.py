"""A reload, a lost connection and a server that starts again: what a visitor had is there afterwards.

What is kept, how long and for whom is tested without a browser in `tests/dashboard/server/test_keeper.py`.
"""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.steps import SEVEN
from tests.e2e.test_canvas import has_ink, ink, shows
from tests.e2e.test_uploads import TABLE, begin, bring, in_use


def test_a_reload_keeps_upload_settings_and_drawing_and_gives_them_to_no_other_browser(
    new_visitor: NewVisitor,
) -> None:
    visitor, other = new_visitor(), new_visitor()
    begin(visitor)
    visitor.see(re.compile("keeps your data set while you are here and for 60 minutes after you leave"))
    bring(visitor, {"mine.csv": TABLE.encode()})
    in_use(visitor, "mine", "200")
    visitor.fill("Seed", "5")
    visitor.wait_until_idle()
    visitor.reload()
    in_use(visitor, "mine", "200")
    expect(visitor.main.get_by_role("spinbutton", name="Seed")).to_have_value("5")
    visitor.go_to("Network")
    visitor.fill("Epochs", "7")
    visitor.wait_until_idle()
    visitor.reload()
    expect(visitor.main.get_by_role("spinbutton", name="Epochs")).to_have_value("7")
    visitor.go_to("Draw")
    visitor.draw(SEVEN)
    shows(visitor, "7")
    drawn = ink(visitor)
    visitor.reload()
    shows(visitor, "7")
    has_ink(visitor, drawn)
    other.open("/draw")
    shows(other, "?")
    other.go_to("Data")
    other.see("60,000")
    visitor.go_to("Train")
    visitor.see(re.compile("7 epochs"))
