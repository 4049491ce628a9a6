"""The fixtures of the browser tests: the real app, a browser, and visitors whose troubles fail the test.

A test asks for `visitor` and begins its visit; `server`, `browser` and `steps` do the work.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browser import Contexts, launch
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor

NewVisitor = Callable[..., Visitor]
_failure = pytest.StashKey[str]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and run it last: the quick tests speak first.

    Where nobody watches (CI), a test that fails is tried once more, and the end of the output shows how such
    failed first: what fails there once in many runs has to be mended all the same.
    """
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if os.environ.get("CI"):
                item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: here in item.path.parents)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
    """Remember how a test failed, so that its visitors leave a picture and what was expected."""
    report = yield
    if report.when == "call":
        item.stash[_failure] = report.longreprtext if report.failed else ""
    return report


@pytest.fixture(scope="session")
def server() -> Iterator[AppServer]:
    """The app, started once for all tests that can share it."""
    with AppServer() as server:
        yield server
        server.check_end()


@pytest.fixture
def fresh_server() -> Iterator[AppServer]:
    """The app, started for this test alone: nobody has visited it yet."""
    with AppServer() as server:
        yield server
        server.check_end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser; when there is none, an error says how to get one."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    """What visitors come with, warm from those before them."""
    return Contexts(browser)


@pytest.fixture
def new_visitor(request: pytest.FixtureRequest, contexts: Contexts) -> Iterator[NewVisitor]:
    """Make visitors: `new_visitor(phone=True, dark=True, server=fresh_server)`.

    Without a server they visit the shared one. At the end of the test each is asked for problems.
    """
    visitors: list[Visitor] = []

    def make(*, phone: bool = False, dark: bool = False, server: AppServer | None = None) -> Visitor:
        server = server or request.getfixturevalue("server")
        visitors.append(Visitor(contexts.take(phone=phone), server.address, phone=phone, dark=dark))
        return visitors[-1]

    yield make
    problems = [problem for visitor in visitors for problem in visitor.problems]
    for number, visitor in enumerate(visitors):
        failure = request.node.stash.get(_failure, "")
        if problems or failure:
            picture = visitor.picture(f"{request.node.name}-{number}")
            picture.with_suffix(".txt").write_text("\n".join([failure, *problems]), encoding="utf-8")
            visitor.context.close()
        else:
            visitor.leave()
            contexts.give_back(visitor.context, visitor.address, phone=visitor.phone)
    assert problems == [], f"The browser told of errors: {problems}"


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    """One visitor of the shared app, at a desktop, in light colours."""
    return new_visitor()


@pytest.fixture
def phone_visitor(new_visitor: NewVisitor) -> Visitor:
    """One visitor of the shared app, on a phone that is touched."""
    return new_visitor(phone=True)
