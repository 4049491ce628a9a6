"""Any client may send Streamlit's message to clear the caches, and others notice nothing.

`dashboard.server.server` sees to that. One visitor trains in a browser on the real server, another sends
the message.
"""

from tests.e2e.server import AppServer
from tests.e2e.steps import CURVES, Visitor
from tests.e2e.wire import CLEAR_CACHE, open_tab

SEVEN = {"type": "Path", "strokeWidth": 20, "path": [["M", 70, 60], ["L", 210, 60], ["L", 150, 240]]}


def wait_for_curves(visitor: Visitor) -> None:
    """Wait until the page has drawn new measurements, so that both the run and the page go on."""
    curves = visitor.page.locator(CURVES)
    curves.wait_for()
    script = f"before => Number(document.querySelector('{CURVES}')?.dataset.drawn ?? 0) > before"
    drawn = int(curves.get_attribute("data-drawn") or 0)
    visitor.page.wait_for_function(script, arg=drawn + 1)


def test_who_clears_the_caches_takes_nothing_from_anybody_else(visitor: Visitor, server: AppServer) -> None:
    visitor.start_endless_run()
    wait_for_curves(visitor)
    run = visitor.page.url
    with open_tab(server.address) as attacker:
        attacker.run(attacker.page.open("draw"))
        for _time in range(3):
            attacker.socket.send(CLEAR_CACHE)
        # Its own next message is taken in after those, and the models come back by themselves.
        attacker.run(attacker.page.open("draw"))
        attacker.run(attacker.page.draw([SEVEN]))
        assert any('<p class="dl-guess">7<' in html.body for html in attacker.page.elements("html"))
    wait_for_curves(visitor)
    assert visitor.page.url == run
    visitor.go_to("Data")
    visitor.see("60,000")
    visitor.go_to("Train")
    visitor.see("Training")
    visitor.press("Stop", "Stopped")
