"""The operator's pages in a browser: activity, webhooks, and the first run."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.webhooks import Delivery
from app.web.dashboard.advice import ADVICE
from tests.browser.accessibility import serious_faults
from tests.browser.looking import SIDEWAYS
from tests.browser.sites import NOW
from tests.browser.videos import video
from tests.browser.visitors import Device

if TYPE_CHECKING:
    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

HOOKS = "/dashboard/webhooks"
URL = "https://1.1.1.1/" + "new-videos-" * 12
GOOD = FetchRecord(FetchSource.RSS, Purpose.POLL, (1,), None, NOW, NOW, found=7)
BAD = replace(
    GOOD,
    source=FetchSource.SEARCH,
    started_at=NOW - timedelta(minutes=1),
    error_code="youtube_unavailable",
    error_detail="HTTP 503",
)


def log(site: Site, *records: FetchRecord) -> None:
    for record in records:
        site.rig.services.store.write(lambda t, it=record: t.fetches.add(it))  # type: ignore[misc]  # bound now


def add_webhook(visitor: Visitor) -> str:
    """Add a webhook; return the secret that is shown."""
    visitor.go(HOOKS)
    visitor.page.get_by_label("Address that takes a POST").fill(URL)
    visitor.page.get_by_role("button", name="Add").click()
    expect(visitor.page.get_by_text("it is not shown again")).to_be_visible()
    return visitor.page.locator(".secret").inner_text()


def test_failed_fetches_are_chosen_without_loading_the_page_anew(
    site: Site, visitor: Visitor
) -> None:
    site.watch("boats")
    log(site, GOOD, BAD)
    visitor.go("/dashboard/activity")
    page = visitor.page
    page.evaluate("window.stays = true")
    lines = page.locator("#log > ol > li")
    expect(lines).to_have_count(2)
    page.get_by_label("Outcome").select_option("failed")
    expect(lines).to_have_count(1)
    expect(page).to_have_url(re.compile("failed=true"))
    assert page.evaluate("window.stays") is True
    page.get_by_text("YouTube did not answer properly").click()
    expect(page.get_by_text(ADVICE["youtube_unavailable"].action)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Outcome")).to_have_value("true")
    expect(lines).to_have_count(1)


def test_without_scripts_the_form_chooses_as_well(site: Site, visit: Visit) -> None:
    log(site, GOOD, BAD)
    visitor = visit(site, Device(scripts=False))
    visitor.go("/dashboard/activity")
    visitor.page.get_by_label("Source").select_option("Channel feed (RSS)")
    visitor.page.get_by_role("button", name="Show").click()
    expect(visitor.page.locator("#log > ol > li")).to_have_count(1)


def test_changes_are_chosen_by_what_was_done(site: Site, visitor: Visitor) -> None:
    site.watch("boats")
    add_webhook(visitor)
    visitor.go("/dashboard/activity")
    visitor.page.get_by_role("link", name="Changes").click()
    lines = visitor.page.locator("#log > ol > li")
    expect(lines).to_have_count(2)
    visitor.page.get_by_label("What was done").select_option("added a webhook")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("Somebody on this machine added a webhook")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_webhook_is_added_paused_resumed_given_another_secret_and_removed(
    site: Site, visit: Visit, *, scripts: bool
) -> None:
    visitor = visit(site, Device(scripts=scripts))
    page = visitor.page
    visitor.expects(201, HOOKS)
    secret = add_webhook(visitor)
    stored = site.rig.services.webhooks
    assert secret == stored.get(1).secret
    visitor.go(HOOKS)
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    page.get_by_text("New secret", exact=True).click()
    page.get_by_role("button", name="Make a new secret").click()
    expect(page.get_by_text("they are signed with the last one, too")).to_be_visible()
    assert page.locator(".secret").inner_text() == stored.get(1).secret != secret
    page.get_by_text("Remove", exact=True).click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_text("There are no webhooks yet.")).to_be_visible()
    assert stored.page(1, 9).total == 0


def test_an_address_that_is_refused_says_why_and_stays_in_the_form(
    site: Site, visitor: Visitor
) -> None:
    visitor.expects(400, HOOKS)
    visitor.go(HOOKS)
    field = visitor.page.get_by_label("Address that takes a POST")
    field.fill("http://127.0.0.1/")
    visitor.page.get_by_role("button", name="Add").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("The address must lead to")
    expect(field).to_have_value("http://127.0.0.1/")
    assert site.rig.services.webhooks.page(1, 9).total == 0


def test_deliveries_can_be_read_by_everybody_at_any_width(site: Site, visitor: Visitor) -> None:
    add_webhook(visitor)
    failed = Delivery("8d1f0c7b" * 4, 1, NOW, NOW, 5, 7, 2, None, "no answer in 5 s " * 9)
    site.rig.services.store.write(lambda t: t.webhooks.add_delivery(failed, 200))
    visitor.go(HOOKS)
    visitor.page.get_by_role("link", name="Deliveries of webhook 1").click()
    expect(visitor.page.get_by_role("region", name="Deliveries of webhook 1")).to_be_visible()
    for dark in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=dark)
        assert serious_faults(visitor.page) == []
    visitor.page.set_viewport_size({"width": 320, "height": 800})
    assert visitor.page.evaluate(SIDEWAYS) == []


def test_trouble_stands_with_its_part_and_what_to_do(site: Site, visitor: Visitor) -> None:
    visitor.go("/dashboard/settings")
    part = visitor.page.get_by_role("region", name="Scheduler and workers")
    expect(part).to_contain_text("Nothing is watched")
    part.get_by_role("link", name="Add a watch").click()
    expect(visitor.page).to_have_url(f"{site.url}/dashboard/watches")


def test_the_first_run_leads_to_the_first_videos(site: Site, visitor: Visitor) -> None:
    page = visitor.page
    visitor.go("/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert serious_faults(page) == []
    page.keyboard.type("boats")  # the field has the focus already
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/dashboard/watches?added=1")
    expect(page.locator("main")).to_contain_text("boats")
    visitor.go("/")
    expect(page.get_by_role("heading", name="Almost there")).to_be_visible()
    assert serious_faults(page) == []
    site.record(video(1), watch_id=1)
    visitor.later(timedelta(seconds=5))
    expect(page.get_by_text("Video 1", exact=True)).to_be_visible()
    expect(page.locator("#first-run")).to_have_count(0)


def test_without_scripts_the_first_watch_is_added_as_well(site: Site, visit: Visit) -> None:
    visitor = visit(site, Device(scripts=False, width=320))
    visitor.go("/")
    assert visitor.page.evaluate(SIDEWAYS) == []
    visitor.page.get_by_label("A keyword, or a channel").fill("boats")
    visitor.page.get_by_role("button", name="Watch").click()
    expect(visitor.page.locator("main")).to_contain_text("boats")
    visitor.go("/")
    expect(visitor.page.get_by_role("link", name="Look again")).to_be_visible()


def test_strangers_are_told_where_the_operator_signs_in(sites: Sites, visit: Visit) -> None:
    visitor = visit(sites(trusts_this_machine=False))
    visitor.go("/")
    expect(visitor.page.get_by_text("Nothing is watched here yet.")).to_be_visible()
    assert serious_faults(visitor.page) == []
    visitor.page.get_by_role("link", name="signing in").click()
    expect(visitor.page.get_by_label("Password")).to_be_visible()
