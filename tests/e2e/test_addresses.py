"""Every address of the app, opened first on a server that nobody has visited yet.

A link that somebody was sent must show its page inside the app.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dashboard.navigation import PAGES, PageEntry
from tests.e2e.conftest import NewVisitor
from tests.e2e.server import AppServer
from tests.e2e.steps import Visitor


def address(page: PageEntry) -> str:
    return "/" if page.name == "home" else f"/{page.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_address_opened_first_on_a_fresh_server_shows_its_page_inside_the_app(
    page: PageEntry, fresh_server: AppServer, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(server=fresh_server)
    visitor.open(f"{address(page)}?kept=yes")
    expect(visitor.page.get_by_test_id("stTopNavLink")).to_have_count(len(PAGES))
    expect(visitor.main.get_by_role("heading", level=1)).to_have_count(1)
    expect(visitor.page).to_have_title(re.compile("Digit Lab$"))
    expect(visitor.page).to_have_url(f"{fresh_server.address}{address(page)}?kept=yes")


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


def test_the_app_can_be_started_from_any_working_directory(tmp_path: Path, new_visitor: NewVisitor) -> None:
    with AppServer(directory=tmp_path) as server:
        visitor = new_visitor(server=server)
        visitor.open("/")
        expect(visitor.main.get_by_role("heading", level=1)).to_have_count(1)
        server.check_end()
