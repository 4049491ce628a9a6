"""Visitors who come one after the other: what the browser has loaded stays, who they were does not.

These are the tests of the contexts that `browser` lends.
"""

from tests.e2e.browser import Contexts
from tests.e2e.conftest import NewVisitor
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor
from tests.e2e.wire import COOKIE, open_tab


def cookie_of(visitor: Visitor) -> str:
    return next(cookie["value"] for cookie in visitor.context.cookies() if cookie["name"] == COOKIE)


def test_the_next_visitor_in_a_context_is_somebody_new(server: AppServer, contexts: Contexts) -> None:
    cookies = []
    context = contexts.take()
    for _visit in range(2):
        visitor = Visitor(context, server.address)
        visitor.open("/data", "60,000")
        assert visitor.page.evaluate("window.localStorage.getItem('mine')") is None
        visitor.page.evaluate("window.localStorage.setItem('mine', 'yes')")
        cookies.append(cookie_of(visitor))
        contexts.give_back(context, server.address)
        assert (context.pages, context.cookies()) == ([], [])
        assert contexts.take() is context
    contexts.give_back(context, server.address)
    assert cookies[0] != cookies[1]


def test_a_run_that_would_never_end_is_stopped_when_its_visitor_goes(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.start_endless_run()
    address = visitor.page.url.partition("?")[2]
    visitor.stop_runs()
    with open_tab(visitor.address, cookie_of(visitor)) as tab:
        tab.run(tab.page.open("train", address))
        badges = [markdown.body for markdown in tab.page.elements("markdown") if "badge" in markdown.body]
        assert any("Stopped" in body for body in badges), badges
