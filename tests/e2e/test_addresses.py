"""Every address of the app, opened first on a server that nobody has visited yet.

A link that somebody was sent must show its page inside the app.
"""

import re
from pathlib import Path

import pytest

from dashboard.navigation import PAGES, PageEntry
from tests.e2e.conftest import NewVisitor
from tests.e2e.expecting import expect
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor


def address(page: PageEntry) -> str:
    return "/" if page.name == "home" else f"/{page.name}"


# Two pages stand for all: each calls the guard before anything else (tests/dashboard/test_navigation.py), and
# test_first_load.py opens every address.
@pytest.mark.parametrize("name", ["home", "train"])
def test_an_address_opened_first_on_a_server_started_from_anywhere_shows_its_page_inside_the_app(
    name: str, tmp_path: Path, new_visitor: NewVisitor
) -> None:
    page = next(page for page in PAGES if page.name == name)
    with AppServer(directory=tmp_path) as server:
        visitor = new_visitor(server=server)
        visitor.open(f"{address(page)}?kept=yes")
        is_inside(visitor, page)
        visitor.page.goto("about:blank")  # so that the server need not wait for this visitor
        server.check_end()


def is_inside(visitor: Visitor, page: PageEntry) -> None:
    """Wait until a page that was opened with a query is shown inside the app, and its address kept."""
    if not visitor.phone:
        expect(visitor.page.get_by_test_id("stTopNavLink")).to_have_count(len(PAGES))
    expect(visitor.main.get_by_role("heading", level=1)).to_have_count(1)
    expect(visitor.page).to_have_title(re.compile("Digit Lab$"))
    expect(visitor.page).to_have_url(f"{visitor.address}{address(page)}?kept=yes")


def test_a_page_chosen_from_the_menu_has_its_own_address_and_title(visitor: Visitor) -> None:
    visitor.open("/")
    for page in PAGES[1:]:
        visitor.go_to(page.title)
        expect(visitor.page).to_have_url(visitor.address + address(page))
        expect(visitor.page).to_have_title(f"{page.title} · Digit Lab")


def test_on_a_phone_the_menu_opens_and_closes_again_behind_the_page_that_was_chosen(
    phone_visitor: Visitor,
) -> None:
    phone_visitor.open("/")
    phone_visitor.go_to("Draw")
    expect(phone_visitor.page.get_by_test_id("stSidebar")).to_have_attribute("data-collapsed", "true")
    expect(phone_visitor.main.get_by_role("heading", level=1)).to_be_in_viewport()
