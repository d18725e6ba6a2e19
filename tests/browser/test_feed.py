"""The feed as people use it: it grows, scrolls, searches, obeys keys and plays."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from app.domain.videos import CanonicalJson, LiveState
from app.web.dashboard import words
from tests.browser.sites import NOW, PREFIX
from tests.browser.videos import video
from tests.browser.visitors import PLAYER, Device
from tests.waiting import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.conftest import Sites, Visit
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

SOON = timedelta(seconds=10)
ON_SCREEN = """() => [...document.querySelectorAll(".card")]
    .find((card) => card.getBoundingClientRect().bottom > 0).id"""


def cards(page: Page) -> Locator:
    return page.locator(".card")


def top(page: Page) -> Locator:
    return cards(page).first.locator(".title")


def height_of(element: Locator) -> float:
    box = element.bounding_box()
    return 0.0 if box is None else box["height"]


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.textContent")
    return found


@pytest.fixture
def full(site: Site) -> Site:
    """60 videos, a minute apart."""
    watch_id = site.watch("boats")
    site.record(*(video(number) for number in range(10, 70)), watch_id=watch_id)
    return site


@pytest.mark.parametrize("prefix", ["", PREFIX])
def test_what_is_new_announces_itself_and_nothing_moves(
    sites: Sites, visit: Visit, prefix: str
) -> None:
    site = sites(prefix=prefix)
    site.record(*(video(number) for number in range(10, 50)))
    visitor = visit(site)
    visitor.go("/")
    page = visitor.page
    page.mouse.wheel(0, 300)
    wait_until(lambda: page.evaluate("scrollY > 200"))
    site.record(*(video(number) for number in range(1, 8)))
    visitor.later(SOON)
    button = page.get_by_role("button", name="7 new")
    expect(button).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("7 new")
    expect(page).to_have_title("(7) Newsreel")
    expect(top(page)).to_have_text("Video 10")
    assert page.evaluate("scrollY") > 200
    button.click()
    expect(top(page)).to_have_text("Video 1")
    expect(button).to_be_hidden()
    assert page.evaluate("scrollY") == 0
    assert focused(page) == "Video 1"


def test_more_that_is_new_is_added_up(full: Site, visitor: Visitor) -> None:
    visitor.go("/")
    full.record(video(1))
    visitor.later(SOON)
    expect(visitor.page.get_by_role("button", name="1 new")).to_be_visible()
    full.record(video(2), video(3))
    visitor.later(SOON)
    expect(visitor.page.get_by_role("button", name="3 new")).to_be_visible()
    visitor.page.keyboard.press("n")
    expect(top(visitor.page)).to_have_text("Video 1")


def test_what_the_filters_hide_is_not_announced(full: Site, visitor: Visitor) -> None:
    watch_id = full.watch("trains")
    visitor.go(f"/?watch={watch_id}")
    full.record(video(1))
    full.record(video(2), watch_id=watch_id)
    visitor.later(SOON)
    expect(visitor.page.get_by_role("button", name="1 new")).to_be_visible()


def test_what_could_not_be_looked_at_is_looked_at_again(full: Site, visitor: Visitor) -> None:
    visitor.go("/")
    visitor.expects(503, "/")
    visitor.page.route(re.compile(r"/$"), lambda route: route.fulfill(status=503), times=1)
    full.record(video(1))
    with visitor.page.expect_response(lambda reply: reply.status == 503):
        visitor.later(SOON)
    visitor.later(SOON)
    expect(visitor.page.get_by_role("button", name="1 new")).to_be_visible()


def test_a_flood_of_changes_elsewhere_is_gone_over_once(full: Site, visitor: Visitor) -> None:
    visitor.go(f"/?watch={full.watch('trains')}")
    full.record(*(video(number) for number in range(300, 420)))
    with visitor.page.expect_response(re.compile(r"/\?watch=")):
        visitor.later(SOON)
    visitor.page.wait_for_load_state("networkidle")
    with visitor.page.expect_response(re.compile(r"/changes\?")) as next_look:
        visitor.later(SOON)
    assert next_look.value.json()["changes"] == []


def test_an_edit_of_what_is_shown_is_nothing_new(full: Site, visitor: Visitor) -> None:
    visitor.go("/")
    full.record(replace(video(10), title="Another title"))
    with visitor.page.expect_response(re.compile(r"/changes\?")):
        visitor.later(SOON)
    full.record(video(1))
    visitor.later(SOON)
    expect(visitor.page.get_by_role("button", name="1 new")).to_be_visible()


def test_a_video_that_is_taken_away_says_so_where_it_stands(full: Site, visitor: Visitor) -> None:
    visitor.go("/")
    full.rig.services.moderation.set_hidden(video(10).video_id, hidden=True)
    visitor.later(SOON)
    expect(cards(visitor.page).first).to_have_class(re.compile("gone"))
    expect(cards(visitor.page).first).to_contain_text("No longer here")


@pytest.mark.usefixtures("full")
def test_older_videos_come_as_one_scrolls_each_once(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    expect(cards(page)).to_have_count(24)
    for count in (48, 60):
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        expect(cards(page)).to_have_count(count)
    titles = page.locator(".title").all_text_contents()
    assert titles == [f"Video {number}" for number in range(10, 70)]


@pytest.mark.usefixtures("full")
def test_the_back_button_leads_back_to_the_video_one_was_at(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(cards(page)).to_have_count(48)
    page.locator("#v-video000045").scroll_into_view_if_needed()
    wait_until(lambda: page.evaluate("history.state?.card && location.search.includes('cursor=')"))
    before = page.evaluate("history.state.card")
    visitor.go("/dashboard/watches")
    page.go_back()
    expect(page.locator(f"#{before}")).to_be_in_viewport()
    assert page.evaluate(ON_SCREEN) == before


def test_the_search_answers_while_one_types_and_its_address_can_be_shared(
    full: Site, visitor: Visitor, visit: Visit
) -> None:
    full.record(replace(video(200), title="A lighthouse in the fog"))
    visitor.go("/")
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("lightho*")
    expect(page.locator(".title")).to_have_text(["A lighthouse in the fog"])
    expect(page).to_have_url(re.compile(r"/\?q=lightho(\*|%2A)$"))
    other = visit(full)
    other.page.goto(page.url)
    expect(other.page.locator(".title")).to_have_text(["A lighthouse in the fog"])
    page.go_back()
    expect(cards(page)).to_have_count(24)


def test_a_search_is_one_step_back_however_one_typed_and_scrolled(
    full: Site, visitor: Visitor
) -> None:
    full.record(replace(video(200), title="A lighthouse in the fog"))
    visitor.go("/")
    page = visitor.page
    box = page.get_by_role("searchbox")
    box.fill("video")
    expect(page).to_have_url(re.compile(r"q=video$"))
    box.fill("lighthouse")
    expect(page.locator(".title")).to_have_count(1)
    box.fill("video")
    expect(cards(page)).to_have_count(24)
    page.evaluate("scrollTo(0, 400)")
    wait_until(lambda: page.evaluate("history.state?.card"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/$"))
    expect(box).to_have_value("")
    page.go_forward()
    expect(box).to_have_value("video")


@pytest.mark.usefixtures("full")
def test_a_search_that_cannot_be_says_why_and_keeps_what_is_shown(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.expects(400, "/")
    visitor.page.get_by_role("searchbox").fill("-boats")
    expect(visitor.page.get_by_role("status")).not_to_be_empty()
    expect(cards(visitor.page)).to_have_count(24)


def test_filters_choose_and_are_cleared(full: Site, visitor: Visitor) -> None:
    full.record(replace(video(201), title="On air", live=LiveState.LIVE))
    visitor.go("/")
    page = visitor.page
    page.get_by_label("Live").select_option("now")
    expect(page.locator(".title")).to_have_text(["On air"])
    expect(page.locator(".card .badge.live")).to_have_text("Live")
    page.get_by_role("link", name="Clear the filters").click()
    expect(cards(page)).to_have_count(24)
    page.get_by_label("Order").select_option("oldest first")
    expect(top(page)).to_have_text("On air")


@pytest.mark.usefixtures("full")
def test_a_channel_is_a_filter_a_click_away(visitor: Visitor) -> None:
    visitor.go("/")
    visitor.page.get_by_role("link", name="Channel 3").first.click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Channel 3")
    expect(cards(visitor.page)).to_have_count(12)


def test_pages_have_numbers_without_scripts(full: Site, visit: Visit) -> None:
    visitor = visit(full, Device(scripts=False))
    visitor.go("/")
    page = visitor.page
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="3").click()
    expect(page.locator(".title")).to_have_count(12)
    expect(page.get_by_role("link", name="3", exact=True)).to_have_attribute("aria-current", "page")
    page.get_by_role("searchbox").fill('"video 33"')
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".title")).to_have_text(["Video 33"])
    expect(page.get_by_role("button", name=re.compile("Play"))).to_have_count(0)


@pytest.mark.usefixtures("full")
def test_keys_walk_through_the_videos(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    for key in "jjjk":
        page.keyboard.press(key)
    assert focused(page) == "Video 11"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert focused(page) == "Video 11"


@pytest.mark.usefixtures("full")
def test_a_letter_in_the_search_is_a_letter(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("jkn?")
    expect(page.get_by_role("searchbox")).to_have_value("jkn?")
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.usefixtures("full")
def test_nothing_of_the_player_is_asked_for_before_a_click(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    assert not any(PLAYER in address for address in visitor.asked)
    visitor.may_play()
    cards(page).nth(1).hover()
    cards(page).nth(1).get_by_role("button").click()
    player = page.locator("iframe")
    expect(player).to_have_attribute("src", re.compile(f"^https://{PLAYER}/embed/video000011"))
    cards(page).nth(2).hover()
    cards(page).nth(2).get_by_role("button").click()
    expect(player).to_have_count(1)
    expect(player).to_have_attribute("src", re.compile("video000012"))


@pytest.mark.usefixtures("full")
def test_every_card_leads_to_youtube_and_says_so(visitor: Visitor) -> None:
    visitor.go("/")
    for card in cards(visitor.page).all():
        link = card.locator(".title")
        assert re.fullmatch(
            r"https://www\.youtube\.com/watch\?v=video0000\d\d", link.get_attribute("href") or ""
        )
        assert "on YouTube" in (card.text_content() or "")


@pytest.mark.parametrize("has_thumbnails", [True, False])
def test_a_picture_that_is_missing_leaves_its_place(
    site: Site, visit: Visit, *, has_thumbnails: bool
) -> None:
    site.record(video(1), replace(video(2), thumbnails=CanonicalJson("{}")))
    visitor = visit(site, Device(has_thumbnails=has_thumbnails))
    visitor.go("/")
    expect(visitor.page.locator(".thumb img")).to_have_count(int(has_thumbnails))
    boxes = [it.bounding_box() for it in visitor.page.locator(".thumb").all()]
    assert {round(box["height"]) for box in boxes if box} == {round(boxes[0]["width"] * 9 / 16)}  # type: ignore[index] # both are drawn


@pytest.mark.usefixtures("full")
def test_the_chosen_view_and_colours_are_remembered(visitor: Visitor) -> None:
    visitor.go("/")
    page = visitor.page
    page.get_by_label("View").select_option("compact")
    page.get_by_label("Colours").select_option("dark")
    wait_until(lambda: 0 < height_of(cards(page).first) < 120)
    visitor.go("/")
    expect(page.locator("html")).to_have_attribute("data-view", "compact")
    expect(page.get_by_label("View")).to_have_value("compact")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"


def test_times_are_the_readers_and_exact_on_hover(site: Site, visit: Visit) -> None:
    site.record(video(5))
    visitor = visit(site, Device(timezone="Asia/Tokyo"))
    visitor.go("/")
    shown = visitor.page.locator(".card time")
    expect(shown.first).to_have_text("5 min ago")
    expect(shown.last).to_have_text("1 Mar 2026, 20:55")
    expect(shown.last).to_have_attribute("title", "2026-03-01 11:55:00 UTC")
    visitor.later(timedelta(minutes=2))
    expect(shown.first).to_have_text("7 min ago")


def test_the_browser_says_ages_as_the_server_does(visitor: Visitor) -> None:
    visitor.go("/")
    seconds = [0, 59, 60, -59, -61, 3599, 3600, -7200, 86_399, 86_400, 2_592_000, 31_536_000]
    module = visitor.page.locator("script[type=module]").first.get_attribute("src")
    told = visitor.page.evaluate(
        """async ([module, now, all]) => {
            const { age } = await import(module);
            return all.map((seconds) => age(new Date(now - seconds * 1000), new Date(now)));
        }""",
        [module, NOW.timestamp() * 1000, seconds],
    )
    assert told == [words.age(NOW - timedelta(seconds=it), NOW) for it in seconds]


def test_how_it_stands_is_told_at_the_top(full: Site, visitor: Visitor) -> None:
    full.rig.run_for(60, every=20)
    visitor.go("/")
    glance = visitor.page.get_by_role("list", name="How it stands")
    expect(glance).to_contain_text("complete up to")
    expect(glance).to_contain_text("searches used today")


def test_a_wrong_address_is_answered_by_a_page(visitor: Visitor) -> None:
    visitor.expects(400, "/")
    visitor.go("/?page=none")
    expect(visitor.page.get_by_role("alert")).to_contain_text("page")
