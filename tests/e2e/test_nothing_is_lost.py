"""A reload, a lost connection and a server that starts again: what a visitor had is there afterwards.

What is kept, how long and for whom is tested without a browser in `tests/dashboard/server/test_keeper.py`.
"""

import re

from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import CONNECTED, SEVEN, Visitor
from tests.e2e.test_canvas import has_ink, ink, shows
from tests.e2e.test_uploads import begin, bring, in_use
from tests.pages.files import TABLE


def test_a_reload_keeps_upload_settings_and_drawing_and_gives_them_to_no_other_browser(
    new_visitor: NewVisitor,
) -> None:
    visitor, other = new_visitor(), new_visitor()
    begin(visitor)
    visitor.see(re.compile("keeps your data set while you are here and for 60 minutes after you leave"))
    bring(visitor, {"mine.csv": TABLE.encode()})
    in_use(visitor, "mine", "200")
    visitor.fill("Seed", "6")
    expect(visitor.page).to_have_url(re.compile("split_seed-6"))
    visitor.reload()
    in_use(visitor, "mine", "200")
    expect(visitor.main.get_by_role("spinbutton", name="Seed")).to_have_value("6")
    visitor.go_to("Draw")
    visitor.draw(SEVEN)
    shows(visitor, "7")
    drawn = ink(visitor)
    visitor.reload()
    shows(visitor, "7")
    has_ink(visitor, drawn)
    other.open("/draw")
    shows(other, "?")
    visitor.go_to("Train")
    visitor.see(re.compile("^mine: "))


LOST = (
    "ERR_CONNECTION_REFUSED|when disconnected from server|server endpoint|server is not responding|WebSocket"
)

# The line can be cut, and after that the tab asks for a new session, as one that was away for three minutes.
LINE = """
const Socket = window.WebSocket;
window.sockets = [];
window.WebSocket = class extends Socket {
  constructor(address, protocols) {
    super(address, window.sockets.length ? protocols.slice(0, 2) : protocols); // the third is the session
    window.sockets.push(this);
  }
};"""


def draws_on(visitor: Visitor, drawn: int) -> None:
    """Check that the canvas still shows the seven, that it is answered, and that it can be taken back."""
    shows(visitor, "7")
    has_ink(visitor, drawn)
    visitor.press("Undo")
    shows(visitor, "?")
    has_ink(visitor, 0)


def test_what_the_canvas_shows_is_answered_after_the_session_was_lost(visitor: Visitor) -> None:
    visitor.begin_each_page_with(LINE)
    visitor.expect_problem(LOST)
    visitor.open("/draw")
    visitor.draw(SEVEN)
    shows(visitor, "7")
    drawn = ink(visitor)
    visitor.page.evaluate("window.sockets.at(-1).close()")
    visitor.page.wait_for_function("window.sockets.length > 1")
    visitor.wait_until_idle()
    draws_on(visitor, drawn)


def test_after_the_server_was_killed_the_drawing_is_there_and_the_run_is_continued(
    fresh_server: AppServer, new_visitor: NewVisitor
) -> None:
    draws, trains = new_visitor(server=fresh_server), new_visitor(server=fresh_server)
    for visitor in (draws, trains):
        visitor.expect_problem(LOST)
    trains.start_endless_run()
    draws.open("/network")
    draws.fill("Epochs", "7")
    draws.go_to("Draw")
    draws.draw(SEVEN)
    shows(draws, "7")
    drawn = ink(draws)
    fresh_server.restart()
    trains.see(re.compile("The server was restarted before this run had finished. Continue it"))
    trains.see(re.compile("10,000 epochs"))
    trains.press("Continue")
    trains.see("Training")
    expect(draws.page.locator(CONNECTED)).to_be_visible()
    draws_on(draws, drawn)
    draws.go_to("Train")
    draws.see(re.compile("7 epochs"))
