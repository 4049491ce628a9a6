"""A request of a page that was left a moment ago neither takes its visitor back nor clears the new page."""

from tests.e2e.server import AppServer
from tests.e2e.wire import Tab, open_tab
from tests.waiting import PATIENCE

SEVEN = {"type": "Path", "strokeWidth": 24, "path": [["M", 78, 67], ["L", 196, 67], ["L", 126, 224]]}


def test_a_stroke_that_comes_right_after_the_click_on_the_menu_leaves_the_new_page_alone(
    server: AppServer,
) -> None:
    with open_tab(server.address) as tab:
        page = tab.page
        tab.run(page.open("draw"))
        late = page.draw([SEVEN])  # with the address of Draw: the browser knows of no other yet
        tab.socket.send(page.go_to("runs"))
        tab.socket.send(late)
        begun = pages_begun(tab)
        tab.socket.send(page.go_to("network"))  # whatever was to come before has come by then
        begun += pages_begun(tab)
        assert page.pages["draw"] not in begun
        assert begun[-1] == page.pages["network"]


def pages_begun(tab: Tab) -> list[str]:
    """Take in what comes until the next script has ended; return the pages that began."""
    begun, goal = [], tab.page.finished + 1
    while tab.page.finished < goal:
        message = tab.page.take(tab.socket.recv(timeout=PATIENCE))
        if message.WhichOneof("type") == "new_session":
            begun.append(message.new_session.page_script_hash)
    return begun
