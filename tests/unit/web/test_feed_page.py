"""What the feed's page asks of the feed, and what it makes of a video."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import orjson
import pytest

from app.domain.feeds import CacheState, Feed, Page, Selection
from app.domain.text_query import parse_text_query
from app.domain.videos import LiveState
from app.ingest.overview import Overview
from app.web.api.examples import VIDEO
from app.web.dashboard.cards import (
    ENDED,
    LIVE,
    PREMIERE,
    SHORT,
    UPCOMING,
    Badge,
    card_of,
)
from app.web.dashboard.feed_query import FeedPageQuery

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

DAY = datetime(2026, 11, 22, tzinfo=UTC)
NAMES = {1: "News", 2: "Music"}


def query(**given: str) -> FeedPageQuery:
    return FeedPageQuery.model_validate(given)


def card_badge(live: LiveState | None, seconds: int | None) -> Badge | None:
    video = {**VIDEO, "live": live, "duration_seconds": seconds}
    return card_of(orjson.dumps(video), NAMES).badge


def test_a_form_that_is_left_empty_chooses_nothing(app: APIFlask) -> None:
    fields = ("watch", "duration", "live", "published_after", "published_before", "channel_id")
    empty = query(**dict.fromkeys(fields, ""), q="  ")
    assert empty.selection == Selection()
    assert not empty.is_narrowed
    with app.test_request_context():
        assert empty.path() == "/"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"published_after": "2026-11-22"}, Selection(published_after=DAY)),
        (
            {"published_before": "2026-11-22"},
            Selection(published_before=DAY + timedelta(days=1, seconds=-1)),
        ),
        ({"published_after": "2026-11-22T01:00:00+01:00"}, Selection(published_after=DAY)),
        ({"duration": "short"}, Selection(max_duration_seconds=239)),
        ({"duration": "medium"}, Selection(min_duration_seconds=240, max_duration_seconds=1200)),
        ({"duration": "long"}, Selection(min_duration_seconds=1201)),
        ({"duration": "long", "min_duration": "9"}, Selection(min_duration_seconds=9)),
        ({"live": "upcoming"}, Selection(live=LiveState.UPCOMING)),
        ({"q": "fog -horn"}, Selection(text=parse_text_query("fog -horn"))),
    ],
)
def test_a_form_asks_for_what_it_says(given: dict[str, str], wanted: Selection) -> None:
    asked = query(**given)
    assert asked.lengths().selection == wanted
    assert asked.is_narrowed


def test_an_address_holds_what_was_chosen_and_no_more(app: APIFlask) -> None:
    asked = query(q="fog", duration="short", page="3", published_after="2026-11-22", live="")
    expected = "/?duration=short&page=4&published_after=2026-11-22T00%3A00%3A00Z&q=fog"
    with app.test_request_context():
        assert asked.path(page="4") == expected
    assert (asked.from_day, asked.to_day) == ("2026-11-22", "")


@pytest.mark.parametrize("name", ["limit", "per_page", "page_size"])
def test_further_pages_are_as_long_as_the_first(app: APIFlask, name: str) -> None:
    with app.test_request_context():
        assert query(**{name: "7"}).path(page="2") == "/?limit=7&page=2"


@pytest.mark.parametrize(
    ("live", "seconds", "badge"),
    [
        (LiveState.NONE, 181, None),
        (LiveState.NONE, 180, SHORT),
        (LiveState.NONE, 0, None),
        (None, None, None),
        (LiveState.LIVE, 0, LIVE),
        (LiveState.UPCOMING, 0, UPCOMING),
        (LiveState.UPCOMING, None, UPCOMING),
        (LiveState.UPCOMING, 300, PREMIERE),
        (LiveState.COMPLETED, 60, ENDED),
    ],
)
def test_a_badge_says_what_kind_of_video_it_is(
    live: LiveState | None, seconds: int | None, badge: Badge | None
) -> None:
    assert card_badge(live, seconds) == badge


def test_a_broadcast_without_an_end_has_no_length() -> None:
    video = {**VIDEO, "live": "live", "duration_seconds": 0}
    assert card_of(orjson.dumps(video), NAMES).duration_seconds is None


def test_a_watch_that_is_not_known_by_name_is_left_out() -> None:
    card = card_of(orjson.dumps({**VIDEO, "watches": [2, 9, 1]}), NAMES)
    assert card.watches == ((2, "Music"), (1, "News"))


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        (("default", "high", "medium"), "medium"),
        (("default", "high"), "high"),
        (("default",), "default"),
        ((), None),
        (("maxres",), None),
    ],
)
def test_the_picture_is_the_best_fitting_there_is(
    sizes: tuple[str, ...], shown: str | None
) -> None:
    thumbnails = {size: {"url": f"https://i.ytimg.com/{size}"} for size in sizes}
    card = card_of(orjson.dumps({**VIDEO, "thumbnails": thumbnails}), NAMES)
    assert card.thumbnail == (None if shown is None else f"https://i.ytimg.com/{shown}")


def test_the_demo_asks_for_no_pictures_of_videos_that_do_not_exist(
    client: FlaskClient, services: MemoryServices
) -> None:
    assert "ytimg" in client.get("/").get_data(as_text=True)
    services.demo = True
    assert "ytimg" not in client.get("/").get_data(as_text=True)


def test_a_stale_page_says_how_old_it_is(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = Page((orjson.dumps(VIDEO),), 1, 1, CacheState.STALE, 125, None, None)
    monkeypatch.setattr(services.feed, "page", lambda _request: stale)
    assert "known 2 min 5 s ago" in client.get("/").get_data(as_text=True)


def test_of_a_thousand_watches_the_chosen_one_can_be_seen(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {number: f"watch {number}" for number in range(1, 1001)}
    services.overview.overview = replace(Overview(), names=names)
    monkeypatch.setattr(services.feed, "resolve_watch", Feed)
    html = client.get("/?watch=900").get_data(as_text=True)
    assert '<option value="900" selected>watch 900</option>' in html
    assert html.count("<option value=") < 300


def test_what_it_costs_is_the_operators(services: MemoryServices, client: FlaskClient) -> None:
    services.overview.overview = replace(
        services.overview.overview, searches_used=14, searches_limit=100
    )
    assert "searches used today" in client.get("/").get_data(as_text=True)
    foreign = {"REMOTE_ADDR": "192.0.2.1"}
    html = client.get("/", environ_overrides=foreign).get_data(as_text=True)
    assert "complete up to" in html
    assert "searches used today" not in html


@pytest.mark.parametrize(
    "address", ["/?page=0", "/?nothing=1", "/?q=%22", "/?live=maybe", "/?watch=x"]
)
def test_what_is_wrong_with_an_address_is_told_on_a_page(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 400
    assert response.mimetype == "text/html"
    assert 'role="alert"' in response.get_data(as_text=True)


def test_pages_are_numbered_where_it_is_known_how_many_there_are(client: FlaskClient) -> None:
    html = unescape(client.get("/?limit=2&page=6").get_data(as_text=True))
    shown = [number for number in range(1, 20) if f">{number}</a>" in html]
    assert shown == [1, 4, 5, 6, 7, 8, 13]
