"""Visitors who come one after the other: what the browser has loaded stays, who they were does not.

These are the tests of the contexts that `browser` lends.
"""

import re
from pathlib import Path

from tests.e2e.browser import DESKTOP, Contexts
from tests.e2e.conftest import NewVisitor
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor
from tests.e2e.wire import COOKIE, open_tab
from tests.waiting import wait_until


def cookie_of(visitor: Visitor) -> str:
    return next(cookie["value"] for cookie in visitor.context.cookies() if cookie["name"] == COOKIE)


STATE = """[localStorage.getItem("mine"), sessionStorage.getItem("mine"), innerWidth,
  matchMedia("(prefers-color-scheme: dark)").matches]"""


def test_the_next_visitor_in_a_context_has_its_tab_and_is_somebody_new(
    server: AppServer, contexts: Contexts
) -> None:
    cookies, tabs = [], []
    context = contexts.take()
    for _visit in range(2):
        visitor = Visitor(context, server.address)
        visitor.open("/draw", "Draw a digit")
        assert visitor.page.evaluate(STATE) == [None, None, DESKTOP["viewport"]["width"], False]
        visitor.page.evaluate("[localStorage, sessionStorage].forEach((kept) => kept.setItem('mine', 'yes'))")
        visitor.prefer(dark=True)
        visitor.page.set_viewport_size({"width": 400, "height": 400})
        cookies.append(cookie_of(visitor))
        tabs.append(visitor.page)
        visitor.leave()
        contexts.give_back(context, server.address)
        assert (context.pages, context.cookies()) == ([visitor.page], [])
        assert contexts.take() is context
    contexts.give_back(context, server.address)
    assert cookies[0] != cookies[1]
    assert tabs[0] is tabs[1]


def test_nobody_gets_a_tab_in_which_a_visitor_has_put_a_script(server: AppServer, contexts: Contexts) -> None:
    context = contexts.take()
    visitor = Visitor(context, server.address)
    visitor.begin_each_page_with("window.planted = true")
    visitor.page.goto(f"{server.address}/_stcore/health")
    assert visitor.page.evaluate("window.planted")
    visitor.leave()
    contexts.give_back(context, server.address)
    assert contexts.take() is context
    assert not context.pages[0].evaluate("window.planted")
    contexts.give_back(context, server.address)


def test_what_stays_in_a_tab_is_put_there_by_the_visitors_own_steps() -> None:
    ways = re.compile(r"visitor\.page\.(add_init_script|route|expose_|on\()")
    found = [file.name for file in Path(__file__).parent.glob("*.py") if ways.search(file.read_text("utf-8"))]
    assert found == []


def test_a_run_that_would_never_end_is_stopped_when_its_visitor_goes(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.start_endless_run()
    address = visitor.page.url.partition("?")[2]
    visitor.stop_runs()
    with open_tab(visitor.address, cookie_of(visitor)) as tab:

        def badges() -> list[str]:
            tab.run(tab.page.open("train", address))
            return [part.body for part in tab.page.elements("markdown") if "badge" in part.body]

        wait_until(lambda: any("Stopped" in badge for badge in badges()))  # its turn may not have ended yet
