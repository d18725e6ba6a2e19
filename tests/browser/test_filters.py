"""The form of a watch: what its filters would do is told while one types, and saved on request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from app.domain.filters import Filters
from tests.browser.accessibility import serious_faults
from tests.browser.sites import PREFIX
from tests.browser.videos import video
from tests.browser.visitors import Device

if TYPE_CHECKING:
    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

PASS = "{} of its 3 videos pass."


def found(site: Site) -> str:
    """A watch with three videos of a minute, ten and an hour; returns the path of its page."""
    watch_id = site.watch("boats")
    videos = [
        replace(video(n), duration_seconds=seconds, title=f"Boat {n}")
        for n, seconds in enumerate((60, 600, 3600), start=1)
    ]
    site.record(*videos, watch_id=watch_id)
    return f"/dashboard/watches/{watch_id}"


def filters(site: Site, path: str) -> Filters:
    watch, _ = site.rig.services.watching.get(int(path.rpartition("/")[2]))
    return watch.filters


def test_the_preview_follows_what_is_typed_and_saves_nothing(site: Site, visitor: Visitor) -> None:
    path = found(site)
    visitor.go(path)
    page = visitor.page
    summary = page.locator("#preview-summary")
    expect(summary).to_have_text(f"{PASS.format(3)} The feed has these now.")
    page.get_by_label("Least length").press_sequentially("5:00")
    expect(summary).to_have_text(PASS.format(2))
    preview = page.locator("#preview")
    expect(preview.get_by_role("heading")).to_have_text("1 would leave the feed")
    expect(preview.get_by_role("link")).to_have_text("Boat 1")
    assert serious_faults(page) == []
    page.get_by_label("None of these words").fill("boat 2\nboat 3")
    expect(summary).to_have_text(PASS.format(0))
    page.get_by_label("Least length").fill("soon")
    expect(preview).to_contain_text("as in 90 or 1:30")
    expect(page.get_by_label("None of these words")).to_have_value("boat 2\nboat 3")
    assert page.url == site.url + path
    assert filters(site, path) == Filters()


def test_what_is_saved_is_applied_and_can_be_taken_back(site: Site, visitor: Visitor) -> None:
    path = found(site)
    visitor.go(path)
    page = visitor.page
    page.get_by_label("Greatest length").fill("10:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The new filters are being applied")).to_be_visible()
    assert filters(site, path) == Filters(max_duration_seconds=600)
    site.rig.services.store.write(lambda t: t.refilter(100, site.rig.clock()))
    page.reload()
    expect(page.locator("#preview-summary")).to_contain_text(PASS.format(2))
    page.get_by_label("Greatest length").fill("")
    expect(page.locator("#preview").get_by_role("heading")).to_have_text("1 would come back")


def test_without_scripts_a_button_shows_the_preview(sites: Sites, visit: Visit) -> None:
    site = sites(prefix=PREFIX)
    path = found(site)
    visitor = visit(site, Device(scripts=False))
    visitor.go(path)
    page = visitor.page
    page.get_by_label("Least length").fill("1:30")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview-summary")).to_have_text(PASS.format(2))
    expect(page.get_by_label("Least length")).to_have_value("1:30")
    assert "csrf_token" not in page.url
    visitor.expects(400, path)
    page.get_by_label("Weight").fill("heavy")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("one field needs another value")
    page.get_by_label("Weight").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert filters(site, path) == Filters(min_duration_seconds=90)
