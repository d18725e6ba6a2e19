"""The guards themselves: what they let through would be seen by nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import serious_faults
from tests.browser.looking import SHIFTED, WATCH_SHIFTS
from tests.browser.sites import PASSWORD, PREFIX
from tests.browser.videos import video
from tests.browser.visitors import Device, open_visitor
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.browser.chromium import Chromium
    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

_ADD = "const it = Object.assign(document.createElement('{}'), {}); document.body.append(it);"


def test_a_stored_video_is_on_the_page(site: Site, visitor: Visitor) -> None:
    site.record(video(1))
    visitor.go("/")
    expect(visitor.page.get_by_text("Video 1", exact=True)).to_be_visible()


def test_what_is_recorded_while_somebody_reads_is_on_the_next_page(
    site: Site, visitor: Visitor
) -> None:
    site.record(video(1))
    visitor.go("/")
    site.record(video(2), watch_id=site.watch("boats"))
    visitor.go("/")
    expect(visitor.page.get_by_text("Video 2", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("act", "noted"),
    [
        ("console.error('oh')", "console: oh"),
        ("Promise.reject(new Error('oh'))", "script: oh"),
        (_ADD.format("script", "{textContent: '1'}"), "CSP: script-src-elem forbids inline"),
        (_ADD.format("p", "{}") + "it.setAttribute('style', 'color:red')", "CSP: style-src-attr"),
        (_ADD.format("img", "{src: 'https://example.org/x.png'}"), "CSP: img-src forbids"),
        ("location.href = 'https://example.org/'", "a request to example.org"),
        ("location.href = '/nowhere'", "status 404: GET http"),
    ],
)
def test_trouble_is_noted(site: Site, chromium: Chromium, act: str, noted: str) -> None:
    visitor = open_visitor(chromium.browser(), site, Device())
    visitor.go("/")
    visitor.page.evaluate(f"{{ {act}; null }}")
    wait_until(lambda: _is_noted(visitor, noted), claim=noted)
    visitor.end()


def test_a_refusal_that_is_expected_is_no_trouble(visitor: Visitor) -> None:
    visitor.expects(404, "/nowhere")
    assert visitor.go("/nowhere").status == 404


def test_time_passes_in_the_site_and_in_the_page(site: Site, visitor: Visitor) -> None:
    visitor.go("/")
    visitor.page.evaluate("setTimeout(() => { document.title = Date.now() }, 60000)")
    visitor.later(timedelta(minutes=5))
    milliseconds = int(site.rig.clock().timestamp() * 1000)
    expect(visitor.page).to_have_title(str(milliseconds))


def test_a_site_below_a_path_is_nowhere_else(sites: Sites, visit: Visit) -> None:
    visitor = visit(sites(prefix=PREFIX))
    visitor.go("/dashboard/watches")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    visitor.expects(404, "/videos")
    visitor.page.goto(visitor.site.url.removesuffix(PREFIX) + "/videos")


def test_a_site_that_wants_a_login_lets_the_operator_in(sites: Sites, visit: Visit) -> None:
    visitor = visit(sites(trusts_this_machine=False, read_auth="required"))
    visitor.go("/login")
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Sign in").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Watches")


def test_what_moves_by_itself_is_seen(visitor: Visitor) -> None:
    visitor.page.add_init_script(WATCH_SHIFTS)
    visitor.go("/")
    assert visitor.page.evaluate(SHIFTED) < 0.1
    visitor.page.evaluate("document.body.prepend('a late line '.repeat(100))")
    assert visitor.page.evaluate(SHIFTED) > 0.1


def test_axe_finds_a_control_without_a_name(visitor: Visitor) -> None:
    visitor.go("/")
    assert serious_faults(visitor.page) == []
    visitor.page.evaluate(_ADD.format("button", "{}"))
    assert [it.split(":")[0] for it in serious_faults(visitor.page)] == ["button-name"]


def _is_noted(visitor: Visitor, text: str) -> bool:
    visitor.page.wait_for_timeout(1)  # Playwright tells of events only while it is asked something
    return any(text in it for it in visitor.troubles)
