"""What people see while something is slow or away: the service, its database, their session."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.sites import PASSWORD, PREFIX
from tests.browser.videos import video

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

WATCHES = "/dashboard/watches"
SOON = timedelta(seconds=10)


def sign_in(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_navigation():  # until its scripts have run
        page.get_by_role("button", name="Sign in").click()


def hold(page: Page, addresses: str) -> list[Route]:
    """Leave requests unanswered; they come into what is returned."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(addresses, keep)
    return held


def test_an_open_feed_keeps_telling_how_it_stands(site: Site, visit: Visit) -> None:
    site.watch("boats")
    site.rig.run_for(60, every=20)
    visitor = visit(site)
    visitor.go("/")
    glance = visitor.page.get_by_role("list", name="How it stands")
    expect(glance).to_contain_text("Looked just now")
    with visitor.page.expect_response(f"{site.url}/"):  # else the next look would be skipped
        visitor.later(timedelta(minutes=20))
    expect(glance).to_contain_text("Looked 20 min ago, again now")
    site.rig.tick()
    visitor.later(timedelta(seconds=70))
    expect(glance).to_contain_text("Looked 1 min ago")


def test_a_poll_that_is_due_by_now_is_not_said_to_lie_in_the_past(site: Site, visit: Visit) -> None:
    site.watch("boats")
    site.rig.run_for(60, every=20)
    visitor = visit(site)
    visitor.go(WATCHES)
    due = visitor.page.locator("dt", has_text="Next poll").locator("xpath=../dd")
    expect(due).to_contain_text("in ")
    visitor.later(timedelta(hours=3))
    expect(due).to_have_text("now")


def test_a_feed_whose_session_ended_says_so_and_is_come_back_to(sites: Sites, visit: Visit) -> None:
    site = sites(prefix=PREFIX, trusts_this_machine=False, read_auth="required")
    site.record(*(video(number) for number in range(3)))
    visitor = visit(site)
    visitor.go("/?q=Video&duration=short")
    page = visitor.page
    sign_in(page)
    expect(page.get_by_role("searchbox")).to_have_value("Video")
    page.context.clear_cookies()
    visitor.expects(401, "/changes")
    visitor.later(SOON)
    page.get_by_role("button", name="You are signed out").click()
    sign_in(page)
    expect(page.get_by_role("searchbox")).to_have_value("Video")
    expect(page.get_by_label("Length")).to_have_value("short")


def test_an_act_after_the_session_ended_changes_nothing_and_keeps_what_was_typed(
    sites: Sites, visit: Visit
) -> None:
    site = sites(trusts_this_machine=False)
    visitor = visit(site)
    visitor.go(WATCHES)
    page = visitor.page
    sign_in(page)
    page.get_by_label("A keyword, or a channel").fill("boats")
    expect(page.locator("#plan")).to_contain_text("boats")
    page.context.clear_cookies()
    page.get_by_role("button", name="Watch", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("nothing was changed")
    expect(page.get_by_label("A keyword, or a channel")).to_have_value("boats")
    assert site.rig.services.watching.list_all() == []


def test_what_takes_long_is_seen_to_go_on(site: Site, visitor: Visitor) -> None:
    site.record(video(1))
    visitor.go("/")
    page = visitor.page
    held = hold(page, "**/?q=*")
    page.get_by_role("searchbox").fill("Video")
    busy = page.locator("html[data-busy]")
    expect(busy).to_have_count(1)
    held[-1].continue_()
    expect(busy).to_have_count(0)


def test_a_form_that_is_sent_twice_is_sent_once(site: Site, visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    held = hold(page, f"**{WATCHES}")
    page.get_by_label("A keyword, or a channel").fill("boats")
    button = page.get_by_role("button", name="Watch").bounding_box()
    assert button is not None
    for _ in range(2):
        page.mouse.click(button["x"] + 9, button["y"] + 9)
        page.wait_for_timeout(50)
    assert len(held) == 1
    held[0].continue_()
    expect(page.get_by_role("link", name="boats")).to_be_visible()
    assert len(site.rig.services.watching.list_all()) == 1


def test_a_page_comes_by_itself_once_the_database_answers_again(
    site: Site, visitor: Visitor
) -> None:
    site.watch("boats")
    visitor.expects(503, WATCHES)
    rename(site, "watches", "away")
    visitor.go(WATCHES)
    expect(visitor.page.get_by_role("link", name="Try again")).to_be_visible()
    rename(site, "away", "watches")
    visitor.later(SOON)
    expect(visitor.page.get_by_role("heading", name="boats")).to_be_visible()


def rename(site: Site, table: str, other: str) -> None:
    """Take a table out of the database, or put it back."""
    path = site.rig.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA legacy_alter_table = ON")
        database.execute(f"ALTER TABLE {table} RENAME TO {other}")
    database.close()
