"""The page of watches as people use it: add, pause, fetch, remove, and take that back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.watches import UNDO_WINDOW
from tests.browser.sites import PREFIX
from tests.browser.videos import video
from tests.browser.visitors import Device

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

PATH = "/dashboard/watches"
SOON = timedelta(seconds=1)
"""In which htmx asks, and puts the keyboard where it belongs."""


def field(page: Page) -> Locator:
    return page.get_by_label("A keyword, or a channel")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def names(page: Page) -> Locator:
    return page.locator(".watches h2")


@pytest.fixture
def boats(site: Site) -> Site:
    """A keyword that has found 3 videos."""
    watch_id = site.watch("boats")
    site.record(*(video(number) for number in range(10, 13)), watch_id=watch_id)
    return site


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_the_cost_is_shown_as_one_types_and_the_watch_is_added(
    sites: Sites, visit: Visit, prefix: str
) -> None:
    site = sites(prefix=prefix, youtube_search_calls_per_day=100)
    site.watch("boats")
    visitor = visit(site)
    page = visitor.page
    visitor.go(PATH)
    field(page).press_sequentially("harbour")
    visitor.later(SOON)
    plan = page.locator("#plan")
    expect(plan).to_contain_text("harbour would take about")
    expect(plan).to_contain_text("1 watch slows down")
    expect(field(page)).to_be_focused()
    field(page).fill("@harbour")
    visitor.later(SOON)
    expect(plan).to_contain_text("costs no searches")
    field(page).fill("harbour")
    field(page).press("Enter")
    expect(names(page)).to_have_text(["boats", "harbour"])
    expect(field(page)).to_have_value("")
    expect(page.locator(".added h2")).to_have_text("harbour")
    expect(page.get_by_role("status")).to_have_text("Added.")
    assert [it.term for it in site.rig.services.watching.list_all()] == ["boats", "harbour"]


def test_what_cannot_be_added_stays_in_the_field_with_the_reason(
    boats: Site, visitor: Visitor
) -> None:
    page = visitor.page
    visitor.go(PATH)
    visitor.expects(409, PATH)
    field(page).fill("boats")
    press(page, "Watch")
    expect(page.get_by_role("alert")).to_contain_text("is for it already")
    expect(page.get_by_role("status")).not_to_contain_text("Added")
    expect(field(page)).to_have_value("boats")
    assert len(boats.rig.services.watching.list_all()) == 1


def test_a_watch_is_paused_resumed_and_fetched_with_the_keyboard(
    boats: Site, visitor: Visitor
) -> None:
    page, watching = visitor.page, boats.rig.services.watching
    visitor.go(PATH)
    page.get_by_role("button", name="Pause boats").press("Enter")
    resume = page.get_by_role("button", name="Resume boats")
    expect(resume).to_be_visible()
    visitor.later(SOON)
    expect(resume).to_be_focused()
    assert watching.find("boats").paused
    resume.press("Enter")
    fetch = page.get_by_role("button", name="Fetch now: boats")
    expect(fetch).to_be_visible()
    visitor.later(SOON)
    fetch.press("Enter")
    expect(page.get_by_text("fetched at the next tick", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("To be fetched at the next tick: boats")
    visitor.later(SOON)
    expect(fetch).to_be_focused()
    assert watching.find("boats").wanted_at is not None


def test_a_removal_is_taken_back_even_after_the_page_was_loaded_again(
    boats: Site, visitor: Visitor
) -> None:
    page = visitor.page
    visitor.go(PATH)
    before = boats.rig.services.watching.get(1)
    page.get_by_role("button", name="Remove boats").press("Enter")
    undo = page.get_by_role("button", name="Undo: bring back boats")
    expect(undo).to_be_visible()
    visitor.later(SOON)
    expect(undo).to_be_focused()
    expect(names(page)).to_have_count(0)
    page.reload()
    boats.rig.run_for(60, every=20)
    undo.press("Enter")
    expect(names(page)).to_have_text(["boats"])
    expect(undo).to_have_count(0)
    visitor.later(SOON)
    expect(page.get_by_role("button", name="Remove boats")).to_be_focused()
    watch, videos = boats.rig.services.watching.get(1)
    assert (watch.watch_id, watch.term, videos) == (1, "boats", before[1])
    expect(page.locator(".facts").first).to_contain_text("3")


def test_who_comes_too_late_or_twice_is_told_so(boats: Site, visitor: Visitor) -> None:
    page = visitor.page
    boats.rig.services.watching.remove(1)
    visitor.go(PATH)
    boats.watch("boats")
    undo = page.get_by_role("button", name="Undo: bring back boats")
    visitor.expects(409, f"{PATH}/1/restore")
    undo.click()
    expect(page.get_by_role("alert")).to_contain_text("watched again, as watch 2")
    visitor.expects(404, f"{PATH}/1/restore")
    boats.move(UNDO_WINDOW)
    undo.click()
    expect(page.get_by_role("alert")).to_contain_text("too late")
    expect(undo).to_have_count(0)


def test_a_watch_is_found_by_its_name_as_one_types(boats: Site, visitor: Visitor) -> None:
    boats.watch("lighthouses")
    page = visitor.page
    visitor.go(PATH)
    page.get_by_label("Find a watch").press_sequentially("LIGHT")
    visitor.later(SOON)
    expect(names(page)).to_have_text(["lighthouses"])
    assert page.url.endswith("?q=LIGHT")
    press(page, "Pause lighthouses")
    expect(page.get_by_role("button", name="Resume lighthouses")).to_be_visible()
    expect(names(page)).to_have_text(["lighthouses"])


def test_all_of_it_works_without_scripts(boats: Site, visit: Visit) -> None:
    visitor = visit(boats, Device(scripts=False, width=360))
    page, watching = visitor.page, boats.rig.services.watching
    visitor.go(PATH)
    field(page).fill("harbour")
    press(page, "Show what it costs")
    expect(page.locator("#plan")).to_contain_text("harbour would take about")
    expect(field(page)).to_have_value("harbour")
    press(page, "Watch")
    expect(names(page)).to_have_text(["boats", "harbour"])
    press(page, "Pause boats")
    press(page, "Resume boats")
    press(page, "Fetch now: boats")
    expect(page.get_by_text("fetched at the next tick", exact=True)).to_be_visible()
    press(page, "Remove boats")
    expect(names(page)).to_have_text(["harbour"])
    press(page, "Undo: bring back boats")
    expect(names(page)).to_have_text(["boats", "harbour"])
    page.get_by_label("Find a watch").fill("harb")
    press(page, "Find")
    expect(names(page)).to_have_text(["harbour"])
    assert [it.term for it in watching.list_all()] == ["boats", "harbour"]
